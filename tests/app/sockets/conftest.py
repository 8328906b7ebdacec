"""A server over a district that may be changed, one for the tests of a class."""

from collections.abc import AsyncIterator

import pytest
from tests.app.sockets.talking import Served, serving

from bangfu.store import Database
from bangfu_schema import Graph


@pytest.fixture
async def served(graph: Graph, demo_copy: Database) -> AsyncIterator[Served]:
    """A server of the usual limits, of which nobody is asked for a token."""
    async with serving(graph, demo_copy) as server:
        yield server
