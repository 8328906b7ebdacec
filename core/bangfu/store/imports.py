"""What is planned to be imported: the plan, and each row of the file that can be taken, until all of them are in."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    RowMapping,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_METADATA = MetaData()

IMPORT_PLAN = Table(
    "import_plan",
    _METADATA,
    Column("id", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("today", Date, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("is_whole", Boolean, nullable=False, server_default=text("false")),
    Column("creates", Integer, nullable=False, server_default=text("0")),
    Column("updates", Integer, nullable=False, server_default=text("0")),
    Column("unchanged", Integer, nullable=False, server_default=text("0")),
    Column("rejected", Integer, nullable=False, server_default=text("0")),
    Column("applied", BigInteger, nullable=False, server_default=text("0")),
    Column("refused", Integer, nullable=False, server_default=text("0")),
    Column("applied_at", DateTime(timezone=True)),
    Column("owner", Text),
    Column("errors", Integer, nullable=False, server_default=text("0")),
    Column("failure", Text),
    PrimaryKeyConstraint("id", name="pk_import_plan"),
)
"""One file for one record. `applied` is the position of the last row that is in, or was refused after all."""

IMPORT_ROW = Table(
    "import_row",
    _METADATA,
    Column("plan", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("row", JSONB, nullable=False),
    PrimaryKeyConstraint("plan", "position", name="pk_import_row"),
)
"""A row that can be taken, with its line in the file; positions run from 1."""

IMPORT_PART = Table(
    "import_part",
    _METADATA,
    Column("plan", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("district_code", Integer, nullable=False),
    Column("columns", ARRAY(Text), nullable=False),
    Column("lines", ARRAY(BigInteger), nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("plan", "first", name="pk_import_part"),
)
"""Many new rows of one district from a position on: their lines in the file, and the rows in COPY's text form."""

