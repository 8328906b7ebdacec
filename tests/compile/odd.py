"""A piece of the demo district in which everything odd happens: nulls, empty lists, quotes, emoji, big numbers."""

from collections.abc import Iterator

from sqlalchemy import Connection, String, Table, text
from sqlalchemy.exc import IntegrityError

from bangfu.declare.fields import field_of, index_of, is_index
from bangfu.declare.grain import Grain
from bangfu.registry import Platform
from bangfu.store.sealed import seal_of

TOWNSHIPS = (620502101, 620502108)
_TEXTS = ("", '「引號」 "quotes" \\ back', "😀👩‍🌾 嘉興村", "tab\tline\nend", "100%_", "ÅÄÖ é", "null")


def make_odd(connection: Connection, platform: Platform) -> None:
    """Keeps two townships with a household in twenty, and makes their rows odd."""
    _shrink(connection, platform)
    for table in _tables(platform):
        for column in table.columns:
            if column.primary_key or column.computed is not None or column.foreign_keys or is_index(column):
                continue
            key = "id" if "id" in table.c else "code"
            _set(connection, table, column.name, "NULL", f"{key} % 3 = 0") if column.nullable else None
            declared = field_of(column)
            if declared is not None and declared.sealed:
                _seal(connection, table, column.name)
            elif isinstance(column.type, String) and declared is not None and declared.choice is None:
                for index, odd in enumerate(_TEXTS):
                    length = column.type.length or 200
                    _set(connection, table, column.name, ":odd", f"{key} % 17 = {index}", odd=odd[:length])
            elif declared is not None and declared.numeric and declared.unit is not None:
                big = "9999999999999.99" if declared.unit and "NUMERIC" in str(column.type) else "2147483647"
                _set(connection, table, column.name, big, f"{key} % 13 = 2")


def _shrink(connection: Connection, platform: Platform) -> None:
    kept = " OR ".join(f"place_code / 1000000 = {each}" for each in TOWNSHIPS)
    homes = f"(SELECT id FROM household WHERE ({kept}) AND id % 20 = 0)"
    people = f"(SELECT id FROM person WHERE household_id IN {homes})"
    for node in platform.graph.nodes.values():
        if node.plugin is None:
            continue
        where = {
            Grain.HOUSEHOLD: f"household_id NOT IN {homes}",
            Grain.PERSON: f"person_id NOT IN {people}",
        }.get(node.grain, f"NOT ({kept}) AND place_code % 1000000000 <> 0")
        connection.execute(text(f"DELETE FROM {node.table.name} WHERE {where}"))
    connection.execute(text(f"DELETE FROM person WHERE id NOT IN {people}"))
    connection.execute(text(f"DELETE FROM household WHERE id NOT IN {homes}"))
    connection.execute(text("ANALYZE"))


def _tables(platform: Platform) -> Iterator[Table]:
    seen: set[str] = set()
    for node in platform.graph.nodes.values():
        if node.table.name not in seen:
            seen.add(node.table.name)
            yield node.table


def _seal(connection: Connection, table: Table, column: str) -> None:
    """Seals odd texts; whose value was taken away has no index either."""
    seal, name, index = seal_of(connection), f"{table.name}.{column}", index_of(column)
    connection.execute(text(f"UPDATE {table.name} SET {index} = NULL WHERE {column} IS NULL"))
    for number, odd in enumerate(_TEXTS):
        for key in connection.scalars(text(f"SELECT id FROM {table.name} WHERE id % 1009 = {number}")).all():
            _set(connection, table, column, ":odd", f"id = {key}", odd=seal.seal(name, key, odd))
            _set(connection, table, index, ":odd", f"id = {key}", odd=seal.index(name, odd))


def _set(connection: Connection, table: Table, column: str, value: str, where: str, **values: str | bytes) -> None:
    """Sets a column; what the table's constraints forbid stays as it is."""
    try:
        with connection.begin_nested():
            connection.execute(text(f'UPDATE {table.name} SET "{column}" = {value} WHERE {where}'), values)
    except IntegrityError:
        return
