"""Sealed values that come back out of the log: as they were sealed, or anew where that was under keys from before."""

import json

from sqlalchemy import Connection, text

from bangfu.declare.fields import index_of
from bangfu.declare.records import Dated, table_of
from bangfu.declare.text import Text
from bangfu.errors import OperationError
from bangfu.seal import Seal, no_key
from bangfu.store.entries import rows_of_entry
from bangfu.store.sealed import given_seal
from bangfu.write.entries import Entries
from bangfu.write.outcome import Code
from bangfu.write.reverting import sealed_columns_of
from bangfu.write.standing import MOST, Entry, Shape
from bangfu.write.undone import CannotUndo, NotUndone


def sealed_anew(
    connection: Connection, entries: Entries, record: type[Dated], entry: Entry, shape: Shape
) -> dict[int, str]:
    """For rows by their ids, as JSON, what sealed columns hold that come back and were sealed under other keys.

    A value stays bound to its row and column. Raises CannotUndo where a key is gone, and OperationError without any.
    """
    found: dict[int, dict[str, str]] = {}
    for name in sealed_columns_of(table_of(record)):
        if name in shape.changed:
            _add(found, connection, entries, record, entry, name)
    return {id_: json.dumps(values) for id_, values in found.items()}


def _add(
    found: dict[int, dict[str, str]],
    connection: Connection,
    entries: Entries,
    record: type[Dated],
    entry: Entry,
    name: str,
) -> None:
    rows = connection.execute(_COMING, {**entry, "record": record.__tablename__, "name": name, "index": index_of(name)})
    values = rows.all()
    seal = given_seal(connection)
    if not values:
        return
    if seal is None:
        raise no_key()
    entries.note_keys(seal)
    refused = []
    for id_, value, index in values:
        try:
            anew = _anew(seal, f"{record.__tablename__}.{name}", id_, value, index)
        except OperationError:
            refused.append(_no_longer(record, id_, name))
            if len(refused) == MOST:
                break
            continue
        if anew is not None:
            found.setdefault(id_, {}).update(zip((name, index_of(name)), anew, strict=True))
    if refused:
        raise CannotUndo(refused)


def _anew(seal: Seal, column: str, id_: int, value: str, index: str | None) -> tuple[str, str] | None:
    """A value with its index, as PostgreSQL writes it; None where both may come back as they are."""
    clear = seal.open(column, id_, value)
    now = f"\\x{seal.index(column, clear).hex()}"
    if now == index and seal.is_current(value):
        return None
    return (value if seal.is_current(value) else seal.seal(column, id_, clear)), now


def _no_longer(record: type[Dated], id_: int, name: str) -> NotUndone:
    zh = "此值當時所用的密鑰已不在，無法恢復。"
    en = "This value was sealed under a key that is no longer there: it cannot come back."
    return NotUndone(record=record.__tablename__, row_id=id_, column=name, code=Code.CHECK_FAILED, message=Text(zh, en))


_COMING = text(
    "SELECT DISTINCT ON (e.row_id) e.row_id, e.before ->> CAST(:name AS text) AS value,"  # noqa: S608 - our own words
    f" e.before ->> CAST(:index AS text) AS looked_up FROM ({rows_of_entry()}) e"
    " WHERE e.record = :record AND e.action <> 'create' AND e.before ->> CAST(:name AS text) IS NOT NULL"
    " AND e.before ->> CAST(:name AS text) IS DISTINCT FROM e.after ->> CAST(:name AS text)"
    " ORDER BY e.row_id, e.position"
)
