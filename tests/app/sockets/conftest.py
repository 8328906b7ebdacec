"""Servers of the usual limits that ask nobody for a token: over rows to read, and over rows to change."""

from collections.abc import AsyncIterator

import pytest
from tests.app.sockets.talking import Served, serving

from bangfu.store import Database
from bangfu_schema import Graph


@pytest.fixture
async def served(graph: Graph, demo_copy: Database) -> AsyncIterator[Served]:
    """Over a district that the tests of a class change."""
    async with serving(graph, demo_copy) as server:
        yield server


@pytest.fixture
async def reading(graph: Graph, demo_database: Database) -> AsyncIterator[Served]:
    """Over the district that nobody changes."""
    async with serving(graph, demo_database) as server:
        yield server
