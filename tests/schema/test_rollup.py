"""Every number of a place is what the numbers of the places inside make, for every measure at every level."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.declare.measures import AnyMeasure, Measure
from bangfu.query.measures import parts_of
from bangfu.registry import MeasureField, Platform
from bangfu.registry.nodes import plural
from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask

DIGITS = {Grain.DISTRICT: 6, Grain.TOWNSHIP: 9, Grain.VILLAGE: 12, Grain.NATURAL_VILLAGE: 15}
PERIOD = "2011/2020"  # the plan's, so that no row is left out

Values = dict[str, dict[str, Decimal | None]]  # by place, then by measure


def test_a_place_has_what_the_places_inside_have(graph: Graph, platform: Platform, demo_database: Database) -> None:
    """A sum is the sum; households and people are counted in one place each; shares are made of the two sums."""
    levels = {grain: _values(graph, platform, demo_database, grain, PERIOD) for grain in PLACE_GRAINS}
    missing = [name for name, value in levels[Grain.DISTRICT]["620502"].items() if not value]
    assert len(missing) * 4 < len(levels[Grain.DISTRICT]["620502"]), f"too little to compare: {missing}"
    wrong = []
    compared = set()
    names = {field.measure: field.qualified for field in _fields(platform, Grain.DISTRICT)}
    for upper, lower in pairwise(PLACE_GRAINS):
        inside: dict[str, list[dict[str, Decimal | None]]] = {code: [] for code in levels[upper]}
        for code, told in levels[lower].items():
            inside[code[: DIGITS[upper]]].append(told)
        for field in _fields(platform, upper):
            if not lower.covers(field.measure.grain):
                continue
            compared.add(field.measure)
            for code, values in levels[upper].items():
                expected = _made(names, field.measure, inside[code])
                if values[field.qualified] != expected:
                    wrong.append((field.qualified, code, values[field.qualified], expected))
    assert wrong == []
    every = {field.measure for field in _fields(platform, Grain.DISTRICT)}
    assert compared == {measure for measure in every if Grain.TOWNSHIP.covers(measure.grain)}


def test_a_receipt_has_the_numbers_of_the_places_inside(
    graph: Graph, platform: Platform, demo_database: Database
) -> None:
    grain, below = Grain.DISTRICT, Grain.TOWNSHIP
    values = _values(graph, platform, demo_database, below, "2015")
    fields = [field for field in _fields(platform, grain) if below.covers(field.measure.grain)]
    for code, told in _told(graph, platform, demo_database, grain, "2015", "receipt { parts { code value } }"):
        for field in fields:
            parts = told[field.qualified]["receipt"]["parts"]
            inside = {inner: each[field.qualified] for inner, each in values.items() if inner.startswith(code)}
            assert {part["code"]: _exact(part["value"]) for part in parts} == inside, (field.qualified, code)


def _made(
    names: Mapping[AnyMeasure, str], measure: AnyMeasure, inside: list[dict[str, Decimal | None]]
) -> Decimal | None:
    """What the places inside make of a measure: a sum, or a share of two sums; nothing where none has reported."""
    if isinstance(measure, Measure):
        known = [value for told in inside if (value := told[names[measure]]) is not None]
        return sum(known, Decimal(0)) if known else None
    above, below = (_made(names, part, inside) for part in (measure.numerator, measure.denominator))
    if above is None or not below:
        return None
    return (above * 100 / below).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _values(graph: Graph, platform: Platform, database: Database, grain: Grain, period: str) -> Values:
    return {
        code: {name: _exact(each["value"]) for name, each in told.items()}
        for code, told in _told(graph, platform, database, grain, period, "value")
    }


def _told(
    graph: Graph, platform: Platform, database: Database, grain: Grain, period: str, of: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """All measures of all places of a level, page by page."""
    node = platform.graph.core[grain]
    fields = list(_spaced(platform, grain))
    asked: dict[str, list[str]] = {}
    for space, field in fields:
        asked.setdefault(space, []).append(f"{field.name}(period: $period) {{ {of} }}")
    spaces = " ".join(f"{space} {{ {' '.join(inner)} }}" for space, inner in asked.items())
    lists = plural(node.prefix)
    document = f"""query ($period: Period!, $after: String) {{ {lists}(within: "620502", first: 500, after: $after) {{
        nodes {{ code {spaces} }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    info: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        page = ask(graph, database, document, {"period": period, "after": info["endCursor"]})[lists]
        for place in page["nodes"]:
            assert len(place["code"]) == DIGITS[grain]
            yield (
                place["code"],
                {field.qualified: place[space][field.name] for space, field in fields},
            )
        info = page["pageInfo"]


def _spaced(platform: Platform, grain: Grain) -> Iterator[tuple[str, MeasureField]]:
    for name, space in platform.graph.core[grain].namespaces.items():
        for field in space.measures.values():
            if _are_told(parts_of(field.measure), platform):
                yield name, field


def _fields(platform: Platform, grain: Grain) -> list[MeasureField]:
    return [field for _, field in _spaced(platform, grain)]


def _are_told(parts: tuple[Measure, ...], platform: Platform) -> bool:
    """Whether the parts of a share are measures of their own; those of what is required are no numbers of the graph.

    What these make is held against rows in tests/compile.
    """
    told = {measure for each in platform.plugins for measure in each.plugin.measures}
    return len(parts) == 1 or told.issuperset(parts)


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
