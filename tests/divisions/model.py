"""What divisions should be, in plain Python: places keep who they are, whatever their codes and names."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.query import world
from tests.query.world import Row


@dataclass(eq=False)
class Spot:
    """A place: what it is called, in which one it lies."""

    number: int
    level: int
    name: str
    above: "Spot | None"
    begun: date
    ended: date | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """Its name, and those of the places around it."""
        return (self.name, *(self.above.path if self.above else ()))

    def lies_in(self, other: "Spot") -> bool:
        """Whether it is the other one, or inside."""
        return self is other or (self.above is not None and self.above.lies_in(other))


@dataclass
class Draft:
    """The places of a district, and where rows lie: households and works by their ids."""

    spots: dict[int, Spot] = field(default_factory=dict)
    homes: dict[int, int] = field(default_factory=dict)
    works: dict[int, int] = field(default_factory=dict)
    lineage: list[tuple[str, str, str, date]] = field(default_factory=list)
    moved: list[tuple[date, dict[str, dict[int, int]]]] = field(default_factory=list)
    """Of each change of divisions the day, and where rows lay that it moved to another place."""

    @classmethod
    def of(cls, tables: world.Tables) -> "Draft":
        """The district as it is loaded."""
        draft = cls()
        by_code: dict[int, Spot] = {}
        for number, row in enumerate(tables["place"]):
            code, level = row["code"], row["level"]
            span = {1: 0, 2: 10**9, 3: 10**6, 4: 10**3}[level]
            above = by_code[code - code % span] if span else None
            by_code[code] = draft.spots[number] = Spot(number, level, row["name"], above, row["valid_from"])
        draft.homes = {row["id"]: by_code[row["place_code"]].number for row in tables["household"]}
        draft.works = {row["id"]: by_code[row["place_code"]].number for row in tables["work"]}
        return draft

    def copy(self) -> "Draft":
        """The same, to go back to."""
        return deepcopy(self)

    def in_force(self, level: int, before: date | None = None) -> list[Spot]:
        """The places of a level; with a day, those that may be changed on it."""
        found = [each for each in self.spots.values() if each.level == level and each.ended is None]
        return [each for each in found if before is None or each.begun < before]

    def inside(self, spot: Spot, *, with_itself: bool = True) -> list[Spot]:
        """What lies in a place and is in force."""
        return [
            each
            for each in self.spots.values()
            if each.ended is None and each.lies_in(spot) and (with_itself or each is not spot)
        ]

    def rename(self, spot: Spot, name: str, on: date) -> None:
        """A place is called something else."""
        self.lineage.append((spot.name, name, "RENAMED", on))
        spot.name = name
        self.moved.append((on, {}))

    def recode(self, spot: Spot, on: date, above: Spot | None = None) -> None:
        """A place goes on under another code, perhaps in another place."""
        kind = "RECODED" if above is None else "MOVED"
        for each in self.inside(spot):
            self.lineage.append((each.name, each.name, kind if each is spot else "RECODED", on))
        spot.above = above or spot.above
        self.moved.append((on, {}))

    def merge(self, one: Spot, into: Spot, on: date) -> None:
        """A place becomes part of another one."""
        for each in self.inside(one, with_itself=False):
            self.lineage.append((each.name, each.name, "RECODED", on))
            if each.above is one:
                each.above = into
        self.lineage.append((one.name, into.name, "MERGED", on))
        one.ended = on
        self._carry(on, {one.number: into.number})

    def split(self, spot: Spot, name: str, homes: list[int], on: date) -> None:
        """Some households come to lie in a place of their own."""
        number = max(self.spots) + 1
        self.spots[number] = Spot(number, spot.level, name, spot.above, on)
        self.lineage.append((spot.name, name, "SPLIT", on))
        self.moved.append((on, {"homes": {home: self.homes[home] for home in homes}}))
        self.homes |= dict.fromkeys(homes, number)

    def _carry(self, on: date, goes: dict[int, int]) -> None:
        was = {
            name: {row: lay for row, lay in rows.items() if lay in goes}
            for name, rows in (("homes", self.homes), ("works", self.works))
        }
        self.moved.append((on, was))
        self.homes |= {row: goes[lay] for row, lay in was["homes"].items()}
        self.works |= {row: goes[lay] for row, lay in was["works"].items()}

    def lay(self, name: str, row: int, on: date) -> int:
        """The number of the place in which a row lay by the boundaries of a day."""
        rows = self.homes if name == "homes" else self.works
        return next((was[name][row] for day, was in self.moved if day > on and row in was.get(name, {})), rows[row])


def roads(works: dict[int, Row], period: tuple[date, date]) -> Iterator[tuple[int, Decimal]]:
    """The works that count for the length of roads begun in a period, each with what it adds."""
    first, last = period
    for id_, row in works.items():
        if (
            row["kind"] is world.WorkKind.ROAD
            and row["began_on"]
            and first <= row["began_on"] <= min(last, world.TODAY)
        ):
            yield id_, Decimal(row["length"] or 0)
