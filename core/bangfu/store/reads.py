"""The log of reads of personal data: who has read what, of how many, and when; never the values themselves.

No record of the graph: no query leads to this table. The role that serves may add rows and do nothing else with it, so
that whoever gets hold of a server's connection cannot see or change what was logged.

The entries are chained by their hashes for each district, as those of the log of changes are: a log can so be verified
for one district, and readers of two never wait for each other. What names no district, or several, has a chain of its
own. PostgreSQL links each entry when it is added (`chain_of_reads`), whoever adds it, and holds the head of the chain
until that is stored; so a process stores the reads of its clients together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from weakref import WeakKeyDictionary

import orjson
import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    any_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from bangfu.errors import OperationError, UserError
from bangfu.store.command import Command
from bangfu.store.grouped import Grouped
from bangfu.store.pool import DatabaseUnavailable, Pool
from bangfu.store.wall import Wall

READ_LOG = Table(
    "read_log",
    MetaData(),
    Column("district_code", Integer, nullable=False),
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("request_id", Text),
    Column("viewer", Text, nullable=False),
    Column("token_id", Text),
    Column("operation", Text),
    Column("document", Text, nullable=False),
    Column("places", ARRAY(Text), nullable=False),
    Column("shown", ARRAY(Text), nullable=False),
    Column("filtered", ARRAY(Text), nullable=False),
    Column("ordered", ARRAY(Text), nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("district_code", "id", name="pk_read_log"),
    UniqueConstraint("district_code", "number", name="uq_read_log_number"),
    Index("ix_read_log_at", "at"),
)

READ_HEAD = Table(
    "read_head",
    MetaData(),
    Column("district_code", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("district_code", name="pk_read_head"),
)
"""The last entry of each chain."""

NO_DISTRICT = 0
"""Stands for the district where a request names none, or several."""


class ReadNotLogged(OperationError):  # noqa: N818 - reads as what it says
    """A read of personal data that cannot be logged, and is not answered therefore."""

    code = "READ_NOT_LOGGED"


@dataclass(frozen=True, kw_only=True)
class Read:
    """One request that has read personal data."""

    district_code: int
    """The district that the request names, or NO_DISTRICT."""

    request_id: str | None
    """The id under which the server's log and the answer know it."""

    viewer: str
    token_id: str | None
    operation: str | None
    """The name of the operation, where it has one."""

    document: str
    """SHA-256 of the document's text, in hexadecimal digits."""

    places: tuple[str, ...]
    """The official codes that the request names."""

    shown: tuple[str, ...]
    """The fields that were shown in full, as `Person.name`."""

    filtered: tuple[str, ...]
    ordered: tuple[str, ...]
    counts: Mapping[str, int]
    """How many rows were shown with any of the fields, by their type."""

    succeeded: bool
    """Whether there was no error in the answer."""


@dataclass(frozen=True, kw_only=True)
class LoggedRead(Read):
    """One as it stands in the log; the moment is in UTC."""

    id: int
    number: int
    """That of the entry in its chain."""
    at: datetime


async def log_read(pool: Pool, wall: Wall, read: Read) -> None:
    """Writes a read down; returns when it is safely stored.

    Raises DatabaseUnavailable, and ReadNotLogged for any other reason.
    """
    grouped = _GROUPED.get(pool)
    if grouped is None:
        grouped = _GROUPED[pool] = Grouped(partial(_store, pool))
    try:
        await grouped.add((wall, read))
    except DatabaseUnavailable:
        raise
    except (psycopg.Error, UserError) as error:
        raise ReadNotLogged(
            f"A read of personal data cannot be logged, and is not answered: {str(error).strip().splitlines()[0]}.",
            remedy=f"Look at the table {READ_LOG.name}: `bangfu migrate` makes it, and lets the server add to it.",
        ) from error


async def _store(pool: Pool, entries: Sequence[tuple[Wall, Read]]) -> None:
    """Adds entries in one transaction, behind the wall of one of them: whom the server reads as may all add."""
    wall, _ = entries[0]
    given = orjson.dumps([_values(read) for _, read in entries]).decode()
    await pool.run(_insert(), {"entries": given}, wall=wall)


_GROUPED: WeakKeyDictionary[Pool, Grouped[tuple[Wall, Read]]] = WeakKeyDictionary()


def note_read(connection: Connection, read: Read) -> None:
    """Writes a read down in a transaction, for commands; whoever may make it may read the log."""
    connection.execute(READ_LOG.insert().values(_values(read)))


def read_reads(
    connection: Connection,
    *,
    viewer: str | None = None,
    since: datetime | None = None,
    field: str | None = None,
    before: int | None = None,
    most: int,
) -> list[LoggedRead]:
    """At most so many reads, the newest first: of a viewer, from a moment on, of a field, before the one of an id."""
    table = READ_LOG.c
    statement = select(READ_LOG).order_by(table.at.desc(), table.id.desc()).limit(most)
    if viewer is not None:
        statement = statement.where(table.viewer == viewer)
    if since is not None:
        statement = statement.where(table.at >= since)
    if field is not None:
        statement = statement.where(_names(field))
    if before is not None:
        bound = READ_LOG.alias()
        at = select(bound.c.at).where(bound.c.id == before).scalar_subquery()
        statement = statement.where(tuple_(table.at, table.id) < tuple_(at, before))
    rows = connection.execute(statement).mappings()
    listed = ("places", "shown", "filtered", "ordered")
    told = ({**row, **{name: tuple(row[name]) for name in listed}} for row in rows)
    return [LoggedRead(**{name: value for name, value in each.items() if name != "hash"}) for each in told]


def was_read(connection: Connection, field: str) -> bool:
    """Whether a field was ever read, also one that is declared no more."""
    return connection.scalar(select(READ_LOG.c.id).where(_names(field)).limit(1)) is not None


def _names(field: str) -> ColumnElement[bool]:
    return or_(*(literal(field) == any_(READ_LOG.c[way]) for way in ("shown", "filtered", "ordered")))


@cache
def _insert() -> Command:
    """Adds entries given as JSON, district by district, so that no two who add wait for each other."""
    dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    given = [column for column in READ_LOG.columns if column.name not in ("id", "at", "number", "hash")]
    names = ", ".join(column.name for column in given)
    typed = ", ".join(f"{column.name} {column.type.compile(dialect)}" for column in given)
    # It asks for no id back, since who may only add rows may not see even that.
    return Command.of(
        f"INSERT INTO {READ_LOG.name} ({names}) SELECT {names}"  # noqa: S608 - our own names
        f" FROM jsonb_to_recordset(CAST(%(entries)s AS jsonb)) AS x({typed}) ORDER BY district_code"
    )


def _values(read: Read) -> dict[str, object]:
    return {
        "district_code": read.district_code,
        "request_id": _text(read.request_id),
        "viewer": _text(read.viewer),
        "token_id": _text(read.token_id),
        "operation": read.operation,
        "document": read.document,
        "places": _sorted(read.places),
        "shown": _sorted(read.shown),
        "filtered": _sorted(read.filtered),
        "ordered": _sorted(read.ordered),
        "counts": dict(read.counts),
        "succeeded": read.succeeded,
    }


def _sorted(names: Sequence[str]) -> list[str]:
    return sorted(names)


def _text(given: str | None) -> str | None:
    return None if given is None else storable(given)


def storable(given: str) -> str:
    """A name from outside as PostgreSQL can hold it: without the character zero, and as UTF-8."""
    return given.replace("\x00", "\ufffd").encode(errors="replace").decode()
