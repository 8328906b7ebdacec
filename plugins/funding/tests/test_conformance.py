"""Funding keeps the promises of a plugin."""

from bangfu_funding import plugin
from bangfu_testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = plugin
