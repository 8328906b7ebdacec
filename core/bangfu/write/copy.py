"""Loads many rows at once with COPY: the way in for demo data and for imports."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg import Copy, sql
from sqlalchemy import Connection, Table
from sqlalchemy import Enum as EnumType
from sqlalchemy.schema import Column
from sqlalchemy.types import Boolean, Date, Integer, Numeric, TypeEngine

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import is_index
from bangfu.declare.records import Basis, Dated
from bangfu.write.places import Places
from bangfu.write.sealing import Sealing
from bangfu.write.telling import tell

_CHUNK = 4_000
"""Rows written at a time; enough that the server reads one block while the next is made."""

NULL = "\\N"
"""Nothing, in COPY's text form."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Writer = Callable[[Any], str]
"""Makes a value its text in COPY's form."""


def copy_rows(
    connection: Connection,
    rows: Iterable[Mapping[str, Any]],
    of: type[Dated],
    *,
    district_code: int,
    source: str,
    basis: Basis,
    recorded_on: date,
    valid_from: date | None = None,
    first: int = 1,
) -> int:
    """Loads rows of one record and returns how many; once they are committed, whoever listens is told where.

    Ids are `district_code * 10^9 + n`, counted from `first`, unless a row brings its own. `valid_from` is
    `recorded_on` unless it is given; what a row says itself stands before what is said for all.
    """
    table = of.__table__
    assert isinstance(table, Table)
    usual = {
        "district_code": district_code,
        "version": 1,
        "source": source,
        "basis": basis,
        "recorded_on": recorded_on,
        "valid_from": valid_from or recorded_on,
    }
    columns = [column for column in table.columns if column.computed is None]
    sealing = Sealing(connection, table)
    loaded, places = 0, Places(of, district_code)
    with _copying(connection, table.name, [column.name for column in columns]) as copy:
        for chunk in _chunks(rows):
            _refuse_unknown(chunk, table)
            next_id = district_code * DISTRICT_SPAN + first + loaded
            sealed = sealing.columns(chunk, next_id)
            written = [sealed.get(each.key) or _write_column(each, chunk, usual, next_id) for each in columns]
            copy.write("".join(["\t".join(line) + "\n" for line in zip(*written, strict=True)]))
            loaded += len(chunk)
            places.add(chunk)
    if loaded:
        tell(connection, of, places.found(connection))
    return loaded


def copy_text(connection: Connection, table: str, columns: Sequence[str], written: str) -> None:
    """Writes rows that are in COPY's text form already, and says nothing to anybody."""
    with _copying(connection, table, columns) as copy:
        copy.write(written)


@contextmanager
def _copying(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[Copy]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, DriverConnection), "COPY needs the psycopg driver"
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy


def _chunks(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(rows)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


def _refuse_unknown(chunk: list[Mapping[str, Any]], table: Table) -> None:
    """A misspelt column would otherwise be lost without a word."""
    known = {column.key for column in table.columns if not is_index(column)}
    for keys in {tuple(row) for row in chunk}:
        unknown = set(keys) - known
        if unknown:
            raise ValueError(
                f"{table.name} has no column {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}"
            )


def _write_column(
    column: Column[Any], chunk: list[Mapping[str, Any]], usual: Mapping[str, Any], next_id: int
) -> list[str]:
    """One column in COPY's text form; by column, because its values are then all of one kind."""
    key, write = column.key, writer_of(column.type)
    if key == "id":
        return [str(row.get("id", next_id + index)) for index, row in enumerate(chunk)]
    default = usual.get(key)
    written = NULL if default is None else write(default)
    if not any(key in row for row in chunk):
        return [written] * len(chunk)
    return [
        written if (value := row.get(key, default)) is default else NULL if value is None else write(value)
        for row in chunk
    ]


def writer_of(kind: TypeEngine[Any]) -> Writer:
    """How values of a column's type are written for COPY; that nothing is given is NULL."""
    if isinstance(kind, EnumType):
        return _write_choice
    if isinstance(kind, Boolean):
        return _write_flag
    if isinstance(kind, Date):
        return date.isoformat
    if isinstance(kind, Integer | Numeric):
        return _write_number
    return _write_text


def _write_choice(value: Enum) -> str:
    return value.name


def _write_flag(value: bool) -> str:
    return "t" if value else "f"


def _write_number(value: int | Decimal) -> str:
    return str(value)


def _write_text(value: str) -> str:
    return value.translate(_ESCAPES) if "\\" in value or not value.isprintable() else value
