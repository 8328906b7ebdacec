"""Measures told as fields are what a plain evaluation gives, at every level, for every period, in every place."""

from decimal import Decimal
from typing import Any

import pytest
from tests.query.kinds import KINDS, NUMBERS, PERIODS, Kind
from tests.query.oracle import World
from tests.query.small import Small

CORE = ("District", "Township", "Village", "NaturalVillage", "Household", "Person")


@pytest.mark.parametrize("name", CORE)
def test_every_measure_of_every_row_is_what_a_plain_evaluation_gives(small: Small, name: str) -> None:
    """Of places that are no more, and of people who have left, too."""
    kind, world = KINDS[name], small.world
    rows = world.all(kind)
    wrong, told = [], set()
    for row, node in zip(rows, _asked(small, kind, rows, "value reported"), strict=True):
        for space, measure in _measures(kind):
            for number, period in enumerate(PERIODS):
                found = node[space][f"{measure}{number}"]
                expected = world.measure(kind, row, space, measure, period)
                told.add((expected is None, measure))
                # A number without anybody behind it would be told as nobody's.
                if _exact(found["value"]) != expected or (expected is not None and found["reported"] == 0):
                    wrong.append((world.id(kind, row), measure, period, found, expected))
    assert wrong == []
    assert {measure for missing, measure in told if not missing} == {measure for _, measure in _measures(kind)}


@pytest.mark.parametrize("name", CORE[:3])
def test_the_parts_of_a_receipt_make_the_number(small: Small, name: str) -> None:
    """Where a place inside is no more, and where something lies in none of them, too."""
    kind, world = KINDS[name], small.world
    rows = world.all(kind)
    wrong, gone, own = [], 0, 0
    for row, node in zip(rows, _asked(small, kind, rows, "value receipt { parts { code value } }"), strict=True):
        for space, measure in _measures(kind):
            if NUMBERS[space, measure].by is not None or NUMBERS[space, measure].level <= kind.level:
                continue
            for number, _ in enumerate(PERIODS):
                found = node[space][f"{measure}{number}"]
                parts = found["receipt"]["parts"]
                known = (_exact(part["value"]) for part in parts)
                if sum((value for value in known if value is not None), Decimal(0)) != (_exact(found["value"]) or 0):
                    wrong.append((world.id(kind, row), measure, found))
                own += any(part["code"] == node["code"] for part in parts)
                gone += any(_is_gone(world, part["code"]) for part in parts)
    assert wrong == []
    assert (gone > 0, own > 0) == (name != "District", name == "Village"), "the world has no such gap to look at"


def _asked(small: Small, kind: Kind, rows: list[dict[str, Any]], of: str) -> list[dict[str, Any]]:
    spaces: dict[str, list[str]] = {}
    for space, measure in _measures(kind):
        spaces.setdefault(space, []).extend(
            f'{measure}{number}: {measure}(period: "{period}") {{ {of} }}' for number, period in enumerate(PERIODS)
        )
    inside = " ".join(f"{space} {{ {' '.join(fields)} }}" for space, fields in spaces.items())
    code = "code" if kind.table == "place" else "id"
    nodes = " ".join(f'n{index}: node(id: "{small.world.id(kind, row)}") {{ ...F }}' for index, row in enumerate(rows))
    found = small.ask(f"{{ {nodes} }} fragment F on {kind.name} {{ {code} {inside} }}")
    return [found[f"n{index}"] for index in range(len(rows))]


def _measures(kind: Kind) -> list[tuple[str, str]]:
    return [key for key, number in NUMBERS.items() if kind.level <= number.level]


def _is_gone(world: World, official: str) -> bool:
    return int(official.ljust(15, "0")) not in {
        row["code"] for level in ("Township", "Village", "NaturalVillage") for row in world.listed(KINDS[level])
    }


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
