"""Public services keeps the promises of a plugin."""

from bangfu_public_services import plugin
from bangfu_testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = plugin
