"""How an answer is sent: not again where the client has it, smaller where it can read that, and kept by nobody else."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import brotli  # type: ignore[import-untyped]  # it has no stubs
import httpx
import orjson
import pytest
import uvicorn
from sqlalchemy import text
from tests.app.asking import ANSWER, GRAPHQL, JSON, NAME, serving

from bangfu.store import Database
from bangfu_app.http.delivery import SMALLEST
from bangfu_app.http.server import address_of, reserve
from bangfu_app.opening import application_of
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

LONG = '{ villages(within: "620502", first: 200) { nodes { code name pinyin } } }'
HUGE = '{ households(within: "620502", first: 1000) { nodes { id village { code name } township { code name } } } }'


@pytest.fixture
async def client(graph: Graph, demo_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(graph, demo_database) as client:
        yield client


async def raw(client: httpx.AsyncClient, query: str, coding: str) -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it is sent."""
    headers = {"accept-encoding": coding}
    async with client.stream("POST", "/graphql", json={"query": query}, headers=headers) as response:
        return response, b"".join([part async for part in response.aiter_raw()])


async def test_a_client_is_not_sent_what_it_has(client: httpx.AsyncClient) -> None:
    first = await client.get("/graphql", params={"query": NAME})
    assert first.json() == ANSWER
    tag = first.headers["etag"]
    assert tag.startswith('"')
    assert first.headers["cache-control"] == "private, no-cache"
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get("/graphql", params={"query": NAME}, headers={"if-none-match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == first.headers["vary"] == "Accept, Authorization, Accept-Encoding"
        assert "content-length" not in again.headers
    other = await client.get("/graphql", params={"query": NAME}, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.json()) == (200, ANSWER)


async def test_the_tag_is_another_for_another_type_coding_or_answer(client: httpx.AsyncClient) -> None:
    asked = [
        await client.get("/graphql", params={"query": query}, headers={"accept": accept, "accept-encoding": coding})
        for query in (LONG, LONG.replace("200", "199"))
        for accept in (JSON, GRAPHQL)
        for coding in ("br", "gzip", "identity")
    ]
    assert {each.status_code for each in asked} == {200}
    assert len({each.headers["etag"] for each in asked}) == len(asked)


async def test_the_tag_is_another_when_the_data_is(graph: Graph, demo_copy: Database) -> None:
    async with serving(graph, demo_copy) as client:
        tag = (await client.get("/graphql", params={"query": NAME})).headers["etag"]
        with demo_copy.engine.begin() as connection:
            connection.execute(text("update place set name = '别处' where code = 620502000000000"))
        changed = await client.get("/graphql", params={"query": NAME}, headers={"if-none-match": tag})
        assert (changed.status_code, changed.json()["data"]["district"]["name"]) == (200, "别处")
        assert changed.headers["etag"] != tag
    await demo_copy.aclose()


async def test_only_what_was_read_without_a_mistake_is_kept(client: httpx.AsyncClient) -> None:
    posted = await client.post("/graphql", json={"query": NAME}, headers={"if-none-match": "*"})
    wrong = await client.get("/graphql", params={"query": '{ a: viewer { name } village(code: "1") { name } }'})
    refused = await client.get("/graphql", params={"query": "{"}, headers={"accept": GRAPHQL, "if-none-match": "*"})
    missing = await client.get("/graphql", headers={"if-none-match": "*"})
    assert [each.status_code for each in (posted, wrong, refused, missing)] == [200, 200, 400, 400]
    for each in (posted, wrong, refused, missing):
        assert "etag" not in each.headers
        assert each.headers["cache-control"] == "no-store"
        assert each.headers["vary"] == "Accept, Authorization, Accept-Encoding"


async def test_a_head_is_a_get_without_its_body(client: httpx.AsyncClient) -> None:
    got = await client.get("/graphql", params={"query": NAME})
    head = await client.head("/graphql", params={"query": NAME})
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "content-type", "cache-control", "vary"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("query", [LONG, HUGE], ids=["short", "beside other requests"])
async def test_a_long_answer_is_sent_smaller(client: httpx.AsyncClient, query: str) -> None:
    plain, whole = await raw(client, query, "identity")
    assert "content-encoding" not in plain.headers
    assert len(whole) > SMALLEST
    assert len(orjson.loads(whole)["data"].popitem()[1]["nodes"]) in (200, 1000)
    for coding, decompress in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        response, body = await raw(client, query, coding)
        assert response.headers["content-encoding"] == coding
        assert int(response.headers["content-length"]) == len(body) < len(whole) / 2
        assert decompress(body) == whole


async def test_a_short_answer_is_sent_as_it_is(client: httpx.AsyncClient) -> None:
    response, body = await raw(client, NAME, "br, gzip")
    assert "content-encoding" not in response.headers
    assert orjson.loads(body) == ANSWER


async def test_answers_without_a_body_leave_their_connection_in_order(graph: Graph, demo_database: Database) -> None:
    """Over one real connection: what follows a HEAD or a 304 is read as what it is."""
    with reserve("127.0.0.1", 0) as bound:
        bound.listen()
        server = uvicorn.Server(uvicorn.Config(application_of(graph, demo_database), log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            limits = httpx.Limits(max_connections=1)
            async with httpx.AsyncClient(base_url=address_of(bound), timeout=30, limits=limits) as client:
                asked = {"query": LONG}
                head = await client.head("/graphql", params=asked)
                got = await client.get("/graphql", params=asked)
                again = await client.get("/graphql", params=asked, headers={"if-none-match": got.headers["etag"]})
                other = await client.post("/graphql", json={"query": NAME})
        finally:
            server.should_exit = True
            await serving
    assert (head.content, head.headers["etag"]) == (b"", got.headers["etag"])
    assert len(got.json()["data"]["villages"]["nodes"]) == 200
    assert got.headers["content-encoding"] in ("br", "gzip")
    assert (again.status_code, again.content) == (304, b"")
    assert other.json() == ANSWER
