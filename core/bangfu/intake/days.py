"""Reads days, in the ways in which they are written here; what could be two days is none."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from bangfu.declare.fields import Field
from bangfu.intake.texts import Reader
from bangfu.intake.unreadable import Unreadable, refusal
from bangfu.intake.words import narrow
from bangfu.write.outcome import Code

_CLEAN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME = r"(?:[T ]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_WRITTEN = re.compile(
    rf"(?:([0-9]{{4}})\s*([-./年])\s*([0-9]{{1,2}})\s*(?:\2|月)\s*([0-9]{{1,2}})\s*[日號号]?|([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})){_TIME}",
    re.ASCII,
)
_LONGEST = 40
"""Characters of a day with a time."""

_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 31)
"""As far as periods go; what lies outside is mistyped, or stands for "always"."""

_SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of a spreadsheet, which has a 29 February 1900; from March 1900 on it counts rightly."""

_SERIALS = (20_000, 80_000)
"""Serial numbers that are days: 1954 to 2119. Smaller ones may be any number, and larger ones are no days of ours."""


def day_reader(field: Field | None) -> Reader:
    """Reads a date; the time of day, where one is given, is left out."""

    def written(raw: str) -> date | None:
        if _CLEAN.fullmatch(raw):
            return checked(raw, int(raw[:4]), int(raw[5:7]), int(raw[8:]))
        text = narrow(raw)
        if not text:
            return None
        match = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST else None
        # 2015年3月5日 has its 月, and nothing else has.
        if match is None or (match[2] is not None and (match[2] == "年") != ("月" in text)):
            raise _no_day(raw, field)
        year, month, day = match.group(1, 3, 4) if match[1] else match.group(5, 6, 7)
        return checked(raw, int(year), int(month), int(day))

    def checked(raw: object, year: int, month: int, day: int) -> date:
        try:
            found = date(year, month, day)
        except ValueError:
            raise _no_day(raw, field) from None
        return in_range(raw, found)

    def in_range(raw: object, found: date) -> date:
        if not _FIRST <= found <= _LAST:
            raise refusal(
                Code.OUT_OF_RANGE,
                raw,
                field,
                zh="超出範圍。可用：1900 年至 2999 年的日期；沒有則留空。",
                en="is out of range. Accepted: days from 1900 to 2999; leave the cell empty where there is none.",
            )
        return found

    def numbered(raw: float) -> date:
        if _SERIALS[0] <= raw < _SERIALS[1] + 1:  # with the time of day behind the point
            return _SERIAL_ZERO + timedelta(days=int(raw))
        if raw == raw // 1 and 19_000_101 <= raw <= 29_991_231:  # 20150305, kept as a number
            return checked(raw, int(raw) // 10_000, int(raw) // 100 % 100, int(raw) % 100)
        raise _no_day(raw, field)

    def read(raw: Any) -> date | None:
        if type(raw) is str:
            return written(raw)
        if raw is None:
            return None
        if isinstance(raw, datetime):
            return in_range(raw, raw.date())
        if isinstance(raw, date):
            return in_range(raw, raw)
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return numbered(raw)
        raise _no_day(raw, field)

    return read


def _no_day(raw: object, field: Field | None) -> Unreadable:
    return refusal(
        Code.UNREADABLE,
        raw,
        field,
        zh="不是日期。可用：2015-03-05、2015年3月5日、2015/3/5、2015.3.5、20150305。",
        en="is not a date. Accepted: 2015-03-05, 2015年3月5日, 2015/3/5, 2015.3.5, 20150305.",
    )
