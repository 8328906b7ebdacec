"""Frames as bytes, for whoever does not want to keep to the rules of WebSocket."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.app.sockets.talking import PROTOCOL

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


class Wire:
    """A socket on which nothing is checked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its kind and what is in it."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 15, await self.reader.readexactly(length)

    async def closed(self) -> int:
        """The code with which the server closes."""
        while True:
            kind, data = await self.frame()
            if kind == CLOSE:
                code: int = struct.unpack("!H", data[:2])[0]
                return code


def masked(kind: int, data: bytes, *, first: int = 0x80) -> bytes:
    """A client's frame."""
    mask = os.urandom(4)
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", first | kind, 0x80 | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first | kind, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first | kind, 0x80 | 127, size)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


@asynccontextmanager
async def wire(address: str, *, limit: int = 2**16, buffer: int | None = None) -> AsyncIterator[Wire]:
    """A socket that has been opened; `buffer` are the bytes that the system takes in without being read."""
    import socket

    parts = urlsplit(address)
    assert parts.hostname is not None
    plain = socket.socket()
    if buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (parts.hostname, parts.port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=limit)
    talk = Wire(reader, writer)
    try:
        await talk.send(
            f"GET /graphql HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        yield talk
    finally:
        writer.close()
