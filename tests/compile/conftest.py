"""A piece of the demo district with odd rows, and one loop to ask it on."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.compile.odd import make_odd
from tests.compile.paths import Paths
from tests.compile.watched import Watched

from bangfu.access import Viewer, permissions
from bangfu.registry import Platform
from bangfu_schema import Graph
from bangfu_testing import Postgres


@pytest.fixture(scope="session")
def odd_template(postgres: Postgres, platform: Platform, demo_template: str) -> str:
    """The name of a database with odd rows; nobody connects to it."""
    with postgres.once("odd", demo_template) as (name, database):
        if database is not None:
            with database.engine.begin() as connection:
                make_odd(connection, platform)
    return name


@pytest.fixture(scope="module")
def paths(postgres: Postgres, odd_template: str, graph: Graph) -> Iterator[Paths]:
    """Both paths over the odd rows."""
    # psycopg cannot wait on the loop that Windows has by default.
    with postgres.fresh(odd_template) as database, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            yield Paths(graph, database, runner)
        finally:
            runner.run(database.aclose())


@pytest.fixture(scope="session")
def everybody(platform: Platform) -> Viewer:
    """Someone who may see all."""
    return Viewer("審計測試", is_everywhere=True, permissions=frozenset(permissions(platform)), token_id="t1")


@pytest.fixture(scope="module")
def watched(paths: Paths, everybody: Viewer) -> Watched:
    """Someone who may see all, watched."""
    return Watched(paths, everybody)
