"""One snapshot of the database for one request."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Executable, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bangfu.query.scope import Moment
from bangfu.store.setting import REPORTING_DATE, SETTING


class Snapshot:
    """Runs a request's statements one after the other on one connection, so that all of them see the same data."""

    def __init__(self, engine: AsyncEngine, today: date | None = None) -> None:
        self._engine = engine
        self._moment = None if today is None else Moment(today)
        self._connection: AsyncConnection | None = None
        self._lock = asyncio.Lock()
        self._asking = asyncio.Lock()

    async def rows(self, statement: Executable) -> Sequence[Mapping[str, Any]]:
        """All rows of a statement; opens the connection at the first one."""
        async with self._lock:
            if self._connection is None:
                connection = await self._engine.connect()
                self._connection = await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            return [row._asdict() for row in await self._connection.execute(statement)]

    async def moment(self) -> Moment:
        """The day the request stands on: the reporting date of the books, or today where none is set."""
        async with self._asking:  # all fields of a request stand on the same day, asked for once
            if self._moment is not None:
                return self._moment
            statement = select(SETTING.c.value).where(SETTING.c.name == REPORTING_DATE)
            text = await self.scalar(statement)
            self._moment = Moment(date.today() if text is None else date.fromisoformat(text))
        return self._moment

    async def scalar(self, statement: Executable) -> Any:  # whatever the statement selects
        """The first column of the first row, or None."""
        rows = await self.rows(statement)
        return next(iter(rows[0].values()), None) if rows else None

    async def close(self) -> None:
        """Gives the connection back; what it read stays read only."""
        if self._connection is not None:
            await self._connection.close()
