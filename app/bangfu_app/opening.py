"""Opens what a command works with: the plugins, the graph they make, the server over it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from starlette.applications import Starlette

from bangfu.errors import OperationError
from bangfu.registry import Platform, discover
from bangfu.store import Database, Settings, open_database
from bangfu_app.http import create_app
from bangfu_app.http.documents import open_documents
from bangfu_app.http.sockets import Feed, SocketLimits, Streaming
from bangfu_app.identity import Door, open_bearer, open_door
from bangfu_app.identity.admission import is_production, who_is_let_in
from bangfu_app.identity.logins import Login
from bangfu_app.readiness import DatabaseReadiness, lack
from bangfu_migrations.branches import load_branches
from bangfu_schema import Explained, Graph, Limits, Observed, decoded, explain

T = TypeVar("T")


def open_platform() -> Platform:
    """All installed plugins that are not switched off."""
    return discover(Settings.load().disabled)


def open_graph() -> Graph:
    """The graph of those plugins, with the limits of the settings; needs no database."""
    settings = Settings.load()
    limits = Limits(cost=settings.max_cost, depth=settings.max_depth)
    return Graph(discover(settings.disabled), limits, small_cell=settings.small_cell)


def ask(document: str) -> dict[str, Any]:
    """The graph's answer to a document, from the database of the settings."""

    async def execute(graph: Graph, database: Database) -> dict[str, Any]:
        return decoded(await graph.execute(database, document))

    return _with_database(execute)


def explained(document: str, variables: dict[str, Any], *, analyze: bool) -> tuple[dict[str, Any], list[Explained]]:
    """The graph's answer to a document, and the statements by which it was found, with PostgreSQL's plans."""

    async def execute(graph: Graph, database: Database) -> tuple[dict[str, Any], list[Explained]]:
        observed = Observed()
        answer = decoded(await graph.execute(database, document, variables, observed=observed))
        return answer, await explain(database, observed, analyze=analyze)

    return _with_database(execute)


def _with_database(work: Callable[[Graph, Database], Awaitable[T]]) -> T:
    """What some work with the graph and the database of the settings gives."""
    graph = open_graph()
    with open_database(Settings.load()) as database:
        require_tables(database, graph.platform)

        async def run() -> T:
            try:
                return await work(graph, database)
            finally:
                await database.aclose()

        # psycopg cannot wait on the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(run())


@contextmanager
def open_application(host: str) -> Iterator[tuple[Starlette, str]]:
    """The server of the settings that will listen on an address, and who is let in, in words.

    A database that is given by URL may be away; the embedded one is started. Raises OperationError for a server in
    production that could let nobody in.
    """
    graph = open_graph()
    settings = Settings.load()
    with open_database(settings) as database:
        yield admitting_application(graph, database, settings, host)


def admitting_application(
    graph: Graph, database: Database, settings: Settings, host: str, *, logins: Sequence[Login] = ()
) -> tuple[Starlette, str]:
    """The same over a database that is open; `logins` are people of the demo, who can be chosen on the page."""
    # First, so that what is wrong with the keys is told before what is lacking.
    door = open_door(settings, database, is_production=is_production(settings, host))
    notice = who_is_let_in(settings, database, host)
    return application_of(graph, database, door=door, logins=logins), notice


def application_of(
    graph: Graph, database: Database, *, door: Door | None = None, logins: Sequence[Login] = ()
) -> Starlette:
    """The server of a graph over a database; without a door, it asks for tokens where keys are set."""
    readiness = DatabaseReadiness(database, graph.platform)

    async def close() -> None:
        if door is not None:
            await door.aclose()
        await readiness.aclose()
        await database.aclose()

    settings = Settings.load()
    show = partial(explain, database) if settings.show_sql else None
    bearer = door or open_bearer(settings)
    limits = SocketLimits(connections=settings.max_sockets, subscriptions=settings.max_subscriptions)
    return create_app(
        graph,
        database,
        readiness=readiness,
        close=close,
        show_sql=show,
        bearer=bearer,
        documents=open_documents(settings),
        max_batch=settings.max_batch,
        origins=settings.cors_origins,
        logins=[
            {"title": login.person.title.en, "zh": login.person.title.zh, "token": login.token} for login in logins
        ],
        streaming=Streaming(
            graph=graph, feed=Feed(database.url, most=limits.queue), limits=limits, readers=settings.pool_size // 2
        ),
    )


def require_tables(database: Database, platform: Platform) -> None:
    """Raises OperationError where a database has not the tables that the code expects."""
    with database.engine.connect() as connection:
        lacking = lack(connection, platform, load_branches(platform.branches))
    if lacking is not None:
        raise OperationError(lacking, code="MIGRATIONS_PENDING")
