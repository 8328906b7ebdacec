"""Industry tells the report's figures, from rows."""

from bangfu_industry import plugin
from bangfu_testing import PluginFigures


class TestFigures(PluginFigures):
    plugin = plugin
