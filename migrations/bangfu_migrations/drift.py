"""Tells where a database and the declared tables differ."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData

from bangfu_migrations import ledger


def drift(engine: Engine, metadata: MetaData) -> list[str]:
    """The differences in words, none when the database is as declared; tables of parked plugins are not looked at."""
    with engine.connect() as connection:
        ignored = _parked_prefixes(connection, metadata)

        def looked_at(_thing: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
            if kind != "table" or not reflected or name is None:
                return True
            return name != ledger.TABLE.name and not name.startswith(ignored)

        options = {"include_object": looked_at, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return sorted(line for found in compare_metadata(context, metadata) for line in _in_words(found))


def _parked_prefixes(connection: Connection, metadata: MetaData) -> tuple[str, ...]:
    """Prefixes of tables whose branch was migrated here but is not declared now."""
    prefixes = (f"{branch}_" for branch in ledger.read(connection))
    return tuple(prefix for prefix in prefixes if not any(name.startswith(prefix) for name in metadata.tables))


def _in_words(found: Any) -> list[str]:  # Alembic gives tuples of many shapes, and lists of them
    if isinstance(found, list):
        return [line for one in found for line in _in_words(one)]
    kind, *rest = found
    match kind:
        case "add_table":
            return [f"table {rest[0].name} is declared, but not in the database"]
        case "remove_table":
            return [f"table {rest[0].name} is in the database, but not declared"]
        case "add_column":
            return [f"column {rest[1]}.{rest[2].name} is declared, but not in the database"]
        case "remove_column":
            return [f"column {rest[1]}.{rest[2].name} is in the database, but not declared"]
        case "modify_nullable" | "modify_type" | "modify_default" | "modify_comment":
            what, table, column = kind.removeprefix("modify_"), rest[1], rest[2]
            return [f"column {table}.{column}: its {what} is {rest[4]!r} in the database and {rest[5]!r} as declared"]
        case _ if kind.startswith(("add_", "remove_")):
            thing = rest[0]
            table = getattr(getattr(thing, "table", None), "name", "?")
            where = "declared, but not in the database" if kind.startswith("add_") else "in the database, not declared"
            return [f"{kind.split('_', 1)[1]} {getattr(thing, 'name', None) or thing} of table {table} is {where}"]
        case _:
            return [f"{kind}: {', '.join(map(str, rest))}"]
