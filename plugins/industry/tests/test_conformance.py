"""Industry keeps the promises of a plugin."""

from bangfu_industry import plugin
from bangfu_testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = plugin
