"""What the server tells of its requests: in the log, in its metrics, in headers; and what it never tells."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import redirect_stderr
from typing import Any

import httpx
import orjson
import psycopg
import pytest
from graphql import GraphQLError, parse
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.app.serving import Held, ready
from tests.app.test_guard import Names

from bangfu.store import Database
from bangfu_app.http import create_app
from bangfu_app.http.headers import careful, completed
from bangfu_app.http.log import log_to_stderr, traced
from bangfu_app.http.metrics import Metrics
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

SECRET = "620502199001011234"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to stderr."""
    root = logging.getLogger()
    handlers, level, quiet = root.handlers[:], root.level, logging.getLogger("uvicorn").level
    told = io.StringIO()
    monkeypatch.setattr("sys.stderr", told)
    log_to_stderr()
    yield told
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn").setLevel(quiet)


@pytest.fixture
async def client(graph: Graph, demo_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    bearer: Any = Names()
    app = create_app(graph, demo_database, readiness=ready, bearer=bearer, hsts=60)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"authorization": "Wang", "x-request-id": "page-7"}
    async with httpx.AsyncClient(transport=transport, base_url="http://bangfu", headers=headers) as client:
        yield client
    await demo_database.aclose()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """Those of ours."""
    found = [orjson.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in found if line["logger"].startswith("bangfu.")]


async def test_each_request_is_a_line_that_tells_no_values(client: httpx.AsyncClient, log: io.StringIO) -> None:
    document = "query Look($code: PlaceCode!) { district(code: $code) { name } villages(first: 1) { totalCount } }"
    answer = await client.post("/graphql", json={"query": document, "variables": {"code": "620502"}})
    assert "errors" not in answer.json()
    (line,) = lines(log)
    assert line["event"] == "POST /graphql 200"
    assert line["requestId"] == "page-7"
    assert line["viewer"] == "Wang"
    assert line["operation"] == "Look"
    assert line["statements"] >= 2
    assert line["bytes"] == len(answer.content)
    assert line["cost"] > 0
    assert 0 < line["sqlMs"] <= line["statements"] * (line["ms"] + 0.01)  # they run side by side
    assert len(line["document"]) == 16
    assert "codes" not in line
    assert "620502" not in log.getvalue()
    assert "district" not in log.getvalue()


async def test_a_line_has_the_codes_of_errors(client: httpx.AsyncClient, log: io.StringIO) -> None:
    wrong = f'{{ household: node(id: "{SECRET}") {{ id }} a: district(code: "{SECRET}") {{ id }} }}'
    for asked in ({"query": wrong}, {"query": f'{{ nme(id: "{SECRET}") }}'}, {"query": f"{{ # {SECRET}"}):
        assert "errors" in (await client.post("/graphql", json=asked)).json()
    await client.post(
        "/graphql", content=f'{{"query": "{SECRET}'.encode(), headers={"content-type": "application/json"}
    )
    told = [line["codes"] for line in lines(log)]
    assert told == [["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"], ["GRAPHQL_PARSE_FAILED"], ["BAD_REQUEST"]]
    assert SECRET not in log.getvalue()


