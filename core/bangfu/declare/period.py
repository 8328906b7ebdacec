"""Spans of time that a measure can be asked for: a year, a quarter, a month, or several years."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from bangfu.errors import UserError, quoted

_FORM = re.compile(
    r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?|(?P<from>\d{4})/(?P<to>\d{4})",
    re.ASCII,
)


@dataclass(frozen=True)
class Period:
    """A span of whole months, both ends included; `text` is how it is written."""

    text: str
    start: date
    end: date

    @classmethod
    def parse(cls, text: str, *, argument: str = "period") -> "Period":
        """Reads `2015`, `2015-Q3`, `2015-08` or `2015/2020`; refuses anything else by name of the argument."""
        match = _FORM.fullmatch(text.strip())
        first = int(match["year"] or match["from"]) if match else 0
        last = int(match["to"] or first) if match else 0
        if match is None or not 1900 <= first <= last <= 2999:
            raise UserError(
                f"{quoted(text)} is not a period. Accepted: a year '2015', a quarter '2015-Q3', a month '2015-08', "
                "or years from and to '2015/2020'.",
                argument=argument,
            )
        first_month, last_month = 1, 12
        if match["quarter"]:
            last_month = int(match["quarter"]) * 3
            first_month = last_month - 2
        elif match["month"]:
            first_month = last_month = int(match["month"])
        return cls(text.strip(), date(first, first_month, 1), date(last, last_month, monthrange(last, last_month)[1]))

    @classmethod
    def year(cls, year: int) -> "Period":
        """The calendar year."""
        return cls(str(year), date(year, 1, 1), date(year, 12, 31))

    @property
    def days(self) -> int:
        """How many days the span has."""
        return (self.end - self.start).days + 1

    @property
    def is_of_years(self) -> bool:
        """Whether it begins and ends with a calendar year."""
        return (self.start.month, self.start.day, self.end.month, self.end.day) == (1, 1, 12, 31)

    def __str__(self) -> str:
        return self.text
