"""/graphql over HTTP: what is accepted, which status answers what, and what never leaves the server."""

import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from bangfu.access import Viewer
from bangfu.store import DatabaseUnavailable
from bangfu_app.http import create_app
from bangfu_schema import Observed

pytestmark = pytest.mark.anyio

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class FakeGraph:
    """Answers every document alike, remembers what it was asked, and fails on request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any] | None, str | None]] = []
        self.result: dict[str, Any] = {"data": {"name": "秦州區"}}
        self.error: Exception | None = None

    async def execute(
        self,
        database: Any,
        document: str,
        *,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        observed: Observed | None = None,
        viewer: Viewer | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        assert database == "the database"
        self.asked.append((document, variables, operation_name))
        if self.error:
            raise self.error
        return self.result


class FakeReadiness:
    def __init__(self) -> None:
        self.reason: str | None = None

    async def __call__(self) -> str | None:
        return self.reason


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def readiness() -> FakeReadiness:
    return FakeReadiness()


@pytest.fixture
async def client(graph: FakeGraph, readiness: FakeReadiness) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(graph, "the database", readiness=readiness, body_limit=1000)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://bangfu") as client:
        yield client


def error_of(response: httpx.Response) -> dict[str, Any]:
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert isinstance(error, dict)
    return error


async def test_a_post_is_answered_with_what_the_graph_says(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    asked = {"query": "query A($x: Int) { name }", "variables": {"x": 1}, "operationName": "A"}
    response = await client.post("/graphql", json=asked)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json() == {"data": {"name": "秦州區"}}
    assert graph.asked == [("query A($x: Int) { name }", {"x": 1}, "A")]


async def test_a_get_is_answered_too(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    variables = quote(orjson.dumps({"x": [1, "二"]}).decode())
    response = await client.get(f"/graphql?query={quote('query A { name }')}&variables={variables}&operationName=A")
    assert response.status_code == 200
    assert graph.asked == [("query A { name }", {"x": [1, "二"]}, "A")]


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{JSON}; charset=utf-8", JSON),
    ],
)
async def test_the_media_type_is_the_one_accepted(client: httpx.AsyncClient, accept: str | None, answered: str) -> None:
    del client.headers["accept"]
    headers = {} if accept is None else {"accept": accept}
    response = await client.post("/graphql", json={"query": "{ name }"}, headers=headers)
    assert response.headers["content-type"].startswith(answered)


async def test_no_media_type_in_common_is_406(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    response = await client.post("/graphql", json={"query": "{ name }"}, headers={"accept": "image/png"})
    assert response.status_code == 406
    assert error_of(response)["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert not graph.asked


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b'{"query": "{ name }"', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "list"),
        (b'"{ name }"', "object"),
        (b"{}", "query: is missing"),
        (b'{"query": null}', "query: is missing"),
        (b'{"query": 1}', "query: is a number"),
        (b'{"query": ["{ name }"]}', "query: is a list"),
        (b'{"query": "{ name }", "variables": "x"}', "variables: is a string"),
        (b'{"query": "{ name }", "variables": [1]}', "variables: is a list"),
        (b'{"query": "{ name }", "operationName": {}}', "operationName: is an object"),
        (b'{"query": "{ name }", "extensions": false}', "extensions: is a boolean"),
    ],
)
async def test_a_body_that_is_no_request_is_400_and_says_why(
    client: httpx.AsyncClient, graph: FakeGraph, body: bytes, named: str
) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.status_code == 400
    assert named in error_of(response)["message"]
    assert error_of(response)["extensions"]["code"] == "BAD_REQUEST"
    assert not graph.asked


async def test_nulls_are_as_good_as_nothing(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    body = {"query": "{ name }", "variables": None, "operationName": None, "extensions": None}
    assert (await client.post("/graphql", json=body)).status_code == 200
    assert graph.asked == [("{ name }", None, None)]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", None])
async def test_another_content_type_is_415(
    client: httpx.AsyncClient, graph: FakeGraph, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = await client.post("/graphql", content=b'{"query": "{ name }"}', headers=headers)
    assert response.status_code == 415
    assert "application/json" in error_of(response)["message"]
    assert not graph.asked


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
async def test_utf8_may_be_said(client: httpx.AsyncClient, charset: str) -> None:
    headers = {"content-type": f"application/json; charset={charset}"}
    assert (await client.post("/graphql", content=b'{"query": "{ a }"}', headers=headers)).status_code == 200


async def test_another_charset_is_415(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json; charset=big5"}
    response = await client.post("/graphql", content=b'{"query": "{ a }"}', headers=headers)
    assert response.status_code == 415


async def test_a_body_that_is_too_large_is_413(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    response = await client.post("/graphql", json={"query": "{ name }" + " " * 1000})
    assert response.status_code == 413
    assert not graph.asked


@pytest.mark.parametrize("operation", ["mutation { a }", "subscription { a }"])
async def test_a_get_changes_nothing(client: httpx.AsyncClient, graph: FakeGraph, operation: str) -> None:
    response = await client.get("/graphql", params={"query": operation})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert not graph.asked


async def test_the_operation_that_is_named_decides(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    document = "query A { a } mutation B { b }"
    assert (await client.get("/graphql", params={"query": document, "operationName": "A"})).status_code == 200
    assert (await client.get("/graphql", params={"query": document, "operationName": "B"})).status_code == 405


async def test_a_get_without_a_query_is_400(client: httpx.AsyncClient) -> None:
    assert (await client.get("/graphql")).status_code == 400
    assert (await client.get("/graphql", params={"query": "{ a }", "variables": "{"})).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_405_with_allow(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")
    assert response.status_code == 405
    assert "POST" in response.headers["allow"]
    assert error_of(response)["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_errors_of_the_graph_get_the_request_id(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    graph.result = {"data": {"a": None}, "errors": [{"message": "no", "extensions": {"code": "BAD_USER_INPUT"}}]}
    response = await client.post("/graphql", json={"query": "{ a }"})
    assert response.status_code == 200
    assert error_of(response)["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_document_that_is_refused_is_400_for_the_newer_media_type(
    client: httpx.AsyncClient, graph: FakeGraph
) -> None:
    graph.result = {"errors": [{"message": "Syntax Error"}]}
    newer = await client.post("/graphql", json={"query": "{"}, headers={"accept": GRAPHQL})
    older = await client.post("/graphql", json={"query": "{"}, headers={"accept": JSON})
    assert (newer.status_code, older.status_code) == (400, 200)


async def test_a_defect_says_nothing_outside_and_everything_in_the_log(
    client: httpx.AsyncClient, graph: FakeGraph, caplog: pytest.LogCaptureFixture
) -> None:
    graph.error = RuntimeError("password=secret")
    with caplog.at_level(logging.ERROR):
        response = await client.post("/graphql", json={"query": "{ a }"})
    assert response.status_code == 500
    assert error_of(response)["message"] == "Internal error"
    assert error_of(response)["extensions"]["code"] == "INTERNAL_ERROR"
    assert "secret" not in response.text
    assert "secret" in caplog.text
    assert response.headers["x-request-id"] in caplog.text


async def test_a_database_that_is_away_is_503(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    graph.error = DatabaseUnavailable("connection to 10.0.0.1 refused")
    response = await client.post("/graphql", json={"query": "{ a }"})
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert error_of(response)["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert "10.0.0.1" not in response.text
    graph.error = None
    assert (await client.post("/graphql", json={"query": "{ a }"})).status_code == 200


async def test_a_callers_request_id_is_kept_if_it_is_harmless(client: httpx.AsyncClient) -> None:
    kept = await client.get("/healthz", headers={"x-request-id": "page-7.a"})
    assert kept.headers["x-request-id"] == "page-7.a"
    forged = await client.get("/healthz", headers={"x-request-id": "a b{}"})
    assert forged.headers["x-request-id"] not in ("", "a b{}")
    assert forged.headers["x-request-id"] != (await client.get("/healthz")).headers["x-request-id"]


async def test_a_browser_gets_a_page(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = await client.get("/graphql", headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "connect-src 'self'" in response.headers["content-security-policy"]
    assert '<script type="application/json" id="data">' in response.text
    assert not graph.asked


async def test_the_root_leads_to_the_graph(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    assert response.status_code == 307
    assert response.headers["location"] == "/graphql"


async def test_health_and_readiness(client: httpx.AsyncClient, readiness: FakeReadiness) -> None:
    assert (await client.get("/healthz")).json() == {"alive": True}
    assert (await client.get("/readyz")).json() == {"ready": True}
    readiness.reason = "The database is away."
    away = await client.get("/readyz")
    assert away.status_code == 503
    assert away.json() == {"ready": False, "reason": "The database is away."}
    assert (await client.get("/healthz")).status_code == 200
    readiness.reason = None
    assert (await client.get("/readyz")).status_code == 200


async def test_an_unknown_address_is_404_in_json(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphiql")
    assert response.status_code == 404
    assert "/graphql" in error_of(response)["message"]
    wrong = await client.post("/healthz")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]


async def test_what_was_opened_is_closed() -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    app = create_app(FakeGraph(), "the database", readiness=FakeReadiness(), close=close)
    async with app.router.lifespan_context(app):
        assert not closed
    assert closed
