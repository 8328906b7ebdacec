"""Turns a measure into SQL: aggregates over the rows of its record, for one place or for many in one grouped pass."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ClauseElement,
    ColumnClause,
    ColumnElement,
    Date,
    FromClause,
    Function,
    Numeric,
    ScalarSelect,
    Select,
    TableClause,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.sql.visitors import iterate

from bangfu.declare.codes import DISTRICT_SPAN, SPANS
from bangfu.declare.conditions import Look, looks, tables_in
from bangfu.declare.fields import field_of
from bangfu.declare.grain import Grain
from bangfu.declare.measures import AnyMeasure, Measure, OverTime, Ratio
from bangfu.declare.period import Period
from bangfu.declare.records import Dated, record_of
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place, lies_inside
from bangfu.query.boundaries import lay_in
from bangfu.query.conditions import over
from bangfu.query.counted import counted, counted_table
from bangfu.query.given import Given, Input, Parameters
from bangfu.query.period import this_year
from bangfu.query.scope import in_force
from bangfu.query.values import among
from bangfu.registry.nodes import Node


@dataclass(frozen=True)
class Span:
    """From when to when a measure counts: a period, but never beyond the day the request stands on."""

    start: ColumnElement[date]
    last: ColumnElement[date]
    is_so: Callable[[Callable[[Period, date], bool]], ColumnElement[bool]]
    """Whether something holds of the period on the day the request stands on, for whoever has to know."""

    @classmethod
    def by(cls, parameters: Parameters, period: Callable[[Input], Period]) -> "Span":
        """The span of a period that follows from what is given."""
        start = parameters.add(lambda given: period(given).start, Date())
        last = parameters.add(lambda given: as_of(period(given), given.today), Date())
        return cls(
            start, last, lambda holds: parameters.add(lambda given: holds(period(given), given.today), Boolean())
        )

    @classmethod
    def of(cls, given: Given) -> "Span":
        """The span of a period as it is written in a request."""
        return cls.by(given.parameters, given.rule(lambda text, path: Period.parse(text, argument=path)))

    @classmethod
    def this_year(cls, parameters: Parameters) -> "Span":
        """The year of the request's day, for which a measure is told when no period is named."""
        return cls.by(parameters, this_year)