async def test_a_failure_is_logged_under_the_id_without_values(log: io.StringIO) -> None:
    class Broken(Held):
        async def execute(self, *_: Any, **__: Any) -> dict[str, Any]:
            raise RuntimeError("the reason")

    app = create_app(Broken(), "the database", readiness=ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        answer = await client.post("/graphql", json={"query": "{ a }"})
    failure, line = lines(log)
    assert failure["requestId"] == line["requestId"] == answer.headers["x-request-id"]
    assert failure["level"] == "error"
    assert "RuntimeError: the reason" in failure["error"]
    assert "in execute" in failure["error"]
    assert (line["status"], line["codes"]) == (500, ["INTERNAL_ERROR"])


def test_what_postgresql_says_of_values_is_not_repeated(empty_database: Database) -> None:
    """Both in the driver's words and in SQLAlchemy's, of which the one has the row and the other the parameters."""
    with empty_database.engine.connect() as connection:
        connection.execute(text("create table person (id_number text unique, born date)"))
        insert = text("insert into person values (:number, '1990-01-01')")
        connection.execute(insert, {"number": SECRET})
        with pytest.raises(IntegrityError) as twice:
            connection.execute(insert, {"number": SECRET})
    told = traced(twice.value)
    assert SECRET not in told
    assert "SQLSTATE 23505 public.person.person_id_number_key" in told
    assert SECRET not in str(twice.value.with_traceback(None)).partition("[SQL")[2]
    with psycopg.connect(empty_database.url.set(drivername="postgresql").render_as_string(hide_password=False)) as raw:
        with pytest.raises(psycopg.Error) as wrong:
            raw.execute(f"select '{SECRET}x'::int".encode())
        assert SECRET not in traced(wrong.value)
        raw.rollback()
        with pytest.raises(psycopg.Error) as missing:
            raw.execute("select * from nothing")
        assert "SQLSTATE 42P01" in traced(missing.value)
        assert "nothing" in traced(missing.value), "what is no value is told"


def test_an_error_of_graphql_is_told_without_the_document() -> None:
    node = parse(f'{{ person(id: "{SECRET}") }}').definitions[0]
    assert traced(GraphQLError("is broken", node)) == "GraphQLError: is broken"


def test_a_person_reads_text(log: io.StringIO) -> None:
    with redirect_stderr(log):
        log_to_stderr("text")
    logging.getLogger("bangfu.readiness").warning("not ready: %s", "why")
    assert "not ready: why" in log.getvalue()
    assert not log.getvalue().startswith("{")


async def test_metrics_count_what_was_answered(graph: Graph, demo_database: Database) -> None:
    metrics = Metrics({"bangfu_pool_size": ("Connections.", lambda: demo_database.pool.size)})
    app = create_app(graph, demo_database, readiness=ready, metrics=metrics)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        for query in ("{ districts { totalCount } }", "{ districts { totalCount } }", "{ nme }", "{"):
            await client.post("/graphql", json={"query": query})
        await client.post("/graphql", content=b"?")
        assert (await client.get("/metrics")).status_code == 404, "nobody is told at the public port"
    await demo_database.aclose()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(metrics), base_url="http://beside") as beside:
        told = await beside.get("/metrics")
        assert (await beside.get("/")).status_code == 404
        assert (await beside.post("/metrics")).status_code == 404
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }
    assert found["bangfu_requests_total", "none", "200"] == 2
    assert found["bangfu_requests_total", "GRAPHQL_VALIDATION_FAILED", "200"] == 1
    assert found["bangfu_requests_total", "GRAPHQL_PARSE_FAILED", "200"] == 1
    assert found["bangfu_requests_total", "UNSUPPORTED_MEDIA_TYPE", "415"] == 1
    assert found["bangfu_requests_total", "NOT_FOUND", "404"] == 1
    assert found["bangfu_request_seconds_count",] == 4
    assert found["bangfu_statements_total",] >= 2
    assert found["bangfu_requests_in_flight",] == 0
    assert found["bangfu_pool_size",] == demo_database.pool.size
    assert found["bangfu_subscriptions",] == 0


async def test_two_applications_count_for_themselves() -> None:
    metrics = [Metrics(), Metrics()]
    app = create_app(Held(), "the database", readiness=ready, metrics=metrics[0])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        await client.get("/healthz")
    counted = [
        each.registry.get_sample_value("bangfu_requests_total", {"status": "200", "code": "none"}) for each in metrics
    ]
    assert counted == [1, None]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/graphql"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/nowhere"), ("GET", "/")],
)
async def test_every_answer_has_the_careful_headers(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    for name, value in careful(60):
        assert answer.headers.get_list(name.decode()) == [value.decode()], name
    assert answer.headers["x-request-id"] == "page-7"


async def test_the_page_says_for_itself_what_it_needs(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", headers={"accept": "text/html"})
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert answer.headers["content-security-policy"] != dict(careful())[b"content-security-policy"].decode()
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_https_only_is_said_where_it_is_set() -> None:
    assert b"strict-transport-security" not in dict(careful())
    assert dict(careful(3600))[b"strict-transport-security"] == b"max-age=3600; includeSubDomains"


def test_an_answers_own_headers_stand() -> None:
    found = completed([(b"cache-control", b"private")], careful(), (b"x-request-id", b"7"))
    assert [value for name, value in found if name == b"cache-control"] == [b"private"]
    assert found[-1] == (b"x-request-id", b"7")


async def test_a_server_that_stops_says_so_at_once() -> None:
    app = create_app(Held(), "the database", readiness=ready)
    told: list[bool] = []
    app.state.stopping.tell(lambda: told.append(True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        assert (await client.get("/readyz")).status_code == 200
        app.state.stopping.begin()
        app.state.stopping.begin()
        assert told == [True]
        away = await client.get("/readyz")
        assert (away.status_code, away.json()["reason"]) == (503, "The server is stopping.")
        assert (await client.get("/healthz")).status_code == 200


async def test_what_is_given_up_when_the_server_stops_is_told(log: io.StringIO) -> None:
    graph = Held()
    app = create_app(graph, "the database", readiness=ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        asked = asyncio.ensure_future(client.post("/graphql", json={"query": "{ wait }"}))
        await graph.until_asked(1)
        app.state.stopping.begin()
        asked.cancel()
        answer = await asked
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert lines(log)[-1]["codes"] == ["SERVICE_UNAVAILABLE"]
