"""Reads quantities and whole numbers, as people write them: with separators, wide digits, their own unit."""

import re
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, Integer, Numeric
from sqlalchemy.types import TypeEngine

from bangfu.declare.fields import Field
from bangfu.declare.text import Text
from bangfu.declare.units import Unit
from bangfu.intake.texts import Reader
from bangfu.intake.unreadable import Unreadable, refusal
from bangfu.intake.words import folded, narrow
from bangfu.write.outcome import Code

_CLEAN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)
_NUMBER = re.compile(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(\.[0-9]*)?", re.ASCII)
_LONGEST = 60
"""Characters of a number that is looked at; Python takes long over very long ones."""

_STEPS = {0: Decimal(1), 2: Decimal("0.01")}


def number_reader(kind: TypeEngine[Any], field: Field | None, unit: Unit | None) -> Reader:
    """Reads a Decimal for a column of two decimals, or an int for a whole one, in the range and unit of the column."""
    if isinstance(kind, Numeric):
        places = kind.scale or 0
        top = Decimal(10) ** ((kind.precision or 15) - places) - _STEPS[places]
        low: int | Decimal = -top
        high: int | Decimal = top
    else:
        places, bits = 0, 63 if isinstance(kind, BigInteger) else 31
        low, high = -(2**bits), 2**bits - 1
    assert isinstance(kind, Numeric | Integer)
    if field is not None:
        low = low if field.least is None else max(low, field.least)
        high = high if field.most is None else min(high, field.most)
    make = Decimal if places else int
    own = _names(unit)

    def kept(number: Decimal, raw: object) -> Decimal | int:
        # The range first: a number of hundreds of digits cannot be rounded.
        if not low <= number <= high:
            raise _out_of_range(raw, low, high, unit, field)
        rounded = number.quantize(_STEPS[places], ROUND_HALF_UP)
        if rounded != number:
            raise _too_precise(raw, rounded, places, field)
        return make(rounded)

    def written(raw: str) -> Decimal | int | None:
        if _CLEAN.fullmatch(raw):
            return kept(Decimal(raw), raw)
        text = narrow(raw)
        if not text:
            return None
        match = _NUMBER.match(text) if len(text) <= _LONGEST else None
        if match is None or (match.end() < len(text) and folded(text[match.end() :]) not in own):
            raise _no_number(raw, unit, field)
        sign, digits, decimals = match.groups()
        return kept(Decimal(sign + digits.replace(",", "").replace(" ", "") + (decimals or "")), raw)

    def read(raw: Any) -> Decimal | int | None:
        if type(raw) is str:
            return written(raw)
        if raw is None:
            return None
        if isinstance(raw, float) and raw - raw == 0:
            # Fifteen digits, as a spreadsheet shows it: 0.1 + 0.2 is 0.3 there.
            return kept(Decimal(format(raw, ".15g")), raw)
        if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
            number = Decimal(raw)
            if number.is_finite():
                return kept(number, raw)
        raise _no_number(raw, unit, field)

    return read


def is_of_unit(text: str, unit: Unit | None) -> bool:
    """Whether a text is a name of a unit: 畝, 亩, `mu`, `square metres`."""
    return bool(text) and folded(text) in _names(unit)


def _names(unit: Unit | None) -> frozenset[str]:
    if unit is None:
        return frozenset()
    names = (unit.name, f"{unit.name}s", unit.title.zh, unit.title.en, f"{unit.title.en}s")
    return frozenset(map(folded, names))


def _no_number(raw: object, unit: Unit | None, field: Field | None) -> Unreadable:
    if isinstance(raw, date | time | timedelta):
        zh, en = (
            "是日期或時間，不是數字。請檢查單元格格式。",
            "is a day or a time, not a number. Look at the cell's format.",
        )
    elif unit is not None:
        zh = f"不是數字。可用：3、3.5、1,200，單位只可為{unit.title.zh}。"
        en = f"is not a number. Accepted: 3, 3.5, 1,200, in no other unit than {unit.title.en}."
    else:
        zh, en = "不是數字。可用：3、1,200。", "is not a number. Accepted: 3, 1,200."
    return refusal(Code.UNREADABLE, raw, field, zh=zh, en=en)


def _out_of_range(
    raw: object, low: int | Decimal, high: int | Decimal, unit: Unit | None, field: Field | None
) -> Unreadable:
    of = Text("", "") if unit is None else unit.title
    return refusal(
        Code.OUT_OF_RANGE,
        raw,
        field,
        zh=f"超出範圍。可用：{low} 至 {high}{of.zh}。",
        en=f"is out of range. Accepted: {low} to {high} {of.en}".rstrip() + ".",
    )


def _too_precise(raw: object, rounded: Decimal, places: int, field: Field | None) -> Unreadable:
    return refusal(
        Code.TOO_PRECISE,
        raw,
        field,
        zh=f"小數過多，最多保留 {places} 位。" if places else "應為整數。",
        en=f"has too many decimals. Accepted: at most {places}." if places else "is not a whole number.",
        suggestion=str(rounded),
    )
