"""What a condition of a declaration looks at: columns of its record, and of other records inside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BinaryExpression, ClauseElement, Null, Select, Table
from sqlalchemy.schema import Column
from sqlalchemy.sql import operators
from sqlalchemy.sql.visitors import iterate

_KNOWN = (operators.is_, operators.is_not)


@dataclass(frozen=True)
class Look:
    """One look at a column: of the record itself, or of rows that a sub-select looks for (`is_nested`)."""

    column: Column[Any]
    table: Table
    is_nested: bool
    is_for_presence: bool
    """Whether only that there is a value, or none, is looked at, as `IS NOT NULL` does."""


def looks(condition: Any) -> Iterator[Look]:  # an expression, or an attribute that is one by itself
    """All looks of a condition, those of sub-selects included."""
    yield from _looks(clause_of(condition), is_nested=False, is_for_presence=False)


def clause_of(condition: Any) -> ClauseElement:  # as above
    """A condition as an expression; a flag of a record is one by itself."""
    found: ClauseElement = condition.__clause_element__() if hasattr(condition, "__clause_element__") else condition
    return found


def tables_in(condition: Any) -> Iterator[Table]:  # as above
    """The tables in which sub-selects of a condition look for rows; the record's own too, where they are tied to it."""
    yield from (each for each in iterate(clause_of(condition)) if isinstance(each, Table))


def _looks(element: ClauseElement, *, is_nested: bool, is_for_presence: bool) -> Iterator[Look]:
    if isinstance(element, Column):
        for column in element.base_columns:  # an alias has columns of its own, which stand for the table's
            if isinstance(column, Column) and isinstance(column.table, Table):
                yield Look(column, column.table, is_nested, is_for_presence)
        return
    if isinstance(element, BinaryExpression) and element.operator in _KNOWN and isinstance(element.right, Null):
        yield from _looks(element.left, is_nested=is_nested, is_for_presence=True)
        return
    is_nested = is_nested or isinstance(element, Select)
    for child in element.get_children():
        yield from _looks(child, is_nested=is_nested, is_for_presence=False)
