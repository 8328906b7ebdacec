"""Whether a number about households is told to a viewer who may not see all the rows behind it (統計保密).

Outside its own places a viewer is told townships and districts, over whole years, and of these all of a district or
none: where one of them rests on a few households only, the others would tell it as what they leave of the district.
What holds on a day is told of the reporting date alone, since two days differ by whoever came or went between, and as
of an earlier day nothing is told; and who is counted once only, of one year at a time, since several years differ from
their sum by whoever was there twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    and_,
    case,
    distinct,
    exists,
    extract,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from bangfu.access import PERSONAL, is_open, needed_to_count
from bangfu.declare.codes import SPANS
from bangfu.declare.grain import Grain
from bangfu.declare.measures import AnyMeasure, Measure, OverTime, Ratio
from bangfu.declare.period import Period
from bangfu.declare.records import Dated
from bangfu.query.given import Parameters, today
from bangfu.query.measures import Span, measure_value, parts_of, records_used, sensitive_columns, source_of
from bangfu.query.scope import in_force
from bangfu.query.visible import is_own
from bangfu.registry.nodes import Node


def told_value(measure: AnyMeasure, node: Node, alias: FromClause, span: Span, parameters: Parameters) -> Any:
    """The measure of the row in `alias` as a scalar, for filters and orderings; null where it is not told."""
    value = measure_value(measure, node, alias, span)
    told = is_told(measure, node.grain, alias, span, parameters)
    return value if told is None else case((told, value))


def is_told(
    measure: AnyMeasure,
    grain: Grain,
    alias: FromClause,
    span: Span,
    parameters: Parameters,
    *,
    lies_in_own: bool = False,
    by_other_boundaries: bool = False,
) -> ColumnElement[bool] | None:
    """Whether the measure of the row in `alias` is told; None where that of every row is.

    `lies_in_own` says that all rows are known to lie in the viewer's own places. Rows of households and people that are
    shown at all do. By other boundaries than those of now, a place may have had what lies elsewhere today, and the
    two numbers together would tell what has come or gone: below the district that is for who sees all of it.
    """
    policy = parameters.policy
    parts = parts_of(measure)
    if policy.viewer is None:
        return None
    looks_at_people = any(not each.__grain__.is_place for part in parts for each in records_used(part))
    if all(part.of.__grain__.is_place for part in parts) and not looks_at_people:
        return None if policy.reads_personal or not sensitive_columns(parts) else false()
    may_see = all(policy.holds(needed) for part in parts for needed in _needed(part))
    lies_in_own = lies_in_own and not by_other_boundaries
    if may_see and (policy.is_everywhere or lies_in_own or not grain.is_place):
        return None
    own: ColumnElement[bool] = false()
    if may_see and by_other_boundaries:
        own = is_own(alias.c.code - alias.c.code % SPANS[Grain.DISTRICT], parameters, Grain.DISTRICT)
    elif may_see:
        own = is_own(alias.c.code, parameters, grain)
    # How few households are behind a number of places nobody counts.
    is_of_places = looks_at_people and any(part.of.__grain__.is_place for part in parts)
    told_outside = (Grain.DISTRICT,) if by_other_boundaries else (Grain.DISTRICT, Grain.TOWNSHIP)
    # Of a day in the past nobody else is told: two days differ by whoever came or went between.
    if parameters.looks_back or grain not in told_outside or is_of_places:
        return own
    cells = dict.fromkeys(cell for cell in _cells(measure) if not cell.of.__grain__.is_place)
    small = [_is_small(cell, grain, alias, span, parameters, may_see=may_see) for cell in cells]
    return or_(own, and_(span.is_so(partial(_is_tellable, parts)), *map(not_, small)))


def _is_tellable(parts: Sequence[Measure], period: Period, today: date) -> bool:
    """Whether a period is one of which households may be counted for outsiders."""
    is_one_year = period.start.year == period.end.year
    return period.is_of_years and all(
        period.end >= today if part.time is OverTime.STOCK else part.distinct is None or is_one_year for part in parts
    )


def _needed(measure: Measure) -> Iterator[str]:
    """The permissions of whoever may see the rows behind a measure, and what is counted of them."""
    yield from (needed_to_count(each) for each in (measure.of, *records_used(measure)) if not is_open(each))
    if sensitive_columns([measure]):
        yield PERSONAL


@dataclass(frozen=True)
class _Cell:
    """Rows whose households must not be few: of all places of a level, of a flow in all years."""

    of: type[Dated]
    time: OverTime
    on: str = "recorded_on"
    where: ColumnElement[bool] | None = None
    known: str | None = None
    """A column that has to have a value, as an amount that is summed."""


def _cells(measure: AnyMeasure) -> Iterator[_Cell]:
    """What a number rests on: the rows it counts, and those that only show that something was reported.

    A share of nearly all tells of the few that are left.
    """
    for part in parts_of(measure):
        yield _counted(part)
        yield _Cell(part.of, part.time)
    if isinstance(measure, Ratio):
        above, below = _counted(measure.numerator), _counted(measure.denominator)
        if (above.of, above.time, above.on) == (below.of, below.time, below.on) and above.where is not None:
            others = above.where.self_group().is_not(true())
            yield replace(below, where=others if below.where is None else and_(below.where, others))


def _counted(measure: Measure) -> _Cell:
    on = "recorded_on" if measure.on is None or measure.time is OverTime.STOCK else measure.on.key
    return _Cell(measure.of, measure.time, on, measure.where, None if measure.sum is None else measure.sum.key)


def _is_small(
    cell: _Cell, grain: Grain, alias: FromClause, span: Span, parameters: Parameters, *, may_see: bool
) -> ColumnElement[bool]:
    """Whether it is small in one of the places of the level in the row's district.

    The viewer's own rows are left out: it knows them, and could take them off.
    """
    source = source_of(cell.of)
    record, home = source.record, source.keys[Grain.HOUSEHOLD]
    conditions = [record.c.district_code == alias.c.district_code]
    if cell.where is not None:
        conditions.append(source.counted(cell.where))
    if cell.known is not None:
        conditions.append(record.c[cell.known].is_not(None))
    groups = [] if grain is Grain.DISTRICT else [source.key(grain)]
    if cell.time is OverTime.STOCK:
        conditions.append(in_force(record, span.last))
    else:
        conditions.append(record.c[cell.on] <= today(parameters))
        groups.append(extract("year", record.c[cell.on]))
    if may_see and parameters.policy.ranges:
        conditions.append(not_(is_own(source.place, parameters)))
    size = func.count(distinct(home))
    small = (
        select(literal(1))
        .select_from(source.rows(home, *groups, *conditions))
        .where(*conditions)
        .group_by(*groups)
        .having(size.between(1, literal(parameters.policy.small_cell - 1, Integer(), literal_execute=True)))
    )
    return exists(small.correlate(alias))
