"""The same over server-sent events (graphql-sse, distinct connections), and the end of both when the server stops."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.app.command import Bangfu
from tests.app.sockets.talking import (
    CHANGES,
    DISTRICT,
    ORCHARDS,
    PROTOCOL,
    TOWNSHIP,
    Served,
    area_of,
    plant,
    serving,
    until,
)
from tests.app.sockets.test_sessions import bearer, token
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from bangfu.store import Database
from bangfu_app.identity import Bearer
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio
__all__ = ["bearer"]

NAME = '{ district(code: "620502") { name } }'
ANSWER = {"data": {"district": {"name": "秦州区"}}}
EVENTS = {"accept": "text/event-stream"}


class Stream:
    """The events of one response."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.comments = 0

    async def event(self) -> tuple[str, Any]:
        """The next event: its name and its data; an empty name where the stream has ended."""
        name, data = "", ""
        async for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                field, _, value = line.partition(":")
                name, data = (value.strip(), data) if field == "event" else (name, data + value.strip())
            elif name:
                return name, json.loads(data) if data else None
        return "", None

    async def next(self) -> dict[str, Any]:
        """The next response."""
        name, data = await self.event()
        assert name == "next", name
        assert isinstance(data, dict)
        return data


@asynccontextmanager
async def streaming(server: Served, query: str, *, by: str = "POST", **options: Any) -> AsyncIterator[Stream]:
    """The stream of an operation."""
    variables = options.pop("variables", {})
    asked: dict[str, Any] = {"query": query}
    if by == "POST":
        asked = {"json": asked | {"variables": variables}}
    else:
        asked = {"params": asked | {"variables": json.dumps(variables)}}
    headers = EVENTS | options.pop("headers", {})
    async with (
        httpx.AsyncClient(base_url=server.address, timeout=30) as client,
        client.stream(by, "/graphql", headers=headers, **asked, **options) as response,
    ):
        yield Stream(response)


async def failed(server: Served, query: str, **options: Any) -> str:
    """The code of the only error of a stream, which ends with it."""
    async with streaming(server, query, **options) as stream:
        assert stream.response.status_code == 200
        told = await stream.next()
        assert await stream.event() == ("complete", None)
        assert await stream.event() == ("", None)
        (error,) = told["errors"]
        assert error["extensions"]["requestId"] == stream.response.headers["x-request-id"]
        code: str = error["extensions"]["code"]
        return code


class TestEvents:
    @pytest.mark.parametrize("by", ["GET", "POST"])
    async def test_a_subscription_is_told_until_the_client_goes(
        self, served: Served, demo_copy: Database, by: str
    ) -> None:
        async with streaming(served, ORCHARDS, by=by, variables={"place": TOWNSHIP}) as stream:
            assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert stream.response.headers["cache-control"] == "no-store"
            before = area_of(await stream.next())
            await plant(demo_copy, area=2)
            assert area_of(await stream.next()) == before + 2
        await until(lambda: served.door.connections == served.feed.subscribers == 0)

    async def test_changes_are_told(self, served: Served, demo_copy: Database) -> None:
        async with streaming(served, CHANGES, variables={"plugin": "industry"}) as stream:
            await until(lambda: served.feed.subscribers > 0)
            await plant(demo_copy)
            change = (await stream.next())["data"]["changes"]
            assert (change["record"], change["place"], change["count"]) == ("CropArea", TOWNSHIP, 1)


async def test_a_query_is_answered_and_complete(reading: Served) -> None:
    async with streaming(reading, NAME) as stream:
        assert await stream.next() == ANSWER
        assert await stream.event() == ("complete", None)
        assert await stream.event() == ("", None)


