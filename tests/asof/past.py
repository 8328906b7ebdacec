"""A world in which rows are changed, and what it was before each change: plain Python over what was done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from json import dumps

from sqlalchemy import text
from tests.access.asked import Asked
from tests.access.eyes import Eyes, permission_of
from tests.access.numbers import Numbers, Span, is_of_households
from tests.access.rows import Rows, in_force, inside
from tests.access.world import HERE, TODAY, Row, Tables
from tests.write.clerk import Clerk, said

from bangfu.access import Viewer
from bangfu.declare.measures import AnyMeasure
from bangfu.registry import Node
from bangfu.write.outcome import Action

LATER = date(2016, 6, 30)
"""The day the books stand on; TODAY is the one that is looked back to."""

MIDNIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, 16, tzinfo=UTC)
"""When TODAY ends in China."""


@dataclass(frozen=True)
class Change:
    """One row that an entry of the log changed."""

    node: Node
    id: int
    before: Row | None
    after: Row | None


class Past:
    """The district HERE of a world, changed through the engine."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.clerk = Clerk(asked.database)
        self.tables: Tables = {name: [dict(row) for row in rows] for name, rows in asked.rows.tables.items()}
        self.entries: list[list[Change]] = []
        self.undone = 0
        """How many entries were taken back."""
        self._nodes = {node.name: node for node in asked.rows.graph.nodes.values()}
        self._always_in_force("household", "person")
        self._first = {name: list(rows) for name, rows in self.tables.items()}

    def node(self, name: str) -> Node:
        """The node of a name."""
        return self._nodes[name]

    def rows(self, node: Node) -> list[Row]:
        """The rows of the district as they stand."""
        return [row for row in self.tables[node.table.name] if row["district_code"] == HERE]

    def begin_again(self) -> None:
        """Has every row as it was before anything was changed, and an empty log."""
        logged = self.clerk.log()
        with self.asked.database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # rows come back in any order
            for entry in reversed(logged):
                table = entry["record"]
                connection.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": entry["row_id"]})
                if entry["before"] is not None:
                    restored = f"SELECT * FROM jsonb_populate_record(NULL::{table}, CAST(:before AS jsonb))"
                    connection.execute(text(f"INSERT INTO {table} {restored}"), {"before": dumps(entry["before"])})
            connection.execute(text("TRUNCATE change, change_set, change_head"))
        self.tables = {name: list(rows) for name, rows in self._first.items()}
        self.entries = []
        self.undone = 0

    def change(self, name: str, action: Action, *rows: Row) -> bool:
        """Changes rows in one entry; whether the engine took them."""
        node = self.node(name)
        outcome = self.clerk.change(node.record, action, rows)
        if said(outcome) or not outcome.change_sets:
            return False
        changes = [Change(node, id_, self._find(node, id_), self._stored(node, id_)) for id_ in outcome.ids if id_]
        table = self.tables[node.table.name]
        for each in changes:
            table[:] = [row for row in table if row["id"] != each.id]
            table += [each.after] if each.after is not None else []
        self.entries.append([each for each in changes if each.before != each.after])
        return True

    def undo(self, number: int) -> bool:
        """Takes an entry back; whether the engine did."""
        undone = self.clerk.undo(number)
        if undone.refused:
            return False
        changes = []
        for each in self.entries[number - 1]:
            table = self.tables[each.node.table.name]
            before = self._find(each.node, each.id)
            after = self._stored(each.node, each.id, each.before)
            table[:] = [row for row in table if row["id"] != each.id]
            table += [after] if after is not None else []
            changes.append(Change(each.node, each.id, before, after))
        self.entries.append(changes)
        self.undone += 1
        return True

    def date(self, first: int) -> None:
        """Has the first so many entries made just before the day was over, and the others from that moment on."""
        with self.asked.database.engine.begin() as connection:
            for number in range(1, len(self.entries) + 1):
                at = MIDNIGHT + timedelta(microseconds=number - first - 1)
                connection.execute(
                    text("UPDATE change_set SET at = :at WHERE district_code = :district AND number = :number"),
                    {"at": at, "district": HERE, "number": number},
                )

    def told(self, first: int) -> Tables:
        """All rows as the first change after so many entries tells them."""
        tables = {name: {row.get("id", row.get("code")): row for row in rows} for name, rows in self.tables.items()}
        for entry in reversed(self.entries[first:]):
            for each in reversed(entry):
                shown = each.before if each.before is not None else each.after
                assert shown is not None, "a change has a row before or after"
                tables[each.node.table.name][each.id] = shown
        # Of two heads of a household it is the first whom the graph tells.
        return {name: [row for _, row in sorted(rows.items())] for name, rows in tables.items()}

    def eyes(self, viewer: Viewer | None, first: int) -> "PastEyes":
        """What a viewer sees of the rows as they were after so many entries."""
        tables = self.told(first)
        whole = Rows(self.asked.platform, tables)
        records = {node.table.name for node in self._nodes.values() if node.plugin is not None}
        listed = {
            name: [row for row in rows if name not in records or in_force(row, TODAY)] for name, rows in tables.items()
        }
        now = Rows(self.asked.platform, self.tables)
        return PastEyes(Rows(self.asked.platform, listed), whole, viewer, now)

    def _find(self, node: Node, id_: int) -> Row | None:
        return next((row for row in self.tables[node.table.name] if row["id"] == id_), None)

    def _stored(self, node: Node, id_: int, known: Row | None = None) -> Row | None:
        """A row as it stands in its table, with sealed values as they were given, last or in the row that is known."""
        found = self.clerk.row(node.record, id_)
        if found is None:
            return None
        given = known or self._find(node, id_) or {}
        for attribute in node.attributes.values():
            choice, name = attribute.field.choice, attribute.column
            if choice is not None and found[name] is not None:
                found[name] = choice[found[name]]
            if attribute.field.sealed:
                found[name] = given.get(name)
        return found

    def _always_in_force(self, *names: str) -> None:
        """Oracles find by whom a row is owned among all rows that are listed."""
        since = {"valid_from": date(2013, 1, 1), "valid_to": None}
        with self.asked.database.engine.begin() as connection:
            for name in names:
                connection.execute(text(f"UPDATE {name} SET valid_from = '2013-01-01', valid_to = NULL"))
                self.tables[name] = [row | since for row in self.tables[name]]


