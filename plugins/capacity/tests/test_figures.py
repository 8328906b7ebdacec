"""Capacity tells the report's figures, from rows."""

from bangfu_capacity import plugin
from bangfu_testing import PluginFigures


class TestFigures(PluginFigures):
    plugin = plugin
