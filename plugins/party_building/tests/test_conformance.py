"""Party building keeps the promises of a plugin."""

from bangfu_party_building import plugin
from bangfu_testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = plugin
