"""What comes over the wire broken, slow or in excess is answered, and the server goes on."""

from collections.abc import AsyncIterator

import pytest
from tests.app.serving import GOOD, HEALTH, SLOW, Held, Served, post, ready, served

from bangfu_app.http import create_app

pytestmark = pytest.mark.anyio

SOON = 0.2
"""Seconds for which the servers of these tests wait for a client."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def graph() -> Held:
    return Held()


@pytest.fixture
async def server(graph: Held) -> AsyncIterator[Served]:
    app = create_app(graph, "the database", readiness=ready, read_timeout=SOON, body_limit=150_000)
    async with served(app, read_timeout=SOON) as server:
        yield server
        assert (await server.ask(GOOD)).status == 200, "the server goes on"


async def test_what_is_right_is_answered_with_careful_headers(server: Served) -> None:
    answer = await server.ask(GOOD)
    assert answer.status == 200
    assert answer.body == '{"data":{"name":"秦州區"}}'.encode()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_a_head_that_takes_too_long_is_408(server: Served) -> None:
    line = await server.line()
    await line.send(GOOD[:30])
    answer = await line.answer()
    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
    assert await line.is_closed()


async def test_a_second_head_that_takes_too_long_is_408(server: Served) -> None:
    """A byte now and then keeps nothing open."""
    line = await server.line()
    await line.send(GOOD)
    assert (await line.answer()).status == 200
    await line.send(GOOD[:30])
    assert (await line.answer()).status == 408


async def test_a_body_that_takes_too_long_is_408(server: Served, graph: Held) -> None:
    line = await server.line()
    await line.send(GOOD[:-5])
    answer = await line.answer()
    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
    assert graph.asked == []
    assert await line.is_closed()


async def test_a_connection_on_which_nothing_comes_is_closed(server: Served) -> None:
    assert await (await server.line()).is_closed()


async def test_a_slow_answer_is_no_slow_request(server: Served, graph: Held) -> None:
    line, other = await server.line(), await server.line()
    await line.send(SLOW)
    await graph.until_asked(1)
    await other.send(GOOD[:30])
    assert (await other.answer()).status == 408, "as long as a request may take has passed"
    graph.is_let_go.set()
    assert (await line.answer()).status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\0" * 100 + b"\r\n\r\n",
        b"GET /graph\0ql HTTP/1.1\r\nHost: bangfu\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: bang\0fu\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
        b"POST /graphql HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=[
        "null bytes", "null in address", "null in header", "no text", "version", "line", "TLS",
        "negative", "length", "two lengths", "length and chunks",
    ],
)  # fmt: skip
async def test_what_is_not_http_is_400(server: Served, nonsense: bytes) -> None:
    answer = await server.ask(nonsense)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"


CHUNKED = b"POST /graphql HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_body_in_chunks_is_read(server: Served) -> None:
    chunks = (b"1\r\n%c\r\n" % byte for byte in b'{"query": "{ name }"}')
    assert (await server.ask(CHUNKED, *chunks, b"0\r\n\r\n")).status == 200


@pytest.mark.parametrize("chunk", [b"zz\r\n{}\r\n", b"-1\r\n{}", b"2\r\n{}{}{}\r\n", b"ffffffffffffffffff\r\n{}\r\n"])
async def test_chunks_of_another_form_are_400(server: Served, graph: Held, chunk: bytes) -> None:
    line = await server.line()
    await line.send(CHUNKED)
    await line.send(chunk)
    answer = await line.answer()
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert await line.is_closed()
    assert graph.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "{ \xff }"}',
        b'{"query": "{ \0 }"}',
        b'{"query": "\\ud800"}',
        b'{"query":"{a}","variables":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
        b"[" * 20_000 + b"]" * 20_000,
        b'{"query":"{a}","variables":{"a":[' + b"[]," * 8_000 + b"[]]}} x",
    ],
    ids=["UTF-8", "null byte", "half a character", "deep", "deep lists", "more"],
)
async def test_a_body_that_nobody_means_is_400(body: bytes, server: Served, graph: Held) -> None:
    answer = await server.ask(post(body))
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert graph.asked == []


async def test_too_many_objects_in_a_body_are_400(graph: Held) -> None:
    app = create_app(graph, "the database", readiness=ready)
    async with served(app) as server:
        body = b'{"query":"{a}","variables":{"a":[' + b"{}," * 60_000 + b"{}]}}"
        answer = await server.ask(post(body))
        assert (answer.status, answer.code) == (400, "BAD_REQUEST")
        assert graph.asked == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET /graphql?" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X: a\r\n" * 101 + b"\r\n",
    ],
    ids=["address", "header", "headers"],
)
async def test_a_head_that_is_too_large_is_431(server: Served, head: bytes) -> None:
    answer = await server.ask(head)
    assert (answer.status, answer.code) == (431, "REQUEST_HEADER_FIELDS_TOO_LARGE")


async def test_a_head_that_is_too_large_is_not_waited_for(server: Served) -> None:
    line = await server.line()
    await line.send(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 70_000)
    assert (await line.answer()).status in (431, 408)
    assert await line.is_closed()


async def test_a_body_that_is_too_large_is_413_and_the_connection_goes_on(server: Served, graph: Held) -> None:
    line = await server.line()
    await line.send(post(b"a" * 3_000_000))
    answer = await line.answer()
    assert answer.status == 413
    assert graph.asked == []
    await line.send(GOOD)
    assert (await line.answer()).status == 200


async def test_what_is_left_of_a_refused_body_is_not_waited_for(server: Served) -> None:
    line = await server.line()
    await line.send(post(b"a" * 200_000, length=300_000))
    assert (await line.answer()).status == 413
    assert await line.is_closed()


async def test_who_has_sent_all_may_close_its_half(server: Served) -> None:
    line = await server.line()
    await line.send(GOOD)
    line.end()
    assert (await line.answer()).status == 200
    assert await line.is_closed()


@pytest.mark.parametrize("sent", [GOOD[:20], GOOD[:-5], CHUNKED + b"5\r\n{"], ids=["head", "body", "chunk"])
async def test_who_closes_its_half_too_soon_is_told(server: Served, graph: Held, sent: bytes) -> None:
    line = await server.line()
    await line.send(sent)
    line.end()
    answer = await line.answer()
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert graph.asked == []


async def test_what_is_asked_by_one_who_has_gone_is_given_up(server: Served, graph: Held) -> None:
    line = await server.line()
    await line.send(SLOW)
    await graph.until_asked(1)
    line.end()
    assert await line.is_closed()
    assert not graph.is_let_go.is_set()


async def test_requests_in_a_row_are_answered_in_order(server: Served, graph: Held) -> None:
    line = await server.line()
    await line.send(SLOW, HEALTH, GOOD)
    await graph.until_asked(1)
    graph.is_let_go.set()
    assert [(await line.answer()).body for _ in range(3)] == [
        '{"data":{"name":"秦州區"}}'.encode(),
        b'{"alive":true}',
        '{"data":{"name":"秦州區"}}'.encode(),
    ]


async def test_nonsense_after_a_request_does_not_spoil_its_answer(server: Served, graph: Held) -> None:
    line = await server.line()
    await line.send(GOOD)
    assert (await line.answer()).status == 200
    await line.send(b"nonsense\r\n\r\n")
    assert (await line.answer()).status == 400
    assert await line.is_closed()


async def test_one_connection_too_many_is_told(graph: Held) -> None:
    app = create_app(graph, "the database", readiness=ready)
    async with served(app, max_connections=2) as server:
        kept = [await server.line() for _ in range(2)]
        for line in kept:
            await line.send(GOOD)
            assert (await line.answer()).status == 200
        crowded = await server.line()
        await crowded.send(GOOD)
        answer = await crowded.answer()
        assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"]
        assert answer.headers["connection"] == "close"
        assert await crowded.is_closed()
        assert (await server.ask(HEALTH)).status == 200, "whoever watches over the server is always answered"
        kept[0].close()
        await graph.until_asked(2)
        while len(server.server.server_state.connections) > 1:
            await kept[1].send(HEALTH)
            assert (await kept[1].answer()).status == 200
        assert (await server.ask(GOOD)).status == 200
