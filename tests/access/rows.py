"""The rows of a world, and how they hang together: plain Python, written from the words and not from the queries."""

from collections import defaultdict
from datetime import date
from functools import cached_property
from typing import Any

from tests.access.world import TODAY, Row, Tables

from bangfu import Grain
from bangfu.registry import Node, Platform

SPANS = {1: 10**9, 2: 10**6, 3: 10**3, 4: 1}
_LEVELS = {"district": 1, "township": 2, "village": 3, "naturalVillage": 4}
_LISTS = {"townships": 2, "villages": 3, "naturalVillages": 4}


class Rows:
    """All rows by type and by key, whoever may see them."""

    def __init__(self, platform: Platform, tables: Tables) -> None:
        self.graph = platform.graph
        self.tables = tables
        self.places = {row["code"]: row for row in tables["place"]}
        self.households = {row["id"]: row for row in tables["household"]}
        self.people = {row["id"]: row for row in tables["person"]}
        self.standings: dict[tuple[str, int], bool | None] = {}
        """What was found of requirements, by their names and the keys of things."""

    def all(self, node: Node) -> list[Row]:
        """The rows of a type, in the order of their keys, places that are no more included."""
        return self._by_node[node.name]

    def find(self, node: Node, key: int) -> Row | None:
        """The row of a code or an id."""
        return next((row for row in self.all(node) if row[node.key] == key), None)

    def one(self, node: Node, link: str, row: Row) -> Row | None:
        """What a row has one of."""
        if link == "household":
            return self.households[row["household_id"]]
        if link == "person":
            return self.people[row["person_id"]]
        if link == "head":
            heads = (each for each in self.many(node, "members", row) if each["relation"].name == "HEAD")
            return next(heads, None)
        span = SPANS[_LEVELS[link]]
        place = self.places.get((row["code"] if node.is_place else row["place_code"]) // span * span)
        return place if place is not None and place["level"] == _LEVELS[link] else None

    def many(self, node: Node, link: str, row: Row, target: Node | None = None, on: date = TODAY) -> list[Row]:
        """What a row has several of: places in force on a day, members who have not left; `target` is a record."""
        if target is not None:
            return self._records[target.name][row[node.key]]
        if link == "members":
            return [each for each in self._members[row["id"]] if each["left_on"] is None]
        if link in ("predecessors", "successors"):
            column = "successor_code" if link == "predecessors" else "predecessor_code"
            return [each for each in self.tables["place_succession"] if each[column] == row["code"]]
        if link == "households":
            return [each for each in self.tables["household"] if inside(each["place_code"], row["code"])]
        return [
            each
            for each in self.tables["place"]
            if each["level"] == _LISTS[link] and in_force(each, on) and inside(each["code"], row["code"])
        ]

    def home(self, node: Node, row: Row) -> Row | None:
        """The household that a row is, or is about."""
        if node.name == "Household":
            return row
        if "household_id" in row:
            return self.households[row["household_id"]]
        return self.households[self.people[row["person_id"]]["household_id"]] if "person_id" in row else None

    def lies(self, node: Node, row: Row) -> int:
        """The code of the place that a row lies in."""
        home = self.home(node, row)
        code: int = row["code"] if node.is_place else (home or row)["place_code"]
        return code

    @cached_property
    def _by_node(self) -> dict[str, list[Row]]:
        return {
            node.name: sorted(
                (row for row in self.tables[node.table.name] if node.level in (None, row.get("level"))),
                key=lambda row, key=node.key: row[key],  # type: ignore[misc]  # mypy sees no type for the default
            )
            for node in self.graph.nodes.values()
        }

    @cached_property
    def _members(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.tables["person"]:
            found[row["household_id"]].append(row)
        return found

    @cached_property
    def _records(self) -> dict[str, dict[int, list[Row]]]:
        found: dict[str, dict[int, list[Row]]] = {}
        for node in self.graph.nodes.values():
            column = {Grain.HOUSEHOLD: "household_id", Grain.PERSON: "person_id"}.get(node.grain, "place_code")
            if node.plugin is not None:
                found[node.name] = defaultdict(list)
                for row in self.tables[node.table.name]:
                    found[node.name][row[column]].append(row)
        return found


def in_force(row: Row, on: date) -> bool:
    """Whether a row holds on a day."""
    return bool(row["valid_from"] <= on and (row["valid_to"] is None or row["valid_to"] > on))


def inside(code: int, place: int) -> bool:
    """Whether one place lies in another, or is it."""
    digits = str(place)
    while digits.endswith("000"):
        digits = digits[:-3]
    return str(code).startswith(digits)


def official(code: int) -> str:
    """A code as people write it."""
    digits = str(code)
    while digits.endswith("000"):
        digits = digits[:-3]
    return digits


def typed_id(node: Node, row: Row) -> str:
    """The id of a row as the graph tells it."""
    key: Any = official(row["code"]) if node.is_place else row["id"]
    return f"{node.name[0].lower()}{node.name[1:]}:{key}"
