"""Measures and indicators: numbers derived from records, and how far they are from their targets."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from bangfu.declare.deprecation import Deprecation
from bangfu.declare.fields import field_of
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated
from bangfu.declare.text import Text


class OverTime(Enum):
    """How a measure adds up over time."""

    FLOW = "what happened during the period is summed"
    STOCK = "what holds on the last day of the period counts"


FLOW = OverTime.FLOW
STOCK = OverTime.STOCK


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """A number over the rows of one record; summed over places.

    Exactly one of `sum` (a numeric column), `count` (the unit in which rows are counted) and `distinct` (a level
    whose places, households or people are counted once each) says what is added. A FLOW counts rows by the date
    in column `on` (by default `recorded_on`), a STOCK the rows that hold on the last day of the period.
    `where` takes the columns of its record; by `exists(select(…))` it may look at other records too, as they stand now.
    """

    name: str
    title: Text
    of: type[Dated]
    time: OverTime
    sum: InstrumentedAttribute[Any] | None = None
    count: str | None = None
    distinct: Grain | None = None
    where: ColumnElement[bool] | None = None
    on: InstrumentedAttribute[Any] | None = None
    deprecation: Deprecation | None = None

    @property
    def unit(self) -> str | None:
        """The unit's name: the summed column's, the one given, or that of the level counted."""
        if self.sum is not None:
            field = field_of(self.sum.property.columns[0])
            return field.unit if field else None
        return self.count if self.distinct is None else self.distinct.unit

    @property
    def grain(self) -> Grain:
        """The lowest level at which the measure has a meaning."""
        return self.distinct or self.of.__grain__


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratio:
    """A share: numerator and denominator are added over the places first, then divided. Its unit is percent."""

    name: str
    title: Text
    numerator: Measure
    denominator: Measure
    deprecation: Deprecation | None = None

    @property
    def unit(self) -> str:
        """Always percent."""
        return "percent"

    @property
    def grain(self) -> Grain:
        """The wider of the two levels, since both numbers have to exist."""
        return min(self.numerator.grain, self.denominator.grain, key=lambda grain: grain.value)

    @property
    def of(self) -> type[Dated]:
        """The record behind the numerator, which decides who has reported."""
        return self.numerator.of

    @property
    def time(self) -> OverTime:
        """How the numerator adds up over time."""
        return self.numerator.time


AnyMeasure = Measure | Ratio


@dataclass(frozen=True, kw_only=True, eq=False)
class Indicator:
    """A measure that has targets (rows of `target`): how far it is, and how far it should be by now.

    `since` is the day from which progress to a milestone is counted; `at_most` turns the comparison round, for
    numbers that are to fall.
    """

    measure: AnyMeasure
    since: date = date(2015, 1, 1)
    at_most: bool = False

    @property
    def name(self) -> str:
        """An indicator goes by the name of its measure."""
        return self.measure.name
