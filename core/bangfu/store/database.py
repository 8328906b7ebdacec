"""One PostgreSQL database: engines that are made when first needed, and what is wrong when it cannot be reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bangfu.errors import OperationError
from bangfu.seal import Seal
from bangfu.store.changed import ChangedSince
from bangfu.store.embedded import EmbeddedServer
from bangfu.store.pool import DatabaseUnavailable, Pool, timed_out
from bangfu.store.sealed import SEAL, seal_of_settings
from bangfu.store.settings import Settings

_OLDEST = 15
_CONNECT_TIMEOUT = 5  # seconds
_LOG_READERS = 2  # connections, each held for one statement
# SQLSTATEs of a server that cannot serve now: connection exceptions, too many connections, shutting down, starting up.
_CANCELED = "57014"
_AWAY = ("08", "53300", "57P")


def all_busy() -> DatabaseUnavailable:
    """That no connection came free in time."""
    return DatabaseUnavailable(
        "All connections to the database have been busy for too long.",
        remedy="Try again; where it stays so, raise BANGFU_POOL_SIZE.",
    )


class Unknown:
    """Stands where nobody has asked yet."""


UNKNOWN = Unknown()


class Database:
    """One database by its URL; opens nothing before it is used."""

    def __init__(
        self, url: str, *, pool_size: int = 10, statement_timeout: float = 30, seal: Seal | None = None
    ) -> None:
        self.url = _normalised(url)
        self.seal = seal
        """The keys of its sealed columns, which its engines' connections carry along."""
        self._pool_size = pool_size
        self._statement_timeout = statement_timeout
        self.reporting_date: str | Unknown | None = UNKNOWN
        """The day of the books as it was last told; whoever reads says so where it has changed."""
        self.changed_since = ChangedSince()

    def __repr__(self) -> str:
        return f"Database({self.shown})"

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)

    @cached_property
    def engine(self) -> Engine:
        """For the command line, imports and migrations."""
        engine = create_engine(self.url, **self._options())
        self._watch(engine)
        return engine

    @cached_property
    def async_engine(self) -> AsyncEngine:
        """For serving."""
        engine = create_async_engine(self.url, **self._options())
        self._watch(engine.sync_engine)
        event.listen(engine.sync_engine, "connect", self._hurry)
        return engine

    @cached_property
    def log_engine(self) -> AsyncEngine:
        """For reading the log of changes while a request is answered.

        Whoever holds a connection of `async_engine` may wait for one of these, and never the other way: of one engine
        all connections could be held by requests that wait for a second one.
        """
        engine = create_async_engine(self.url, **self._options() | {"pool_size": min(_LOG_READERS, self._pool_size)})
        self._watch(engine.sync_engine)
        event.listen(engine.sync_engine, "connect", self._hurry)
        return engine

    @cached_property
    def pool(self) -> Pool:
        """For the compiled statements, which need the driver and nothing around it."""
        return Pool(self.url, self._pool_size, statement_timeout=self._statement_timeout)

    def check(self) -> None:
        """Raise what is wrong with the database, if something is."""
        with self.engine.connect() as connection:
            connection.execute(text("select 1"))

    def ready(self) -> bool:
        """Whether the database answers now."""
        try:
            self.check()
        except (OperationError, DBAPIError):
            return False
        return True

    async def is_ready(self) -> bool:
        """Whether the database answers now."""
        try:
            async with self.async_engine.connect() as connection:
                await connection.execute(text("select 1"))
        except (OperationError, DBAPIError):
            return False
        return True

    def dispose(self) -> None:
        """Close what the synchronous engine keeps open."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    async def aclose(self) -> None:
        """Close what is kept open; what belongs to an event loop is made anew in the next one."""
        if "pool" in self.__dict__:
            await self.__dict__.pop("pool").close()
        for name in ("async_engine", "log_engine"):
            if name in self.__dict__:
                await self.__dict__[name].dispose()
        self.dispose()

    def _options(self) -> dict[str, Any]:  # create_engine's own keyword arguments are untyped
        defaults = {"connect_timeout": str(_CONNECT_TIMEOUT), "application_name": "bangfu"}
        return {
            "pool_size": self._pool_size,
            "max_overflow": 0,
            "pool_pre_ping": True,
            "hide_parameters": True,  # an error that is logged repeats no values, which may be somebody's
            "execution_options": {SEAL: self.seal},
            "connect_args": {name: value for name, value in defaults.items() if name not in self.url.query},
        }

    def _watch(self, engine: Engine) -> None:
        event.listen(engine, "connect", self._greet)
        event.listen(engine, "handle_error", self._translate)

    def _greet(self, connection: Any, _record: object) -> None:  # a driver's connection, sync or adapted
        driver = getattr(connection, "driver_connection", connection)
        version = driver.info.server_version // 10000
        if version < _OLDEST:
            raise OperationError(
                f"{self.shown} is PostgreSQL {version}.",
                code="DATABASE_TOO_OLD",
                remedy=f"bangfu needs PostgreSQL {_OLDEST} or newer.",
            )
        cursor = connection.cursor()
        # Days and hours mean the same everywhere; compiling a plan costs more than running it on one district.
        cursor.execute("select set_config('timezone', 'UTC', false), set_config('jit', 'off', false)")
        cursor.close()
        connection.commit()

    def _hurry(self, connection: Any, _record: object) -> None:  # as above
        """A request does not wait for ever; a migration may."""
        cursor = connection.cursor()
        milliseconds = str(int(self._statement_timeout * 1000))
        cursor.execute("select set_config('statement_timeout', %s, false)", (milliseconds,))
        cursor.close()
        connection.commit()

    def _translate(self, context: ExceptionContext) -> None:
        cause = context.original_exception
        state = getattr(cause, "sqlstate", None) or ""
        if context.is_pre_ping or isinstance(cause, OperationError):
            return
        if state == _CANCELED:
            raise timed_out(self._statement_timeout) from cause
        if context.connection is None or context.is_disconnect or state.startswith(_AWAY):
            reason = str(cause).strip().splitlines()
            raise DatabaseUnavailable(
                f"The database {self.shown} cannot be reached: {reason[0] if reason else 'no reason given'}.",
                remedy="Check BANGFU_DATABASE_URL, and that the server runs.",
            ) from cause


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings; without a URL, one of the embedded server, which runs as long as it is needed."""
    options: dict[str, Any] = {"pool_size": settings.pool_size, "statement_timeout": settings.statement_timeout}
    options["seal"] = seal_of_settings(settings)
    if settings.database_url is not None:
        database = Database(settings.database_url, **options)
        try:
            yield database
        finally:
            database.dispose()
        return
    with EmbeddedServer(settings.home) as server:
        database = Database(server.url(), **options)
        try:
            yield database
        finally:
            database.dispose()


def _normalised(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _unusable("It is not a URL.") from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise _unusable(f"It begins with {parsed.drivername!r}, and bangfu speaks PostgreSQL only.")
    return parsed.set(drivername="postgresql+psycopg")


def _unusable(why: str) -> OperationError:
    return OperationError(
        f"BANGFU_DATABASE_URL cannot be used. {why}",
        code="BAD_SETTING",
        remedy="It looks like this: postgresql://user:password@host:5432/database",
    )
