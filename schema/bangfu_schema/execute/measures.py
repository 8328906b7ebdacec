"""Measures in the plain path: one grouped statement for all places, households or people of a level."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Date, Select, and_, literal, select, true

from bangfu.access import Policy
from bangfu.declare.codes import DISTRICT_SPAN, SPANS
from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.declare.measures import Measure, Ratio
from bangfu.declare.period import Period
from bangfu.domain.places import Place
from bangfu.domain.targets import Target
from bangfu.query.disclosure import is_told
from bangfu.query.given import AsOf, Input, Once
from bangfu.query.measures import Span, as_of, expected_by, measure_by, reporting_grain
from bangfu.query.progress import Progress, assess
from bangfu.query.receipt import facts
from bangfu.query.scope import in_force
from bangfu.query.values import among
from bangfu.registry import MeasureField, Node
from bangfu_schema.execute.connection import Reader


@dataclass(frozen=True)
class Asked:
    """A measure asked for with its arguments: the same for all rows of a level, so that they share statements."""

    field: MeasureField
    node: Node
    period: Period
    today: date
    policy: Policy
    past: AsOf | None = None
    boundaries: date | None = None
    """The day by whose boundaries it counts, if not where rows lie now."""

    @property
    def drawn_on(self) -> date:
        """The day whose places it is about."""
        return self.today if self.boundaries is None else self.boundaries

    @property
    def as_of(self) -> date:
        """The last day the value can know of."""
        return as_of(self.period, self.today)

    @property
    def span(self) -> Span:
        """From when to when it counts."""
        return Span.by(self.parameters, lambda _: self.period)

    @property
    def parameters(self) -> Once:
        """For statements that are run once."""
        return Once(Input((), self.today, self.policy, as_of=self.past))


@dataclass(frozen=True)
class Cell:
    """The value of a measure for one row."""

    value: Decimal | None
    reported: int | None
    source: str | None
    is_told: bool = True


@dataclass(frozen=True)
class Told:
    """A measure of one row on its way through graphql-core."""

    asked: Asked
    key: int
    cell: Cell


_NOTHING = Cell(None, 0, None)
_WITHHELD = Cell(None, None, None, is_told=False)


async def cells(snapshot: Reader, asked: Asked, keys: Sequence[int]) -> dict[int, Cell]:
    """The values for all rows that have reported, or of which nothing is told.

    A share takes two statements, everything else one; and one more where it depends on the row what is told.
    """
    return await _cells(snapshot, asked, asked.node.grain, keys)


async def _cells(snapshot: Reader, asked: Asked, grain: Grain, keys: Sequence[int]) -> dict[int, Cell]:
    found = await _counted(snapshot, asked, grain, keys)
    place = Place.__table__.alias()
    other = asked.boundaries is not None
    told = is_told(asked.field.measure, grain, place, asked.span, asked.parameters, by_other_boundaries=other)
    if told is None:
        return found
    if not grain.is_place:
        return dict.fromkeys(keys, _WITHHELD)
    districts = sorted({key // DISTRICT_SPAN for key in keys})
    statement = select(place.c.code).where(
        place.c.district_code.in_(districts), among(place.c.code, keys), told.is_not(true())
    )
    return found | {row["code"]: _WITHHELD for row in await snapshot.rows(statement)}


async def _counted(snapshot: Reader, asked: Asked, grain: Grain, keys: Sequence[int]) -> dict[int, Cell]:
    measure = asked.field.measure
    if isinstance(measure, Ratio):
        above = await _sums(snapshot, asked, measure.numerator, grain, keys)
        below = await _sums(snapshot, asked, measure.denominator, grain, keys)
        return {key: _share(cell, below.get(key, _NOTHING)) for key, cell in above.items()}
    return await _sums(snapshot, asked, measure, grain, keys)


async def expected(snapshot: Reader, asked: Asked, keys: Sequence[int]) -> dict[int, int]:
    """How many units in each place are to report; a household or a person is to report itself."""
    grain = asked.node.grain
    if reporting_grain(asked.field.measure, grain) is grain:
        return dict.fromkeys(keys, 1)
    rows = await snapshot.rows(expected_by(asked.field.measure, grain, keys, asked.drawn_on))
    return {row["key"]: row["expected"] for row in rows}


async def targets(snapshot: Reader, asked: Asked, keys: Sequence[int]) -> dict[int, Decimal]:
    """The targets of places for the measure's indicator over exactly its period."""
    if not asked.node.is_place or asked.field.indicator is None:
        return {}
    table = Target.__table__.alias()
    statement: Select[Any] = select(table.c.place_code, table.c.value).where(
        table.c.district_code.in_(sorted({key // DISTRICT_SPAN for key in keys})),
        among(table.c.place_code, keys),
        table.c.indicator == asked.field.qualified,
        table.c.starts_on == asked.period.start,
        table.c.ends_on == asked.period.end,
    )
    return {row["place_code"]: row["value"] for row in await snapshot.rows(statement)}


def progress(told: Told, target: Decimal | None) -> Progress:
    """How far a value is from its target on the reporting date."""
    asked = told.asked
    indicator = asked.field.indicator
    return assess(
        told.cell.value,
        target,
        asked.period.start,
        asked.period.end,
        asked.today,
        at_most=indicator.at_most if indicator else False,
        is_told=told.cell.is_told,
    )


async def parts(snapshot: Reader, asked: Asked, keys: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """What each place inside adds to the number, one level below; for all places in two statements.

    Places that are no longer in force have a part where something still lies in them, and the place itself has one
    where something lies in none below: else the parts would not make the number.
    """
    grain = asked.node.grain
    below = next((other for other in PLACE_GRAINS if other.value == grain.value + 1), None)
    if below is None or not below.covers(asked.field.measure.grain):
        return {}
    place = Place.__table__.alias()
    held = in_force(place, asked.drawn_on)
    inside = await snapshot.rows(
        select(place.c.code, place.c.name, and_(held, place.c.level == below.value).label("is_due"))
        .where(
            place.c.district_code.in_(sorted({key // DISTRICT_SPAN for key in keys})),
            place.c.level.in_((grain.value, below.value)),
            among(place.c.code - place.c.code % SPANS[grain], keys),
        )
        .order_by(place.c.code)
    )
    values = await _cells(snapshot, asked, below, [row["code"] for row in inside])
    found: dict[int, list[dict[str, Any]]] = {}
    for row in inside:
        cell = values.get(row["code"])
        if row["is_due"] or (cell is not None and cell.is_told):
            value, reported = (cell.value, cell.reported) if cell else (None, 0)
            part = {"code": row["code"], "name": row["name"], "value": value, "reported": reported}
            found.setdefault(row["code"] - row["code"] % SPANS[grain], []).append(part)
    return found


def receipt(asked: Asked) -> dict[str, Any]:
    """How the number is made, in words taken from the declaration."""
    return asdict(facts(asked.field.measure))


async def _sums(snapshot: Reader, asked: Asked, measure: Measure, grain: Grain, keys: Sequence[int]) -> dict[int, Cell]:
    boundaries = None if asked.boundaries is None else literal(asked.boundaries, Date())
    rows = await snapshot.rows(measure_by(measure, grain, keys, asked.span, boundaries=boundaries))
    return {row["key"]: Cell(row["value"], row["reported"], row["source"]) for row in rows}


def _share(above: Cell, below: Cell) -> Cell:
    if above.value is None or not below.value:
        return Cell(None, above.reported, above.source)
    share = (above.value * 100 / below.value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Cell(share, above.reported, above.source)
