"""A small district that is redrawn, and what should be in it: places known by themselves, whatever their codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from tests.query import world

from bangfu.access import EVERYTHING, Policy
from bangfu.declare.records import Dated
from bangfu.divisions.carrying import Reorganised, reorganise
from bangfu.divisions.plan import Plan, Step
from bangfu.divisions.undoing import undo
from bangfu.domain.places import PlaceKind
from bangfu.store import Database
from bangfu.store.audit import Chain, verify
from bangfu.write.changing import change
from bangfu.write.outcome import Action, Author, Outcome
from bangfu_testing import Postgres

DISTRICT = world.DISTRICT * 10**9
TODAY = world.TODAY
SINCE = TODAY - timedelta(days=200)
"""The first day of which a test says anything."""

ONE, TWO = DISTRICT + 101_000_000, DISTRICT + 102_000_000
"""Townships."""


def village(township: int, number: int) -> int:
    """The code of a village."""
    return township + number * 1000


def tables() -> world.Tables:
    """The small district with all its places in force, under names of their own."""
    made = world.make_tables()
    for number, place in enumerate(made["place"]):
        place |= {"name": f"地方{number}", "valid_to": None}
        place["kind"] = {2: PlaceKind.TOWN, 3: PlaceKind.VILLAGE}.get(place["level"], place["kind"])
    for number, work in enumerate(made["work"]):
        work["length"] = number + 1
    return made


class County:
    """The district in a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.platform = world.platform()

    @classmethod
    @contextmanager
    def loaded(cls, postgres: Postgres) -> Iterator["County"]:
        """The district in a database of its own."""
        with postgres.fresh() as database:
            world.load(database.engine, tables())
            yield cls(database)

    def begin_again(self) -> None:
        """All as it was when it was loaded."""
        emptied = "place, place_succession, household, person, alpha_plot, beta_work, beta_lesson, target"
        with self.database.engine.begin() as connection:
            connection.execute(text("GRANT TRUNCATE ON change, change_set TO CURRENT_USER"))
            log = "change, change_set, change_head, reorganisation, place_move"
            connection.execute(text(f"TRUNCATE {emptied}, {log} CASCADE"))
        world.fill(self.database.engine, tables())

    def reorganise(
        self, on: date, *steps: Step, dry: bool = False, policy: Policy = EVERYTHING, note: str | None = None
    ) -> Reorganised:
        """Carries out a plan."""
        plan = Plan(district=DISTRICT, on=on, steps=steps, note=note)
        with self.database.engine.connect() as connection:
            author = Author(name="民政局", reason="a test")
            return reorganise(connection, self.platform, plan, author=author, policy=policy, today=TODAY, dry=dry)

    def undo(self, number: int, *, dry: bool = False) -> Reorganised:
        """Takes one back."""
        with self.database.engine.connect() as connection:
            return undo(
                connection, self.platform, DISTRICT, number, author=Author(name="民政局"), policy=EVERYTHING, dry=dry
            )

    def enter(self, record: type[Dated], *rows: dict[str, Any], action: Action = Action.CREATE) -> Outcome:
        """Enters rows, or changes them."""
        author = Author(name="交通局")
        with self.database.engine.connect() as connection:
            return change(connection, record, action, rows, author=author, policy=EVERYTHING, today=TODAY)

    def rows(self, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        """What a statement gives."""
        with self.database.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), given)]

    def keyed(self, table: str) -> dict[int, Any]:
        """The rows of a table, whole, by what the log knows them by."""
        key = "code" if table == "place" else "id"
        return dict(self.rows(f"SELECT {key}, to_jsonb(t) FROM {table} t"))

    def lying(self, table: str) -> dict[int, int]:
        """Where the rows of a table lie."""
        return dict(self.rows(f"SELECT id, place_code FROM {table}"))

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is in the district, but for versions, and for the log."""
        found = {
            name: self.rows(f"SELECT to_jsonb(t) - 'version' FROM {name} t ORDER BY 1")
            for name in ("place", "place_succession", "household", "person", "alpha_plot", "beta_work", "place_move")
        }
        return {name: [(str(row[0]),) for row in rows] for name, rows in found.items()}

    def chains(self) -> list[Chain]:
        """What the log's verification finds."""
        with self.database.engine.connect() as connection:
            return list(verify(connection))


def said(done: Reorganised) -> list[tuple[int, str | None, str]]:
    """Why it was refused, in short."""
    return [(each.row, each.column, each.code.value) for each in done.rejections]
