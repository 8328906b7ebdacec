"""Turns a measure into SQL: for one place as a scalar, for many places as one grouped pass over the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    ScalarSelect,
    Select,
    Table,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
)

from bangfu.declare.codes import DISTRICT_SPAN, SPANS
from bangfu.declare.grain import Grain
from bangfu.declare.measures import AnyMeasure, Measure, OverTime, Ratio
from bangfu.declare.period import Period
from bangfu.declare.records import Record
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place
from bangfu.query.scope import Moment, in_force
from bangfu.registry.nodes import Node


@dataclass(frozen=True)
class _Source:
    """The rows a measure counts, joined up to where they lie."""

    rows: FromClause
    record: Table
    keys: dict[Grain, ColumnElement[int]]

    def key(self, grain: Grain) -> ColumnElement[int]:
        """The code or id of the thing of level `grain` that a row belongs to."""
        if grain.is_place:
            place = self.keys[Grain.NATURAL_VILLAGE]
            return place - place % SPANS[grain] if SPANS[grain] > 1 else place
        return self.keys[grain]


def measure_value(
    measure: AnyMeasure, node: Node, alias: FromClause, period: Period, moment: Moment
) -> ColumnElement[Any]:
    """The measure of the row in `alias` as a scalar, for filters and orderings."""
    if isinstance(measure, Ratio):
        parts = [measure_value(part, node, alias, period, moment) for part in (measure.numerator, measure.denominator)]
        return share(*parts)
    source = _source(measure.of)
    statement = _aggregate(measure, source, period, moment, reporting=node.grain)[0]
    inside = _belongs(source, node, alias)
    scalar: ScalarSelect[Any] = (
        (select(statement).select_from(source.rows).where(*inside, _present(measure, source, period, moment)))
        .correlate(alias)
        .scalar_subquery()
    )
    return scalar


def measure_by(
    measure: Measure, grain: Grain, keys: Sequence[int], period: Period, moment: Moment
) -> Select[tuple[int, Any, int, str]]:
    """One row (key, value, reported, source) for each of the places, households or people of `grain` that has rows."""
    source = _source(measure.of)
    value, reported = _aggregate(measure, source, period, moment, reporting=grain)
    origin = source.record.c.source
    origins = case((func.min(origin) == func.max(origin), func.min(origin)), else_="several sources")
    key = source.key(grain)
    districts = sorted({each // DISTRICT_SPAN for each in keys})
    conditions = [source.record.c.district_code.in_(districts), key.in_(keys)]
    if grain.is_place:
        # The range lets the index on the place find the rows; the key alone is a computed value.
        place = source.keys[Grain.NATURAL_VILLAGE]
        conditions.append(place.between(min(keys), max(keys) + SPANS[grain] - 1))
    columns = (key.label("key"), value.label("value"), reported.label("reported"), origins.label("source"))
    statement = select(*columns).select_from(source.rows)
    return statement.where(*conditions, _present(measure, source, period, moment)).group_by(key)


def expected_by(measure: AnyMeasure, grain: Grain, keys: Sequence[int], on: date) -> Select[tuple[int, int]]:
    """One row (key, expected): how many units inside each place are to report on the day."""
    place = Place.__table__.alias()
    key = place.c.code - place.c.code % SPANS[grain]
    unit = reporting_grain(measure, grain)
    districts = sorted({each // DISTRICT_SPAN for each in keys})
    return (
        select(key.label("key"), func.count().label("expected"))
        .where(
            place.c.district_code.in_(districts),
            place.c.level == unit.value,
            place.c.code.between(min(keys), max(keys) + SPANS[grain] - 1),
            key.in_(keys),
            in_force(place, on),
        )
        .group_by(key)
    )


def reporting_grain(measure: AnyMeasure, grain: Grain) -> Grain:
    """Who reports: the village for all it holds, a wider place for its own facts; below that, the thing itself."""
    unit = Grain.VILLAGE if Grain.VILLAGE.covers(measure.of.__grain__) else measure.of.__grain__
    return unit if grain.covers(unit) else grain


def share(numerator: ColumnElement[Any], denominator: ColumnElement[Any]) -> ColumnElement[Any]:
    """Numerator by denominator in percent with two decimals; null where there is nothing to divide by."""
    return func.round(cast(numerator, Numeric) * 100 / func.nullif(denominator, 0), 2)


def as_of(period: Period, moment: Moment) -> date:
    """The last day a measure of the period can know of."""
    return min(period.end, moment.today)


def _source(record: type[Record]) -> _Source:
    table, household, person = _table(record), _table(Household), _table(Person)
    at_household = and_(household.c.district_code == table.c.district_code)
    if record is Household:
        return _Source(table, table, {Grain.NATURAL_VILLAGE: table.c.place_code, Grain.HOUSEHOLD: table.c.id})
    if record is Person:
        rows = table.join(household, and_(at_household, household.c.id == table.c.household_id))
        return _Source(rows, table, _household_keys(household) | {Grain.PERSON: table.c.id})
    if record.__grain__ is Grain.HOUSEHOLD:
        rows = table.join(household, and_(at_household, household.c.id == table.c.household_id))
        return _Source(rows, table, _household_keys(household))
    if record.__grain__ is Grain.PERSON:
        rows = table.join(
            person, and_(person.c.district_code == table.c.district_code, person.c.id == table.c.person_id)
        ).join(household, and_(at_household, household.c.id == person.c.household_id))
        return _Source(rows, table, _household_keys(household) | {Grain.PERSON: person.c.id})
    return _Source(table, table, {Grain.NATURAL_VILLAGE: table.c.place_code})


def _household_keys(household: Table) -> dict[Grain, ColumnElement[int]]:
    return {Grain.NATURAL_VILLAGE: household.c.place_code, Grain.HOUSEHOLD: household.c.id}


def _belongs(source: _Source, node: Node, alias: FromClause) -> list[ColumnElement[bool]]:
    same = source.record.c.district_code == alias.c.district_code
    if node.is_place:
        place = source.keys[Grain.NATURAL_VILLAGE]
        return [same, place.between(alias.c.code, alias.c.code + (SPANS[node.grain] - 1))]
    return [same, source.keys[node.grain] == alias.c.id]


def _present(measure: Measure, source: _Source, period: Period, moment: Moment) -> ColumnElement[bool]:
    """Rows that show that their unit has reported, whether or not they add to the measure.

    A site recorded in the period whose building has not begun says "none begun", which is zero and not missing.
    """
    end = as_of(period, moment)
    if measure.time is OverTime.STOCK:
        return in_force(source.record, end)
    recorded = source.record.c.recorded_on.between(period.start, end)
    return or_(recorded, _happened(measure, source).between(period.start, end))


def _happened(measure: Measure, source: _Source) -> ColumnElement[Any]:
    column = "recorded_on" if measure.on is None else measure.on.key
    happened: ColumnElement[Any] = source.record.c[column]
    return happened


def _aggregate(
    measure: Measure, source: _Source, period: Period, moment: Moment, *, reporting: Grain
) -> tuple[ColumnElement[Any], ColumnElement[int]]:
    """The value and the number of units that have reported, as aggregates over the rows that are present."""
    hits = [] if measure.where is None else [measure.where]
    if measure.time is OverTime.FLOW:
        hits.append(_happened(measure, source).between(period.start, as_of(period, moment)))
    hit = and_(*hits) if hits else literal(True)
    unit = source.key(reporting_grain(measure, reporting))
    present = func.count()
    if measure.sum is not None:
        column = source.record.c[measure.sum.key]
        total = func.sum(column).filter(hit)
        value = case((and_(present > 0, func.count().filter(hit) == 0), literal(0)), else_=total)
        reported = func.count(distinct(unit)).filter(or_(~hit, column.is_not(None)) if hits else column.is_not(None))
        return cast(value, Numeric), reported
    counted = func.count() if measure.distinct is None else func.count(distinct(source.key(measure.distinct)))
    value = case((present > 0, counted.filter(hit)))
    return cast(value, Numeric), func.count(distinct(unit))


def _table(record: type[Any]) -> Table:
    table = record.__table__
    assert isinstance(table, Table)
    return table
