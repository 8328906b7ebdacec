"""Builds the demo district: 19,129 households and 87,900 people in 1,000 natural villages of 420 villages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.demo import DemoDistrict, DemoHousehold, DemoVillage, Rows, pick, spread
from bangfu.domain.demo.divisions import QINZHOU, SINCE, Divisions, Village, read_divisions
from bangfu.domain.demo.help import draw_documents, draw_measures
from bangfu.domain.demo.names import natural_village_names
from bangfu.domain.demo.people import REGISTERED_ON, Registry, draw_members, draw_sizes
from bangfu.domain.demo.register import draw_household, draw_incomes, draw_lands
from bangfu.domain.help import HelpMeasure, VillageDocument
from bangfu.domain.households import Household, HouseholdCategory, Person
from bangfu.domain.income import Income
from bangfu.domain.pinyin import pinyin
from bangfu.domain.places import Place, PlaceKind, Succession
from bangfu.domain.register import LandHolding, PoorVillage

AS_OF = date(2015, 12, 31)
"""The report's date. It tells the year 2015 and no day, so the end of that year is taken."""

SEED = 20150831
SOURCE = "demo: synthetic"

HOUSEHOLDS = 19_129
PEOPLE = 87_900
NATURAL_VILLAGES = 1_000
POOR_VILLAGES = 84

_FAR = {101: 0.25, 102: 0.4, 103: 0.3, 104: 0.8, 105: 0.6, 106: 0.65, 107: 0.6, 108: 0.65}
_FAR |= {100: 0.05, 109: 0.85, 110: 0.35, 111: 0.9, 112: 0.45, 113: 0.85, 114: 0.8, 115: 0.7}
"""How far a town lies from the city, from 0 to 1; a made-up scale. Subdistricts are in the city."""


@dataclass(kw_only=True)
class _Site:
    """A village while it is being filled."""

    village: Village
    remoteness: float
    is_poor: bool = False
    households: int = 0
    natural_villages: tuple[int, ...] = ()


def build_district(code: int = QINZHOU, seed: int = SEED) -> tuple[DemoDistrict, list[Rows]]:
    """The district as plugins see it, and the core's rows in the order in which they can be loaded."""
    divisions = read_divisions(code)
    district = DemoDistrict(
        code=code, as_of=AS_OF, townships=divisions.townships, villages=(), seed=seed, source=SOURCE
    )
    sites = _sites(district, divisions)
    hamlets = _natural_villages(district, sites)
    villages, rows = _settle(district, sites)
    poor = [{"place_code": site.village.code, "valid_from": REGISTERED_ON} for site in sites if site.is_poor]
    loaded = [
        Rows(of=Place, rows=[*divisions.places, *hamlets]),
        Rows(of=Succession, rows=divisions.successions),
        *rows[:2],
        Rows(of=PoorVillage, rows=poor),
        *rows[2:],
    ]
    whole = replace(district, villages=villages)
    return whole, [*loaded, *_helped(whole)]


def _helped(district: DemoDistrict) -> list[Rows]:
    """What is done for the households, and what the villages have drawn up."""
    measures, documents = district.random("help measures"), district.random("village documents")
    return [
        Rows(of=HelpMeasure, rows=[row for each in district.households for row in draw_measures(measures, each)]),
        Rows(of=VillageDocument, rows=[row for each in district.villages for row in draw_documents(documents, each)]),
    ]


