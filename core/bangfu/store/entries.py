"""Entries of the log of changes as a whole: which there are, and the rows of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, text

from bangfu.store.audit import CHANGE_SET
from bangfu.store.runs import TELLING


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
    return _ROWS


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


_ROWS = f"""SELECT c.position, c.record, c.row_id, c.action, c.before, c.after FROM change c
    WHERE c.district_code = :district AND c.number = :number
    UNION ALL
    SELECT r.position + l.n - 1, r.record, r.row_id + l.n - 1, 'create', NULL, l.after FROM change_run r
    CROSS JOIN LATERAL {TELLING}(
        r.district_code, r.record, r.row_id, r.columns, r.usual, r.lines, NULL) l
    WHERE r.district_code = :district AND r.number = :number"""  # noqa: S608 - our own words
_OF_ENTRY = ("district_code", "number", "at", "author", "reason", "rows")
_LATER = text(
    "SELECT DISTINCT ON (c.row_id) c.row_id, s.district_code, s.number, s.at, s.author, s.reason, s.rows"
    " FROM change c JOIN change_set s ON s.district_code = c.district_code AND s.number = c.number"
    " WHERE c.district_code = :district AND c.record = :record AND c.row_id = ANY(:ids) AND c.number > :number"
    " ORDER BY c.row_id, c.number DESC"
)


def _entries() -> Select[Any]:
    return select(*(CHANGE_SET.c[name] for name in _OF_ENTRY))
