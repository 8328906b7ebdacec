"""A load client that costs little: HTTP/1.1 over connections that stay open, the answer's bytes and nothing else."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from itertools import count

import orjson

_HOST = "127.0.0.1"


def packed(path: str, body: object, *, authorization: str | None = None) -> bytes:
    """A request as it goes over the wire."""
    content = orjson.dumps(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {_HOST}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(content)}\r\n"
    )
    shown = "" if authorization is None else f"Authorization: {authorization}\r\n"
    return f"{head}{shown}\r\n".encode() + content


class Busy(Exception):  # noqa: N818 - reads as what it says
    """The server would rather refuse a request than let it wait any longer."""


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Wire":
        """A connection to a server on this machine."""
        return cls(*await asyncio.open_connection(_HOST, port, limit=2**21))

    async def send(self, request: bytes) -> bytes:
        """The body of the answer; raises where it is no good one."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        begin = lower.index(b"content-length:") + len(b"content-length:")
        body = await self._reader.readexactly(int(lower[begin : lower.index(b"\r\n", begin)]))
        if head.startswith(b"HTTP/1.1 503"):
            raise Busy
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head.decode()}{body[:500].decode(errors='replace')}")
        return body

    def close(self) -> None:
        """Ends the connection."""
        self._writer.close()


@dataclass(frozen=True)
class Run:
    """How long each answer took, in the order of their ends, and all of them together."""

    latencies: list[float]
    elapsed: float
    refused: int
    """How many requests the server was too busy for; they are no answers."""

    @property
    def throughput(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.elapsed


async def load(port: int, requests: Sequence[bytes], *, concurrency: int, seconds: float, least: int = 0) -> Run:
    """Sends requests in turn over `concurrency` connections for some seconds, but at least so many."""
    latencies: list[float] = []
    refused: list[int] = []
    number = count()
    async with AsyncExitStack() as stack:
        wires = [stack.enter_context(closing(await Wire.open(port))) for _ in range(concurrency)]
        begin = time.perf_counter()

        async def ask(wire: Wire) -> None:
            while (turn := next(number)) < least or time.perf_counter() - begin < seconds:
                sent = time.perf_counter()
                try:
                    await wire.send(requests[turn % len(requests)])
                except Busy:
                    refused.append(turn)
                else:
                    latencies.append(time.perf_counter() - sent)

        async with asyncio.TaskGroup() as group:
            for wire in wires:
                group.create_task(ask(wire))
        return Run(latencies, time.perf_counter() - begin, len(refused))
