"""Entries of one process that are stored together: those that come while some are being stored wait for the next turn.

One after the other they would wait for the disk as often as there are entries, and each with a lock on the head of its
chain. Whoever brings an entry waits until it is stored, and no longer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 200
"""Entries that are stored in one turn."""


class Grouped(Generic[T]):
    """Stores entries by `store`, which takes several and stores all of them or none."""

    def __init__(self, store: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._store = store
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None

    async def add(self, entry: T) -> None:
        """Returns when the entry is stored; raises what `store` does for this one by itself."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, stored))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        await stored

    async def _work(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._turn(turn)
            finally:
                for _, stored in turn:  # of a turn that was broken off, nobody is left waiting
                    if not stored.done():
                        stored.cancel()

    async def _turn(self, turn: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        try:
            await self._store([entry for entry, _ in turn])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whom it concerns
            if len(turn) == 1:
                _fail(turn[0][1], error)
                return
            for each in turn:  # one that cannot be stored keeps no other from it
                await self._turn([each])
            return
        for _, stored in turn:
            with suppress(asyncio.InvalidStateError):  # whoever waited has gone
                stored.set_result(None)


def _fail(stored: asyncio.Future[None], error: Exception) -> None:
    with suppress(asyncio.InvalidStateError):
        stored.set_exception(error)
