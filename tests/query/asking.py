"""Random filters and orderings over the small district, as a client would send them in variables."""

import os
from collections.abc import Iterator
from enum import Enum
from typing import Any, Protocol, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from tests.query.kinds import KINDS, NUMBERS, PERIODS, Kind
from tests.query.oracle import World
from tests.query.world import WORDS

# The same examples at each run, so that a failure is the change's; HYPOTHESIS_PROFILE=long looks for new ones.
settings.register_profile("short", max_examples=60, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=3000, deadline=None)


def examples(share: float) -> settings:
    """How many examples a test takes, as a share of the profile's."""
    profile = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
    return settings(profile, max_examples=int(profile.max_examples * share))


_T = TypeVar("_T")


class Draw(Protocol):
    """Hypothesis's way to draw a value from a strategy."""

    def __call__(self, strategy: st.SearchStrategy[_T]) -> _T: ...


Filter = dict[str, Any]
Order = list[dict[str, Any]]

_NUMBERS = [-3, 0, 1, 2, 3.5, 33.33, 100, 101.1]
_ORDERED = ("integer", "decimal", "day")
_EXTRA: dict[str, list[Any]] = {
    "text": [*WORDS, "果", "'", "b"],
    "integer": [-1, 0, 4, 1000],
    "decimal": [-1, 0, 1.005, 2.5, 100, 9999999999999.99],
    "day": ["1900-01-01", "2015-08-31", "2999-12-31"],
    "code": ["620502", "999999"],
}


class Asking:
    """Draws over the values that a world has, and a few that it has not."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pools: dict[tuple[str, str], list[Any]] = {}

    def filter(self, draw: Draw, kind: Kind, depth: int = 3) -> Filter:
        """A filter of a kind, with one or two conditions."""
        found: Filter = {}
        for _ in range(draw(st.integers(1, 2))):
            found |= self._condition(draw, kind, depth)
        return found

    def order(self, draw: Draw, kind: Kind) -> Order:
        """An ordering of up to three steps."""
        return [self._step(draw, kind, 2) for _ in range(draw(st.integers(0, 3)))]

    def _condition(self, draw: Draw, kind: Kind, depth: int) -> Filter:
        nested = ["logic", "ones", "many", "spaces"] if depth else []
        match draw(st.sampled_from(["attribute", "measure", "id", *nested])):
            case "logic":
                operator = draw(st.sampled_from(("not", "and", "or")))
                if operator == "not":
                    return {"not": self.filter(draw, kind, depth - 1)}
                return {operator: [self.filter(draw, kind, depth - 1) for _ in range(draw(st.integers(0, 3)))]}
            case "ones" if kind.ones:
                name = draw(st.sampled_from(sorted(kind.ones)))
                return {name: self.filter(draw, KINDS[kind.ones[name]], depth - 1)}
            case "many" if kind.many:
                name = draw(st.sampled_from(sorted(kind.many)))
                return {name: self._quantified(draw, KINDS[kind.many[name]], depth)}
            case "spaces" if any(kind.spaces.values()):
                lists = [(space, name) for space, names in kind.spaces.items() for name in names]
                space, name = draw(st.sampled_from(lists))
                return {space: {name: self._quantified(draw, KINDS[kind.spaces[space][name]], depth)}}
            case "measure" if _measures(kind):
                space, name = draw(st.sampled_from(_measures(kind)))
                period = draw(st.sampled_from((None, *PERIODS)))
                given = comparison(draw, _NUMBERS, "decimal") | ({} if period is None else {"period": period})
                return {space: {name: given}}
            case "id":
                return {"id": comparison(draw, [self._world.id(kind, row) for row in self._world.all(kind)], "id")}
        name = draw(st.sampled_from(sorted(kind.attributes)))
        return {name: comparison(draw, self._pool(kind, name), kind.attributes[name][1])}

    def _quantified(self, draw: Draw, kind: Kind, depth: int) -> Filter:
        quantifiers = draw(st.sets(st.sampled_from(("some", "none", "every")), min_size=1, max_size=2))
        return {name: self.filter(draw, kind, depth - 1) if draw(st.booleans()) else {} for name in sorted(quantifiers)}

    def _step(self, draw: Draw, kind: Kind, depth: int) -> dict[str, Any]:
        direction = draw(st.sampled_from(("ASC", "DESC")))
        match draw(st.sampled_from(["attribute", "measure", *(["ones"] if depth else [])])):
            case "measure" if _measures(kind):
                space, name = draw(st.sampled_from(_measures(kind)))
                return {space: {name: direction}}
            case "ones" if kind.ones:
                name = draw(st.sampled_from(sorted(kind.ones)))
                return {name: self._step(draw, KINDS[kind.ones[name]], depth - 1)}
        return {draw(st.sampled_from(sorted(kind.attributes))): direction}

    def _pool(self, kind: Kind, name: str) -> list[Any]:
        if (kind.name, name) not in self._pools:
            column, sort = kind.attributes[name]
            found = {_sent(row[column], sort) for row in self._world.all(kind) if row.get(column) is not None}
            extra = _EXTRA.get(sort, [])
            self._pools[kind.name, name] = sorted(found, key=str) + [each for each in extra if each not in found]
        return self._pools[kind.name, name]


def steps(kind: Kind, depth: int = 1) -> Iterator[dict[str, Any]]:
    """Every step by which a kind can be ordered, both ways: its own, and those at the end of its to-one links."""
    for direction in ("ASC", "DESC"):
        yield from ({name: direction} for name in kind.attributes)
        yield from ({space: {name: direction}} for space, name in _measures(kind))
    if depth:
        for name, target in kind.ones.items():
            yield from ({name: step} for step in steps(KINDS[target], depth - 1))


def comparison(draw: Draw, pool: list[Any], sort: str) -> Filter:
    """Operators that do not contradict each other, with values of a pool."""
    values = st.sampled_from(pool)
    shapes = ["eq", "isNull"]
    shapes += ["ne", "in", "several"] if sort != "flag" else []
    shapes += ["one side", "between", "inside"] if sort in _ORDERED else []
    shapes += ["contains", "startsWith"] if sort == "text" else []
    if sort == "id":
        shapes = ["eq", "ne", "in"]
    match draw(st.sampled_from(shapes)):
        case "isNull":
            return {"isNull": draw(st.booleans())}
        case "in":
            return {"in": draw(st.lists(values, max_size=4))}
        case "several":
            return {"in": draw(st.lists(values, max_size=4)), "ne": draw(values), "isNull": False}
        case "one side":
            return {draw(st.sampled_from(("gt", "gte", "lt", "lte"))): draw(values)}
        case "between":
            lower, upper = sorted((draw(values), draw(values)))
            return {"gte": lower, "lte": upper}
        case "inside":
            lower, upper = sorted((draw(values), draw(values)))
            return {"gt": lower, "lt": upper} if lower != upper else {"gte": lower, "lte": upper}
        case "contains" | "startsWith" as operator:
            start, length = draw(st.integers(0, 3)), draw(st.integers(0, 3))
            return {operator: draw(values)[start : start + length]}
        case operator:
            return {operator: draw(values)}


def _measures(kind: Kind) -> list[tuple[str, str]]:
    return [key for key, number in NUMBERS.items() if kind.level <= number.level]


def _sent(value: Any, sort: str) -> Any:
    """A stored value as a client sends it."""
    if isinstance(value, Enum):
        return value.name
    if sort == "decimal":
        return float(value)
    if sort == "day":
        return value.isoformat()
    if sort != "code":
        return value
    digits = str(value)
    while digits.endswith("000"):
        digits = digits[:-3]
    return digits
