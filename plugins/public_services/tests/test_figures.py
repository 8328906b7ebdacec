"""Public services tells the report's figures, from rows."""

from bangfu_public_services import plugin
from bangfu_testing import PluginFigures


class TestFigures(PluginFigures):
    plugin = plugin
