"""Makes many districts out of one: copies all its rows under other codes, with numbers that differ a little."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Numeric,
    Table,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    text,
)

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import field_of, is_index

_STEPS = 101
_DISTRICT = "district_code"


def multiply(
    connection: Connection, tables: MetaData, base: int, districts: list[int], on_step: Callable[[str], None]
) -> None:
    """Copies the district `base` to each of `districts`; knows of the tables only what their metadata says.

    Other indexes than those of keys are made anew at the end, and references are not looked up again: the rows they
    lead to are copied by the very same rule.
    """
    owned = [table for table in tables.sorted_tables if _DISTRICT in table.c]
    indexes = [index for table in owned for index in sorted(table.indexes, key=lambda each: str(each.name))]
    connection.execute(select(func.set_config("session_replication_role", "replica", True)))
    for index in indexes:
        index.drop(connection)
    for number, district in enumerate(districts, 1):
        on_step(f"district {number} of {len(districts)}")
        for table in owned:
            connection.execute(_copied(table, base, district))
    for index in indexes:
        on_step(f"index {index.name}")
        index.create(connection)


def settle(connection: Connection, tables: MetaData) -> None:
    """Leaves the tables as a database in long use has them: all rows visible, all counted."""
    for table in tables.sorted_tables:
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(text(f"VACUUM (ANALYZE) {name}"))
    connection.execute(text("CHECKPOINT"))


def _copied(table: Table, base: int, district: int) -> Any:  # SQLAlchemy's Insert, of no row type
    kept = [column for column in table.columns if column.computed is None]
    rows = select(*(_moved(table, column, base, district) for column in kept)).where(table.c[_DISTRICT] == base)
    return insert(table).from_select([column.name for column in kept], rows)


def _moved(table: Table, column: Column[Any], base: int, district: int) -> ColumnElement[Any]:
    if column.name == _DISTRICT:
        return literal(district, Integer())
    if isinstance(column.type, BigInteger):  # a code or an id: the district stands in front of it
        return column + literal((district - base) * DISTRICT_SPAN, BigInteger())
    if is_index(column) or ((field := field_of(column)) is not None and field.sealed):
        return null()  # a sealed value is of its own row alone; no question asks for one
    if isinstance(column.type, Numeric):
        return func.round(column * _factor(table, district), 2)
    return column


def _factor(table: Table, district: int) -> ColumnElement[Any]:
    """Between 0.9 and 1, the same for all numbers of a row, so that what is checked of them still holds."""
    key = next(column for column in table.primary_key if column.name != _DISTRICT)
    step = (key % DISTRICT_SPAN * 7919 + district * 104729) % _STEPS
    return 1 - cast(step, Numeric) / literal(_STEPS * 10, Numeric())
