"""Reads the log of changes: what was changed by whom, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    DateTime,
    Integer,
    cast,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
)

from bangfu.store.audit import CHANGE, CHANGE_SET


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
    most: int,
) -> list[LoggedChange]:
    """At most so many, the newest first: of a district, a record, a row, by an author, from a moment on.

    `after` are the number and the position of the one after which to go on, where one district is asked for.
    """
    entry, row = CHANGE_SET.c, CHANGE.c
    joined = CHANGE.join(CHANGE_SET, (entry.district_code == row.district_code) & (entry.number == row.number))
    told = [entry.at, entry.author, entry.token_id, entry.request_id, entry.reason]
    in_district = [row.number, row.position]  # within one, numbers run as time does, and an index has them in order
    order = in_district if district is not None else [entry.at, row.district_code, *in_district]
    statement = select(CHANGE, *told).select_from(joined).order_by(*(each.desc() for each in order)).limit(most)
    wanted = ((row.district_code, district), (row.record, record), (row.row_id, row_id), (entry.author, author))
    statement = statement.where(*(column == value for column, value in wanted if value is not None))
    if since is not None:
        statement = statement.where(entry.at >= since)
    if after is not None:
        statement = statement.where(tuple_(*in_district) < tuple_(*after))
    return [LoggedChange(**each) for each in connection.execute(statement).mappings()]


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
    entry, row = CHANGE_SET.c, CHANGE.c
    districts, ids = ([each[part] for each in keys] for part in (0, 1))
    wanted = func.unnest(literal(districts, ARRAY(Integer)), literal(ids, ARRAY(BigInteger)))
    columns = (column("district", Integer), column("key", BigInteger))
    asked = wanted.table_valued(*columns, name="asked").render_derived()
    joined = CHANGE.join(CHANGE_SET, (entry.district_code == row.district_code) & (entry.number == row.number))
    told = [entry.at, entry.author, entry.token_id, entry.request_id, entry.reason]
    own = select(CHANGE, *told).select_from(joined).order_by(row.number.desc(), row.position.desc()).limit(most)
    own = own.where(row.district_code == asked.c.district, row.record == record, row.row_id == asked.c.key)
    if before is not None:
        own = own.where(entry.at < cast(literal(before), DateTime(timezone=True)))
    if after is not None:
        own = own.where(tuple_(row.number, row.position) < tuple_(*after))
    each = own.correlate(asked).lateral()
    statement = select(each).select_from(asked.join(each, true()))
    found: dict[int, list[LoggedChange]] = {key: [] for key in ids}
    for change in connection.execute(statement).mappings():
        found[change["row_id"]].append(LoggedChange(**change))
    for changes in found.values():
        changes.sort(key=lambda change: (change.number, change.position), reverse=True)
    return found
