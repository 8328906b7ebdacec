"""Seals values on their way into a table: each with the index by which it is looked up."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from bangfu.declare.fields import field_of, index_of
from bangfu.seal import no_key
from bangfu.store.sealed import given_seal, note_keys

_NULL = "\\N"


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
