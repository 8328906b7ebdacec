"""Which web pages may ask: none but those that are named, and no request that a browser sends without asking first."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.app.asking import ANSWER, JSON, NAME, code_of, serving

from bangfu.errors import OperationError
from bangfu.store import Database, Settings
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

PAGE, FOREIGN = "https://page.example", "https://evil.example"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@pytest.fixture
async def client(graph: Graph, demo_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(graph, demo_database) as client:
        yield client


@pytest.fixture
async def open_client(graph: Graph, demo_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that lets pages of two sites ask."""
    async with serving(graph, demo_database, cors_origins=f"{PAGE}, http://localhost:5173") as client:
        yield client


async def get(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get("/graphql", params={"query": NAME}, headers={"accept": JSON, **given})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", **BROWSER},
        {"sec_fetch_site": "same-site", **BROWSER},
        {"sec_fetch_site": "", **BROWSER},
        {"sec_fetch_site": "cross-site", "origin": FOREIGN},
        {"sec_fetch_site": "cross-site", "content_type": "text/plain"},
        {"sec_fetch_site": "cross-site", "content_type": "Multipart/Form-Data; boundary=x"},
        {"sec_fetch_site": "cross-site", "x_requested_with": ""},
        {"origin": FOREIGN},
        {"origin": "null"},
        {"origin": "http://bangfu.example.evil.example"},
        {"user_agent": BROWSER["user-agent"]},
    ],
)
async def test_what_a_foreign_page_may_have_sent_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    refused = await get(client, **headers)
    assert (refused.status_code, code_of(refused.json())) == (403, "PREFLIGHT_REQUIRED")
    assert "GraphQL-Require-Preflight" in refused.text
    assert "620502" not in refused.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_mode": "cors", "user_agent": "node"},
        {"sec_fetch_site": "same-origin", **BROWSER},
        {"sec_fetch_site": "none", **BROWSER},
        {"origin": "http://bangfu.example", **BROWSER},
        {"sec_fetch_site": "cross-site", "content_type": JSON},
        *(
            {"sec_fetch_site": "cross-site", "origin": FOREIGN, name: "1"}
            for name in ("x_requested_with", "authorization")
        ),
        {"sec_fetch_site": "cross-site", "graphql_require_preflight": "1"},
        {"sec_fetch_site": "cross-site", "apollo_require_preflight": "true"},
        {"sec_fetch_site": "cross-site", "x_apollo_operation_name": "Name"},
    ],
)
async def test_what_no_foreign_page_can_have_sent_is_answered(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    found = await get(client, **headers)
    assert (found.status_code, found.json()) == (200, ANSWER)


async def test_a_stream_of_events_is_kept_from_a_foreign_page_too(client: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "accept": "text/event-stream"}
    refused = await client.get("/graphql", params={"query": NAME}, headers=headers)
    assert (refused.status_code, code_of(refused.json())) == (403, "PREFLIGHT_REQUIRED")
    answered = await client.get("/graphql", params={"query": NAME}, headers=headers | {"sec-fetch-site": "same-origin"})
    assert (answered.status_code, answered.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    assert "content-encoding" not in answered.headers
    assert ANSWER["data"]["district"]["name"] in answered.text


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_a_form_is_no_request(client: httpx.AsyncClient, kind: str) -> None:
    """Whatever a page sends without a preflight, the body is not read as JSON, nor with a header that excuses a GET."""
    body = b'{"query": "{ __typename }"}'
    for more in ({}, {"graphql-require-preflight": "1"}, {"sec-fetch-site": "cross-site"}):
        refused = await client.post("/graphql", content=body, headers={"content-type": kind, **more})
        assert refused.status_code == (403 if "sec-fetch-site" in more else 415)


async def test_a_file_is_refused_with_what_to_do(client: httpx.AsyncClient) -> None:
    operations = {"operations": '{"query": "mutation ($f: Upload) { a }"}', "map": '{"0": ["variables.f"]}'}
    refused = await client.post("/graphql", data=operations, files={"0": b"rows"})
    assert (refused.status_code, code_of(refused.json())) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "Files cannot be uploaded" in refused.text
    assert refused.headers["accept"] == JSON


async def test_nobody_is_let_in_unless_it_is_said(client: httpx.AsyncClient) -> None:
    asked = {"origin": PAGE, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = await client.options("/graphql", headers=asked)
    assert (preflight.status_code, preflight.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert preflight.headers["accept-post"] == JSON
    posted = await client.post("/graphql", json={"query": NAME}, headers={"origin": PAGE})
    for each in (preflight, posted):
        assert not [name for name in each.headers if name.startswith("access-control-")]


async def test_a_page_that_is_named_may_ask_and_read(open_client: httpx.AsyncClient) -> None:
    asked = {
        "origin": PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, x-some-client",
    }
    preflight = await open_client.options("/graphql", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert set(preflight.headers["access-control-allow-headers"].split(", ")) >= {
        "authorization",
        "content-type",
        "x-some-client",
    }
    assert int(preflight.headers["access-control-max-age"]) > 0
    assert preflight.headers["x-request-id"]
    found = await get(open_client, origin=PAGE, sec_fetch_site="cross-site")
    assert (found.status_code, found.json()) == (200, ANSWER)
    assert found.headers["access-control-allow-origin"] == PAGE
    assert {name.lower() for name in found.headers["access-control-expose-headers"].split(", ")} >= {
        "etag",
        "x-request-id",
    }
    assert {each.strip().lower() for each in found.headers["vary"].split(",")} >= {"origin", "authorization", "accept"}
    for each in (preflight, found):
        assert "access-control-allow-credentials" not in each.headers


async def test_errors_can_be_read_by_a_page_that_is_named(open_client: httpx.AsyncClient) -> None:
    refused = await open_client.post("/graphql", content=b"{", headers={"origin": PAGE, "content-type": JSON})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, PAGE)


@pytest.mark.parametrize("origin", [FOREIGN, "null", f"{PAGE}.evil.example", "http://page.example", f"{PAGE}:444"])
async def test_a_page_that_is_not_named_may_not(open_client: httpx.AsyncClient, origin: str) -> None:
    preflight = await open_client.options(
        "/graphql", headers={"origin": origin, "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
    asked = await get(open_client, origin=origin, sec_fetch_site="cross-site")
    assert (asked.status_code, code_of(asked.json())) == (403, "PREFLIGHT_REQUIRED")
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize(
    "wrong", ["*", "page.example", "https://page.example/", "https://*.example", "HTTPS://page.example", "null"]
)
async def test_an_origin_that_is_none_is_named(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANGFU_CORS_ORIGINS", f"{PAGE},{wrong}")
    with pytest.raises(OperationError, match="BANGFU_CORS_ORIGINS: .*is no origin") as caught:
        Settings.load()
    assert caught.value.code == "BAD_SETTING"
    for right in (PAGE, "http://localhost:5173", "http://[::1]:80"):
        monkeypatch.setenv("BANGFU_CORS_ORIGINS", right)
        assert Settings.load().cors_origins == (right,)
