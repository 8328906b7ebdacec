"""How far a measure is from its target, and how far it should be by now."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Numeric, case, func, not_

from bangfu.declare.text import Text

_CENT = Decimal("0.01")


class Status(Enum):
    """Where an indicator stands against its target."""

    NO_TARGET = Text("無目標", "No target is set")
    NOT_REPORTED = Text("未上報", "Nothing has been reported")
    ACHIEVED = Text("已完成", "The target is reached")
    ON_TRACK = Text("進度正常", "As far as expected by now, or further")
    BEHIND = Text("進度滯後", "Less far than expected by now")
    WITHHELD = Text("不予公開", "Not told to this viewer: too few households may stand behind it")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Distance to a target, in the measure's unit; `progress` in percent of the target."""

    gap: Decimal | None
    progress: Decimal | None
    expected_by_now: Decimal | None
    status: Status


def days_elapsed(start: date, end: date, today: date) -> int:
    """How many days of a target's time have passed, today included."""
    return min(max((today - start).days + 1, 0), (end - start).days + 1)


def assess(
    value: Decimal | None,
    target: Decimal | None,
    start: date,
    end: date,
    today: date,
    *,
    at_most: bool = False,
    is_told: bool = True,
) -> Progress:
    """Compares a value with a target that runs from `start` to `end`, as seen on `today`.

    What is expected grows by the day, evenly; a number that is to fall is expected to be at its target.
    """
    if target is None:
        return Progress(gap=None, progress=None, expected_by_now=None, status=Status.NO_TARGET)
    days = (end - start).days + 1
    expected = target if at_most else _cents(target * days_elapsed(start, end, today) / days)
    if value is None:
        status = Status.NOT_REPORTED if is_told else Status.WITHHELD
        return Progress(gap=None, progress=None, expected_by_now=expected, status=status)
    share = _cents(value * 100 / target) if target else None
    reached, on_track = (value <= target,) * 2 if at_most else (value >= target, value >= expected)
    status = Status.ACHIEVED if reached else Status.ON_TRACK if on_track else Status.BEHIND
    return Progress(gap=target - value, progress=share, expected_by_now=expected, status=status)


def progress_columns(
    value: ColumnElement[Any],
    target: ColumnElement[Any],
    elapsed: ColumnElement[int],
    days: ColumnElement[int],
    *,
    at_most: bool = False,
    is_told: ColumnElement[bool],
) -> dict[str, ColumnElement[Any]]:
    """What `assess` tells, as expressions: `elapsed` of the `days` of the target's time have passed."""
    expected = target if at_most else func.round(target * elapsed / days, 2, type_=Numeric)
    reached, on_track = (value <= target,) * 2 if at_most else (value >= target, value >= expected)
    status = case(
        (target.is_(None), Status.NO_TARGET.name),
        (not_(is_told), Status.WITHHELD.name),
        (value.is_(None), Status.NOT_REPORTED.name),
        (reached, Status.ACHIEVED.name),
        (on_track, Status.ON_TRACK.name),
        else_=Status.BEHIND.name,
    )
    return {
        "gap": target - value,
        "progress": func.round(value * 100 / func.nullif(target, 0), 2, type_=Numeric),
        "expectedByNow": expected,
        "status": status,
    }


def _cents(number: Decimal) -> Decimal:
    return number.quantize(_CENT, ROUND_HALF_UP)
