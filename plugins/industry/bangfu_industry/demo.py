"""Made-up rows of industry that add up to the report: vegetables near town, fruit between, herbs far out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bangfu import DemoDistrict, DemoVillage, Rows, Target, pick, spread_amount
from bangfu_industry.records import (
    CropArea,
    CropKind,
    Farm,
    Herd,
    Planting,
    Sector,
    Species,
    TownshipProduct,
    VillageProduct,
)

_Row = Mapping[str, Any]  # columns differ in type

_CROPS = {
    CropKind.ORCHARD: ("蘋果", "櫻桃", "核桃", "花椒"),
    CropKind.VEGETABLE: ("辣椒", "番茄", "韭菜", "大蒜"),
    CropKind.HERB: ("黨參", "柴胡", "半夏", "當歸"),
    CropKind.GRAIN: ("冬小麥", "玉米"),
}
_SECTORS = {
    CropKind.ORCHARD: Sector.FRUIT,
    CropKind.VEGETABLE: Sector.VEGETABLE,
    CropKind.HERB: Sector.HERB,
    CropKind.GRAIN: Sector.OTHER,
}
# kind, whether new, how long it lasts (an orchard stays, the rest is a year's crop), the area in mu
_AREAS = (
    (CropKind.ORCHARD, True, 74_000),
    (CropKind.ORCHARD, False, 212_600),
    (CropKind.VEGETABLE, True, 103_000),
    (CropKind.HERB, True, 61_000),
    (CropKind.GRAIN, True, 388_200),
)
# indicator, the year's target, the target of 2016 counted from 2015 on
_TARGETS = (
    ("orchard_area", 80_000, 150_000),
    ("vegetable_area", 100_000, 210_000),
    ("herb_area", 65_000, 130_000),
    ("livestock_farms", 12, 25),
    ("villages_with_product", 400, 420),
)


def rows(district: DemoDistrict) -> Iterator[Rows]:
    """All rows of the sector for the demo district."""
    areas = list(_crop_areas(district))
    yield Rows(of=CropArea, rows=areas)
    yield Rows(of=Planting, rows=list(_plantings(district, areas)))
    yield Rows(of=Herd, rows=list(_herds(district)))
    yield Rows(of=Farm, rows=list(_farms(district)))
    yield Rows(of=VillageProduct, rows=list(_village_products(district, areas)))
    yield Rows(of=TownshipProduct, rows=list(_township_products(district, areas)))
    yield Rows(of=Target, rows=list(_targets(district, areas)))


def _crop_areas(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("industry.crop_area")
    for kind, is_new, total in _AREAS:
        fields = [(village, crop) for village in _rural(district) for crop in _CROPS[kind]]
        suited = [_suits(kind, village) for village, _ in fields]
        chosen = pick(random, suited, len(fields) * 3 // 10)
        areas = spread_amount(
            Decimal(total),
            [suited[index] * random.lognormvariate(0, 0.6) for index in chosen],
            step=Decimal("0.5"),
        )
        for index, area in zip(chosen, areas, strict=True):
            village, crop = fields[index]
            yield {
                "place_code": village.code,
                "kind": kind,
                "crop": crop,
                "area": area,
                "is_new": is_new,
                "recorded_on": district.as_of - timedelta(days=random.randrange(150)),
                "valid_from": date(district.as_of.year if is_new else 2008, 1, 1),
                "valid_to": None if kind is CropKind.ORCHARD else date(district.as_of.year + 1, 1, 1),
            }


def _plantings(district: DemoDistrict, areas: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("industry.planting")
    grown: dict[int, list[_Row]] = {}
    for area in areas:
        grown.setdefault(area["place_code"], []).append(area)
    for village in _rural(district):
        for household in village.households:
            hands = sum(person.can_work for person in household.members)
            for area in random.sample(grown.get(village.code, []), k=min(hands, len(grown.get(village.code, [])), 3)):
                if random.random() < 0.35:
                    yield {
                        "household_id": household.id,
                        "kind": area["kind"],
                        "crop": area["crop"],
                        "area": Decimal(random.randrange(3, 40)) / 10,
                        "planted_on": date(district.as_of.year, 3, 1) + timedelta(days=random.randrange(90)),
                        "is_new": area["is_new"],
                        "is_supported": random.random() < (0.7 if village.is_poor else 0.4),
                    }


def _herds(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("industry.herd")
    most = {Species.PIG: 12, Species.CATTLE: 4, Species.SHEEP: 30, Species.POULTRY: 80}
    for village in _rural(district):
        for household in village.households:
            if random.random() < 0.12 + 0.2 * village.remoteness:
                species = random.choices(tuple(most), (5, 3, 2, 4))[0]
                yield {
                    "household_id": household.id,
                    "species": species,
                    "animals": random.randint(1, most[species]),
                    "is_supported": random.random() < 0.5,
                    "valid_from": date(district.as_of.year, random.randint(1, 6), 1),
                }


def _farms(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("industry.farm")
    # The figure is of standardised farms of the year; the others are there to be left out.
    for is_standard, year, count in ((True, 0, 11), (True, -1, 7), (False, 0, 5)):
        villages = _rural(district)
        for index in pick(random, [0.3 + village.remoteness for village in villages], count):
            species = random.choice((Species.PIG, Species.CATTLE, Species.SHEEP))
            built_on = date(district.as_of.year + year, random.randint(2, 7), random.randint(1, 28))
            yield {
                "place_code": villages[index].code,
                "name": f"{villages[index].name}{species.title.zh}養殖場",
                "species": species,
                "capacity": random.randrange(200, 3000, 50),
                "area": Decimal(random.randrange(80, 600)) / 10,
                "investment": Decimal(random.randrange(60, 900) * 10_000),
                "built_on": built_on,
                "is_standard": is_standard,
                "recorded_on": built_on,
                "valid_from": built_on,
            }


def _village_products(district: DemoDistrict, areas: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("industry.village_product")
    largest: dict[int, _Row] = {}
    for area in sorted((area for area in areas if area["kind"] is not CropKind.GRAIN), key=lambda area: area["area"]):
        largest[area["place_code"]] = area
    for village in _rural(district):
        # "Every village has a leading industry" is the aim; a few, mostly remote, are not there yet.
        if village.code in largest and random.random() > 0.15 * village.remoteness:
            yield {
                "place_code": village.code,
                "sector": _SECTORS[largest[village.code]["kind"]],
                "product": largest[village.code]["crop"],
                "households": random.randrange(20, 200),
                "valid_from": date(random.randint(2012, 2015), 1, 1),
            }


def _township_products(district: DemoDistrict, areas: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("industry.township_product")
    for township in district.townships:
        totals: dict[tuple[CropKind, str], Decimal] = {}
        for area in areas:
            if _township(area["place_code"]) == township and area["kind"] is not CropKind.GRAIN:
                totals[area["kind"], area["crop"]] = totals.get((area["kind"], area["crop"]), Decimal()) + area["area"]
        if totals:
            kind, crop = max(totals, key=lambda crop: totals[crop])
            yield {
                "place_code": township,
                "sector": _SECTORS[kind],
                "product": crop,
                "output": totals[kind, crop] * random.randrange(1500, 6000),
                "valid_from": date(random.randint(2012, 2015), 1, 1),
            }


def _targets(district: DemoDistrict, areas: Sequence[_Row]) -> Iterator[_Row]:
    year, until = district.as_of.year, date(2016, 12, 31)
    for indicator, this_year, milestone in _TARGETS:
        yield _target(district.place_code, indicator, date(year, 12, 31), Decimal(this_year))
        yield _target(district.place_code, indicator, until, Decimal(milestone))
    random = district.random("industry.target")
    orchards = [area for area in areas if area["kind"] is CropKind.ORCHARD and area["is_new"]]
    townships = sorted({_township(area["place_code"]) for area in orchards})
    grown = [
        sum(float(area["area"]) for area in orchards if _township(area["place_code"]) == each) for each in townships
    ]
    parts = spread_amount(Decimal(80_000), [area * random.uniform(0.8, 1.2) for area in grown], step=Decimal(10))
    for township, part in zip(townships, parts, strict=True):
        yield _target(township, "orchard_area", date(year, 12, 31), part)


def _target(place_code: int, indicator: str, ends_on: date, value: Decimal) -> _Row:
    return {
        "place_code": place_code,
        "indicator": f"industry.{indicator}",
        "starts_on": date(2015, 1, 1),
        "ends_on": ends_on,
        "value": value,
        "source": "示範目標(虛構) / demo target, made up",
        "recorded_on": date(2015, 1, 1),
        "valid_from": date(2015, 1, 1),
    }


def _suits(kind: CropKind, village: DemoVillage) -> float:
    if kind is CropKind.VEGETABLE:
        return 1.15 - village.remoteness
    if kind is CropKind.HERB:
        return 0.1 + village.remoteness
    if kind is CropKind.ORCHARD:
        return 1.2 - abs(village.remoteness - 0.4)
    return 0.8


def _rural(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if not village.is_community]


def _township(place_code: int) -> int:
    return place_code - place_code % 10**6