class PastEyes(Eyes):
    """The world as it was, to a viewer: no more than it sees now as well, and no numbers for wider circles."""

    def __init__(self, rows: Rows, whole: Rows, viewer: Viewer | None, now: Rows) -> None:
        super().__init__(rows, Numbers(whole), viewer)
        self._whole = whole
        self._now = now

    @property
    def looked_at(self) -> Rows:
        """All rows there were, in force on the day or not."""
        return self._whole

    def sees(self, node: Node, row: Row) -> bool:
        """Whether a row is there: lay in the viewer's places, and lies there now, with all that it was about."""
        if not super().sees(node, row):
            return False
        return permission_of(node) is None or all(
            self._lies_still(each, owner) for each, owner in self._owners(node, row)
        )

    def is_told(self, measure: AnyMeasure, node: Node, row: Row, span: Span) -> bool:
        """Whether a number is told: of households only where the viewer sees the rows."""
        if not is_of_households(measure):
            return True
        return self.is_full(measure) and (not node.is_place or self.covers(row["code"]))

    def _owners(self, node: Node, row: Row) -> Iterator[tuple[Node, Row]]:
        yield node, row
        for column, name in (("household_id", "Household"), ("person_id", "Person")):
            if column in row:
                owner = next(each for each in self.rows.graph.nodes.values() if each.name == name)
                yield from self._owners(owner, self.rows.one(node, name.lower(), row) or {})

    def _lies_still(self, node: Node, row: Row) -> bool:
        found = next((each for each in self._now.tables[node.table.name] if each["id"] == row["id"]), None)
        return self.covers(row["district_code"] * 10**9 if found is None else self._now.lies(node, found))


def codes_inside(tables: Tables, place: int, *levels: int) -> list[int]:
    """The codes of places in force, of levels, in a place."""
    return [
        row["code"]
        for row in tables["place"]
        if row["level"] in levels and in_force(row, TODAY) and inside(row["code"], place)
    ]
