"""Made-up rows of public services that add up to the report: 129 standard clinics, and villages that have none."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from bangfu import DemoDistrict, DemoHousehold, DemoPerson, DemoVillage, Rows, Target, pick, spread
from bangfu_public_services.records import (
    Allowance,
    AllowanceClass,
    CareMode,
    CarePlacement,
    Facility,
    FacilityKind,
    Pension,
    ReliefCause,
    TemporaryRelief,
    WelfareGrant,
    WelfareKind,
)

_Row = Mapping[str, Any]  # columns differ in type

_STANDARD, _OTHER_CLINICS = 129, 174
# kind, what it is called, the share of villages and of communities that have one
_FACILITIES = (
    (FacilityKind.SCHOOL, "小學", 0.55, 0.3),
    (FacilityKind.KINDERGARTEN, "幼兒園", 0.28, 0.6),
    (FacilityKind.CULTURE, "文化活動室", 0.7, 0.95),
    (FacilityKind.SPORTS, "健身廣場", 0.45, 0.5),
    (FacilityKind.ELDERLY_CARE, "互助老人幸福院", 0.16, 0.4),
)
_RELIEFS, _RELIEFS_YEAR_BEFORE = 2_140, 1_310
_RELIEF, _RELIEF_YEAR_BEFORE = 3_180_000, 1_720_000
# class, how many of a hundred households, the yuan a head and month of last year and of this one
_CLASSES = (
    (AllowanceClass.FIRST, 10, 230, 275),
    (AllowanceClass.SECOND, 20, 190, 234),
    (AllowanceClass.THIRD, 42, 76, 84),
    (AllowanceClass.FOURTH, 28, 52, 58),
)
# indicator, the year's target, the target of 2016 counted from 2015 on
_TARGETS = (
    ("standard_clinics", 140, 260),
    ("standard_clinic_share", 45, 70),
    ("villages_with_clinic", 330, 420),
    ("villages_with_culture_room", 320, 420),
    ("institution_share", 30, 40),
    ("pension_people", 19_000, 19_500),
)


def rows(district: DemoDistrict) -> Iterator[Rows]:
    """All rows of the sector for the demo district."""
    facilities = [*_clinics(district), *_facilities(district)]
    placements = list(_placements(district))
    allowances = list(_allowances(district, placements))
    yield Rows(of=Facility, rows=facilities)
    yield Rows(of=Allowance, rows=allowances)
    yield Rows(of=CarePlacement, rows=placements)
    yield Rows(of=Pension, rows=list(_pensions(district)))
    yield Rows(of=TemporaryRelief, rows=list(_reliefs(district, allowances)))
    yield Rows(of=WelfareGrant, rows=list(_grants(district)))
    yield Rows(of=Target, rows=list(_targets(district, facilities)))


def _clinics(district: DemoDistrict) -> Iterator[_Row]:
    """Poor villages were given standard clinics first; far out many a village has no clinic at all."""
    random = district.random("public_services.clinic")
    villages, year = _rural(district), district.as_of.year
    reached = [1.3 - village.remoteness + (0.5 if village.is_poor else 0.0) for village in villages]
    served = [villages[index] for index in pick(random, reached, _STANDARD + _OTHER_CLINICS)]
    standard = set(pick(random, [3.0 if village.is_poor else 1.0 for village in served], _STANDARD))
    for index, village in enumerate(served):
        before = _day(random, random.randint(2003, 2011))
        if index in standard:
            built_on = _day(random, year - random.choices((0, 1, 2, 3), (34, 40, 33, 22))[0])
            if random.random() < 0.25:
                yield _clinic(random, village, "衛生室", before, until=built_on)
            yield _clinic(random, village, "標準化衛生室", built_on, is_standard=True)
        else:
            yield _clinic(random, village, "衛生室", before)
    for community in district.villages:
        if community.is_community and random.random() < 0.8:
            yield _clinic(random, community, "衛生服務站", _day(random, random.randint(2005, 2013)))


def _clinic(
    random: Random,
    village: DemoVillage,
    called: str,
    built_on: date,
    *,
    is_standard: bool = False,
    until: date | None = None,
) -> _Row:
    area = random.randrange(60, 130, 5) if is_standard else random.randrange(25, 60, 5)
    return {
        "place_code": village.code,
        "kind": FacilityKind.CLINIC,
        "name": f"{village.name}{called}",
        "is_standard": is_standard,
        "built_on": built_on,
        "area": Decimal(area),
        "investment": Decimal(area * random.randrange(900, 1500, 50)),
        "staff": random.randint(1, 3) if is_standard else random.randint(1, 2),
        "beds": random.randint(2, 6) if is_standard else random.randint(0, 2),
        "pupils": None,
        "valid_from": built_on,
        "valid_to": until,
    }


def _facilities(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("public_services.facility")
    for village in district.villages:
        for kind, called, rural, urban in _FACILITIES:
            # The farther out, the rarer, but for schools.
            near = 1.0 if kind is FacilityKind.SCHOOL else 1.2 - 0.4 * village.remoteness
            if random.random() < (urban if village.is_community else rural * near):
                built_on = _day(random, random.randint(1996, 2015))
                teaches = kind in (FacilityKind.SCHOOL, FacilityKind.KINDERGARTEN)
                area = random.randrange(60, 300, 10) * (4 if teaches else 1)
                yield {
                    "place_code": village.code,
                    "kind": kind,
                    "name": f"{village.name}{called}",
                    "is_standard": random.random() < 0.4,
                    "built_on": built_on,
                    "area": Decimal(area),
                    "investment": Decimal(area * random.randrange(600, 1500, 50)),
                    "staff": random.randint(2, 14) if teaches else random.randint(0, 2),
                    "beds": random.randint(4, 20) if kind is FacilityKind.ELDERLY_CARE else None,
                    "pupils": random.randint(8, 210) if teaches else None,
                    "valid_from": built_on,
                    "valid_to": None,
                }


def _placements(district: DemoDistrict) -> Iterator[_Row]:
    """Old people who live alone and cannot work."""
    random = district.random("public_services.care_placement")
    alone = [household.members[0] for household in district.households if len(household.members) == 1]
    for person in alone:
        if _age(person, district.as_of) >= 60 and not person.can_work and random.random() < 0.75:
            mode = CareMode.INSTITUTION if random.random() < 0.25 else CareMode.HOME
            approved_on = _day(random, random.randint(2010, district.as_of.year))
            yield {
                "person_id": person.id,
                "mode": mode,
                "institution": "示範中心敬老院" if mode is CareMode.INSTITUTION else None,
                "monthly_amount": Decimal(450 if mode is CareMode.INSTITUTION else 290),
                "approved_on": approved_on,
                "valid_from": approved_on,
            }


def _allowances(district: DemoDistrict, placements: Sequence[_Row]) -> Iterator[_Row]:
    """Households registered for it that have nobody in care; most drew last year too, at last year's rates."""
    random = district.random("public_services.allowance")
    cared = {placement["person_id"] for placement in placements}
    # A few draw it who are not registered as such, and a few who are do not: two offices keep two lists.
    chosen = [
        household
        for household in district.households
        if household.members[0].id not in cared and random.random() < (0.97 if household.is_allowance_poor else 0.01)
    ]
    chosen.sort(key=lambda household: -_need(household) * random.uniform(0.7, 1.3))
    counts = spread(len(chosen), [share for _, share, *_ in _CLASSES])
    classes = [each for each, count in zip(_CLASSES, counts, strict=True) for _ in range(count)]
    this_year = date(district.as_of.year, 1, 1)
    for household, (allowance_class, _, before, now) in zip(chosen, classes, strict=True):
        size = len(household.members)
        people = size if random.random() < 0.7 else random.randint(1, size)
        drew_before = random.random() < 0.85
        since = this_year if drew_before else _day(random, this_year.year)
        spans = [(date(this_year.year - 1, 1, 1), this_year, before)] if drew_before else []
        for valid_from, valid_to, rate in [*spans, (since, None, now)]:
            yield {
                "household_id": household.id,
                "allowance_class": allowance_class,
                "people": people,
                "monthly_amount": Decimal(people * rate),
                "approved_on": valid_from,
                "valid_from": valid_from,
                "valid_to": valid_to,
            }


