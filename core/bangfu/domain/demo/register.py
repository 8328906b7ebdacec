"""What the register says about a made-up household: its house, its land, its income of two years."""

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from bangfu.domain.demo.people import REGISTERED_ON
from bangfu.domain.households import HouseholdCategory, HouseholdStatus, HouseStructure, PovertyCause
from bangfu.domain.register import LandKind

LINE_2014 = 2800
"""The poverty line of 2014, in yuan a head and year; nobody on the register was above it."""

YEARS = (2014, 2015)

_CAUSES = {
    PovertyCause.LACK_OF_CAPITAL: 27,
    PovertyCause.LACK_OF_SKILLS: 24,
    PovertyCause.ILLNESS: 14,
    PovertyCause.SCHOOLING: 9,
    PovertyCause.LACK_OF_LABOUR: 7,
    PovertyCause.DISABILITY: 5,
    PovertyCause.POOR_ACCESS: 5,
    PovertyCause.DISASTER: 2,
    PovertyCause.LACK_OF_LAND: 2,
    PovertyCause.LACK_OF_WATER: 2,
    PovertyCause.LACK_OF_MOTIVATION: 1,
    PovertyCause.OTHER: 1,
}
_CAUSE_LOTS = [cause for cause, weight in _CAUSES.items() for _ in range(weight)]
_STRUCTURES = {
    HouseStructure.EARTH_TIMBER: 46,
    HouseStructure.BRICK_TIMBER: 36,
    HouseStructure.BRICK_CONCRETE: 15,
    HouseStructure.OTHER: 1,
}
_STRUCTURE_LOTS = [structure for structure, weight in _STRUCTURES.items() for _ in range(weight)]
_LANDS = (
    (LandKind.ARABLE, 0.98, 60, 260),
    (LandKind.IRRIGATED, 0.12, 10, 60),
    (LandKind.FOREST, 0.3, 20, 300),
    (LandKind.RETURNED_FOREST, 0.28, 20, 150),
    (LandKind.ORCHARD, 0.2, 10, 120),
    (LandKind.PASTURE, 0.04, 20, 200),
)
"""Kind, share of households that hold it, and from how many to how many hundredths of a mu a head."""


def draw_household(
    random: Random, *, household_id: int, place_code: int, size: int, workers: int, remoteness: float
) -> dict[str, Any]:
    """The household's row."""
    draw = random.random
    allowance = draw() < (0.55 if workers == 0 else 0.3)
    structure = _STRUCTURE_LOTS[int(draw() * len(_STRUCTURE_LOTS))]
    cause = (
        PovertyCause.LACK_OF_LABOUR if workers == 0 and draw() < 0.6 else _CAUSE_LOTS[int(draw() * len(_CAUSE_LOTS))]
    )
    return {
        "id": household_id,
        "place_code": place_code,
        "category": HouseholdCategory.ALLOWANCE_POOR if allowance else HouseholdCategory.GENERAL_POOR,
        "status": HouseholdStatus.PRE_EXIT if not allowance and draw() < 0.1 else HouseholdStatus.IN_POVERTY,
        "main_cause": cause if draw() > 0.012 else None,
        "house_area": _hundredths(int((28 + size * (8 + 12 * draw())) * 100)) if draw() > 0.02 else None,
        "house_structure": structure if draw() > 0.02 else None,
        "is_dilapidated": _flag(0.26 if structure is HouseStructure.EARTH_TIMBER else 0.03, draw()),
        "has_safe_water": _flag(0.95 - 0.2 * remoteness, draw()),
        "has_electricity": _flag(0.996, draw()),
        "has_broadcast": _flag(0.97 - 0.1 * remoteness, draw()),
        "road_distance": _hundredths(int(5 + 600 * remoteness * draw() ** 2)) if draw() > 0.03 else None,
        "valid_from": REGISTERED_ON,
    }


def draw_incomes(random: Random, household_id: int, *, size: int, allowance: bool) -> list[dict[str, Any]]:
    """The statements of two years; parts are whole yuan, so that only the figure per head is rounded."""
    draw = random.random
    lot = draw()
    per_head = 2250 - 1350 * lot if allowance else LINE_2014 - 5 - 1600 * lot * lot
    first = _statement(random, household_id, YEARS[0], int(per_head * size), size)
    second = _statement(random, household_id, YEARS[1], int(per_head * (1.02 + 0.24 * draw()) * size), size)
    return [first, second]


def draw_lands(random: Random, household_id: int, size: int) -> list[dict[str, Any]]:
    """The land a household holds, one row for each kind."""
    draw = random.random
    return [
        {
            "household_id": household_id,
            "kind": kind,
            "area": _hundredths(size * (least + int((most - least) * draw()))),
            "valid_from": REGISTERED_ON,
        }
        for kind, share, least, most in _LANDS
        if draw() < share
    ]


def per_head(net: int, people: int) -> Decimal:
    """Whole yuan divided by people, rounded half up to a hundredth as the books do."""
    return _hundredths((200 * net + people) // (2 * people))


def _statement(random: Random, household_id: int, year: int, net: int, size: int) -> dict[str, Any]:
    draw = random.random
    wage = int(net * 0.62 * draw())
    transfer = int(net * (0.05 + 0.2 * draw()))
    rent = int(net * 0.03 * draw()) if draw() < 0.2 else 0
    farmed = net - wage - transfer - rent
    expenses = int(farmed * (0.2 + 0.4 * draw()))
    last = date(year, 12, 31)
    return {
        "household_id": household_id,
        "year": year,
        "wage": wage,
        "production": farmed + expenses,
        "property": rent,
        "transfer": transfer,
        "expenses": expenses,
        "net_per_head": per_head(net, size),
        "recorded_on": last,
        "valid_from": last,
    }


def _flag(share: float, lot: float) -> bool | None:
    """Yes for that share, not recorded for one in a hundred."""
    return None if lot > 0.99 else lot < share * 0.99


def _hundredths(number: int) -> Decimal:
    return Decimal(number).scaleb(-2)
