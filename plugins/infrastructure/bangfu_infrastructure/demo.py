"""Made-up works that add up to the report: poor and remote villages first, some of them still being built."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bangfu import DemoDistrict, DemoHousehold, DemoVillage, Rows, Target, pick, spread_amount
from bangfu_infrastructure.records import (
    Benefit,
    BenefitKind,
    Danger,
    GridUpgrade,
    HouseRepair,
    Relocation,
    Renovation,
    Resettlement,
    Road,
    RoadProgramme,
    Surface,
    Terrace,
    WaterProject,
    WaterWorks,
)

_Row = Mapping[str, Any]  # columns differ in type

# indicator, the year's target, the target of 2016 counted from 2015 on
_TARGETS = (
    ("relocated_households", 500, 1_200),
    ("water_villages", 50, 120),
    ("grid_villages", 4, 30),
    ("renovated_houses", 200, 600),
    ("road_length", 240, 520),
    ("terrace_area", 20_000, 45_000),
)


def rows(district: DemoDistrict) -> Iterator[Rows]:
    """All rows of the sector for the demo district."""
    roads = list(_roads(district))
    water = list(_water_projects(district))
    yield Rows(of=Relocation, rows=list(_relocations(district)))
    yield Rows(of=WaterProject, rows=water)
    yield Rows(of=GridUpgrade, rows=list(_grid_upgrades(district)))
    yield Rows(of=HouseRepair, rows=list(_house_repairs(district)))
    yield Rows(of=Road, rows=roads)
    yield Rows(of=Terrace, rows=list(_terraces(district)))
    yield Rows(of=Benefit, rows=list(_benefits(district, water, roads)))
    yield Rows(of=Target, rows=list(_targets(district, roads)))


def _relocations(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("infrastructure.relocation")
    # Six villages that hold 473 households with room to choose are large ones; of these the most remote move.
    large = sorted(district.villages, key=lambda village: -len(village.households))[:24]
    origins = sorted(large, key=lambda village: -village.remoteness)[:6]
    for household in _exactly(random, [home for village in origins for home in village.households], 473, 2_165):
        yield _relocation(random, household, district.as_of.year)
    others = [village for village in _rural(district) if village not in origins and village.remoteness > 0.6]
    for village in random.sample(others, 4):
        for household in village.households[:12]:
            yield _relocation(random, household, district.as_of.year - 1)


def _exactly(random: Random, homes: Sequence[DemoHousehold], count: int, people: int) -> list[DemoHousehold]:
    """`count` of the households with `people` members in all: drawn, then exchanged one by one until it fits."""
    drawn = random.sample(homes, len(homes))
    chosen, rest = drawn[:count], drawn[count:]
    missing = people - sum(len(home.members) for home in chosen)
    while missing:
        step = 1 if missing > 0 else -1
        out, into = next(
            (out, into)
            for out, home in enumerate(chosen)
            for into, other in enumerate(rest)
            if len(other.members) - len(home.members) == step
        )
        chosen[out], rest[into] = rest[into], chosen[out]
        missing -= step
    return chosen


def _relocation(random: Random, household: DemoHousehold, year: int) -> _Row:
    people = len(household.members)
    moved_on = date(year, random.randint(4, 11), random.randint(1, 28))
    return {
        "household_id": household.id,
        "people": people,
        "resettlement": Resettlement.CENTRAL if random.random() < 0.85 else Resettlement.SCATTERED,
        "destination": random.choice(("關子安置點", "天水鎮安置點", "平南安置點")),
        "house_area": Decimal(min(people, 6) * 25),
        "subsidy": Decimal(people * 6_000),
        "moved_on": moved_on,
        "recorded_on": moved_on,
        "valid_from": moved_on,
    }


def _water_projects(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("infrastructure.water")
    by_township: dict[int, list[DemoVillage]] = {}
    for village in _rural(district):
        by_township.setdefault(_township(village.code), []).append(village)
    townships = list(by_township.values())
    dry = pick(random, [sum(village.remoteness for village in villages) for villages in townships], 8)
    first = [random.choice(townships[index]) for index in dry]
    others = [village for index in dry for village in townships[index] if village not in first]
    chosen = pick(random, [0.2 + village.remoteness + village.is_poor for village in others], 47 - len(first))
    villages = first + [others[index] for index in chosen]
    # A village may have a second project (a well beside the mains); it is still one village.
    for village in villages + random.sample(villages, 9):
        kind = random.choice(tuple(WaterWorks))
        yield {
            **_works(district, random, village, f"{village.name}{kind.title.zh}", late=0.3),
            "kind": kind,
            "pipes": Decimal(random.randrange(5, 150)) / 10,
        }


def _grid_upgrades(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("infrastructure.grid")
    poor = [village for village in district.villages if village.is_poor]
    others = [village for village in _rural(district) if not village.is_poor]
    finished = random.sample(poor, 4)
    begun = random.sample([village for village in poor if village not in finished], 6)
    for village, late in [(each, 0.0) for each in finished + random.sample(others, 5)] + [
        (each, 1.0) for each in begun
    ]:
        yield {
            **_works(district, random, village, f"{village.name}電網改造", late=late),
            "is_poor_village": village.is_poor,
            "lines": Decimal(random.randrange(15, 120)) / 10,
            "transformers": random.randint(1, 6),
        }


def _house_repairs(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("infrastructure.house_repair")
    homes = [(home, village) for village in _rural(district) for home in village.households]
    weights = [(1.5 if village.is_poor else 0.5) * (0.3 + village.remoteness) for _, village in homes]
    for number, index in enumerate(pick(random, weights, 260)):
        danger = Danger.WHOLLY if random.random() < 0.6 else Danger.PARTLY
        started_on = date(district.as_of.year, 3, 1) + timedelta(days=random.randrange(100))
        # Ten of thirteen are finished: 200 of 260.
        finished_on = started_on + timedelta(days=random.randint(60, 200)) if number % 13 < 10 else None
        yield {
            "household_id": homes[index][0].id,
            "danger": danger,
            "renovation": Renovation.REBUILT if danger is Danger.WHOLLY else Renovation.REPAIRED,
            "area": Decimal(random.randrange(40, 121)),
            "subsidy": Decimal(11_500 if danger is Danger.WHOLLY else 4_000),
            "started_on": started_on,
            "finished_on": finished_on,
            "recorded_on": finished_on or started_on,
            "valid_from": started_on,
        }


def _roads(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("infrastructure.road")
    for total, late, count in ((220, 0.0, 130), (64, 1.0, 35)):
        villages = _rural(district)
        weights = [0.2 + village.remoteness + village.is_poor for village in villages]
        chosen = [villages[index] for index in pick(random, weights, count)]
        lengths = spread_amount(Decimal(total), [random.lognormvariate(0, 0.6) for _ in chosen])
        for village, length in zip(chosen, lengths, strict=True):
            programme = RoadProgramme.ACCESS if random.random() < 0.3 else RoadProgramme.HARDENING
            yield {
                **_works(district, random, village, f"{village.name}{programme.title.zh}", late=late),
                "programme": programme,
                "surface": Surface.CONCRETE if random.random() < 0.9 else Surface.ASPHALT,
                "length": length,
                "width": Decimal(random.choice((35, 40, 45, 50))) / 10,
            }


def _terraces(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("infrastructure.terrace")
    for total, late, count in ((20_000, 0.0, 62), (3_400, 1.0, 9)):
        villages = _rural(district)
        chosen = [villages[index] for index in pick(random, [village.remoteness**2 for village in villages], count)]
        areas = spread_amount(Decimal(total), [random.lognormvariate(0, 0.5) for _ in chosen], step=Decimal("0.1"))
        for village, area in zip(chosen, areas, strict=True):
            yield {
                **_works(district, random, village, f"{village.name}梯田", late=late),
                "area": area,
            }


def _works(district: DemoDistrict, random: Random, village: DemoVillage, name: str, *, late: float) -> _Row:
    """What all works say; with the probability `late` they are not finished yet."""
    started_on = date(district.as_of.year, 2, 15) + timedelta(days=random.randrange(120))
    finished_on = None if random.random() < late else started_on + timedelta(days=random.randint(40, 190))
    return {
        "place_code": village.code,
        "name": name,
        "investment": Decimal(random.randrange(15, 400) * 5_000),
        "households": len(village.households) + random.randrange(20, 250),
        "started_on": started_on,
        "finished_on": finished_on,
        "recorded_on": finished_on or started_on,
        "valid_from": started_on,
    }


def _benefits(district: DemoDistrict, water: Sequence[_Row], roads: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("infrastructure.benefit")
    reached: dict[int, dict[BenefitKind, date]] = {}
    for kind, works in ((BenefitKind.WATER, water), (BenefitKind.ROAD, roads)):
        for row in works:
            if row["finished_on"] is not None:
                reached.setdefault(row["place_code"], {})[kind] = row["finished_on"]
    for village in district.villages:
        for kind, since in reached.get(village.code, {}).items():
            for household in village.households:
                if random.random() < 0.6:
                    yield {"household_id": household.id, "kind": kind, "recorded_on": since, "valid_from": since}


def _targets(district: DemoDistrict, roads: Sequence[_Row]) -> Iterator[_Row]:
    year, until = date(district.as_of.year, 12, 31), date(2016, 12, 31)
    for indicator, this_year, milestone in _TARGETS:
        yield _target(district.place_code, indicator, year, Decimal(this_year))
        yield _target(district.place_code, indicator, until, Decimal(milestone))
    planned: dict[int, float] = {}
    for road in roads:
        township = _township(road["place_code"])
        planned[township] = planned.get(township, 0.0) + float(road["length"])
    lengths = spread_amount(Decimal(240), list(planned.values()), step=Decimal("0.5"))
    for township, length in zip(planned, lengths, strict=True):
        yield _target(township, "road_length", year, length)


def _target(place_code: int, indicator: str, ends_on: date, value: Decimal) -> _Row:
    return {
        "place_code": place_code,
        "indicator": f"infrastructure.{indicator}",
        "starts_on": date(2015, 1, 1),
        "ends_on": ends_on,
        "value": value,
        "source": "示範目標(虛構) / demo target, made up",
        "recorded_on": date(2015, 1, 1),
        "valid_from": date(2015, 1, 1),
    }


def _rural(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if not village.is_community]


def _township(place_code: int) -> int:
    return place_code - place_code % 10**6
