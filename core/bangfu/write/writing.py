"""Writes many rows of one record by one statement, which also notes what they were before and after in the log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Date, Integer, LargeBinary, Numeric, Table, text
from sqlalchemy.schema import Column
from sqlalchemy.types import TypeEngine

from bangfu.declare.choice import Choice
from bangfu.query.names import quote_name
from bangfu.write.outcome import Action

_TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (BigInteger, "bigint"),
    (Integer, "int"),
    (Numeric, "numeric"),
    (Boolean, "boolean"),
    (Date, "date"),
    (LargeBinary, "bytea"),
)
LOG = "INSERT INTO change (district_code, number, position, record, row_id, action, before, after)"
"""The beginning of what enters rows in the log."""


class Writer:
    """Writes rows of one table into an entry of a district; `position` is that of the last row in it."""

    def __init__(self, connection: Connection, table: Table, district: int, number: int) -> None:
        self._connection = connection
        self._table = table
        self._name = quote_name(table.name)
        self._key = key = "id" if "id" in table.columns else "code"  # of places, which have no id of their own
        self._told = (
            "SELECT CAST(:district AS int), CAST(:number AS bigint),"
            f" CAST(:offset AS int) + row_number() OVER (ORDER BY m.{key}),"
            f" CAST(:record AS text), m.{key}, CAST(:action AS text)"
        )
        self._given = {"record": table.name, "number": number, "district": district}

    def write(self, action: Action, rows: Sequence[Mapping[str, Any]], position: int) -> None:
        """Writes rows with their keys; created ones with all columns, updated ones with those that may have changed.

        Raises what the driver raises where the table's constraints do not hold.
        """
        named = rows[0] if action is not Action.DELETE else self._keys
        columns = [self._table.c[name] for name in named]
        names = ", ".join(quote_name(column.name) for column in columns)
        arrays = ", ".join(f"CAST(:p{index} AS {_type_of(column)}[])" for index, column in enumerate(columns))
        values = {
            f"p{index}": _array(column, [row[column.name] for row in rows]) for index, column in enumerate(columns)
        }
        given = f"given AS (SELECT * FROM unnest({arrays}) AS g({names}))"  # noqa: S608 - names that are declared
        statement = text(self._statement(action, given, names, columns))
        self._connection.execute(statement, {**self._given, "offset": position, "action": action.value, **values})

    def _statement(self, action: Action, given: str, names: str, columns: Sequence[Column[Any]]) -> str:
        key = self._key
        match action:
            case Action.CREATE:
                made = f"INSERT INTO {self._name} ({names}) SELECT {names} FROM given RETURNING *"  # noqa: S608
                return f"WITH {given}, made AS ({made}) {LOG} {self._told}, NULL, to_jsonb(m) FROM made m"
            case Action.UPDATE:
                sets = ", ".join(
                    f"{quote_name(column.name)} = g.{quote_name(column.name)}"
                    for column in columns
                    if column.name not in self._keys
                )
                old = (
                    f"SELECT t.{key}, to_jsonb(t) AS was FROM {self._name} t JOIN given g USING (district_code, {key})"  # noqa: S608
                )
                made = (
                    f"UPDATE {self._name} t SET {sets}, version = t.version + 1 FROM given g"  # noqa: S608
                    f" WHERE t.district_code = g.district_code AND t.{key} = g.{key} RETURNING t.*"
                )
                return (
                    f"WITH {given}, old AS ({old}), made AS ({made}) {LOG} {self._told}, o.was, to_jsonb(m)"
                    f" FROM made m JOIN old o ON o.{key} = m.{key}"
                )
            case Action.DELETE:
                made = (
                    f"DELETE FROM {self._name} t USING given g"  # noqa: S608 - names that are declared, as above
                    f" WHERE t.district_code = g.district_code AND t.{key} = g.{key} RETURNING t.*"
                )
                return f"WITH {given}, made AS ({made}) {LOG} {self._told}, to_jsonb(m), NULL FROM made m"

    @property
    def _keys(self) -> tuple[str, str]:
        return "district_code", self._key


def _type_of(column: Column[Any]) -> str:
    """The type that a value is handed over as: one without a length, so that nothing is cut."""
    return next((name for kind, name in _TYPES if isinstance(column.type, kind)), "text")


def _array(column: Column[Any], values: Sequence[Any]) -> Any:
    """Values of a column as they are handed over: as one text, which psycopg writes sooner than a list."""
    if isinstance(column.type, LargeBinary):
        return list(values)
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: Any) -> str:
    """A value as an element of an array; everything may stand in quotation marks, but for nothing."""
    if value is None:
        return "NULL"
    text = value.name if isinstance(value, Choice) else str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
