"""What another department says, held against the register: the comparison, each line of its list, and the verdicts.

No record of the graph: no query leads to these tables. What a department says of somebody stands in them sealed, with
an index beside it as in the records' own sealed columns, so that a change of keys finds it too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    exists,
    func,
    select,
    text,
)

_METADATA = MetaData()

COMPARISON = Table(
    "comparison",
    _METADATA,
    Column("id", Text, nullable=False),
    Column("place_code", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("matched", Integer, nullable=False),
    Column("ambiguous", Integer, nullable=False),
    Column("not_found", Integer, nullable=False),
    Column("contradictions", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    PrimaryKeyConstraint("id", name="pk_comparison"),
)
"""One list of a department, in whose place names of places are looked up."""

COMPARISON_ITEM = Table(
    "comparison_item",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("comparison", Text, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("notes", ARRAY(Text), nullable=False),
    Column("person_id", BigInteger),
    Column("candidates", ARRAY(BigInteger), nullable=False),
    Column("said", Text, nullable=False),
    Column("said_index", LargeBinary, nullable=False),
    PrimaryKeyConstraint("district_code", "id", name="pk_comparison_item"),
    UniqueConstraint("district_code", "comparison", "line", name="uq_comparison_item_line"),
)
"""A line of the list that could be read: what came of it, and, sealed for its id, what it says."""

COMPARISON_VERDICT = Table(
    "comparison_verdict",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("item_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("district_code", "item_id", "number", name="pk_comparison_verdict"),
)
"""What somebody has decided on a line; numbers run from 1, rows are only ever added, and the last one counts."""

COMPARISON_TABLES = (COMPARISON, COMPARISON_ITEM, COMPARISON_VERDICT)

_ITEM, _VERDICT = COMPARISON_ITEM.c, COMPARISON_VERDICT.c
_OF_ITEM = and_(_VERDICT.district_code == _ITEM.district_code, _VERDICT.item_id == _ITEM.id)


@dataclass(frozen=True, kw_only=True)
class StoredComparison:
    """A comparison as it was made."""

    id: str
    """By which it is known: the beginning of a hash of the file and of how it was read."""

    place_code: int
    """The place with whose register it was compared, in 15 digits."""

    kind: str
    """What the list is of, in a department's words: 車輛, 死亡."""

    file: str
    author: str
    made_at: datetime
    matched: int
    ambiguous: int
    not_found: int
    contradictions: int
    rejected: int
    """How many lines could not be read, and are not in the queue."""


@dataclass(frozen=True, kw_only=True)
class StoredVerdict:
    """What somebody has decided on a line; the moment is in UTC."""

    verdict: str
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class StoredItem:
    """A line of a list, as it waits for a verdict or has one."""

    district_code: int
    id: int
    line: int
    """As people count lines, or rows of a sheet, in the file."""

    state: str
    notes: tuple[str, ...]
    person_id: int | None
    candidates: tuple[int, ...]
    said: str
    """Sealed, for `comparison_item.said` and the item's id."""

    verdicts: tuple[StoredVerdict, ...] = ()
    """All there are, the first one first; the last one counts."""


