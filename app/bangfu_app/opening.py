"""Opens what a command works with: the plugins, the graph they make, the server over it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette

from bangfu.errors import OperationError
from bangfu.registry import Platform, discover
from bangfu.store import Database, Settings, open_database
from bangfu_app.http import create_app
from bangfu_app.readiness import DatabaseReadiness, lack
from bangfu_migrations.branches import load_branches
from bangfu_schema import Graph


def open_platform() -> Platform:
    """All installed plugins that are not switched off."""
    return discover(Settings.load().disabled)


def open_graph() -> Graph:
    """The graph of those plugins; needs no database."""
    return Graph(open_platform())


def ask(document: str) -> dict[str, Any]:
    """The graph's answer to a document, from the database of the settings."""
    settings = Settings.load()
    platform = discover(settings.disabled)
    with open_database(settings) as database:
        _require_tables(database, platform)
        graph = Graph(platform)

        async def execute() -> dict[str, Any]:
            try:
                return await graph.execute(database, document)
            finally:
                await database.aclose()

        # psycopg cannot wait on the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(execute())


@contextmanager
def open_application() -> Iterator[Starlette]:
    """The server of the settings. A database that is given by URL may be away; the embedded one is started."""
    graph = open_graph()
    with open_database(Settings.load()) as database:
        yield application_of(graph, database)


def application_of(graph: Graph, database: Database) -> Starlette:
    """The server of a graph over a database."""
    readiness = DatabaseReadiness(database, load_branches(graph.platform.branches))

    async def close() -> None:
        await readiness.aclose()
        await database.aclose()

    return create_app(graph, database, readiness=readiness, close=close)


def _require_tables(database: Database, platform: Platform) -> None:
    with database.engine.connect() as connection:
        lacking = lack(connection, load_branches(platform.branches))
    if lacking is not None:
        raise OperationError(lacking, code="MIGRATIONS_PENDING")
