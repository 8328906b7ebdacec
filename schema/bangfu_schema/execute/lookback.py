"""The day in the past that a field of the root names: everything below it is told as of the end of that day."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from bangfu.errors import UserError
from bangfu.query.given import Arguments, AsOf, told_of
from bangfu.query.values import to_day
from bangfu_schema.compile.selection import Chosen
from bangfu_schema.derive.fields import OfMany, OfSpace

_FIRST = date(1900, 1, 1)


def as_of(chosen: Chosen, arguments: Sequence[Arguments], today: date, zone: str) -> AsOf | None:
    """The day that a field of the root looks back to, in a request that stands on `today`; None for today's rows.

    Raises UserError for a day that is none to look back to, and where lists of one namespace name different ones: they
    are read together.
    """
    days: list[tuple[Chosen, date | None]] = []
    for each in _asked(chosen):
        text = arguments[each.place].get("asOf")
        days.append((each, None if text is None else _day(each, text, today)))
    if not days:
        return None
    day = days[0][1]
    for each, other in days[1:]:
        if other != day:
            with told_of(each.place):
                raise UserError(
                    f"all lists of `{chosen.name}` are told as of one day. Ask for `{chosen.name}` once for each day, "
                    "under an alias.",
                    argument=f"{each.key}.asOf",
                )
    return None if day is None else AsOf(day, today, zone)


def too_late(day: date, today: date, argument: str = "asOf") -> UserError:
    """The mistake of looking back to a day that is still to come."""
    return UserError(
        f"{day} is later than {today}, the day that is told of. Accepted: days up to it.", argument=argument
    )


def _asked(chosen: Chosen) -> Iterator[Chosen]:
    """The fields that may name a day: lists of a namespace, or the field itself."""
    if isinstance(chosen.meaning, OfSpace):
        yield from (each for each in chosen.below if isinstance(each.meaning, OfMany))
    else:
        yield chosen


def _day(chosen: Chosen, text: Any, today: date) -> date | None:
    path = f"{chosen.key}.asOf"
    with told_of(chosen.place):
        day = to_day(text, path)
        if day > today:
            # Which places are in force is known of later days too; there is nothing to look back to.
            if isinstance(chosen.meaning, OfMany) and chosen.meaning.link.target.is_place:
                return None
            raise too_late(day, today, path)
        if day < _FIRST:
            raise UserError(f"{day} is too long ago. Accepted: days from {_FIRST} on.", argument=path)
    return day
