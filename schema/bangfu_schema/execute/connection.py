"""One snapshot of the database for one request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Executable, func, select
from sqlalchemy.exc import TimeoutError  # noqa: A004 - that of the pool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bangfu.query.counted import LOOKING_BACK
from bangfu.query.given import AsOf
from bangfu.store.database import all_busy
from bangfu.store.wall import AS_OF_MOMENT, Wall


class Reader(Protocol):
    """What reads rows for a request."""

    async def rows(self, statement: Executable) -> Sequence[Mapping[str, Any]]:
        """All rows of a statement."""


class Snapshot:
    """Runs a request's statements one after the other on one connection, so that all of them see the same data."""

    def __init__(self, engine: AsyncEngine, today: Callable[[], Awaitable[date]], wall: Wall | None) -> None:
        self._engine = engine
        self._wall = wall
        self.today = today
        """The day the request stands on."""
        self._connection: AsyncConnection | None = None
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def rows(self, statement: Executable, moment: str | None = None) -> Sequence[Mapping[str, Any]]:
        """All rows of a statement, as they were at a moment if one is given; opens the connection at the first one."""
        if self._closed:
            raise asyncio.CancelledError  # nobody waits for the answer any more
        # A mistake in one field cancels its neighbours; a statement cancelled half-way would cost the connection, and
        # with it the fields that have nothing to do with the mistake.
        running = asyncio.create_task(self._run(statement, moment))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return await asyncio.shield(running)

    async def _run(self, statement: Executable, moment: str | None) -> Sequence[Mapping[str, Any]]:
        async with self._lock:
            if self._connection is None:
                try:
                    self._connection = await self._engine.connect()
                except TimeoutError as error:
                    raise all_busy() from error
                await self._connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                if self._wall is not None:
                    settings = self._wall.settings().items()
                    await self._connection.execute(select(*(func.set_config(*each, True) for each in settings)))
            options: dict[str, Any] = {}
            if moment is not None:
                await self._connection.execute(select(func.set_config(AS_OF_MOMENT, moment, True)))
                options = {"schema_translate_map": LOOKING_BACK}
            found = await self._connection.execute(statement, execution_options=options)
            return [row._asdict() for row in found]

    async def scalar(self, statement: Executable) -> Any:  # whatever the statement selects
        """The first column of the first row, or None."""
        return _first(await self.rows(statement))

    async def renew(self) -> None:
        """Gives the connection back; what is asked from now on is read from a snapshot of its own."""
        await self.close()
        self._connection = None
        self._running.clear()
        self._closed = False

    async def close(self) -> None:
        """Gives the connection back, at once; what nobody waits for is given up."""
        self._closed = True
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()


class Lookback:
    """The same snapshot, with its rows as they were at the end of a day."""

    def __init__(self, snapshot: Snapshot, past: AsOf) -> None:
        self._snapshot = snapshot
        self._past = past

    async def today(self) -> date:
        """The day that is looked back to."""
        return self._past.day

    async def rows(self, statement: Executable) -> Sequence[Mapping[str, Any]]:
        """All rows of a statement, as they were."""
        return await self._snapshot.rows(statement, self._past.moment)

    async def scalar(self, statement: Executable) -> Any:  # whatever the statement selects
        """The first column of the first row, or None."""
        return _first(await self.rows(statement))


def _first(rows: Sequence[Mapping[str, Any]]) -> Any:
    return next(iter(rows[0].values()), None) if rows else None
