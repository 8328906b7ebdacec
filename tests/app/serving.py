"""An application on a real socket in the loop of a test, and a client that sends it bytes, good or bad."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette

from bangfu.access import Viewer
from bangfu.store import Settings
from bangfu_app.http.server import configured, reserve
from bangfu_schema import Observed

PATIENCE = 30.0
"""Seconds after which a test fails that waits for what does not come."""


class Held:
    """Answers each document alike; one that has `wait` in it, when it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_let_go = asyncio.Event()
        self._hears = asyncio.Event()

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
        self.asked.append(document)
        self._hears.set()
        if "wait" in document:
            await self.is_let_go.wait()
        return {"data": {"name": "秦州區"}}

    async def until_asked(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.asked) < number:
                self._hears.clear()
                await self._hears.wait()


async def ready() -> str | None:
    return None


@dataclass(frozen=True)
class Answer:
    """A response as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        (error,) = orjson.loads(self.body)["errors"]
        assert error["extensions"]["requestId"] == self.headers["x-request-id"]
        return str(error["extensions"]["code"])


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *parts: bytes) -> None:
        self._writer.write(b"".join(parts))
        await self._writer.drain()

    def end(self) -> None:
        """Says that nothing more is sent."""
        self._writer.write_eof()

    async def answer(self) -> Answer:
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split()[1]), headers, body)

    async def is_closed(self) -> bool:
        """Whether nothing more comes."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read(1) == b""

    def close(self) -> None:
        self._writer.close()


class Served:
    """A server that runs."""

    def __init__(self, server: uvicorn.Server, port: int) -> None:
        self.server = server
        self.port = port
        self._lines: list[Line] = []

    async def line(self) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self._lines.append(line)
        return line

    async def ask(self, *parts: bytes) -> Answer:
        """The answer to what is sent on a connection of its own."""
        line = await self.line()
        await line.send(*parts)
        answer = await line.answer()
        line.close()
        return answer

    def close(self) -> None:
        for line in self._lines:
            line.close()


class _Server(uvicorn.Server):
    """Tells when it has begun."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_begun = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.has_begun.set()


@asynccontextmanager
async def served(app: Starlette, **settings: Any) -> AsyncIterator[Served]:
    """Serves an application on a free port."""
    with reserve("127.0.0.1", 0) as bound:
        server = _Server(configured(app, Settings(**settings)))
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        async with asyncio.timeout(PATIENCE):
            await server.has_begun.wait()
        running = Served(server, bound.getsockname()[1])
        try:
            yield running
        finally:
            running.close()
            server.should_exit = True
            await serving


def post(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    """A request with a body, which may be said to be longer than it is."""
    lines = (
        b"POST /graphql HTTP/1.1",
        b"Host: bangfu",
        b"Content-Type: application/json",
        b"Content-Length: %d" % (len(body) if length is None else length),
        *headers,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


GOOD = post(b'{"query": "{ name }"}')
SLOW = post(b'{"query": "{ wait }"}')
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: bangfu\r\n\r\n"
