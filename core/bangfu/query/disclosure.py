"""Whether a number about households is told to a viewer who may not see all the rows behind it (統計保密).

Outside its own places a viewer is told townships and districts, over whole years, and of these all of a district or
none: where one of them rests on a few households only, the others would tell it as what they leave of the district.
"""

from collections.abc import Iterator
from dataclasses import replace
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

from bangfu.access import PERSONAL, needed_to_count
from bangfu.declare.grain import Grain
from bangfu.declare.measures import AnyMeasure, Measure, OverTime, Ratio
from bangfu.query.given import Parameters, today
from bangfu.query.measures import Span, measure_value, parts_of, sensitive_columns, source_of
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
) -> ColumnElement[bool] | None:
    """Whether the measure of the row in `alias` is told; None where that of every row is.

    `lies_in_own` says that all rows are known to lie in the viewer's own places. Rows of households and people that are
    shown at all do.
    """
    policy = parameters.policy
    parts = parts_of(measure)
    if policy.viewer is None:
        return None
    if all(part.of.__grain__.is_place for part in parts):
        return None if policy.reads_personal or not sensitive_columns(parts) else false()
    may_see = all(policy.holds(needed) for part in parts for needed in _needed(part))
    if may_see and (policy.is_everywhere or lies_in_own or not grain.is_place):
        return None
    own = is_own(alias.c.code, parameters, grain) if may_see else false()
    if grain not in (Grain.DISTRICT, Grain.TOWNSHIP):
        return own
    cells = (part for part in _cells(measure) if not part.of.__grain__.is_place)
    small = [_small_cell(part, grain, alias, span, parameters, may_see=may_see) for part in cells]
    return or_(own, and_(span.is_of_years(), *map(not_, small)))


def _needed(measure: Measure) -> Iterator[str]:
    """The permissions of whoever may see the rows behind a measure, and what is counted of them."""
    yield needed_to_count(measure.of)
    if sensitive_columns([measure]):
        yield PERSONAL


def _cells(measure: AnyMeasure) -> Iterator[Measure]:
    """The counts that a number rests on; a share of nearly all tells of the few that are left."""
    if not isinstance(measure, Ratio):
        yield measure
        return
    above, below = measure.numerator, measure.denominator
    yield from (above, below)
    if above.of is below.of and above.time is below.time and above.on is below.on and above.where is not None:
        others = above.where.self_group().is_not(true())
        yield replace(below, where=others if below.where is None else and_(below.where, others))


def _small_cell(
    measure: Measure, grain: Grain, alias: FromClause, span: Span, parameters: Parameters, *, may_see: bool
) -> ColumnElement[bool]:
    """Whether one of all places of the level in the row's district, of a flow in one of all years, is a small cell.

    The viewer's own rows are left out: it knows them, and could take them off.
    """
    source = source_of(measure.of)
    record, home = source.record, source.keys[Grain.HOUSEHOLD]
    conditions = [record.c.district_code == alias.c.district_code]
    if measure.where is not None:
        conditions.append(source.counted(measure.where))
    groups = [] if grain is Grain.DISTRICT else [source.key(grain)]
    if measure.time is OverTime.STOCK:
        conditions.append(in_force(record, span.last))
    else:
        on = record.c["recorded_on" if measure.on is None else measure.on.key]
        conditions.append(on <= today(parameters))
        groups.append(extract("year", on))
    if may_see and parameters.policy.ranges:
        conditions.append(not_(is_own(source.place, parameters)))
    size = func.count(distinct(home))
    cells = (
        select(literal(1))
        .select_from(source.rows(home, *groups, *conditions))
        .where(*conditions)
        .group_by(*groups)
        .having(size.between(1, literal(parameters.policy.small_cell - 1, Integer(), literal_execute=True)))
    )
    return exists(cells.correlate(alias))
