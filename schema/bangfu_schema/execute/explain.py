"""Shows a document's statements to people: the SQL, and PostgreSQL's own plan for it."""

from dataclasses import dataclass

from psycopg import AsyncClientCursor

from bangfu.store import Database
from bangfu.store.wall import AS_OF_MOMENT
from bangfu_schema.execute.observed import Observed


@dataclass(frozen=True)
class Explained:
    """A statement as it can be run by hand, its values in it, and the plan line by line."""

    sql: str
    plan: list[str]


async def explain(database: Database, observed: Observed, *, analyze: bool = False) -> list[Explained]:
    """The plans of the statements that a request ran; with `analyze` they are run once more, and timed."""
    options = "ANALYZE, BUFFERS, SETTINGS" if analyze else "SETTINGS"
    shown = []
    for ran in observed.statements:
        async with database.pool.connection(wall=ran.wall) as connection:
            text = f"EXPLAIN ({options}) {ran.sql}"
            cursor = await connection.execute(text, ran.values)
            by_hand = AsyncClientCursor(connection).mogrify(ran.sql, ran.values)
            if ran.wall is not None and ran.wall.as_of:
                by_hand = f"SET {AS_OF_MOMENT} = '{ran.wall.as_of}'; {by_hand}"
            shown.append(Explained(by_hand, [line for (line,) in await cursor.fetchall()]))
    return shown
