"""Which records can have many rows taken at once, and what the columns alone say against values, looked at by column.

What is found in question here is not refused here: the engine that goes row by row alone says why a row is not taken.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import Column

from bangfu.declare.fields import field_of, is_index
from bangfu.declare.records import Dated, columns_of, table_of
from bangfu.write.owners import owner_column
from bangfu.write.values import refusal

OURS = ("district_code", "id", "version")
"""Columns of which a new row brings nothing."""

DEFAULTED = ("source", "basis", "recorded_on", "valid_from")
"""Columns for which there is a value for a whole import."""

_REMEMBERED = 100_000
"""Values of a column that are known to be right; more of them are looked at again."""


def is_plain(record: type[Dated]) -> bool:
    """Whether what new rows of a record have to keep can be told by their columns, their owners and their keys.

    It cannot where values are sealed, where rules are declared that look at rows as they stand, and where the table has
    constraints of other kinds.
    """
    table = table_of(record)
    if record.__checks__ or any(field is not None and field.sealed for field in map(field_of, columns_of(record))):
        return False
    return all(_is_plain(each, table, owner_column(record)) for each in (*table.constraints, *table.indexes))


def _is_plain(each: object, table: Table, owner: str) -> bool:
    match each:
        case PrimaryKeyConstraint() | UniqueConstraint():
            return True
        case ForeignKeyConstraint():
            return set(each.column_keys) == {"district_code", owner}
        case CheckConstraint():
            return str(each.name) in [f"ck_{table.name}_{name}" for name in ("validity", "id")]
        case Index():
            return not each.unique
    return False


def unique_keys(table: Table) -> Iterator[list[Column[object]]]:
    """The columns by which there may be one row only, besides its id; those that are sealed cannot be compared."""
    for each in table.constraints:
        if isinstance(each, UniqueConstraint):
            columns = [column for column in each.columns if column.key != "district_code"]
            if not any(map(is_index, columns)):
                yield columns


def fits(record: type[Dated], given: Collection[str]) -> bool:
    """Whether new rows of a plain record may come with just these columns, and their keys can be told by them."""
    table = table_of(record)
    needed = {column.key for columns in unique_keys(table) for column in columns} | {owner_column(record)}
    for column in table.columns:
        if not column.nullable and column.computed is None and column.key not in (*OURS, *DEFAULTED):
            needed.add(column.key)
    return needed <= set(given) and set(given).isdisjoint(OURS)


class Values:
    """Looks at the values of one record's columns, and remembers which are right: columns repeat themselves."""

    def __init__(self, record: type[Dated]) -> None:
        self._columns = {column.key: column for column in columns_of(record)}
        self._right: dict[tuple[str, type[Any]], set[Any]] = {}

    def in_question(self, columns: Mapping[str, Sequence[Any]]) -> set[int]:
        """The positions of rows with a value that its column alone refuses."""
        found: set[int] = set()
        for name, values in columns.items():
            found |= self._in_question(self._columns[name], values)
        return found

    def _in_question(self, column: Column[Any], values: Sequence[Any]) -> set[int]:
        kinds = set(map(type, values))
        if len(kinds - {type(None)}) > 1:  # True is 1 to a set, and not to a column
            return {position for position, value in enumerate(values) if refusal(column, value) is not None}
        kind = next(iter(kinds - {type(None)}), type(None))
        right = self._right.setdefault((column.key, kind), set())
        wrong = set()
        for value in set(values) - right:
            if refusal(column, value) is not None:
                wrong.add(value)
            else:
                right.add(value)
        if len(right) > _REMEMBERED:
            right.clear()
        return {position for position, value in enumerate(values) if value in wrong} if wrong else set()
