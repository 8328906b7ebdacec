"""A server of this process on a real port, a client that speaks by hand, and a hand that changes rows."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import text
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bangfu.declare.records import Basis
from bangfu.store import Database
from bangfu.write.copy import copy_rows
from bangfu_app.http import create_app
from bangfu_app.http.server import address_of, reserve, server_of
from bangfu_app.http.sockets import Feed, SocketLimits, Streaming
from bangfu_app.http.sockets.limits import Doorkeeper
from bangfu_industry.records import CropArea, CropKind
from bangfu_schema import Graph

PROTOCOL = "graphql-transport-ws"
DISTRICT, TOWNSHIP, VILLAGE = "620502", "620502100", "620502100200"
OTHER_TOWNSHIP = "620502101"

ORCHARDS = """subscription Orchards($place: PlaceCode!) {
  progress(place: $place) {
    ... on District { name industry { orchardArea { value } } }
    ... on Township { name industry { orchardArea { value } } }
    ... on Village { name industry { orchardArea { value } } }
  }
}"""
CHANGES = """subscription ($plugin: String, $place: PlaceCode) {
  changes(plugin: $plugin, place: $place) { plugin record place count at }
}"""

PATIENCE = 60
"""Seconds after which what never comes is a failure; nothing is measured by them."""

_numbers = count(800_000_000)


async def _ready() -> str | None:
    return None


@dataclass
class Served:
    """A server that is running."""

    address: str
    app: Starlette
    feed: Feed
    stop: Any

    @property
    def door(self) -> Doorkeeper:
        """What counts the open connections."""
        door: Doorkeeper = self.app.state.door
        return door

    @property
    def socket(self) -> str:
        """Where its sockets are opened."""
        return self.address.replace("http", "ws", 1) + "/graphql"

    @asynccontextmanager
    async def talk(self, payload: dict[str, Any] | None = None, **options: Any) -> AsyncIterator["Talk"]:
        """A conversation that has been acknowledged."""
        async with self.opened(**options) as talk:
            await talk.say({"type": "connection_init", **({} if payload is None else {"payload": payload})})
            assert await talk.hear() == {"type": "connection_ack"}
            yield talk

    @asynccontextmanager
    async def opened(self, **options: Any) -> AsyncIterator["Talk"]:
        """A conversation in which nothing has been said."""
        given = {"subprotocols": [PROTOCOL], "ping_interval": None, "max_size": None} | options
        async with connect(self.socket, **given) as socket:
            yield Talk(socket)


@asynccontextmanager
async def serving(
    graph: Graph,
    database: Database,
    *,
    bearer: Any = None,  # anything that says who asks
    origins: Sequence[str] = (),
    feed: Feed | None = None,
    **limits: Any,
) -> AsyncIterator[Served]:
    """Serves in this loop; the database stays open."""
    bound = SocketLimits(**limits)
    feed = feed or Feed(database.url, most=bound.queue)
    app = create_app(
        graph,
        database,
        readiness=_ready,
        bearer=bearer,
        streaming=Streaming(graph=graph, feed=feed, limits=bound),
        origins=origins,
        close=database.aclose,
    )
    listening = reserve("127.0.0.1", 0)
    listening.listen()
    server = server_of(app)
    # Signals are the test run's own.
    server.capture_signals = _left_alone  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve(sockets=[listening]))

    async def stop() -> None:
        server.should_exit = True
        await running

    try:
        yield Served(address_of(listening), app, feed, stop)
    finally:
        await stop()


@contextmanager
def _left_alone() -> Any:
    yield


@dataclass
class Talk:
    """One socket, message by message."""

    socket: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, message: dict[str, Any] | str | bytes) -> None:
        """Sends a message, or a frame as it is."""
        await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def hear(self) -> dict[str, Any]:
        """The next message but pings, which are answered."""
        while True:
            async with asyncio.timeout(PATIENCE):
                message: dict[str, Any] = json.loads(await self.socket.recv())
            self.heard.append(message)
            if message["type"] != "ping":
                return message
            await self.say({"type": "pong"})

    async def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server closes, whatever comes before."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(PATIENCE):
                while True:
                    self.heard.append(json.loads(await self.socket.recv()))
        code, reason = self.socket.close_code, self.socket.close_reason
        assert code is not None, "it is closed"
        return code, reason or ""

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        """Asks for an operation."""
        await self.say({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def next(self, id_: str) -> dict[str, Any]:
        """The payload of the next message, which has to be a response of this operation."""
        message = await self.hear()
        assert (message["type"], message["id"]) == ("next", id_), message
        payload: dict[str, Any] = message["payload"]
        return payload

    async def listening(self, id_: str, place: str) -> float:
        """Asks for the orchards of a place, and gives their area."""
        await self.subscribe(id_, ORCHARDS, place=place)
        return area_of(await self.next(id_))

    async def answers(self) -> None:
        """Waits until the server has taken all that was said."""
        await self.say({"type": "ping", "payload": {"n": (n := next(_numbers))}})
        while await self.hear() != {"type": "pong", "payload": {"n": n}}:
            pass


def area_of(payload: dict[str, Any]) -> float:
    """The orchards that an answer tells of."""
    area: float = payload["data"]["progress"]["industry"]["orchardArea"]["value"]
    return area


async def plant(database: Database, villages: Sequence[str] = (VILLAGE,), area: int = 1) -> None:
    """Plants orchards in villages, in one transaction."""
    await asyncio.to_thread(_plant, database, villages, area)


def _plant(database: Database, villages: Sequence[str], area: int) -> None:
    with database.engine.begin() as connection:
        copy_rows(
            connection,
            [_orchard(village, area) for village in villages],
            CropArea,
            district_code=620502,
            source="test",
            basis=Basis.SURVEY,
            recorded_on=date(2015, 6, 1),
        )


def _orchard(village: str, area: int) -> dict[str, Any]:
    return {
        "id": 620502 * 10**9 + next(_numbers),
        "place_code": int(village) * 1000,
        "kind": CropKind.ORCHARD,
        "crop": "蘋果",
        "area": Decimal(area),
        "is_new": True,
    }


async def run(database: Database, statement: str, **values: Any) -> Any:
    """Runs a statement, as somebody else does, and gives its first value, if it has any."""

    def work() -> Any:
        with database.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return found.scalar() if found.returns_rows else None

    return await asyncio.to_thread(work)


async def until(is_so: Callable[[], bool]) -> None:
    """Waits until something is so of which the server tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
