"""Looks whether measures are what they were: nothing is lost, and nothing doubled, where places are redrawn."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, literal, select, true

from bangfu.declare.codes import DISTRICT_SPAN, ancestor, level_of
from bangfu.declare.grain import Grain
from bangfu.declare.measures import Measure
from bangfu.divisions.redrawing import Lineage
from bangfu.domain.places import Place
from bangfu.query.measures import Span, measure_by, parts_of, records_used
from bangfu.registry import Platform

_EVER = date(1900, 1, 1)

Values = Mapping[int, Decimal]
"""A measure by the codes of places."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measure of the whole district: stocks on the day, flows of all years up to it."""

    name: str
    """As `industry.orchard_area`; of a share, both of its parts are looked at by themselves."""

    before: Decimal | None
    after: Decimal | None
    is_conserved: bool
    """Whether all places that have to do with each other have together what they had."""

    counts_places: bool
    """Whether it counts places themselves, or looks at those that things lie in: there may be more or fewer now."""


def all_values(connection: Connection, platform: Platform, district: int, today: date) -> dict[str, Values]:
    """Every measure of a district by village, or by the wider places that its facts are about."""
    place = Place.__table__
    inside = select(place.c.code).where(place.c.district_code == district // DISTRICT_SPAN)
    codes = list(connection.scalars(inside))
    span = Span(literal(_EVER), literal(today), lambda _: true())
    found: dict[str, Values] = {}
    for name, measure in _all(platform):
        grain = _grain(measure)
        keys = [code for code in codes if level_of(code) is grain]
        rows = connection.execute(measure_by(measure, grain, keys, span)) if keys else ()
        found[name] = {row[0]: row[1] for row in rows if row[1] is not None}
    return found


def compare(
    platform: Platform, before: Mapping[str, Values], after: Mapping[str, Values], lineage: Iterable[Lineage]
) -> list[Figure]:
    """Each measure before and after."""
    pairs = [(each.predecessor, each.successor) for each in lineage]
    groups = {grain: _groups(pairs, grain) for grain in Grain if grain.is_place}
    found = []
    for name, measure in _all(platform):
        was, is_ = before[name], after[name]
        group = groups[_grain(measure)]
        figure = Figure(
            name=name,
            before=_total(was),
            after=_total(is_),
            is_conserved=_summed(was, group) == _summed(is_, group),
            counts_places=_counts_places(measure),
        )
        found.append(figure)
    return found


def _all(platform: Platform) -> Iterator[tuple[str, Measure]]:
    """The measures of all plugins, shares by their parts, each once."""
    seen: set[int] = set()
    for plugin in (each.plugin for each in platform.plugins):
        for measure in plugin.measures:
            for part in parts_of(measure):
                if id(part) not in seen:
                    seen.add(id(part))
                    name = measure.name if part is measure else f"{measure.name}: {part.name}"
                    yield f"{plugin.name}.{name}", part


def _counts_places(measure: Measure) -> bool:
    if measure.of is Place or (measure.distinct is not None and measure.distinct.is_place):
        return True
    return any(record.__grain__.is_place for record in records_used(measure))


def _grain(measure: Measure) -> Grain:
    grain = measure.of.__grain__
    return Grain.VILLAGE if Grain.VILLAGE.covers(grain) else grain


def _groups(pairs: Iterable[tuple[int, int]], grain: Grain) -> dict[int, int]:
    """For each place of a level that has to do with a change, one place for all that have to do with each other."""
    leads: dict[int, int] = {}

    def first(code: int) -> int:
        while leads.setdefault(code, code) != code:
            code = leads[code]
        return code

    for one, other in pairs:
        if grain.covers(level_of(one)):
            leads[first(ancestor(one, grain))] = first(ancestor(other, grain))
    return {code: first(code) for code in list(leads)}


def _summed(values: Values, group: Mapping[int, int]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for code, value in values.items():
        key = group.get(code, code)
        sums[key] = sums.get(key, Decimal(0)) + value
    return {key: value for key, value in sums.items() if value}


def _total(values: Values) -> Decimal | None:
    return sum(values.values(), Decimal(0)) if values else None