@dataclass(frozen=True)
class Source:
    """The rows a measure counts, and the way from each to the place it lies in."""

    record: TableClause
    keys: dict[Grain, ColumnElement[int]]
    way: tuple[tuple[TableClause, ColumnElement[bool]], ...] = ()
    """The tables between the record and its place, each with how it is joined to the one before."""

    @property
    def place(self) -> ColumnElement[int]:
        """The code of the place a row lies in."""
        return self.keys[Grain.NATURAL_VILLAGE]

    def counted(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """A condition of a declaration on the rows that are counted; what it looks for, it looks for among all rows."""
        return over(condition, self.record.name, self.record, counted_table)

    def key(self, grain: Grain) -> ColumnElement[int]:
        """The code or id of the thing of level `grain` that a row belongs to."""
        if grain is Grain.DISTRICT:
            return cast(self.record.c.district_code, BigInteger) * literal(DISTRICT_SPAN, BigInteger())
        if grain.is_place:
            return self.place - self.place % SPANS[grain] if SPANS[grain] > 1 else self.place
        return self.keys[grain]

    def rows(self, *used: ClauseElement) -> FromClause:
        """What the used expressions are selected from: no table is joined that none of them needs."""
        tables = {each.table for part in used for each in iterate(part) if isinstance(each, ColumnClause)}
        needed = [index for index, (joined, _) in enumerate(self.way) if joined in tables]
        rows: FromClause = self.record
        for joined, on in self.way[: max(needed, default=-1) + 1]:
            rows = rows.join(joined, on)
        return rows


@dataclass(frozen=True)
class Tally:
    """A measure as aggregates over rows: its value, how many units have reported, where the rows come from."""

    value: ColumnElement[Any]
    reported: ColumnElement[int]
    origin: ColumnElement[str]


def measure_value(measure: AnyMeasure, node: Node, alias: FromClause, span: Span) -> ColumnElement[Any]:
    """The measure of the row in `alias` as a scalar, for filters and orderings."""
    if isinstance(measure, Ratio):
        parts = [measure_value(part, node, alias, span) for part in (measure.numerator, measure.denominator)]
        return share(*parts)
    source = source_of(measure.of)
    value = tally(measure, source, span, node.grain).value
    conditions = [*belongs(source, node, alias), present(measure, source, span)]
    scalar: ScalarSelect[Any] = (
        select(value).select_from(source.rows(value, *conditions)).where(*conditions).correlate(alias).scalar_subquery()
    )
    return scalar


def measure_by(
    measure: Measure,
    grain: Grain,
    keys: Sequence[int],
    span: Span,
    *,
    boundaries: ColumnElement[date] | None = None,
) -> Select[tuple[int, Any, int, str]]:
    """One row (key, value, reported, source) for each of the places, households or people of `grain` that has rows.

    With `boundaries` places have what lay in them by the boundaries of that day.
    """
    source = source_of(measure.of, boundaries)
    told = tally(measure, source, span, grain)
    key = source.key(grain)
    districts = sorted({each // DISTRICT_SPAN for each in keys})
    conditions = [source.record.c.district_code.in_(districts), among(key, keys)]
    if grain.is_place:
        # The range lets the index on the place find the rows; the key alone is a computed value.
        conditions.append(source.place.between(min(keys), max(keys) + SPANS[grain] - 1))
    columns = (
        key.label("key"),
        told.value.label("value"),
        told.reported.label("reported"),
        told.origin.label("source"),
    )
    conditions.append(present(measure, source, span))
    return select(*columns).select_from(source.rows(*columns, *conditions)).where(*conditions).group_by(key)


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
            among(key, keys),
            in_force(place, on),
        )
        .group_by(key)
    )


def reporting_grain(measure: AnyMeasure, grain: Grain) -> Grain:
    """Who reports: the village for all it holds, a wider place for its own facts; below that, the thing itself."""
    counted = measure.grain if measure.of is Place else measure.of.__grain__
    unit = Grain.VILLAGE if Grain.VILLAGE.covers(counted) else counted
    return unit if grain.covers(unit) else grain


def share(numerator: ColumnElement[Any], denominator: ColumnElement[Any]) -> ColumnElement[Any]:
    """Numerator by denominator in percent with two decimals; null where there is nothing to divide by."""
    return func.round(cast(numerator, Numeric) * 100 / func.nullif(denominator, 0), 2, type_=Numeric)


def as_of(period: Period, today: date) -> date:
    """The last day a measure of the period can know of."""
    return min(period.end, today)


def source_of(record: type[Dated], boundaries: ColumnElement[date] | None = None) -> Source:
    """Where a measure's rows stand, and how they are joined to the places they lie in: by the boundaries of a day, or
    where they lie now.
    """
    source = _source_of(record)
    if boundaries is None or record is Place:  # of which each lies where it is
        return source
    owner: type[Dated] = record if "place_code" in source.record.c else Household
    rows = next((joined for joined, _ in source.way if joined.name == Household.__tablename__), source.record)
    return replace(source, keys=source.keys | {Grain.NATURAL_VILLAGE: lay_in(owner, rows, boundaries)})


def _source_of(record: type[Dated]) -> Source:
    rows, household, person = counted(record), counted(Household), counted(Person)
    if record is Household:
        return Source(rows, {Grain.NATURAL_VILLAGE: rows.c.place_code, Grain.HOUSEHOLD: rows.c.id})
    if record is Place:
        return Source(rows, {Grain.NATURAL_VILLAGE: rows.c.code})
    if record is Person:
        home = _joined(household, rows, "household_id")
        keys = {Grain.HOUSEHOLD: rows.c.household_id, Grain.PERSON: rows.c.id}
        return Source(rows, keys | {Grain.NATURAL_VILLAGE: household.c.place_code}, (home,))
    if record.__grain__ is Grain.HOUSEHOLD:
        home = _joined(household, rows, "household_id")
        keys = {Grain.HOUSEHOLD: rows.c.household_id}
        return Source(rows, keys | {Grain.NATURAL_VILLAGE: household.c.place_code}, (home,))
    if record.__grain__ is Grain.PERSON:
        way = (_joined(person, rows, "person_id"), _joined(household, person, "household_id"))
        keys = {Grain.HOUSEHOLD: person.c.household_id, Grain.PERSON: rows.c.person_id}
        return Source(rows, keys | {Grain.NATURAL_VILLAGE: household.c.place_code}, way)
    return Source(rows, {Grain.NATURAL_VILLAGE: rows.c.place_code})


def _joined(owner: TableClause, rows: TableClause, name: str) -> tuple[TableClause, ColumnElement[bool]]:
    return owner, and_(owner.c.district_code == rows.c.district_code, owner.c.id == rows.c[name])


def belongs(source: Source, node: Node, alias: FromClause) -> list[ColumnElement[bool]]:
    """The rows that belong to the row in `alias`."""
    same = source.record.c.district_code == alias.c.district_code
    if node.is_place:
        return [same, *lies_inside(source.place, node.grain, alias)]
    return [same, source.keys[node.grain] == alias.c.id]


def present(measure: Measure, source: Source, span: Span) -> ColumnElement[bool]:
    """Rows that show that their unit has reported, whether or not they add to the measure.

    A site recorded in the period whose building has not begun says "none begun", which is zero and not missing.
    """
    if measure.of is Place and measure.distinct is not None:  # all levels stand in one table
        return and_(source.record.c.level == measure.distinct.value, in_force(source.record, span.last))
    if measure.time is OverTime.STOCK:
        return in_force(source.record, span.last)
    recorded = source.record.c.recorded_on.between(span.start, span.last)
    if measure.on is None:
        return recorded
    return or_(recorded, source.record.c[measure.on.key].between(span.start, span.last))


def tally(measure: Measure, source: Source, span: Span, grain: Grain, *, among_others: bool = False) -> Tally:
    """A measure as aggregates for things of level `grain`.

    The rows are those that are present; or, `among_others`, any, of which the aggregates take those that are.
    """
    here = [present(measure, source, span)] if among_others else []
    counts = [] if measure.where is None else [source.counted(measure.where)]
    if measure.time is OverTime.FLOW:
        column = "recorded_on" if measure.on is None else measure.on.key
        counts.append(source.record.c[column].between(span.start, span.last))
    unit = source.key(reporting_grain(measure, grain))
    rows = _only(func.count(), *here)
    if measure.sum is not None:
        column_summed = source.record.c[measure.sum.key]
        total = _only(func.sum(column_summed), *here, *counts)
        none_counts = and_(rows > 0, _only(func.count(), *here, *counts) == 0)
        value = case((none_counts, literal(0)), else_=total)
        told = or_(and_(true(), *counts).self_group().is_not(true()), column_summed.is_not(None))
        reported = _only(func.count(distinct(unit)), *here, told)
    else:
        counted = func.count() if measure.distinct is None else func.count(distinct(source.key(measure.distinct)))
        value = case((rows > 0, _only(counted, *here, *counts)))
        reported = _only(func.count(distinct(unit)), *here)
    origin = source.record.c.source
    least, most = _only(func.min(origin), *here), _only(func.max(origin), *here)
    several = case((least == most, least), (rows > 0, "several sources"))
    return Tally(cast(value, Numeric), reported, several)


def _only(aggregate: Function[Any], *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    return aggregate.filter(*conditions) if conditions else aggregate


def sensitive_columns(measures: Iterable[AnyMeasure]) -> set[tuple[str, str]]:
    """The sensitive columns that measures look at, each with its table's name."""
    return {(look.table.name, look.column.name) for look in sensitive_looks(measures)}


def sensitive_looks(measures: Iterable[AnyMeasure]) -> Iterator[Look]:
    """All looks of measures at sensitive columns."""
    found = (look for each in measures for part in parts_of(each) for look in columns_used(part))
    return (look for look in found if (field := field_of(look.column)) is not None and field.sensitive is not None)


def records_used(measure: Measure) -> set[type[Dated]]:
    """The records in whose rows a measure's condition looks besides its own."""
    found = (record_of(table) for table in tables_in(measure.where)) if measure.where is not None else ()
    return {each for each in found if each is not None and each is not measure.of}


def parts_of(measure: AnyMeasure) -> tuple[Measure, ...]:
    """The two measures of a share; else the measure itself."""
    return (measure.numerator, measure.denominator) if isinstance(measure, Ratio) else (measure,)


def columns_used(measure: Measure) -> Iterator[Look]:
    """The looks that a measure's declaration has at columns."""
    return (look for part in (measure.sum, measure.where, measure.on) if part is not None for look in looks(part))
