"""Made-up rows of party building that add up to the report: of 105 sites planned 96 are started, 26 topped out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bangfu import DemoDistrict, DemoVillage, Rows, Target, pick
from bangfu_party_building.records import ChecklistItem, OrganisationKind, PartyOrganisation, Site, SiteKind

_Row = Mapping[str, Any]  # columns differ in type

_PLANNED, _STARTED, _TOPPED_OUT = 105, 96, 26
_BUILT_BEFORE, _EXTENDED, _COOPERATIVES = 62, 18, 34
# What the six rooms and eight things are called is not in the report; their codes can be counted all the same.
_CHECKLIST = "六室八有"
_ITEMS = (*(f"ROOM-{number}" for number in range(1, 7)), *(f"HAVE-{number}" for number in range(1, 9)))
# indicator, the year's target, the target of 2016 counted from 2015 on
_TARGETS = (
    ("sites_planned", 105, 180),
    ("sites_started", 105, 180),
    ("sites_topped_out", 60, 150),
    ("started_share", 100, 100),
    ("equipped_share", 70, 90),
)


def rows(district: DemoDistrict) -> Iterator[Rows]:
    """All rows of the sector for the demo district."""
    sites = list(_sites(district))
    yield Rows(of=Site, rows=sites)
    yield Rows(of=ChecklistItem, rows=list(_checklist_items(district, sites)))
    yield Rows(of=PartyOrganisation, rows=list(_party_organisations(district)))
    yield Rows(of=Target, rows=list(_targets(district, sites)))


def _sites(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("party_building.site")
    villages, year = _rural(district), district.as_of.year
    chosen = pick(random, [_need(village) for village in villages], _PLANNED + _EXTENDED + _BUILT_BEFORE)
    random.shuffle(chosen)
    for number, index in enumerate(chosen):
        village = villages[index]
        if number < _PLANNED:
            steps = 1 + (number < _STARTED) + (number < _TOPPED_OUT)
            yield _site(random, village, SiteKind.NEW, date(year, 1, 20), steps)
        elif number < _PLANNED + _EXTENDED:
            yield _site(random, village, SiteKind.EXTENDED, date(year, 2, 10), 2)
        else:
            # Sites of earlier years are in use, and no part of this year's plan.
            yield _site(random, village, SiteKind.NEW, date(year - random.randint(2, 5), 2, 1), 4)


def _site(random: Random, village: DemoVillage, kind: SiteKind, earliest: date, steps: int) -> _Row:
    """A site that has come as far as `steps`: planned, started, topped out, in use."""
    days = [earliest + timedelta(days=random.randrange(40))]
    for least, most in ((20, 60), (60, 80), (60, 120)):
        days.append(days[-1] + timedelta(days=random.randint(least, most)))
    planned_on, started_on, topped_out_on, in_use_on = [*days[:steps], None, None, None][:4]
    area = random.randrange(120, 420, 10)
    return {
        "place_code": village.code,
        "name": f"{village.name}村級陣地",
        "kind": kind,
        "area": Decimal(area),
        "investment": Decimal(area * random.randrange(1100, 1800, 50)),
        "planned_on": planned_on,
        "started_on": started_on,
        "topped_out_on": topped_out_on,
        "in_use_on": in_use_on,
        "recorded_on": planned_on,
        "valid_from": planned_on,
    }


def _checklist_items(district: DemoDistrict, sites: Sequence[_Row]) -> Iterator[_Row]:
    """One row for each item of each village that has been checked; some remote ones have not."""
    random = district.random("party_building.checklist_item")
    in_use = {site["place_code"] for site in sites if site["in_use_on"]}
    for village in district.villages:
        if random.random() < 0.2 * village.remoteness:
            continue
        has = 0.95 if village.code in in_use else 0.75 - 0.35 * village.remoteness
        checked_on = date(district.as_of.year, 5, 4) + timedelta(days=random.randrange(80))
        for item in _ITEMS:
            yield {
                "place_code": village.code,
                "checklist": _CHECKLIST,
                "item": item,
                "name": None,
                "is_present": random.random() < has,
                "checked_on": checked_on,
                "recorded_on": checked_on,
                "valid_from": checked_on,
            }


def _party_organisations(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("party_building.party_organisation")
    villages = list(district.villages)
    kinds = [OrganisationKind.COMMUNITY if each.is_community else OrganisationKind.VILLAGE for each in villages]
    branches = pick(random, [0.0 if each.is_community else 1.0 for each in villages], _COOPERATIVES)
    places = [
        *zip(villages, kinds, strict=True),
        *((villages[index], OrganisationKind.COOPERATIVE) for index in branches),
    ]
    for number, (village, kind) in enumerate(places, 1):
        cooperative = kind is OrganisationKind.COOPERATIVE
        founded_on = date(random.randint(2011, 2014) if cooperative else random.randint(1952, 2004), 7, 1)
        yield {
            "place_code": village.code,
            "name": f"{village.name}{'合作社黨支部' if cooperative else '黨支部'}",
            "kind": kind,
            "secretary": f"示範書記{number:03d}",
            "members": random.randint(3, 15) if cooperative else int(random.lognormvariate(3.4, 0.4)),
            "founded_on": founded_on,
            "valid_from": founded_on,
        }


def _targets(district: DemoDistrict, sites: Sequence[_Row]) -> Iterator[_Row]:
    year, until = district.as_of.year, date(2016, 12, 31)
    for indicator, this_year, milestone in _TARGETS:
        yield _target(district.place_code, indicator, date(year, 12, 31), this_year)
        yield _target(district.place_code, indicator, until, milestone)
    planned = Counter(
        _township(site["place_code"])
        for site in sites
        if site["kind"] is SiteKind.NEW and site["planned_on"].year == year
    )
    for township, count in planned.items():
        yield _target(township, "sites_started", date(year, 12, 31), count)


def _target(place_code: int, indicator: str, ends_on: date, value: int) -> _Row:
    return {
        "place_code": place_code,
        "indicator": f"party_building.{indicator}",
        "starts_on": date(2015, 1, 1),
        "ends_on": ends_on,
        "value": Decimal(value),
        "source": "示範目標(虛構) / demo target, made up",
        "recorded_on": date(2015, 1, 1),
        "valid_from": date(2015, 1, 1),
    }


def _need(village: DemoVillage) -> float:
    return (1.5 if village.is_poor else 0.5) + village.remoteness


def _rural(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if not village.is_community]


def _township(place_code: int) -> int:
    return place_code - place_code % 10**6