def _sites(district: DemoDistrict, divisions: Divisions) -> list[_Site]:
    """All villages and communities in force, with how remote and whether poor they are."""
    random = district.random("villages")
    sites = []
    for village in divisions.villages:
        town = _FAR.get(village.code // 10**6 % 1000, 0.0)
        # Villages that later became residents' committees lie along the roads of their town.
        offset = -0.15 if village.ends else 0.05
        far = 0.0 if village.is_community else min(1.0, max(0.02, town + offset + random.gauss(0, 0.12)))
        sites.append(_Site(village=village, remoteness=round(far, 3)))
    weights = [0.0 if site.village.is_community else site.remoteness**2 for site in sites]
    for index in pick(random, weights, POOR_VILLAGES):
        sites[index].is_poor = True
    return sites


def _natural_villages(district: DemoDistrict, sites: Sequence[_Site]) -> list[dict[str, Any]]:
    """Gives every village its share of households and its natural villages; returns the rows of these."""
    random = district.random("natural villages")
    rural = [site for site in sites if not site.village.is_community]
    weights = [
        random.lognormvariate(0, 0.6) * (0.25 + site.remoteness) * (1.8 if site.is_poor else 1.0) for site in rural
    ]
    rows = []
    households = spread(HOUSEHOLDS, weights, least=6, most=260)
    hamlets = spread(NATURAL_VILLAGES, [number**0.7 for number in households], least=1, most=5)
    for site, number, count in zip(rural, households, hamlets, strict=True):
        site.households = number
        site.natural_villages = tuple(site.village.code + 1 + index for index in range(count))
        names = natural_village_names(random, count)
        for code, name, spelled in zip(site.natural_villages, names, pinyin(names), strict=True):
            rows.append(
                {
                    "code": code,
                    "name": name,
                    "pinyin": spelled,
                    "kind": PlaceKind.NATURAL_VILLAGE,
                    "recorded_on": AS_OF,
                    "valid_from": SINCE,
                    "valid_to": site.village.ends,
                }
            )
    return rows


def _settle(district: DemoDistrict, sites: Sequence[_Site]) -> tuple[tuple[DemoVillage, ...], list[Rows]]:
    """Fills the natural villages with households, people, incomes and land."""
    random = district.random("households")
    registry = Registry(random, AS_OF, district.code * DISTRICT_SPAN + 1)
    sizes = iter(draw_sizes(random, HOUSEHOLDS, PEOPLE))
    households: list[dict[str, Any]] = []
    incomes: list[dict[str, Any]] = []
    lands: list[dict[str, Any]] = []
    villages = []
    household_id = district.code * DISTRICT_SPAN
    for site in sites:
        homes = []
        for place_code in _addresses(site, [random.random() + 0.3 for _ in site.natural_villages]):
            household_id += 1
            size = next(sizes)
            members = registry.enter(household_id, draw_members(random, size))
            row = draw_household(
                random,
                household_id=household_id,
                place_code=place_code,
                size=size,
                workers=sum(member.can_work for member in members),
                remoteness=site.remoteness,
            )
            allowance = row["category"] is HouseholdCategory.ALLOWANCE_POOR
            statements = draw_incomes(random, household_id, size=size, allowance=allowance)
            households.append(row)
            incomes += statements
            lands += draw_lands(random, household_id, size)
            income = int(statements[0]["net_per_head"])
            homes.append(
                DemoHousehold(
                    id=household_id,
                    place_code=place_code,
                    income=income,
                    is_allowance_poor=allowance,
                    members=members,
                )
            )
        villages.append(_village(site, tuple(homes)))
    rows = [
        Rows(of=Household, rows=households),
        Rows(of=Person, rows=registry.rows),
        Rows(of=Income, rows=incomes),
        Rows(of=LandHolding, rows=lands),
    ]
    return tuple(villages), rows


def _addresses(site: _Site, weights: Sequence[float]) -> list[int]:
    """The natural village of each household of a village; none is without at least one."""
    if not site.natural_villages:
        return []
    numbers = spread(site.households, weights, least=1)
    return [code for code, number in zip(site.natural_villages, numbers, strict=True) for _ in range(number)]


def _village(site: _Site, households: tuple[DemoHousehold, ...]) -> DemoVillage:
    return DemoVillage(
        code=site.village.code,
        name=site.village.name,
        is_poor=site.is_poor,
        is_community=site.village.is_community,
        remoteness=site.remoteness,
        natural_villages=site.natural_villages,
        households=households,
    )
