"""The types and measures of the small district's graph, written down by hand and shared with nothing that is tested."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.query.world import Row

SPANS = {"district": 10**9, "township": 10**6, "village": 10**3, "naturalVillage": 1}
LEVELS = {"district": 1, "township": 2, "village": 3, "naturalVillage": 4, "household": 5, "person": 6}
PLACES = {"townships": 2, "villages": 3, "naturalVillages": 4}

PERIODS = {
    "2014": (date(2014, 1, 1), date(2014, 12, 31)),
    "2015": (date(2015, 1, 1), date(2015, 12, 31)),
    "2015-Q1": (date(2015, 1, 1), date(2015, 3, 31)),
    "2015-08": (date(2015, 8, 1), date(2015, 8, 31)),
    "2014/2015": (date(2014, 1, 1), date(2015, 12, 31)),
    "2016": (date(2016, 1, 1), date(2016, 12, 31)),
}


@dataclass(frozen=True)
class Kind:
    """A type of the graph, written down by hand: GraphQL names with columns and sorts, and its neighbours."""

    name: str
    table: str
    attributes: dict[str, tuple[str, str]]
    ones: dict[str, str] = field(default_factory=dict)
    many: dict[str, str] = field(default_factory=dict)
    spaces: dict[str, dict[str, str]] = field(default_factory=dict)
    level: int = 7

    @property
    def prefix(self) -> str:
        """How its ids begin."""
        return self.name[0].lower() + self.name[1:]


@dataclass(frozen=True)
class Number:
    """A measure, written down by hand; `value` takes the rows that count."""

    table: str
    flow: bool
    level: int
    of: Callable[[list[Row]], Decimal | None]
    where: Callable[[Row], bool] = lambda row: True
    on: str = "recorded_on"
    by: tuple[str, str] | None = None


def _sum(column: str) -> Callable[[list[Row]], Decimal | None]:
    def total(rows: list[Row]) -> Decimal | None:
        known = [Decimal(row[column]) for row in rows if row[column] is not None]
        return sum(known, Decimal(0)) if known or not rows else None

    return total


def _count(rows: list[Row]) -> Decimal:
    return Decimal(len(rows))


def _different(column: str) -> Callable[[list[Row]], Decimal]:
    return lambda rows: Decimal(len({row[column] for row in rows}))


NUMBERS = {
    ("alpha", "plotArea"): Number("plot", True, 5, _sum("area")),
    ("alpha", "leased"): Number("plot", False, 5, _count, lambda row: row["is_leased"] is True),
    ("alpha", "growers"): Number("plot", False, 5, _different("household_id"), lambda row: (row["trees"] or 0) > 10),
    ("beta", "roadLength"): Number(
        "work", True, 3, _sum("length"), lambda row: row["kind"] is not None and row["kind"].name == "ROAD", "began_on"
    ),
    ("beta", "lessonDays"): Number("lesson", True, 6, _sum("days")),
    ("beta", "trained"): Number("lesson", True, 6, _different("person_id"), lambda row: (row["days"] or 0) > 0),
    ("beta", "trainedShare"): Number("lesson", True, 6, _count, by=("register", "people")),
    ("register", "households"): Number("household", False, 5, _count),
    ("register", "people"): Number("person", False, 6, _count),
}

_DATED = {
    "version": ("version", "integer"),
    "recordedOn": ("recorded_on", "day"),
    "validFrom": ("valid_from", "day"),
    "validTo": ("valid_to", "day"),
}
_PLACE = _DATED | {
    "code": ("code", "code"),
    "name": ("name", "text"),
    "pinyin": ("pinyin", "text"),
    "kind": ("kind", "choice"),
}


def _place(name: str, level: int) -> Kind:
    ones = {one: one[0].upper() + one[1:] for one, height in LEVELS.items() if height < level}
    many = {lists: kind for lists, kind in _LISTS.items() if LEVELS.get(kind[0].lower() + kind[1:], 9) > level}
    spaces = {"beta": {"works": "BetaWork"}} if level == 3 else {"beta": {}}
    return Kind(name, "place", _PLACE, ones, many, spaces | {"alpha": {}, "register": {}}, level)


_LISTS = {
    "townships": "Township",
    "villages": "Village",
    "naturalVillages": "NaturalVillage",
    "households": "Household",
}
KINDS = {
    kind.name: kind
    for kind in (
        _place("District", 1),
        _place("Township", 2),
        _place("Village", 3),
        _place("NaturalVillage", 4),
        Kind(
            "Household",
            "household",
            _DATED
            | {
                "placeCode": ("place_code", "code"),
                "category": ("category", "choice"),
                "status": ("status", "choice"),
                "mainCause": ("main_cause", "choice"),
                "houseArea": ("house_area", "decimal"),
                "roadDistance": ("road_distance", "decimal"),
                "isDilapidated": ("is_dilapidated", "flag"),
            },
            {
                "district": "District",
                "township": "Township",
                "village": "Village",
                "naturalVillage": "NaturalVillage",
                "head": "Person",
            },
            {"members": "Person"},
            {"alpha": {"plots": "AlphaPlot"}, "beta": {}, "register": {}},
            5,
        ),
        Kind(
            "Person",
            "person",
            _DATED
            | {
                "name": ("name", "text"),
                "sex": ("sex", "choice"),
                "bornOn": ("born_on", "day"),
                "relation": ("relation", "choice"),
                "leftOn": ("left_on", "day"),
                "ethnicity": ("ethnicity", "text"),
                "isStudent": ("is_student", "flag"),
                "workMonths": ("work_months", "integer"),
            },
            {"household": "Household"},
            {},
            {"beta": {"lessons": "BetaLesson"}, "register": {}},
            6,
        ),
        Kind(
            "AlphaPlot",
            "plot",
            _DATED
            | {
                "crop": ("crop", "choice"),
                "area": ("area", "decimal"),
                "sownOn": ("sown_on", "day"),
                "note": ("note", "text"),
                "isLeased": ("is_leased", "flag"),
                "trees": ("trees", "integer"),
            },
            {"household": "Household"},
        ),
        Kind(
            "BetaWork",
            "work",
            _DATED
            | {
                "placeCode": ("place_code", "code"),
                "name": ("name", "text"),
                "kind": ("kind", "choice"),
                "length": ("length", "decimal"),
                "beganOn": ("began_on", "day"),
            },
            {"village": "Village"},
        ),
        Kind(
            "BetaLesson",
            "lesson",
            _DATED | {"topic": ("topic", "text"), "days": ("days", "integer")},
            {"person": "Person"},
        ),
    )
}
