"""Opens what a command works with: the plugins, the graph they make, the server over it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from starlette.applications import Starlette

from bangfu.bulk.desk import Desk
from bangfu.errors import OperationError
from bangfu.registry import Platform, discover
from bangfu.seal import no_key
from bangfu.store import Database, DatabaseUnavailable, Settings, open_database
from bangfu.store.sealed import check_keys
from bangfu.store.uploads import Uploads
from bangfu_app.http import create_app
from bangfu_app.http.documents import open_documents
from bangfu_app.http.limits import Guard
from bangfu_app.http.limits.clients import Clients, networks
from bangfu_app.http.metrics import Metrics
from bangfu_app.http.sockets import Feed, SocketLimits, Streaming
from bangfu_app.identity import Door, open_bearer, open_door
from bangfu_app.identity.admission import is_production, who_is_let_in
from bangfu_app.identity.logins import Login
from bangfu_app.readiness import DatabaseReadiness, lack
from bangfu_migrations.branches import load_branches
from bangfu_schema import Explained, Graph, Limits, Observed, decoded, explain

_PATIENCE = 5.0
"""Seconds for an import to end the part it is at, when the server ends; what is broken off goes on later."""

T = TypeVar("T")


def open_platform() -> Platform:
    """All installed plugins that are not switched off."""
    return discover(Settings.load().disabled)


def open_graph() -> Graph:
    """The graph of those plugins, with the limits of the settings; needs no database."""
    settings = Settings.load()
    return Graph(
        discover(settings.disabled),
        limits_of(settings),
        small_cell=settings.small_cell,
        time_zone=settings.time_zone,
    )


def limits_of(settings: Settings) -> Limits:
    """How much a document may be and may ask for."""
    return Limits(
        characters=settings.max_document,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
        depth=settings.max_depth,
        aliases=settings.max_aliases,
    )


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
    production that could let nobody in, and where the keys of sealed columns are not set, or are of another database.
    """
    graph = open_graph()
    settings = Settings.load()
    with open_database(settings) as database:
        require_keys(database)
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
    settings = Settings.load()
    readiness = DatabaseReadiness(database, graph.platform)
    uploads = uploads_of(settings)
    desk = Desk(graph.platform, uploads)
    graph = graph.importing(desk)

    async def close() -> None:
        await asyncio.to_thread(desk.stop, _PATIENCE)
        if door is not None:
            await door.aclose()
        await readiness.aclose()
        await database.aclose()

    show = partial(explain, database) if settings.show_sql else None
    bearer = door or open_bearer(settings)
    guard = Guard(
        rate=settings.rate,
        concurrency=settings.concurrency,
        clients=Clients(networks(settings.trusted_proxies)),
    )
    limits = SocketLimits(connections=settings.max_sockets, subscriptions=settings.max_subscriptions)
    return create_app(
        graph,
        database,
        readiness=readiness,
        close=close,
        show_sql=show,
        bearer=bearer,
        guard=guard,
        metrics=Metrics(_looked_up(graph, database, guard)),
        body_limit=settings.max_body,
        read_timeout=settings.read_timeout,
        hsts=settings.hsts,
        documents=open_documents(settings),
        max_batch=settings.max_batch,
        origins=settings.cors_origins,
        uploads=uploads if settings.max_uploads else None,
        upload_limit=settings.upload_limit,
        logins=[
            {"title": login.person.title.en, "zh": login.person.title.zh, "token": login.token} for login in logins
        ],
        streaming=Streaming(
            graph=graph, feed=Feed(database.url, most=limits.queue), limits=limits, readers=settings.pool_size // 2
        ),
    )


def uploads_of(settings: Settings) -> Uploads:
    """Where files lie that are sent to be imported."""
    return Uploads(settings.home / "uploads", most=settings.max_uploads, kept_for=settings.upload_hours * 3600)


def _looked_up(graph: Graph, database: Database, guard: Guard) -> dict[str, tuple[str, Callable[[], float]]]:
    """What others than the requests themselves know of how they are answered."""
    documents, plans = graph.documents, graph.compiler.plans
    return {
        "bangfu_pool_size": ("Connections that may be open.", lambda: database.pool.size),
        "bangfu_pool_in_use": ("Connections that a request holds.", lambda: database.pool.in_use),
        "bangfu_pool_waiting": ("Requests that wait for a connection.", lambda: database.pool.waiting),
        "bangfu_turns_waiting": ("Requests that wait for others of the same client.", lambda: guard.turns.waiting),
        "bangfu_document_hits_total": ("Documents that were known.", lambda: documents.hits),
        "bangfu_document_misses_total": ("Documents that had to be read.", lambda: documents.misses),
        "bangfu_plan_hits_total": ("Statements that were known.", lambda: plans.hits),
        "bangfu_plan_misses_total": ("Statements that had to be compiled.", lambda: plans.misses),
    }


def require_keys(database: Database) -> None:
    """Raises OperationError where sealed columns could not be read; of a database that is away that is told later."""
    if database.seal is None:
        raise no_key()
    with suppress(DatabaseUnavailable), database.engine.connect() as connection:
        check_keys(connection, database.seal)


def require_tables(database: Database, platform: Platform) -> None:
    """Raises OperationError where a database has not the tables that the code expects."""
    with database.engine.connect() as connection:
        lacking = lack(connection, platform, load_branches(platform.branches))
    if lacking is not None:
        raise OperationError(lacking, code="MIGRATIONS_PENDING")