def _pensions(district: DemoDistrict) -> Iterator[_Row]:
    """Whoever is sixty; those who were it before the scheme began have paid nothing into an account."""
    random = district.random("public_services.pension")
    began = date(2011, 7, 1)
    for household in district.households:
        for person in household.members:
            if _age(person, district.as_of) >= 60 and random.random() < 0.96:
                valid_from = max(began, date(person.born_on.year + 60, person.born_on.month, 1))
                account = Decimal(random.randrange(250, 3600)) / 100 if valid_from > began else None
                yield {
                    "person_id": person.id,
                    "monthly_amount": 85 + (account or Decimal(0)),
                    "account_amount": account,
                    "valid_from": valid_from,
                }


def _reliefs(district: DemoDistrict, allowances: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("public_services.temporary_relief")
    draws = {allowance["household_id"] for allowance in allowances}
    households = list(district.households)
    weights = [3.0 if household.id in draws else 1.0 for household in households]
    year = district.as_of.year
    for granted, count, total in ((year, _RELIEFS, _RELIEF), (year - 1, _RELIEFS_YEAR_BEFORE, _RELIEF_YEAR_BEFORE)):
        chosen = pick(random, weights, count)
        amounts = spread(total // 100, [random.lognormvariate(0, 0.8) for _ in chosen], least=3)
        for index, amount in zip(chosen, amounts, strict=True):
            granted_on = _day(random, granted)
            yield {
                "household_id": households[index].id,
                "cause": random.choices(tuple(ReliefCause), (46, 11, 4, 14, 19, 6))[0],
                "amount": Decimal(amount * 100),
                "granted_on": granted_on,
                "recorded_on": granted_on,
                "valid_from": granted_on,
            }


def _grants(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("public_services.welfare_grant")
    for household in district.households:
        for person in household.members:
            age = _age(person, district.as_of)
            if age >= 80 and random.random() < 0.9:
                yield _grant(random, person, WelfareKind.ELDERLY, 60 if age >= 90 else 25, person.born_on.year + 80)
            elif 23 <= age < 60 and not person.can_work and random.random() < 0.3:
                yield _grant(random, person, WelfareKind.DISABLED, random.choice((50, 100)), 2012)
            elif age < 16 and len(household.members) == 2 and random.random() < 0.6:
                yield _grant(random, person, WelfareKind.ORPHAN, 640, person.born_on.year + 1)


def _grant(random: Random, person: DemoPerson, kind: WelfareKind, amount: int, earliest: int) -> _Row:
    approved_on = _day(random, min(2015, max(2010, earliest)))
    return {
        "person_id": person.id,
        "kind": kind,
        "monthly_amount": Decimal(amount),
        "approved_on": approved_on,
        "valid_from": approved_on,
    }


def _targets(district: DemoDistrict, facilities: Sequence[_Row]) -> Iterator[_Row]:
    year, until = district.as_of.year, date(2016, 12, 31)
    for indicator, this_year, milestone in _TARGETS:
        yield _target(district.place_code, indicator, date(year, 12, 31), this_year)
        yield _target(district.place_code, indicator, until, milestone)
    random = district.random("public_services.target")
    built = Counter(
        _township(facility["place_code"])
        for facility in facilities
        if facility["kind"] is FacilityKind.CLINIC and facility["is_standard"]
    )
    parts = spread(140, [count * random.uniform(0.8, 1.3) for count in built.values()], least=1)
    for township, part in zip(built, parts, strict=True):
        yield _target(township, "standard_clinics", date(year, 12, 31), part)


def _target(place_code: int, indicator: str, ends_on: date, value: int) -> _Row:
    return {
        "place_code": place_code,
        "indicator": f"public_services.{indicator}",
        "starts_on": date(2015, 1, 1),
        "ends_on": ends_on,
        "value": Decimal(value),
        "source": "示範目標(虛構) / demo target, made up",
        "recorded_on": date(2015, 1, 1),
        "valid_from": date(2015, 1, 1),
    }


def _need(household: DemoHousehold) -> float:
    """How much a household needs the allowance: little income, and few hands that could earn more."""
    hands = sum(person.can_work for person in household.members)
    return ((3000 - min(household.income, 2900)) / 1000) ** 2 * (2.0 if hands == 0 else 1.0)


def _day(random: Random, year: int) -> date:
    return date(year, random.randint(3, 11), random.randint(1, 28))


def _age(person: DemoPerson, day: date) -> int:
    birthday = (person.born_on.month, person.born_on.day)
    return day.year - person.born_on.year - ((day.month, day.day) < birthday)


def _rural(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if not village.is_community]


def _township(place_code: int) -> int:
    return place_code - place_code % 10**6
