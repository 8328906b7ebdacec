"""How much is done for somebody at the same time: a few requests, while further ones wait for their turn."""

import asyncio
from collections import deque

PATIENCE = 10.0
"""Seconds a request waits for its turn."""


class Crowded(Exception):  # noqa: N818 - reads as what it says
    """Too many are waiting already, or this one has waited for too long."""


class Turns:
    """At most `most` for each at a time, so that nobody takes all connections of the database; 0 sets no limit."""

    def __init__(self, most: int, *, patience: float = PATIENCE, waiting: int | None = None) -> None:
        self._most = most
        self._patience = patience
        self._most_waiting = 8 * most if waiting is None else waiting
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def waiting(self) -> int:
        """How many wait at the moment."""
        return sum(map(len, self._waiting.values()))

    async def take(self, who: str) -> None:
        """Begins a turn, which has to be given back; raises Crowded where there is none to be had."""
        running = self._running.get(who, 0)
        if not self._most or running < self._most:
            self._running[who] = running + 1
            return
        queue = self._waiting.setdefault(who, deque())
        if len(queue) >= self._most_waiting:
            raise Crowded
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.give_back(who)  # it came in the same moment; the next one gets it
            else:
                self._forget(who, turn)
            if isinstance(error, TimeoutError):
                raise Crowded from None
            raise

    def give_back(self, who: str) -> None:
        """Ends a turn; the one who has waited the longest has the next."""
        queue = self._waiting.get(who, ())
        for turn in queue:
            if not turn.done():
                turn.set_result(None)
                self._forget(who, turn)
                return
        left = self._running[who] - 1
        if left:
            self._running[who] = left
        else:
            del self._running[who]

    def _forget(self, who: str, turn: "asyncio.Future[None]") -> None:
        queue = self._waiting.get(who)
        if queue is not None:
            if turn in queue:
                queue.remove(turn)
            if not queue:
                del self._waiting[who]
