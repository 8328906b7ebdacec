"""What a database has of each branch: one row a branch, kept also while a plugin is switched off or not installed.

Alembic's own `alembic_version` leaves out a core revision that a plugin's revision depends on, so that the core's state
would go with the plugin; and it refuses rows it does not know. A row a branch has neither trouble.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Connection, DateTime, MetaData, String, Table, func, inspect, select
from sqlalchemy.dialects.postgresql import insert

TABLE = Table(
    "bangfu_migration",
    MetaData(),
    Column("branch", String, primary_key=True),
    Column("revision", String, nullable=False),
    Column("needs", String, comment="the newest revision of the core that this branch builds on"),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="How far each branch of migrations has come",
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How far one branch has come, and what it needs of the core."""

    revision: str
    needs: str | None


def prepare(connection: Connection) -> None:
    """Make the ledger if it is not there."""
    TABLE.create(connection, checkfirst=True)


def read(connection: Connection) -> Mapping[str, Entry]:
    """All entries by branch; none in a database that was never migrated."""
    if not inspect(connection).has_table(TABLE.name):
        return {}
    rows = connection.execute(select(TABLE.c.branch, TABLE.c.revision, TABLE.c.needs).order_by(TABLE.c.branch))
    return {row.branch: Entry(revision=row.revision, needs=row.needs) for row in rows}


def write(connection: Connection, branch: str, entry: Entry | None) -> None:
    """Note how far a branch has come; no entry means that nothing is left of it."""
    if entry is None:
        connection.execute(TABLE.delete().where(TABLE.c.branch == branch))
        return
    values = {"revision": entry.revision, "needs": entry.needs, "changed_at": func.now()}
    statement = insert(TABLE).values(branch=branch, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[TABLE.c.branch], set_=values))
