"""Connections for serving: few, kept open, given out at once or refused soon."""

import asyncio
import select
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import TupleRow
from sqlalchemy.engine import URL

from bangfu.errors import OperationError, UserError
from bangfu.store.command import Command
from bangfu.store.wall import NO_WALL, Wall

PATIENCE = 10.0
"""Seconds a request waits for a connection while all are busy."""

Connection = AsyncConnection[TupleRow]

_SET = (
    "SELECT set_config($1, $2, false), set_config($3, $4, false), set_config($5, $6, false), set_config($7, $8, false)"
)


class DatabaseUnavailable(OperationError):  # noqa: N818 - reads as what it says
    """The database cannot be reached now; trying again later may succeed."""

    code = "DATABASE_UNAVAILABLE"


class Pool:
    """At most `size` connections; one that broke is forgotten, and the next request opens another."""

    def __init__(self, url: URL, size: int, *, statement_timeout: float) -> None:
        self._url = url.set(drivername="postgresql")
        self._idle: deque[Connection] = deque()
        self._free = asyncio.Semaphore(size)
        self._timeout = statement_timeout
        self.size = size
        self.in_use = 0
        """How many connections somebody holds."""
        self.waiting = 0
        """How many wait for one."""
        self._walls: WeakKeyDictionary[Connection, Wall] = WeakKeyDictionary()
        """Behind which wall each connection was put last."""

    @asynccontextmanager
    async def connection(self, begin: str | None = None, *, wall: Wall | None = None) -> AsyncIterator[Connection]:
        """A connection in autocommit for one block, behind a wall, on which `begin` has been run.

        Raises DatabaseUnavailable where there is none to be had.
        """
        connection = await self._take(wall)
        try:
            if begin is not None:
                await connection.execute(begin)
            yield connection
        except psycopg.OperationalError as error:
            self._tell(error, connection)
            raise
        finally:
            await self._give_back(connection)

    async def fetch(
        self, command: Command, values: Mapping[str, Any], *, prepare: bool = True, wall: Wall | None = None
    ) -> TupleRow | None:
        """The first row of a statement; without a wall, read as the process itself."""
        connection = await self._take(wall)
        try:
            return await self.fetch_on(connection, command, values, prepare=prepare)
        finally:
            await self._give_back(connection)

    async def run(self, command: Command, values: Mapping[str, Any], *, wall: Wall | None = None) -> None:
        """Runs a statement that returns nothing; it is stored when this ends."""
        async with self.connection(wall=wall) as connection:
            await _execute(connection, command, values)

    async def fetch_on(
        self, connection: Connection, command: Command, values: Mapping[str, Any], *, prepare: bool = True
    ) -> TupleRow | None:
        """The same on a connection that is held for several statements."""
        try:
            return await fetch(connection, command, values, prepare=prepare)
        except psycopg.OperationalError as error:
            self._tell(error, connection)
            raise

    async def close(self) -> None:
        """Closes what is idle."""
        while self._idle:
            await self._idle.pop().close()

    def _tell(self, error: psycopg.OperationalError, connection: Connection) -> None:
        """Raises in our words what the driver says of time that is up, and of a server that has gone."""
        if isinstance(error, psycopg.errors.QueryCanceled):
            raise timed_out(self._timeout) from error
        if connection.broken or isinstance(error, psycopg.errors.AdminShutdown):
            raise self._unavailable(str(error)) from error

    async def _take(self, wall: Wall | None) -> Connection:
        await self._wait()
        self.in_use += 1
        connection = None
        try:
            connection = await self._living(wall)
            await self._put_behind(connection, wall)
            return connection
        except BaseException:
            if connection is not None:
                await connection.close()
            self._release()
            raise

    async def _put_behind(self, connection: Connection, wall: Wall | None) -> None:
        """Tells PostgreSQL for whom it reads, where that is somebody else than last time."""
        if self._walls.get(connection) == wall:
            return
        settings = (wall or NO_WALL).settings()
        self._walls.pop(connection, None)
        values = [word for pair in settings.items() for word in pair]
        try:
            await AsyncRawCursor(connection).execute(_SET, values)
        except psycopg.OperationalError as error:
            self._tell(error, connection)
            raise
        if wall is not None:
            self._walls[connection] = wall

    async def _give_back(self, connection: Connection) -> None:
        try:
            await self._put_back(connection)
        finally:
            self._release()

    def _release(self) -> None:
        self.in_use -= 1
        self._free.release()

    async def _wait(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise self._unavailable("all connections have been busy for too long") from None
        finally:
            self.waiting -= 1

    async def _living(self, wall: Wall | None) -> Connection:
        """An idle connection, or a new one; those that died while idle are thrown away without a word."""
        while self._idle:
            connection = self._idle.pop()
            if self._walls.get(connection) != wall:
                # One that stands behind the same wall already has not to be told.
                for other in self._idle:
                    if self._walls.get(other) == wall:
                        self._idle.remove(other)
                        self._idle.append(connection)
                        connection = other
                        break
            if not connection.closed and not _speaks(connection):
                return connection
            await connection.close()
        return await self._connect()

    async def _connect(self) -> Connection:
        try:
            connection: Connection = await AsyncConnection.connect(
                self._url.render_as_string(hide_password=False),
                autocommit=True,
                prepare_threshold=0,
                connect_timeout=5,
                application_name="bangfu",
                # Days and hours mean the same everywhere; compiling a plan costs more than running it on one district.
                options=f"-c timezone=UTC -c jit=off -c statement_timeout={int(self._timeout * 1000)}",
            )
        except psycopg.OperationalError as error:
            raise self._unavailable(str(error)) from error
        connection.adapters.register_loader("json", _AsItComes)
        return connection

    async def _put_back(self, connection: Connection) -> None:
        if connection.closed or connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append(connection)

    def _unavailable(self, reason: str) -> DatabaseUnavailable:
        lines = reason.strip().splitlines() or ["no reason given"]
        return DatabaseUnavailable(
            f"The database {self._url.render_as_string(hide_password=True)} cannot be reached: {lines[0]}.",
            remedy="Check BANGFU_DATABASE_URL, and that the server runs.",
        )


def timed_out(seconds: float) -> UserError:
    """What is asked for takes longer than a statement may; it was stopped in PostgreSQL too."""
    return UserError(
        f"This takes longer than {seconds:g} seconds, and was stopped. Ask for fewer rows, for a smaller place, or for "
        "less below each row.",
        code="TIMED_OUT",
    )


async def fetch(
    connection: Connection, command: Command, values: Mapping[str, Any], *, prepare: bool = True
) -> TupleRow | None:
    """The first row of a statement; one that is not prepared is planned anew, with its values."""
    cursor = await _execute(connection, command, values, prepare=prepare)
    return await cursor.fetchone()


async def _execute(
    connection: Connection, command: Command, values: Mapping[str, Any], *, prepare: bool = True
) -> AsyncRawCursor[TupleRow]:
    cursor = AsyncRawCursor(connection)
    await cursor.execute(command.text, [values[name] for name in command.names], prepare=prepare)
    return cursor


def _speaks(connection: Connection) -> bool:
    """Whether the server has said something that nobody asked for: that it ends, most likely."""
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    return bool(heard.poll(0))


class _AsItComes(Loader):
    """JSON is passed on, never read; a view of the result's memory, which lives as long as the view, saves a copy."""

    def load(self, data: Buffer) -> Buffer:
        """The bytes themselves."""
        return data