async def test_rows_of_a_list_are_one_event(reading: Served) -> None:
    async with streaming(reading, '{ townships(within: "620502", first: 3) { nodes { name } } }') as stream:
        assert len((await stream.next())["data"]["townships"]["nodes"]) == 3


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (ORCHARDS, {"place": "620502999"}, "BAD_USER_INPUT"),
        (CHANGES, {"plugin": "x"}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_run_is_told_in_the_stream(
    reading: Served, query: str, variables: dict[str, Any], code: str
) -> None:
    assert await failed(reading, query, variables=variables) == code


async def test_what_is_no_request_has_a_status(reading: Served) -> None:
    async with httpx.AsyncClient(base_url=reading.address, headers=EVENTS) as client:
        for content, headers, status in (
            (b"not JSON", {"content-type": "application/json"}, 400),
            (b"{}", {"content-type": "application/json"}, 400),
            (b"{}", {"content-type": "text/plain"}, 415),
            (b" " * (2**20 + 1), {"content-type": "application/json"}, 413),
        ):
            answer = await client.post("/graphql", content=content, headers=headers)
            assert answer.status_code == status
            assert answer.json()["errors"][0]["extensions"]["requestId"] == answer.headers["x-request-id"]
        assert (await client.get("/graphql", params={"query": "mutation { a }"})).status_code == 405
        assert (await client.delete("/graphql")).status_code in (405, 406)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json;q=0.9", "text/event-stream"),
        ("application/json;q=0.5, text/event-stream;q=0.8", "text/event-stream"),
        ("application/graphql-response+json, application/json, text/event-stream", "application/graphql-response+json"),
        ("text/event-stream;q=0, */*", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_events_are_sent_to_whom_they_are_welcome(reading: Served, accept: str, kind: str) -> None:
    async with httpx.AsyncClient(base_url=reading.address) as client:
        answer = await client.post("/graphql", json={"query": NAME}, headers={"accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)


async def test_a_subscription_without_a_stream_is_told_what_it_needs(reading: Served) -> None:
    async with httpx.AsyncClient(base_url=reading.address) as client:
        asked = {"query": ORCHARDS, "variables": {"place": DISTRICT}}
        for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
            answer = await client.post("/graphql", json=asked, headers={"accept": accept})
            assert answer.status_code == status
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "NEEDS_STREAM"


async def test_a_silent_stream_is_kept_alive(graph: Graph, demo_database: Database) -> None:
    async with (
        serving(graph, demo_database, idle=0.02) as server,
        streaming(server, ORCHARDS, variables={"place": DISTRICT}) as stream,
    ):
        await stream.next()
        waiting = asyncio.create_task(stream.next())
        await until(lambda: stream.comments > 3)
        waiting.cancel()


async def test_a_token_is_needed_and_ends_the_stream(graph: Graph, demo_database: Database, bearer: Bearer) -> None:
    async with serving(graph, demo_database, bearer=bearer) as server:
        async with streaming(server, NAME) as stream:
            assert stream.response.status_code == 401
            assert stream.response.headers["www-authenticate"] == 'Bearer realm="bangfu"'
        headers = {"Authorization": f"Bearer {token(exp=int(time.time()) + 2)}"}
        async with streaming(server, ORCHARDS, variables={"place": DISTRICT}, headers=headers) as stream:
            await stream.next()
            (error,) = (await stream.next())["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert await stream.event() == ("complete", None)


async def test_limits_hold_for_streams_too(graph: Graph, demo_database: Database) -> None:
    asked: dict[str, Any] = {"variables": {"place": DISTRICT}}
    async with (
        serving(graph, demo_database, connections=2, subscriptions=1) as server,
        streaming(server, ORCHARDS, **asked) as one,
    ):
        await one.next()
        assert await failed(server, ORCHARDS, **asked) == "TOO_MANY_SUBSCRIPTIONS"
        async with server.talk() as talk, streaming(server, NAME) as third:
            await talk.answers()
            assert third.response.status_code == 503
            assert third.response.headers["retry-after"]
            await third.response.aread()
            assert third.response.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_CONNECTIONS"


async def test_all_are_told_when_the_server_stops(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database) as server:
        async with server.talk() as talk, streaming(server, ORCHARDS, variables={"place": DISTRICT}) as stream:
            await talk.listening("1", DISTRICT)
            await stream.next()
            stopping = asyncio.create_task(server.stop())
            assert await talk.closed() == (1001, "The server stops")
            assert await stream.event() == ("complete", None)
            await stopping
        assert server.door.connections == 0


def test_a_served_process_tells_them_too(bangfu: Bangfu, demo_copy: Database) -> None:
    """Started, asked and ended as an operator does it."""
    asked = {"query": ORCHARDS, "variables": {"place": DISTRICT}}
    known = bangfu.bearer(demo_copy)
    with ExitStack() as sockets:
        with bangfu.serving("serve", database=demo_copy) as address:
            where = f"{address.replace('http', 'ws')}/graphql"
            socket = sockets.enter_context(connect(where, subprotocols=[Subprotocol(PROTOCOL)]))
            socket.send(json.dumps({"type": "connection_init", "payload": known}))
            assert socket.recv() == '{"type":"connection_ack"}'
            socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
            assert json.loads(socket.recv())["type"] == "next"
        with pytest.raises(ConnectionClosed):
            socket.recv()
        assert (socket.close_code, socket.close_reason) == (1001, "The server stops")
    assert "hears of changes" in bangfu.log.read_text()
