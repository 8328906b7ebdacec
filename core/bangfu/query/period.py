"""Which period a measure is asked for: one that is named, a milestone of the plan, or this year."""

from collections.abc import Callable
from datetime import date

from bangfu.declare.period import Period
from bangfu.query.given import Given, Input
from bangfu.registry.nodes import MeasureField

_LAST_YEAR = 2999


def period_of(field: MeasureField, given: Given) -> Callable[[Input], Period]:
    """The period of a measure's arguments; a milestone runs from the indicator's `since` to the end of its year.

    Raises UserError where both are given; the rule does so for what is no period, or no milestone.
    """
    text, milestone = given.get("period"), given.get("milestone")
    if text is not None and milestone is not None:
        raise milestone.refuse("contradicts `period`: give one of the two.")
    if text is not None:
        return text.rule(lambda value, path: Period.parse(value, argument=path))
    if milestone is not None:
        return _milestone(field, milestone)
    return this_year


def this_year(given: Input) -> Period:
    """The year of the day a request stands on, for which a measure is told when nothing is named."""
    return Period.year(given.today.year)


def _milestone(field: MeasureField, given: Given) -> Callable[[Input], Period]:
    year_of = given.rule(lambda value, _path: int(value))

    def period(request: Input) -> Period:
        year = year_of(request)
        since = field.indicator.since if field.indicator else date(request.today.year, 1, 1)
        if not since.year <= year <= _LAST_YEAR:
            raise given.refuse(
                f"{year} is not a milestone. Accepted: a year from {since.year} on, such as 2016 or 2020."
            )
        return Period(f"{since.year}/{year}", since, date(year, 12, 31))

    return period