def hold_comparison(connection: Connection, id_: str) -> None:
    """Waits until nobody else makes this comparison or decides on its lines, and keeps others waiting."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('comparison ' || :id, 0))"), {"id": id_})


def find_comparison(connection: Connection, id_: str) -> StoredComparison | None:
    """A comparison by its id."""
    row = connection.execute(select(COMPARISON).where(COMPARISON.c.id == id_)).mappings().one_or_none()
    return None if row is None else StoredComparison(**row)


def list_comparisons(connection: Connection, most: int) -> list[tuple[StoredComparison, int]]:
    """The comparisons, the newest first, each with how many of its lines have no verdict."""
    district = COMPARISON.c.place_code // 10**9
    is_open = select(func.count()).where(
        _ITEM.district_code == district, _ITEM.comparison == COMPARISON.c.id, ~exists().where(_OF_ITEM)
    )
    statement = select(COMPARISON, is_open.scalar_subquery().label("open")).order_by(COMPARISON.c.made_at.desc())
    rows = connection.execute(statement.limit(most)).mappings()
    return [
        (StoredComparison(**{column.name: row[column.name] for column in COMPARISON.c}), row["open"]) for row in rows
    ]


def has_verdicts(connection: Connection, district: int, id_: str) -> bool:
    """Whether anything was decided on any line of a comparison."""
    statement = select(exists().where(_OF_ITEM, _ITEM.district_code == district, _ITEM.comparison == id_))
    return bool(connection.scalar(statement))


def drop_comparison(connection: Connection, district: int, id_: str) -> None:
    """Forgets a comparison on which nothing was decided."""
    connection.execute(COMPARISON_ITEM.delete().where(_ITEM.district_code == district, _ITEM.comparison == id_))
    connection.execute(COMPARISON.delete().where(COMPARISON.c.id == id_))


def new_ids(connection: Connection, number: int) -> list[int]:
    """So many ids for items, since what an item says is sealed for its id."""
    statement = "SELECT nextval(pg_get_serial_sequence('comparison_item', 'id')) FROM generate_series(1, :number)"
    return list(connection.scalars(text(statement), {"number": number}))


def add_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds lines, with all columns of the table."""
    if rows:
        connection.execute(COMPARISON_ITEM.insert(), list(rows))


def add_comparison(connection: Connection, values: Mapping[str, Any]) -> None:
    """Adds a comparison, with all its columns but the moment."""
    connection.execute(COMPARISON.insert().values(**values))


def read_items(
    connection: Connection,
    district: int,
    id_: str,
    *,
    line: int | None = None,
    state: str | None = None,
    only_open: bool = False,
    after: int = 0,
    most: int,
) -> list[StoredItem]:
    """At most so many lines after one, in their order: of a state, without a verdict, or the one line."""
    statement = select(*(column for column in _ITEM if column.name not in ("comparison", "said_index")))
    statement = statement.where(_ITEM.district_code == district, _ITEM.comparison == id_, _ITEM.line > after)
    if line is not None:
        statement = statement.where(_ITEM.line == line)
    if state is not None:
        statement = statement.where(_ITEM.state == state)
    if only_open:
        statement = statement.where(~exists().where(_OF_ITEM))
    rows = connection.execute(statement.order_by(_ITEM.line).limit(most)).mappings().all()
    decided: dict[int, list[StoredVerdict]] = {}
    for item, verdict in _verdicts(connection, district, [row["id"] for row in rows]):
        decided.setdefault(item, []).append(verdict)
    return [
        StoredItem(
            **{
                **row,
                "notes": tuple(row["notes"]),
                "candidates": tuple(row["candidates"]),
                "verdicts": tuple(decided.get(row["id"], ())),
            }
        )
        for row in rows
    ]


def add_verdict(connection: Connection, item: StoredItem, *, verdict: str, reason: str, decided_by: str) -> None:
    """Adds what was decided on a line after what was decided before; its comparison is held."""
    row = {
        "district_code": item.district_code,
        "item_id": item.id,
        "number": len(item.verdicts) + 1,
        "verdict": verdict,
        "reason": reason,
        "decided_by": decided_by,
    }
    connection.execute(COMPARISON_VERDICT.insert().values(row))


def _verdicts(connection: Connection, district: int, items: Sequence[int]) -> Iterator[tuple[int, StoredVerdict]]:
    statement = select(COMPARISON_VERDICT).where(_VERDICT.district_code == district, _VERDICT.item_id.in_(items))
    for row in connection.execute(statement.order_by(_VERDICT.item_id, _VERDICT.number)):
        yield (
            row.item_id,
            StoredVerdict(verdict=row.verdict, reason=row.reason, decided_by=row.decided_by, decided_at=row.decided_at),
        )
