"""The official divisions of 2023 as they were in 2015: 420 villages and 41 communities, with their lineage.

What is assumed on the way back in time is told in this folder's README. Names are stored as people say them:
the committee at the end (村民委员会, 居民委员会, 居委会) becomes 村 or 社区, so that 「师家崖村民委员会」 is
「师家崖村」.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from itertools import count
from typing import Any

from bangfu.declare.records import Basis
from bangfu.domain.pinyin import pinyin
from bangfu.domain.places import PlaceKind, SuccessionKind

QINZHOU = 620502

SOURCE = "national statistics codes 2023"

EDITION = date(2023, 12, 31)
"""The day to which the file belongs."""

SINCE = date(1984, 1, 1)
CONVERTED_ON = date(2020, 6, 30)
SPLIT_ON = date(2018, 1, 1)

_FIRST_VILLAGE = 200
_COMMITTEE = re.compile(r"(村民委员会|社区居民委员会|社区居委会|居民委员会|居委会)$")
_BEFORE_2015 = "社区居委会"


@dataclass(frozen=True, kw_only=True)
class Village:
    """A village or community in force on the report's date; `ends` when it was converted later."""

    code: int
    name: str
    is_community: bool
    ends: date | None = None


@dataclass(frozen=True, kw_only=True)
class Divisions:
    """Rows of places and of their lineage, and those in force on the report's date."""

    townships: tuple[int, ...]
    villages: tuple[Village, ...]
    places: list[dict[str, Any]]
    successions: list[dict[str, Any]]


def read_divisions(district: int = QINZHOU) -> Divisions:
    """The divisions of the file; under another district's code the same places, renumbered."""
    official = [dict(row, code=str(district) + row["code"][6:]) for row in _file()]
    townships = [row for row in official if row["level"] == "township"]
    places = [_district(district, official[0]["name"]), *map(_township, townships)]
    villages: list[Village] = []
    successions: list[dict[str, Any]] = []
    for township in townships:
        inside = [row for row in official if row["level"] == "village" and row["code"].startswith(township["code"])]
        _divide(int(township["code"]), inside, places, villages, successions)
    places.sort(key=lambda place: (_level(place["code"]), place["code"]))
    for place, spelled in zip(places, pinyin(place["name"] for place in places), strict=True):
        place["pinyin"] = spelled
    return Divisions(
        townships=tuple(int(row["code"]) * 10**6 for row in townships),
        villages=tuple(sorted(villages, key=lambda village: village.code)),
        places=places,
        successions=successions,
    )


def _file() -> Iterator[dict[str, str]]:
    text = files("bangfu.domain.demo").joinpath("qinzhou_divisions.csv").read_text(encoding="utf-8")
    return iter(csv.DictReader(text.splitlines()))


def _level(code: int) -> int:
    return (code % 10**9 > 0) + (code % 10**6 > 0)


def _divide(
    township: int,
    inside: list[dict[str, str]],
    places: list[dict[str, Any]],
    villages: list[Village],
    successions: list[dict[str, Any]],
) -> None:
    """Adds what lies in one township: villages and communities of 2023, and what they were in 2015."""
    taken = {int(row["code"][9:]) for row in inside}
    free = (number for number in count(_FIRST_VILLAGE) if number not in taken)
    neighbour: int | None = None
    for row in inside:
        code, ending = int(row["code"]) * 1000, _COMMITTEE.search(row["name"])
        assert ending is not None, row["name"]
        stem = row["name"][: ending.start()]
        if ending[0] == "村民委员会":
            places.append(_place(code, f"{stem}村", PlaceKind.VILLAGE))
            villages.append(Village(code=code, name=f"{stem}村", is_community=False))
        elif ending[0] == _BEFORE_2015:
            places.append(_place(code, f"{stem}社区", PlaceKind.COMMUNITY))
            villages.append(Village(code=code, name=f"{stem}社区", is_community=True))
            neighbour = code
        elif ending[0] == "居民委员会":
            before = (township * 1000 + next(free)) * 1000
            places.append(_former(before, f"{stem}村"))
            places.append(_place(code, f"{stem}社区", PlaceKind.COMMUNITY, CONVERTED_ON))
            villages.append(Village(code=before, name=f"{stem}村", is_community=False, ends=CONVERTED_ON))
            successions.append(_succession(before, code, SuccessionKind.RECODED, CONVERTED_ON))
        else:
            places.append(_place(code, f"{stem}社区", PlaceKind.COMMUNITY, SPLIT_ON))
            if neighbour is not None:
                successions.append(_succession(neighbour, code, SuccessionKind.SPLIT, SPLIT_ON))


def _district(code: int, name: str) -> dict[str, Any]:
    own = name if code == QINZHOU else f"{name}{code}"
    return _place(code * 10**9, own, PlaceKind.DISTRICT)


def _township(row: Mapping[str, str]) -> dict[str, Any]:
    kind = PlaceKind.TOWN if row["name"].endswith("镇") else PlaceKind.SUBDISTRICT
    return _place(int(row["code"]) * 10**6, row["name"], kind)


def _place(code: int, name: str, kind: PlaceKind, valid_from: date = SINCE) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "kind": kind,
        "source": SOURCE,
        "basis": Basis.ADMINISTRATIVE,
        "recorded_on": EDITION,
        "valid_from": valid_from,
        "valid_to": None,
    }


def _former(code: int, name: str) -> dict[str, Any]:
    assumed = {
        "source": f"{SOURCE}; number of 2015 assumed",
        "basis": Basis.ESTIMATE,
        "valid_to": CONVERTED_ON,
    }
    return _place(code, name, PlaceKind.VILLAGE) | assumed


def _succession(before: int, after: int, kind: SuccessionKind, day: date) -> dict[str, Any]:
    return {
        "predecessor_code": before,
        "successor_code": after,
        "kind": kind,
        "happened_on": day,
        "source": f"{SOURCE}; date and predecessor assumed",
        "basis": Basis.ESTIMATE,
        "recorded_on": EDITION,
        "valid_from": day,
    }
