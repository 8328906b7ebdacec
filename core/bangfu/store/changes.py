"""Reads the log of changes: what was changed by whom, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    FromClause,
    Integer,
    Select,
    UnaryExpression,
    cast,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from bangfu.store.audit import CHANGE, CHANGE_RUN, CHANGE_SET
from bangfu.store.runs import LONGEST, rows_of_runs


@dataclass(frozen=True, kw_only=True)
class LoggedChange:
    """One row that was changed, as it stands in the log."""

    district_code: int
    number: int
    """That of the entry in its district's chain."""

    position: int
    """The row's place in the entry."""

    at: datetime
    author: str
    token_id: str | None
    request_id: str | None
    reason: str | None
    record: str
    """The record's table."""

    row_id: int
    action: str
    before: Mapping[str, Any] | None
    """All columns by their names, as PostgreSQL writes them in JSON; sealed values as they were sealed."""

    after: Mapping[str, Any] | None

    @property
    def changed(self) -> list[str]:
        """The columns that are other than before; of a new row and of one that is gone, those that hold something."""
        before, after = self.before or {}, self.after or {}
        names = (name for name in (after or before) if name != "version")
        return [name for name in names if before.get(name) != after.get(name)]


def read_changes(
    connection: Connection,
    *,
    district: int | None = None,
    record: str | None = None,
    row_id: int | None = None,
    author: str | None = None,
    since: datetime | None = None,
    after: tuple[int, int] | None = None,
    number: int | None = None,
    most: int,
) -> list[LoggedChange]:
    """At most so many, the newest first: of a district, a record, a row, by an author, from a moment on, of an entry.

    `after` are the number and the position of the one after which to go on, where one district is asked for.
    """
    entry = CHANGE_SET.c

    def found(row: FromClause) -> Select[Any]:
        """Rows, or runs, of what is asked for, with their entries."""
        joined = row.join(CHANGE_SET, _is_of(row))
        wanted = (
            *((row.c.district_code, district), (row.c.number, number), (row.c.record, record)),
            (entry.author, author),
        )
        statement = select(row, *_ENTRY).select_from(joined)
        statement = statement.where(*(column == value for column, value in wanted if value is not None))
        if since is not None:
            statement = statement.where(entry.at >= since)
        if after is not None:
            statement = statement.where(tuple_(row.c.number, row.c.position) < tuple_(*after))
        return statement

    def newest(row: FromClause) -> list[UnaryExpression[Any]]:
        # Within a district numbers run as time does, and an index has them in order.
        first = [] if district is not None else [row.c.at, row.c.district_code]
        return [each.desc() for each in (*first, row.c.number, row.c.position)]

    rows, runs = found(CHANGE), found(CHANGE_RUN)
    only = None
    if row_id is None:
        each = runs.subquery()
        newer = func.sum(each.c.rows).over(order_by=newest(each)) - each.c.rows
        counted = select(each, newer.label("newer")).subquery()
        # The first run may be told in part only.
        run = select(counted).where(counted.c.newer < most + LONGEST).subquery()
    else:
        rows = rows.where(CHANGE.c.row_id == row_id)
        run = runs.where(CHANGE_RUN.c.row_id.between(row_id - LONGEST + 1, row_id)).subquery()
        only = row_id - run.c.row_id + 1
    expanded = rows_of_runs(run, only).add_columns(*(run.c[each.key] for each in _ENTRY))
    every = union_all(rows, expanded).subquery()
    statement = select(every).order_by(*newest(every)).limit(most)
    if after is not None:
        statement = statement.where(tuple_(every.c.number, every.c.position) < tuple_(*after))
    return [LoggedChange(**change) for change in connection.execute(statement).mappings()]


def read_histories(
    connection: Connection,
    *,
    record: str,
    keys: Sequence[tuple[int, int]],
    before: str | None = None,
    after: tuple[int, int] | None = None,
    most: int,
) -> dict[int, list[LoggedChange]]:
    """At most so many changes of each of several rows of a record, the newest first, in one statement.

    `keys` are the rows' districts and ids. `before` is a moment as PostgreSQL reads it; only what was entered
    earlier is told. `after` as in `read_changes`.
    """
    districts, ids = ([each[part] for each in keys] for part in (0, 1))
    wanted = func.unnest(literal(districts, ARRAY(Integer)), literal(ids, ARRAY(BigInteger)))
    columns = (column("district", Integer), column("key", BigInteger))
    asked = wanted.table_valued(*columns, name="asked").render_derived()
    rows = select(CHANGE).where(CHANGE.c.row_id == asked.c.key, *_are_of(CHANGE, asked.c.district, record))
    near = CHANGE_RUN.c.row_id.between(asked.c.key - LONGEST + 1, asked.c.key)
    runs = select(CHANGE_RUN).where(near, *_are_of(CHANGE_RUN, asked.c.district, record))
    run = runs.correlate(asked).lateral()
    created = rows_of_runs(run, asked.c.key - run.c.row_id + 1).correlate(asked)
    row = union_all(rows.correlate(asked), created).lateral()
    own = select(row, *_ENTRY).select_from(row.join(CHANGE_SET, _is_of(row)))
    own = own.order_by(row.c.number.desc(), row.c.position.desc()).limit(most)
    if before is not None:
        own = own.where(CHANGE_SET.c.at < cast(literal(before), DateTime(timezone=True)))
    if after is not None:
        own = own.where(tuple_(row.c.number, row.c.position) < tuple_(*after))
    each = own.correlate(asked).lateral()
    statement = select(each).select_from(asked.join(each, true()))
    found: dict[int, list[LoggedChange]] = {key: [] for key in ids}
    for change in connection.execute(statement).mappings():
        found[change["row_id"]].append(LoggedChange(**change))
    for changes in found.values():
        changes.sort(key=lambda change: (change.number, change.position), reverse=True)
    return found


_ENTRY = (CHANGE_SET.c.at, CHANGE_SET.c.author, CHANGE_SET.c.token_id, CHANGE_SET.c.request_id, CHANGE_SET.c.reason)
"""What is told of a row's entry."""


def _is_of(row: FromClause) -> ColumnElement[bool]:
    """What joins rows with their entries."""
    return (CHANGE_SET.c.district_code == row.c.district_code) & (CHANGE_SET.c.number == row.c.number)


def _are_of(row: FromClause, district: ColumnElement[int], record: str) -> tuple[ColumnElement[bool], ...]:
    return row.c.district_code == district, row.c.record == record
