"""Seals values on their way into a table: each with the index by which it is looked up."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from bangfu.declare.fields import field_of, index_of
from bangfu.seal import no_key
from bangfu.store.sealed import given_seal, note_keys
from bangfu.write.entries import Entries

_NULL = "\\N"


class Resealing:
    """Seals what is changed in rows of one table; the same value stays as it was sealed."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._table = table.name
        fields = {column.key: field_of(column) for column in table.columns}
        self._names = [key for key, field in fields.items() if field is not None and field.sealed]
        self._seal = given_seal(connection) if self._names else None

    def seal(
        self, entries: Entries, row: dict[str, Any], given: Mapping[str, Any], current: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A row with its sealed columns and those beside them; raises OperationError where there are no keys."""
        for name in self._names:
            if name not in row:
                continue
            index, value = index_of(name), given.get(name)
            if name not in given:
                row[name], row[index] = current.get(name), current.get(index)
            elif value is None:
                row[name] = row[index] = None
            else:
                row[name], row[index] = self._sealed(entries, name, row["id"], value, current)
        return row

    def _sealed(
        self, entries: Entries, name: str, id_: int, value: str, current: Mapping[str, Any]
    ) -> tuple[str, bytes]:
        if self._seal is None:
            raise no_key()
        column, before = f"{self._table}.{name}", current.get(index_of(name))
        if before is not None and before in self._seal.indexes(column, value):
            return current[name], before
        entries.note_keys(self._seal)
        return self._seal.seal(column, id_, value), self._seal.index(column, value)


class Sealing:
    """Seals the columns of one table in one transaction."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._table = table.name
        fields = {column.key: field_of(column) for column in table.columns}
        self._lengths = {key: field.length for key, field in fields.items() if field is not None and field.sealed}
        self._seal = given_seal(connection) if self._lengths else None
        if self._seal is not None:
            note_keys(connection, self._seal)

    def columns(self, rows: Sequence[Mapping[str, Any]], first: int) -> dict[str, list[str]]:
        """Sealed columns and those beside them, in COPY's text form; rows without an id are counted from `first`.

        Raises ValueError for a value that is longer than its column, and OperationError where there are no keys.
        """
        found: dict[str, list[str]] = {}
        for key, most in self._lengths.items():
            values = [row.get(key) for row in rows]
            if not any(value is not None for value in values):
                found[key] = found[index_of(key)] = [_NULL] * len(rows)
                continue
            seal, name = self._seal, f"{self._table}.{key}"
            if seal is None:
                raise no_key()
            sealed, indexes = [], []
            for number, (row, value) in enumerate(zip(rows, values, strict=True)):
                if value is None:
                    sealed.append(_NULL)
                    indexes.append(_NULL)
                    continue
                row_id = row.get("id", first + number)
                if most is not None and len(value) > most:
                    raise ValueError(f"{name} of row {row_id} has {len(value)} characters; at most {most} are kept.")
                sealed.append(seal.seal(name, row_id, value))
                indexes.append(f"\\\\x{seal.index(name, value).hex()}")
            found[key], found[index_of(key)] = sealed, indexes
        return found
