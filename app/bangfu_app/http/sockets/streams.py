"""What all connections that stay open have in common, and their end when the server stops."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bangfu_app.http.documents import Documents
from bangfu_app.http.health import Ready
from bangfu_app.http.limits import Guard
from bangfu_app.http.sockets.answers import Answers, Subscribing
from bangfu_app.http.sockets.feed import Feed
from bangfu_app.http.sockets.limits import Doorkeeper, SocketLimits, TooMany
from bangfu_app.identity import Identity

_PATIENCE = 3.0  # seconds for clients to be told


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """What a server needs to let connections stay open."""

    graph: Subscribing
    feed: Feed
    limits: SocketLimits = field(default_factory=SocketLimits)
    readers: int = 4
    """How many subscriptions are read anew at the same time; each takes a connection of the database."""


class Streams:
    """All connections of one server that stay open."""

    def __init__(
        self,
        streaming: Streaming,
        database: Any,  # handed on to the graph as it is
        *,
        ready: Ready,
        identity: Identity | None,
        origins: Collection[str],
        documents: Documents,
        guard: Guard,
    ) -> None:
        self.limits = streaming.limits
        self.identity = identity
        self.origins = frozenset(origins)
        self.documents = documents
        self.guard = guard
        self.door = Doorkeeper(streaming.limits)
        self._feed = streaming.feed
        self.answers = Answers(
            streaming.graph, database, streaming.feed, self.door, ready, guard, readers=max(1, streaming.readers)
        )
        self._open: dict[object, Callable[[], None]] = {}
        self._is_stopping = False
        self._is_empty = asyncio.Event()

    @contextmanager
    def connection(self, end: Callable[[], None]) -> Iterator[None]:
        """One more connection for a block, whose `end` is called when the server stops; raises TooMany."""
        if self._is_stopping:
            raise TooMany("The server stops. Try again later.", code="TOO_MANY_CONNECTIONS")
        mark = object()
        with self.door.connection():
            self._open[mark] = end
            try:
                yield
            finally:
                del self._open[mark]
                if not self._open:
                    self._is_empty.set()

    async def stop(self) -> None:
        """Lets nobody in, tells all who are there that the server stops, and waits a little for them to go."""
        self._is_stopping = True
        self._is_empty.clear()
        for end in list(self._open.values()):
            end()
        if self._open:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._is_empty.wait()
            except TimeoutError:
                pass  # who does not read is not waited for
        await self.answers.aclose()
        await self._feed.aclose()