IMPORT_REFUSAL = Table(
    "import_refusal",
    _METADATA,
    Column("plan", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("line", BigInteger),
    Column("column", Text),
    Column("code", Text, nullable=False),
    Column("message_zh", Text, nullable=False),
    Column("message_en", Text, nullable=False),
    Column("suggestion", Text),
    PrimaryKeyConstraint("plan", "number", name="pk_import_refusal"),
)
"""Why a row is not taken, or, without a line, why the file is not read; numbered from 1 in the order it was told."""

IMPORT_TABLES = (IMPORT_PLAN, IMPORT_ROW, IMPORT_PART, IMPORT_REFUSAL)

MOST_REFUSALS = 1_000
"""So many are kept of a plan; all of them are counted."""


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    """A plan as it stands."""

    id: str
    """By which it is known: the beginning of a hash of the file and of what is to be done with it."""

    record: str
    """The record's table."""

    file: str
    author: str
    today: date
    made_at: datetime
    is_whole: bool
    """Whether the file was read to its end; a plan that was broken off cannot be applied."""

    creates: int
    updates: int
    unchanged: int
    rejected: int
    applied: int
    refused: int
    """How many rows were taken when it was planned, and refused when it was applied."""

    applied_at: datetime | None
    """When the last row was in."""

    owner: str | None = None
    """Whose it is, as `Viewer.key` tells people apart; None for those of the command line."""

    errors: int = 0
    """How much is wrong with rows of it, all told; a row may have several things wrong."""

    failure: str | None = None
    """The code of why its file is not read."""

    @property
    def rows(self) -> int:
        """How many rows are to be written."""
        return self.creates + self.updates


@dataclass(frozen=True, kw_only=True)
class StoredRefusal:
    """Why a row is not taken, as it was told; without a line, why the file is not read."""

    line: int | None
    column: str | None
    code: str
    message_zh: str
    message_en: str
    suggestion: str | None


def find_plan(connection: Connection, id_: str, *, hold: bool = False) -> StoredPlan | None:
    """A plan by its id; held, nobody else applies it until the transaction ends."""
    statement = select(IMPORT_PLAN).where(IMPORT_PLAN.c.id == id_)
    row = connection.execute(statement.with_for_update() if hold else statement).mappings().one_or_none()
    return None if row is None else StoredPlan(**row)


def list_plans(connection: Connection, most: int) -> list[StoredPlan]:
    """The plans, the newest first."""
    rows = connection.execute(select(IMPORT_PLAN).order_by(IMPORT_PLAN.c.made_at.desc()).limit(most)).mappings()
    return [StoredPlan(**row) for row in rows]


def plans_of(connection: Connection, owner: str | None, most: int, id_: str | None = None) -> list[StoredPlan]:
    """Those of one owner, or of the command line, the newest first; of an id only that one."""
    table = IMPORT_PLAN.c
    statement = select(IMPORT_PLAN).where(table.owner.is_not_distinct_from(owner))
    if id_ is not None:
        statement = statement.where(table.id == id_)
    rows = connection.execute(statement.order_by(table.made_at.desc(), table.id).limit(most)).mappings()
    return [StoredPlan(**row) for row in rows]


def begin_plan(
    connection: Connection, id_: str, *, record: str, file: str, author: str, today: date, owner: str | None = None
) -> None:
    """Makes a plan without rows, in place of one of the same id that has not been begun to be applied."""
    drop_plan(connection, id_)
    row = {"id": id_, "record": record, "file": file, "author": author, "today": today, "owner": owner}
    connection.execute(IMPORT_PLAN.insert().values(row))


def add_refusals(connection: Connection, id_: str, refusals: Sequence[StoredRefusal]) -> None:
    """Counts what is refused of a plan, and keeps the first of it."""
    if not refusals:
        return
    told = connection.scalar(select(IMPORT_PLAN.c.errors).where(IMPORT_PLAN.c.id == id_).with_for_update()) or 0
    kept = [
        {"plan": id_, "number": told + n, **asdict(each)}
        for n, each in enumerate(refusals[: max(0, MOST_REFUSALS - told)], 1)
    ]
    if kept:
        connection.execute(IMPORT_REFUSAL.insert(), kept)
    note_plan(connection, id_, errors=told + len(refusals))


def refusals_of(connection: Connection, id_: str, most: int) -> list[StoredRefusal]:
    """The first of what was refused of a plan."""
    table = IMPORT_REFUSAL.c
    names = (table.line, table.column, table.code, table.message_zh, table.message_en, table.suggestion)
    statement = select(*names).where(table.plan == id_).order_by(table.number).limit(most)
    return [StoredRefusal(**row) for row in connection.execute(statement).mappings()]


def drop_plan(connection: Connection, id_: str) -> None:
    """Forgets a plan and its rows."""
    drop_rows(connection, id_)
    connection.execute(IMPORT_REFUSAL.delete().where(IMPORT_REFUSAL.c.plan == id_))
    connection.execute(IMPORT_PLAN.delete().where(IMPORT_PLAN.c.id == id_))


def drop_forgotten(connection: Connection, before: datetime) -> int:
    """Forgets plans of owners that were made before a moment and have never been begun to be applied; how many.

    One that was applied is kept: the same file, sent again, has to be known.
    """
    table = IMPORT_PLAN.c
    is_begun = (table.applied > 0) | table.applied_at.is_not(None)
    statement = select(table.id).where(table.owner.is_not(None), table.made_at < before, ~is_begun)
    # One that is being applied, or planned anew, is held by whoever does.
    found = connection.scalars(statement.with_for_update(skip_locked=True)).all()
    for id_ in found:
        drop_plan(connection, id_)
    return len(found)


def drop_rows(connection: Connection, id_: str) -> None:
    """Forgets what waits of a plan."""
    for table in (IMPORT_ROW, IMPORT_PART):
        connection.execute(table.delete().where(table.c.plan == id_))


def add_rows(connection: Connection, id_: str, first: int, rows: Sequence[tuple[int, str]]) -> None:
    """Adds rows, each with its line and as JSON, from a position on."""
    connection.execute(
        text(
            "INSERT INTO import_row (plan, position, line, row) SELECT :plan, :first + n - 1, line, row::jsonb"
            " FROM unnest(CAST(:lines AS bigint[]), CAST(:rows AS text[])) WITH ORDINALITY AS g(line, row, n)"
        ),
        {"plan": id_, "first": first, "lines": [line for line, _ in rows], "rows": [row for _, row in rows]},
    )


def add_part(
    connection: Connection, id_: str, first: int, district: int, columns: Sequence[str], lines: Sequence[int], body: str
) -> None:
    """Adds many new rows from a position on, with their lines, in COPY's text form."""
    row = {"plan": id_, "first": first, "rows": len(lines), "district": district, "columns": list(columns)}
    connection.execute(
        text(
            "INSERT INTO import_part (plan, first, rows, district_code, columns, lines, body)"
            " VALUES (:plan, :first, :rows, :district, :columns, CAST(:lines AS bigint[]), :body)"
        ),
        # Lines as a text: psycopg takes longer to write a list than PostgreSQL to read it.
        row | {"lines": f"{{{','.join(map(str, lines))}}}", "body": body},
    )


def part_at(connection: Connection, id_: str, position: int) -> RowMapping | None:
    """What waits together with the row at a position, if that is many."""
    part = IMPORT_PART.c
    statement = select(IMPORT_PART).where(part.plan == id_, part.first <= position, part.first + part.rows > position)
    return connection.execute(statement).mappings().one_or_none()


def note_plan(connection: Connection, id_: str, **values: Any) -> None:
    """Notes how far a plan is."""
    given = {f"new_{name}": value for name, value in values.items()}
    named = {name: bindparam(f"new_{name}", type_=IMPORT_PLAN.c[name].type) for name in values}
    connection.execute(IMPORT_PLAN.update().where(IMPORT_PLAN.c.id == id_).values(named), given)


def rows_after(connection: Connection, id_: str, position: int, most: int) -> Iterator[tuple[int, int, Any]]:
    """The next rows after a position, each with its position and its line, as far as the next part of many."""
    table, part = IMPORT_ROW.c, IMPORT_PART.c
    next_part = select(func.min(part.first)).where(part.plan == id_, part.first > position).scalar_subquery()
    statement = select(table.position, table.line, table.row).where(
        table.plan == id_, table.position > position, (table.position < next_part) | next_part.is_(None)
    )
    for row in connection.execute(statement.order_by(table.position).limit(most)):
        yield row.position, row.line, row.row
