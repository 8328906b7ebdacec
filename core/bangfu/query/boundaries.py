"""By which boundaries a measure tells what lies in a place: those of now, of its period, or of a day (區劃口徑).

Rows lie where divisions have carried them. What each reorganisation has moved is kept, so that it can be told where a
row lay on any day: from where the first move after that day took it.
"""

from collections.abc import Callable
from datetime import date
from enum import Enum

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Date,
    Integer,
    MetaData,
    ScalarSelect,
    String,
    Table,
    TableClause,
    func,
    select,
)

from bangfu.declare.period import Period
from bangfu.declare.records import Dated
from bangfu.domain.places import Place
from bangfu.query.counted import COUNTED
from bangfu.query.given import Given, Input, Rule
from bangfu.query.values import to_day


class Boundaries(Enum):
    """By which boundaries a measure is told."""

    NOW = "NOW"
    THEN = "THEN"


MOVES = Table(
    "place_move",
    MetaData(),
    Column("district_code", Integer()),
    Column("record", String()),
    Column("row_id", BigInteger()),
    Column("reorganisation", Integer()),
    Column("happened_on", Date()),
    Column("from_code", BigInteger()),
    schema=COUNTED,
)
"""The view of what was moved, which keeps no rows back; a statement that looks back finds what was known then."""


def lay_in(record: type[Dated], rows: TableClause, on: ColumnElement[date]) -> ColumnElement[int]:
    """The code of the place that a row lay in by the boundaries of a day.

    What was entered since, in a place that had another code on that day, lay in the place of that code.
    """
    lies: ColumnElement[int] = rows.c.place_code
    lay = func.coalesce(_before(record.__tablename__, rows, rows.c.id, on), lies)
    return func.coalesce(_before(Place.__tablename__, rows, lay, on), lay)


def _before(name: str, rows: TableClause, key: ColumnElement[int], on: ColumnElement[date]) -> ScalarSelect[int]:
    """From where the first reorganisation after a day took a row, or a place that goes on under another code."""
    move = MOVES.alias()
    here = [move.c.district_code == rows.c.district_code, move.c.record == name, move.c.row_id == key]
    statement = select(move.c.from_code).where(*here, move.c.happened_on > on).order_by(move.c.reorganisation).limit(1)
    return statement.correlate_except(move).scalar_subquery()


def day_of_boundaries(given: Given, period: Callable[[Input], Period]) -> Rule | None:
    """The day whose boundaries a measure's arguments ask for; None for those that rows lie in now.

    Raises UserError where both arguments are given; the rule does so for what is no day, or one to come.
    """
    named, at = given.get("boundaries"), given.get("boundariesAt")
    if named is not None and at is not None:
        raise at.refuse("contradicts `boundaries`: give one of the two.")
    if at is not None:
        return _day(at)
    if named is None:
        return None
    which = named.rule(lambda value, _: Boundaries(value.name if isinstance(value, Enum) else value))

    def day(request: Input) -> date:
        if which(request) is Boundaries.NOW:
            return request.today
        return min(period(request).end, request.today)

    return day


def _day(given: Given) -> Rule:
    read = given.rule(to_day)

    def day(request: Input) -> date:
        found: date = read(request)
        if found > request.today:
            raise given.refuse(f"{found} is after the reporting date, {request.today}. Accepted: a day up to that.")
        return found

    return day
