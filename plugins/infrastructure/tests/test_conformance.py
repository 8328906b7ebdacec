"""Infrastructure keeps the promises of a plugin."""

from bangfu_infrastructure import plugin
from bangfu_testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = plugin
