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
    Select,
    cast,
    column,
    func,
    literal,
    select,
    text,
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
    number: int | None = None,
    most: int,
) -> list[LoggedChange]:
    """At most so many, the newest first: of a district, a record, a row, by an author, from a moment on, of an entry.

    `after` are the number and the position of the one after which to go on, where one district is asked for.
    """
    entry, row = CHANGE_SET.c, CHANGE.c
    joined = CHANGE.join(CHANGE_SET, (entry.district_code == row.district_code) & (entry.number == row.number))
    told = [entry.at, entry.author, entry.token_id, entry.request_id, entry.reason]
    in_district = [row.number, row.position]  # within one, numbers run as time does, and an index has them in order
    order = in_district if district is not None else [entry.at, row.district_code, *in_district]
    statement = select(CHANGE, *told).select_from(joined).order_by(*(each.desc() for each in order)).limit(most)
    wanted = (
        *((row.district_code, district), (row.record, record), (row.row_id, row_id), (entry.author, author)),
        (row.number, number),
    )
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


@dataclass(frozen=True, kw_only=True)
class StoredEntry:
    """One entry of a district's log."""

    district_code: int
    number: int
    at: datetime
    author: str
    reason: str | None
    rows: int
    """How many changes of rows it has."""


def rows_of_entry() -> str:
    """The rows of one entry as SQL: those of the entry `:number` of `:district`, one for each time it changed a row.

    They have `position`, counted from 1 without a gap, `record`, `row_id`, `action`, `before` and `after`. Whoever
    takes an entry as a whole reads its rows here.
    """
    return (
        "SELECT c.position, c.record, c.row_id, c.action, c.before, c.after FROM change c"
        " WHERE c.district_code = :district AND c.number = :number"
    )


def find_entry(connection: Connection, district: int, number: int) -> StoredEntry | None:
    """An entry by its number; None where there is none."""
    entry = CHANGE_SET.c
    statement = _entries().where(entry.district_code == district, entry.number == number)
    found = connection.execute(statement).mappings().one_or_none()
    return None if found is None else StoredEntry(**found)


def list_entries(
    connection: Connection,
    *,
    district: int | None = None,
    author: str | None = None,
    since: datetime | None = None,
    most: int,
) -> list[StoredEntry]:
    """At most so many entries, the newest first: of a district, by an author, from a moment on."""
    entry = CHANGE_SET.c
    statement = _entries().order_by(entry.at.desc(), entry.district_code, entry.number.desc()).limit(most)
    wanted = ((entry.district_code, district), (entry.author, author))
    statement = statement.where(*(column == value for column, value in wanted if value is not None))
    if since is not None:
        statement = statement.where(entry.at >= since)
    return [StoredEntry(**each) for each in connection.execute(statement).mappings()]


def later_entries(
    connection: Connection, district: int, number: int, record: str, ids: Sequence[int]
) -> dict[int, StoredEntry]:
    """The last entry after one that has changed each of some rows, by their ids; nothing for those that none has."""
    found = connection.execute(_LATER, {"district": district, "number": number, "record": record, "ids": list(ids)})
    return {each.row_id: StoredEntry(**{name: getattr(each, name) for name in _OF_ENTRY}) for each in found}


_OF_ENTRY = ("district_code", "number", "at", "author", "reason", "rows")
_LATER = text(
    "SELECT DISTINCT ON (c.row_id) c.row_id, s.district_code, s.number, s.at, s.author, s.reason, s.rows"
    " FROM change c JOIN change_set s ON s.district_code = c.district_code AND s.number = c.number"
    " WHERE c.district_code = :district AND c.record = :record AND c.row_id = ANY(:ids) AND c.number > :number"
    " ORDER BY c.row_id, c.number DESC"
)


def _entries() -> Select[Any]:
    return select(*(CHANGE_SET.c[name] for name in _OF_ENTRY))
