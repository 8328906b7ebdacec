"""What a request and a command tell of the SQL behind an answer, and what happens when nobody waits for it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.store import Database
from bangfu_app import opening
from bangfu_app.http.server import address_of, reserve
from bangfu_app.opening import application_of
from bangfu_schema import Graph

DOCUMENT = 'query ($first: Int) { villages(within: "620502", first: $first) { totalCount nodes { name } } }'


@pytest.fixture
def one_graph(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same graph for all, since making one is what takes a command its time."""
    monkeypatch.setattr(opening, "Graph", lambda *_, **__: graph)


@asynccontextmanager
async def serving(graph: Graph, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = application_of(graph, database)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client,
    ):
        yield client


@pytest.mark.usefixtures("one_graph")
def test_explain_shows_the_statement_and_its_plan(bangfu: Bangfu, demo_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "document.graphql"
    file.write_text(DOCUMENT)
    done = bangfu("explain", str(file), "--variables", '{"first": 3}', "--json", database=demo_database)
    assert done.exit_code == 0, done.output
    (shown,) = json.loads(done.stdout)
    assert shown["statement"].startswith("SELECT")
    assert any("place" in line for line in shown["plan"])
    timed = bangfu("explain", str(file), "--variables", '{"first": 3}', "--analyze", database=demo_database)
    assert timed.exit_code == 0
    assert "actual time" in timed.stdout
    # What is shown can be run by hand, and is laid out in lines that fit a screen.
    statement, _, _ = timed.stdout.partition(";\n")
    assert statement.count("\n") > 20
    for sql in (shown["statement"], statement):
        with demo_database.engine.connect() as connection:
            answer = connection.exec_driver_sql(sql.replace("%", "%%")).scalar_one()
            assert len(answer["nodes"]) == 3


@pytest.mark.usefixtures("one_graph")
def test_explain_tells_what_is_wrong(bangfu: Bangfu, demo_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "document.graphql"
    file.write_text(DOCUMENT)
    refused = bangfu("explain", str(file), "--variables", '{"first": -3}', database=demo_database)
    assert refused.exit_code == 1
    assert "-3 is not a page's size" in refused.stderr
    assert bangfu("explain", str(file), "--variables", "first", database=demo_database).exit_code == 2
    assert bangfu("explain", "nowhere.graphql", database=demo_database).exit_code == 2


@pytest.mark.anyio
async def test_a_request_is_told_its_time_and_cost(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database) as client:
        asked = {"query": DOCUMENT, "variables": {"first": 7}, "extensions": {"show": ["cost"]}}
        found = await client.post("/graphql", json=asked)
        assert found.json()["extensions"] == {"cost": {"cost": 8, "depth": 3}}
        assert {part.partition(";")[0] for part in found.headers["server-timing"].split(", ")} == {
            "parse",
            "compile",
            "sql",
            "send",
        }
        wrong = await client.post("/graphql", json={"query": DOCUMENT, "extensions": {"show": "sql"}})
        assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.anyio
async def test_sql_is_shown_only_where_the_operator_lets_it(
    graph: Graph, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"query": DOCUMENT, "variables": {"first": 7}, "extensions": {"show": ["sql"]}}
    async with serving(graph, demo_database) as client:
        closed = await client.post("/graphql", json=asked)
    assert (closed.status_code, closed.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert "SELECT" not in closed.text
    monkeypatch.setenv("BANGFU_SHOW_SQL", "1")
    async with serving(graph, demo_database) as client:
        shown = (await client.post("/graphql", json=asked)).json()["extensions"]
    (statement,) = shown["sql"]
    assert statement["statement"].startswith("SELECT")
    assert statement["plan"]
    assert set(shown["timings"]) == {"parse", "compile", "sql"}


@pytest.mark.anyio
async def test_sql_is_shown_only_to_who_may_see_it(
    graph: Graph, demo_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key, keys = ECKey.generate_key("P-256", {"kid": "first"}), tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    settings = {"SHOW_SQL": "1", "JWT_KEYS": str(keys), "JWT_AUDIENCE": "bangfu", "JWT_ALGORITHMS": "ES256"}
    for name, value in settings.items():
        monkeypatch.setenv(f"BANGFU_{name}", value)
    asked = {"query": DOCUMENT, "variables": {"first": 7}, "extensions": {"show": ["sql"]}}
    async with serving(graph, demo_database) as client:
        for permissions, status in ((["register:read"], 403), (["register:read", "sql:read"], 200)):
            claims = {"aud": "bangfu", "sub": "u1", "exp": int(time.time()) + 60, "permissions": permissions}
            token = jwt.encode({"alg": "ES256", "kid": "first"}, claims, key)
            for body in (asked, [asked]):
                found = await client.post("/graphql", json=body, headers={"authorization": f"Bearer {token}"})
                assert (found.status_code, "SELECT" in found.text) == (status, status == 200)


@pytest.mark.anyio
async def test_what_nobody_waits_for_is_stopped_in_the_database(graph: Graph, demo_copy: Database) -> None:
    app, sent = application_of(graph, demo_copy), []
    body = json.dumps({"query": DOCUMENT}).encode()
    headers = [(b"content-type", b"application/json"), (b"host", b"bangfu")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    messages = iter(({"type": "http.request", "body": body}, {"type": "http.disconnect"}))
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )

    async def receive() -> dict[str, Any]:
        message = next(messages)
        if message["type"] == "http.disconnect":
            await asyncio.to_thread(_until_it_waits)
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    def _until_it_waits() -> None:
        while not _count():
            time.sleep(0.01)

    def _count() -> int:
        with demo_copy.engine.connect() as onlooker:  # a transaction sees the sessions as they were at its first look
            return int(onlooker.execute(waiting).scalar_one())

    with demo_copy.engine.begin() as locker:
        locker.execute(text("lock table place in access exclusive mode"))
        await app({**scope, "http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send)
        assert _count() == 0
    assert sent[0]["status"] == 499, sent
    await demo_copy.aclose()


@pytest.mark.anyio
async def test_64_clients_that_go_leave_no_statement_and_take_no_connection_along(
    graph: Graph, demo_copy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over real sockets, which are cut while ten statements wait in the database and the others for a connection."""
    monkeypatch.setenv("BANGFU_CONCURRENCY", "0")  # they all come from one address
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    body = json.dumps({"query": DOCUMENT}).encode()

    def count() -> int:
        with demo_copy.engine.connect() as onlooker:
            return int(onlooker.execute(waiting).scalar_one())

    def until(expected: int) -> None:
        end = time.monotonic() + 30
        while count() != expected:
            assert time.monotonic() < end, f"{count()} statements wait, not {expected}"
            time.sleep(0.02)

    async def ask(port: int) -> asyncio.StreamWriter:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"host: bangfu\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        writer.write(f"POST /graphql HTTP/1.1\r\n{head}\r\n\r\n".encode() + body)
        await writer.drain()
        return writer

    with reserve("127.0.0.1", 0) as bound:
        bound.listen()  # who connects before the server is up waits for it
        server = uvicorn.Server(uvicorn.Config(application_of(graph, demo_copy), log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            with demo_copy.engine.begin() as locker:
                locker.execute(text("lock table place in access exclusive mode"))
                clients = [await ask(bound.getsockname()[1]) for _ in range(64)]
                await asyncio.to_thread(until, 10)
                for client in clients:
                    client.transport.abort()
                await asyncio.to_thread(until, 0)
            async with httpx.AsyncClient(base_url=address_of(bound), timeout=30) as quick:
                answers = await asyncio.gather(*(quick.post("/graphql", json={"query": DOCUMENT}) for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
            assert all("errors" not in answer.json() for answer in answers)
        finally:
            server.should_exit = True
            await serving
