"""Party building tells the report's figures, from rows."""

from bangfu_party_building import plugin
from bangfu_testing import PluginFigures


class TestFigures(PluginFigures):
    plugin = plugin
