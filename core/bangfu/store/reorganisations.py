"""What was done to the divisions of each district, and which rows came to lie elsewhere by it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

_METADATA = MetaData()

REORGANISATION = Table(
    "reorganisation",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("note", Text),
    Column("author", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("entry", BigInteger, nullable=False),
    Column("drawn", JSONB, nullable=False),
    Column("undone_entry", BigInteger),
    PrimaryKeyConstraint("district_code", "number", name="pk_reorganisation"),
)
"""One reorganisation, numbered from 1 in its district.

`entry` is that of the log of changes, `undone_entry` the one by which it was undone; `drawn` says which places it
began, ended and renamed, so that it can be.
"""

PLACE_MOVE = Table(
    "place_move",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("reorganisation", Integer, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("from_code", BigInteger, nullable=False),
    Column("to_code", BigInteger, nullable=False),
    PrimaryKeyConstraint("district_code", "record", "row_id", "reorganisation", name="pk_place_move"),
)
"""A row of a record's table that lay in another place before: boundaries as they were are made of it."""

REORGANISATION_TABLES = (REORGANISATION, PLACE_MOVE)


@dataclass(frozen=True, kw_only=True)
class StoredReorganisation:
    """One reorganisation, as a list shows it."""

    district_code: int
    number: int
    happened_on: date
    note: str | None
    author: str
    made_at: datetime
    places: int
    """How many places it began, ended or renamed."""

    is_undone: bool


def list_reorganisations(connection: Connection, district: int | None = None) -> list[StoredReorganisation]:
    """All of them, of a district or of all, the newest first."""
    table = REORGANISATION
    statement = select(table).order_by(table.c.district_code, table.c.number.desc())
    if district is not None:
        statement = statement.where(table.c.district_code == district)
    return [
        StoredReorganisation(
            district_code=row.district_code,
            number=row.number,
            happened_on=row.happened_on,
            note=row.note,
            author=row.author,
            made_at=row.made_at,
            places=sum(len(row.drawn[name]) for name in ("begun", "ended", "names")),
            is_undone=row.undone_entry is not None,
        )
        for row in connection.execute(statement)
    ]
