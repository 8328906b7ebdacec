"""The server over a real database that is away, busy, cut off, or behind: which of it is a defect, and which is not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from sqlalchemy import Connection, text
from tests.app.command import NOWHERE

from bangfu.store import Database
from bangfu_app.opening import application_of
from bangfu_app.readiness import DatabaseReadiness
from bangfu_migrations import downgrade, make_ready, upgrade
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

ASKED = {"query": '{ districts: villages(within: "620502", first: 1) { totalCount } }'}

Serving = Callable[[Database], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serving(graph: Graph) -> Serving:
    @asynccontextmanager
    async def serving(database: Database) -> AsyncIterator[httpx.AsyncClient]:
        app = application_of(graph, database)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bangfu") as client,
        ):
            yield client

    return serving


async def code_of(client: httpx.AsyncClient) -> tuple[int, str]:
    response = await client.post("/graphql", json=ASKED)
    errors = response.json().get("errors")
    return response.status_code, errors[0]["extensions"]["code"] if errors else ""


def cut_whoever_waits(connection: Connection) -> None:
    """Ends the session that waits for a lock, as soon as there is one."""
    cut = text(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    while not connection.execute(cut).all():
        connection.execute(text("select pg_stat_clear_snapshot(), pg_sleep(0.02)"))


async def test_nobody_listens(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Database(NOWHERE)) as client:
        for _ in range(2):
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert "cannot be reached" in ready.json()["reason"]
            assert "127.0.0.1" not in ready.text
        assert await code_of(client) == (503, "SERVICE_UNAVAILABLE")
    told = [record for record in caplog.records if record.name == "bangfu.readiness"]
    assert len(told) == 1, "told once, not at each look"
    assert "127.0.0.1" in told[0].getMessage()
    assert "secret" not in caplog.text


async def test_all_connections_are_busy(
    serving: Serving, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bangfu.store.pool.PATIENCE", 0.05)
    url = demo_database.url.render_as_string(hide_password=False)
    database = Database(url, pool_size=1, seal=demo_database.seal)
    async with serving(database) as client:
        async with database.pool.connection():
            assert await code_of(client) == (503, "SERVICE_UNAVAILABLE")
            assert (await client.get("/readyz")).status_code == 200, "busy is not away"
        assert await code_of(client) == (200, "")


async def test_the_connection_is_cut_in_the_middle_of_a_statement(serving: Serving, demo_copy: Database) -> None:
    async with serving(demo_copy) as client:
        with demo_copy.engine.begin() as connection:
            connection.execute(text("lock table place in access exclusive mode"))
            waiting = asyncio.create_task(code_of(client))
            await asyncio.to_thread(cut_whoever_waits, connection)
        assert await waiting == (503, "SERVICE_UNAVAILABLE")
        assert await code_of(client) == (200, "")


async def test_tables_are_behind_the_code(serving: Serving, graph: Graph, empty_database: Database) -> None:
    branches = graph.platform.branches
    async with serving(empty_database) as client:
        assert "no tables yet" in (await client.get("/readyz")).json()["reason"]
        assert await code_of(client) == (503, "SERVICE_UNAVAILABLE")
        await asyncio.to_thread(make_ready, empty_database.engine, graph.platform)
        assert (await client.get("/readyz")).json() == {"ready": True}
        await asyncio.to_thread(downgrade, empty_database.engine, branches, "industry")
        assert "Migrations are pending: industry_0001." in (await client.get("/readyz")).json()["reason"]


async def test_tables_are_ahead_of_the_code(serving: Serving, graph: Graph, empty_database: Database) -> None:
    upgrade(empty_database.engine, graph.platform.branches)
    with empty_database.engine.begin() as connection:
        connection.execute(text("update bangfu_migration set revision = 'core_9999' where branch = 'core'"))
    async with serving(empty_database) as client:
        reason = (await client.get("/readyz")).json()["reason"]
    assert "newer than this bangfu" in reason
    assert "core_9999" in reason


async def test_a_defect_while_all_is_well_is_a_defect(
    serving: Serving,
    demo_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("select secret")

    monkeypatch.setattr("bangfu_schema.execute.reading.Reading.json", broken)
    with caplog.at_level(logging.ERROR):
        async with serving(demo_database) as client:
            response = await client.post("/graphql", json=ASKED)
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["requestId"] in caplog.text
    assert "secret" not in response.text
    assert "select secret" in caplog.text


async def test_who_asks_while_another_looks_is_told_the_same(graph: Graph, demo_database: Database) -> None:
    nowhere = demo_database.url.set(database="nowhere").render_as_string(hide_password=False)
    readiness = DatabaseReadiness(Database(nowhere), graph.platform)
    try:
        async with asyncio.timeout(20):  # the pool of its one connection would keep the others for half a minute
            reasons = await asyncio.gather(*(readiness() for _ in range(5)))
    finally:
        await readiness.aclose()
    assert all(reason is not None and "cannot be reached" in reason for reason in reasons)
