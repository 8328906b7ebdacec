"""Holds any plugin, ours or a department's, to the promises a plugin makes.

A plugin's `tests/test_conformance.py` is three lines:

    class TestConformance(PluginConformance):
        plugin = plugin

with `pytest_plugins = ["bangfu_testing.fixtures"]` in the `conftest.py` at the top of its repository.
"""

import pytest

# Before the modules are imported: it lets a failed assertion of the kit say what it compared.
pytest.register_assert_rewrite("bangfu_testing.conformance", "bangfu_testing.figures")

from bangfu_testing.asking import UNLIMITED, answer, ask  # noqa: E402 - see above
from bangfu_testing.conformance import PluginConformance  # noqa: E402
from bangfu_testing.figures import PluginFigures  # noqa: E402
from bangfu_testing.server import Postgres  # noqa: E402

__all__ = ["UNLIMITED", "PluginConformance", "PluginFigures", "Postgres", "answer", "ask"]
