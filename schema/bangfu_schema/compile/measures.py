"""Measures as SQL: one grouped pass over a record for all places of a list, and each value as an object."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    String,
    and_,
    case,
    cast,
    func,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import False_

from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.declare.measures import Measure, Ratio
from bangfu.declare.period import Period
from bangfu.declare.records import Dated
from bangfu.domain.places import Place, lies_inside
from bangfu.domain.targets import Target
from bangfu.query.boundaries import day_of_boundaries
from bangfu.query.disclosure import is_told
from bangfu.query.given import Input, today
from bangfu.query.measures import Source, Span, belongs, present, reporting_grain, share, source_of, tally
from bangfu.query.period import period_of
from bangfu.query.progress import Status, days_elapsed, progress_columns
from bangfu.query.receipt import facts
from bangfu.query.scope import in_force
from bangfu.registry import MeasureField, Node
from bangfu_schema.compile.build import Build
from bangfu_schema.compile.form import columns_of, constant, labelled, many, number, official, one
from bangfu_schema.compile.selection import Chosen
from bangfu_schema.derive.fields import OfMeasure, OfSpace

Inside = Callable[[Source], list[ColumnElement[bool]]]
"""Where the rows of a record lie that a whole list is about."""

_OF_VALUE = {"value", "gap", "progress", "status"}
_OF_TARGET = {"target", "gap", "progress", "expectedByNow", "status"}


@dataclass(frozen=True)
class Rows:
    """Rows that are shown; with `inside`, as one list, whose measures are counted together."""

    node: Node
    alias: FromClause
    inside: Inside | None = None
    lies_in_own: bool = False
    """Whether all of them are known to lie in the viewer's own places."""


@dataclass(frozen=True, eq=False)
class _Part:
    """A measure to be counted: one that is chosen, or one of the two of a share that is."""

    chosen: Chosen
    measure: Measure
    span: Span
    boundaries: ColumnElement[date] | None = None
    """The day by whose boundaries it counts, if not where rows lie now."""

    columns: dict[str, ColumnElement[Any]] = field(default_factory=dict)


