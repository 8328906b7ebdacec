"""Works out what an entry's digest is while its rows are still being written: on a connection of its own, which keeps
nothing.

A quarter of the time that many rows take goes into their digest, and PostgreSQL gives a connection one processor. The
same text goes into a table of the same kind that is thrown away: what that has of each row, the log will have too.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, QueuePool, Table, text
from sqlalchemy.exc import SQLAlchemyError

from bangfu.errors import BangfuError
from bangfu.query.names import quote_name
from bangfu.store.audit import DIGEST
from bangfu.write.copy import copy_text


class Aside:
    """A second connection, and a thread that waits for it."""

    def __init__(self, connection: Connection, threads: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._threads = threads
        self._exact: dict[tuple[str, tuple[str, ...]], bool] = {}

    def digest(
        self, table: Table, columns: tuple[str, ...], written: str, given: Mapping[str, Any]
    ) -> "Future[bytes | None]":
        """The digest of new rows, once it is known: `written` is what is given to COPY for them.

        None where it could not be told, or where the table may make something else of the rows than they are.
        """
        return self._threads.submit(self._digest, table, columns, written, given)

    def _digest(self, table: Table, columns: tuple[str, ...], written: str, given: Mapping[str, Any]) -> bytes | None:
        name = quote_name(table.name)
        try:
            with self._connection.begin():
                # Whoever waits to change the table waits for its writer, who waits for this.
                self._connection.execute(text("SET LOCAL lock_timeout = '1s'"))
                if self._is_changed_by_itself(table, columns):
                    return None
                make = f"CREATE TEMP TABLE import_aside (LIKE {name} INCLUDING GENERATED) ON COMMIT DROP"
                self._connection.execute(text(make))
                copy_text(self._connection, "import_aside", columns, written)
                found: bytes | None = self._connection.scalar(_STATEMENT, given)
                return found
        except (SQLAlchemyError, psycopg.Error, BangfuError):
            return None  # told where the rows are written, if it has to do with them

    def _is_changed_by_itself(self, table: Table, columns: tuple[str, ...]) -> bool:
        """Whether somebody has given the table triggers of their own, or values for what is left out of `columns`."""
        asked = table.name, columns
        if asked not in self._exact:
            given = {"name": table.name, "columns": list(columns)}
            self._exact[asked] = bool(self._connection.scalar(_CHANGED, given))
        return self._exact[asked]


@contextmanager
def aside(engine: Engine) -> Iterator[Aside | None]:
    """A second connection for as long as it is needed; None where the engine may not have one."""
    if not isinstance(engine.pool, QueuePool) or engine.pool.size() < 2:
        yield None
        return
    with engine.connect() as connection, ThreadPoolExecutor(1) as threads:
        yield Aside(connection, threads)


_CHANGED = text(
    """SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.id AND NOT tgisinternal)
        OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.id AND NOT attisdropped AND attgenerated = ''
            AND (atthasdef OR attidentity <> '') AND attname <> ALL(CAST(:columns AS text[])))
    FROM (SELECT to_regclass(quote_ident(:name)) AS id) t"""
)
_STATEMENT = text(
    f"""SELECT {DIGEST} FROM (
        SELECT CAST(m.id - :first + 1 AS int) AS position, CAST(:record AS text) AS record, m.id AS row_id,
            CAST(:action AS text) AS action, NULL::jsonb AS before, to_jsonb(m) AS after FROM import_aside m
    ) c"""  # noqa: S608 - our own words
)