class Figures:
    """The measures chosen for rows, counted; `joined` is what the rows are selected from."""

    def __init__(
        self, build: Build, rows: Rows, chosen: Sequence[Chosen], wanted: frozenset[str] | None = None
    ) -> None:
        self._build = build
        self._rows = rows
        self._wanted = wanted
        self._parts: dict[Chosen, list[_Part]] = {}
        self._targets: dict[Chosen, FromClause] = {}
        self._told: dict[Chosen, ColumnElement[bool]] = {}
        """Whether a measure is told, for those that are not told of every row."""
        self.joined: FromClause = rows.alias
        by_record: dict[tuple[type[Dated], Chosen | None], list[_Part]] = {}
        for each in chosen:
            measured = _field(each).measure
            span = Span.by(build.parameters, self._period(each))
            both = (measured.numerator, measured.denominator) if isinstance(measured, Ratio) else (measured,)
            boundaries = self._boundaries(each)
            self._parts[each] = [_Part(each, measure, span, boundaries) for measure in both]
            for part in self._parts[each]:
                # Rows that lie elsewhere by other boundaries are counted in a pass of their own.
                by_record.setdefault((part.measure.of, None if boundaries is None else each), []).append(part)
            self._ask_whether_told(each, span)
        for (record, _), parts in by_record.items():
            self._join(source_of(record, parts[0].boundaries), [part for part in parts if self._needed(part)])

    def value(self, chosen: Chosen) -> ColumnElement[Any]:
        """A measure's value as an object."""
        needs_target = {each.name for each in chosen.below} & _OF_TARGET
        target = self._with_target(chosen) if needs_target and self._can_have_target(chosen) else None
        columns = columns_of(chosen.below, lambda each: self._part(chosen, each))
        statement = select(*labelled(columns)).correlate_except()
        if target is not None:
            statement = statement.select_from(target)
        return one(statement, columns, self._build.name("m"))

    def _ask_whether_told(self, chosen: Chosen, span: Span) -> None:
        """Once for each row, for all that is shown of the measure."""
        rows, alias = self._rows, self._rows.alias
        told = is_told(
            _field(chosen).measure,
            rows.node.grain,
            alias,
            span,
            self._build.parameters,
            lies_in_own=rows.lies_in_own,
            by_other_boundaries=self._parts[chosen][0].boundaries is not None,
        )
        if told is None:
            return
        if isinstance(told, False_):
            self._told[chosen] = told
            return
        asked = select(told.label("told")).correlate(alias).lateral(self._build.name("d"))
        self.joined = self.joined.join(asked, true())
        self._told[chosen] = asked.c.told

    def _join(self, source: Source, parts: Sequence[_Part]) -> None:
        """One pass over a record for all its measures: grouped for a list of places, else row by row."""
        if not parts:
            return
        alone = len(parts) == 1
        here = or_(*(present(part.measure, source, part.span) for part in parts))
        columns = list(self._columns(source, parts, among_others=not alone))
        name = self._build.name("f")
        if self._rows.inside is not None and self._rows.node.is_place:
            self._build.is_wide = True
            keys: list[ColumnElement[Any]] = [source.record.c.district_code]
            if self._rows.node.grain is not Grain.DISTRICT:  # whose code follows from the district's
                keys.append(source.key(self._rows.node.grain).label("key"))
            conditions = [*self._rows.inside(source), here]
            rows = source.rows(*keys, *columns, *conditions)
            statement = select(*keys, *columns).select_from(rows).where(*conditions).group_by(*keys)
            counted: FromClause = statement.correlate_except().subquery(name)
            alias = self._rows.alias
            on = counted.c.district_code == alias.c.district_code
            if "key" in counted.c:
                on = and_(on, counted.c.key == alias.c.code)
        else:
            conditions = [*belongs(source, self._rows.node, self._rows.alias), here]
            statement = select(*columns).select_from(source.rows(*columns, *conditions)).where(*conditions)
            counted, on = statement.correlate(self._rows.alias).lateral(name), true()
        self.joined = self.joined.outerjoin(counted, on)
        for index, part in enumerate(parts):
            part.columns.update({what: counted.c[f"{what}{index}"] for what in self._needed(part)})

    def _columns(self, source: Source, parts: Sequence[_Part], *, among_others: bool) -> Iterator[ColumnElement[Any]]:
        for index, part in enumerate(parts):
            told = tally(part.measure, source, part.span, self._rows.node.grain, among_others=among_others)
            every = {"value": told.value, "reported": told.reported, "source": told.origin}
            yield from (every[what].label(f"{what}{index}") for what in sorted(self._needed(part)))

    def _part(self, chosen: Chosen, part: Chosen) -> ColumnElement[Any]:
        match part.name:
            case "value":
                return number(self._value(chosen))
            case "unit":
                unit = _field(chosen).measure.unit
                assert unit is not None, "the registry refuses a measure without a unit"
                return constant(unit)
            case "title":
                title = _field(chosen).measure.title
                columns = columns_of(part.below, lambda each: constant(getattr(title, each.name)))
                return one(select(*labelled(columns)), columns, self._build.name("l"))
            case "period":
                period = self._period(chosen)
                return self._build.parameters.add(lambda given: period(given).text, String())
            case "asOf":
                return self._parts[chosen][0].span.last
            case "source":
                return self._if_told(chosen, self._parts[chosen][0].columns["source"])
            case "reported":
                return self._reported(chosen)
            case "isWithheld":
                return not_(self._told.get(chosen, true()))
            case "expected":
                return self._expected(chosen)
            case "receipt":
                return self._receipt(chosen, part)
        return self._progress(chosen, part.name)

    def _needed(self, part: _Part) -> frozenset[str]:
        """Which aggregates are shown, or rest under what is."""
        if self._wanted is not None:
            return self._wanted
        names = {each.name for each in part.chosen.below}
        needed = names & {"reported", "source"}
        return frozenset(needed | {"value"} if names & _OF_VALUE else needed)

    def _value(self, chosen: Chosen) -> ColumnElement[Any]:
        values = [part.columns["value"] for part in self._parts[chosen]]
        return self._if_told(chosen, share(*values) if len(values) > 1 else values[0])

    def _reported(self, chosen: Chosen) -> ColumnElement[Any]:
        return self._if_told(chosen, func.coalesce(self._parts[chosen][0].columns["reported"], 0))

    def _if_told(self, chosen: Chosen, value: ColumnElement[Any]) -> ColumnElement[Any]:
        told = self._told.get(chosen)
        return value if told is None else case((told, value))

    def _period(self, chosen: Chosen) -> Callable[[Input], Period]:
        return period_of(_field(chosen), self._build.given(chosen))

    def _boundaries(self, chosen: Chosen) -> ColumnElement[date] | None:
        day = day_of_boundaries(self._build.given(chosen), self._period(chosen))
        return None if day is None else self._build.parameters.add(day, Date())

    def _in_force(self, chosen: Chosen, place: FromClause) -> ColumnElement[bool]:
        """Whether a place is one by the boundaries that a measure is told by."""
        boundaries = self._parts[chosen][0].boundaries
        return in_force(place, today(self._build.parameters) if boundaries is None else boundaries)

    def _can_have_target(self, chosen: Chosen) -> bool:
        return self._rows.node.is_place and _field(chosen).indicator is not None

    def _with_target(self, chosen: Chosen) -> FromClause:
        """The target of the row's place over exactly the measure's period; without a row where there is none."""
        span, period, alias = self._parts[chosen][0].span, self._period(chosen), self._rows.alias
        target = self._targets[chosen] = Target.__table__.alias(self._build.name("t"))
        ends = self._build.parameters.add(lambda given: period(given).end, Date())
        same = and_(
            target.c.district_code == alias.c.district_code,
            target.c.place_code == alias.c.code,
            target.c.indicator == constant(_field(chosen).qualified),
            target.c.starts_on == span.start,
            target.c.ends_on == ends,
        )
        return select(constant(1).label("one")).subquery(self._build.name("o")).outerjoin(target, same)

    def _progress(self, chosen: Chosen, name: str) -> ColumnElement[Any]:
        target = self._targets.get(chosen)
        if target is None:
            return constant(Status.NO_TARGET.name) if name == "status" else null()
        if name == "target":
            return number(target.c.value)
        indicator = _field(chosen).indicator
        assert indicator is not None, "what is no indicator has no target"
        value = self._value(chosen) if name != "expectedByNow" else null()
        add, period = self._build.parameters.add, self._period(chosen)
        elapsed = add(lambda given: days_elapsed(period(given).start, period(given).end, given.today), Integer())
        days = add(lambda given: period(given).days, Integer())
        is_told = self._told.get(chosen, true())
        shown = progress_columns(value, target.c.value, elapsed, days, at_most=indicator.at_most, is_told=is_told)[name]
        return shown if name == "status" else number(shown)

    def _expected(self, chosen: Chosen) -> ColumnElement[int]:
        grain, alias = self._rows.node.grain, self._rows.alias
        unit = reporting_grain(_field(chosen).measure, grain)
        if unit is grain:
            return constant(1)
        place = Place.__table__.alias(self._build.name("e"))
        inside = [
            place.c.district_code == alias.c.district_code,
            place.c.level == constant(unit.value),
            *lies_inside(place.c.code, grain, alias),
            self._in_force(chosen, place),
        ]
        return select(func.count()).select_from(place).where(*inside).correlate_except(place).scalar_subquery()

    def _receipt(self, chosen: Chosen, receipt: Chosen) -> ColumnElement[Any]:
        told = facts(_field(chosen).measure)

        def part(each: Chosen) -> ColumnElement[Any]:
            if each.name == "parts":
                return self._sum_of(chosen, each)
            fact = getattr(told, each.name)
            return null() if fact is None else constant(fact)

        columns = columns_of(receipt.below, part)
        return one(select(*labelled(columns)).correlate_except(), columns, self._build.name("r"))

    def _sum_of(self, chosen: Chosen, parts: Chosen) -> ColumnElement[Any]:
        """What each place inside adds to the number, one level below.

        Places that are no longer in force have a part where something still lies in them, and the place itself has one
        where something lies in none below: else the parts would not make the number.
        """
        grain = self._rows.node.grain
        below = next((other for other in PLACE_GRAINS if other.value == grain.value + 1), None)
        if below is None or not below.covers(_field(chosen).measure.grain):
            return cast(constant("[]"), JSON)
        node = self._build.nodes.core[below]
        place = node.table.alias(self._build.name("p"))
        around = belonging(self._rows.node, self._rows.alias)
        rows_below = Rows(node, place, around, self._rows.lies_in_own)
        figures = Figures(self._build, rows_below, (chosen,), frozenset({"value", "reported", "source"}))
        shown = {
            "code": official(place.c.code),
            "name": place.c.name,
            "value": number(figures._value(chosen)),
            "reported": figures._reported(chosen),
        }
        columns = columns_of(parts.below, lambda each: shown[each.name])
        is_due = and_(place.c.level == constant(below.value), self._in_force(chosen, place))
        inside = [
            place.c.district_code == self._rows.alias.c.district_code,
            place.c.level.in_([constant(grain.value), constant(below.value)]),
            *lies_inside(place.c.code, grain, self._rows.alias),
            # Rows without a source there are none: where it is missing, nothing of the measure itself lies there.
            or_(is_due, figures._if_told(chosen, figures._parts[chosen][0].columns["source"]).is_not(None)),
        ]
        rows = select(*labelled(columns)).select_from(figures.joined).where(*inside).order_by(place.c.code)
        return many(rows.correlate_except(), columns, self._build.name("r"))


def belonging(node: Node, alias: FromClause) -> Inside:
    """Rows of a record that lie inside the row in `alias`."""
    return lambda source: belongs(source, node, alias)


def measures_in(chosen: Sequence[Chosen]) -> Iterator[Chosen]:
    """The measures that are chosen of a row, in whichever namespace."""
    for each in chosen:
        if isinstance(each.meaning, OfMeasure):
            yield each
        elif isinstance(each.meaning, OfSpace):
            yield from measures_in(each.below)


def _field(chosen: Chosen) -> MeasureField:
    assert isinstance(chosen.meaning, OfMeasure), "only measures are counted"
    return chosen.meaning.field
