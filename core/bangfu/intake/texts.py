"""Reads texts and ID numbers."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from bangfu.declare.fields import Field
from bangfu.declare.id_number import is_id_number, lengthened
from bangfu.intake.unreadable import Unreadable, refusal
from bangfu.intake.words import BLANKS, narrow
from bangfu.write.outcome import Code

Reader = Callable[[Any], Any]
"""Makes a value of a raw cell; None of one in which nothing stands. Raises Unreadable."""

EXACT = 10**15
"""From here on a spreadsheet has lost digits of a whole number: it keeps fifteen."""

_ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"})
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+?\d{1,3}")
_KEPT_AS_TEXT = (
    "被表格軟件當作數字，已丟失末幾位。請將該列設為「文本」格式後重新填寫。",
    "has lost its last digits, because it was kept as a number. Format the column as text and enter it again.",
)


def text_of(raw: object, field: Field | None = None) -> str:
    """A cell as text, without blanks at its ends: 13800138000.0 as `13800138000`, a day as `2015-03-05`.

    Raises Unreadable for a number of which a spreadsheet has lost digits, and for what is no single value.
    """
    if isinstance(raw, str):
        return raw.strip(BLANKS)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        if abs(raw) >= EXACT:
            raise lost_digits(raw, field)
        return str(int(raw)) if raw.is_integer() else format(raw, ".15g")
    if isinstance(raw, int):
        return format(Decimal(raw), "f")  # of any length, where Python would refuse to write some thousands of digits
    if isinstance(raw, datetime):
        return raw.date().isoformat() if raw.time() == time.min else raw.isoformat(" ")
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, Decimal):
        return format(raw, "f")
    raise refusal(
        Code.UNREADABLE,
        raw,
        field,
        zh="不是單一的值。可用：文字、數字、日期。",
        en="is not a single value. Accepted: a text, a number or a date.",
    )


def text_reader(field: Field | None, length: int | None) -> Reader:
    """Reads a text of at most `length` characters."""
    most = 10**9 if length is None else length

    def read(raw: Any) -> str | None:
        text = raw.strip(BLANKS) if type(raw) is str else None if raw is None else text_of(raw, field)
        if not text:
            return None
        if len(text) > most:
            raise _too_long(text, most, field)
        if text[0] == "#" and text in _ERRORS:
            raise refusal(
                Code.UNREADABLE,
                text,
                field,
                zh="是公式的錯誤值。請填寫實際內容。",
                en="is the error of a formula. Enter the value itself.",
            )
        if not text.isprintable():  # which a text that cannot be kept never is
            _refuse_unkept(text, field)
        return text

    return read


def id_number_reader(field: Field | None) -> Reader:
    """Reads a resident ID number of eighteen characters; one of fifteen digits becomes one of eighteen."""

    def read(raw: Any) -> str | None:
        if raw is None:
            return None
        if isinstance(raw, float) and abs(raw) >= EXACT:
            raise lost_digits(raw, field, Code.BAD_ID_NUMBER)
        text = narrow(text_of(raw, field)).upper()
        if not text:
            return None
        if "\x00" in text:
            _refuse_unkept(text, field)
        if is_id_number(text):
            return text
        longer = lengthened(text)
        if longer is None:
            raise _bad_id_number(text, field)
        return longer

    return read


def lost_digits(raw: object, field: Field | None, code: Code = Code.UNREADABLE) -> Unreadable:
    """The mistake of keeping in a spreadsheet, as a number, what has more digits than it can hold."""
    zh, en = _KEPT_AS_TEXT
    return refusal(code, raw, field, zh=zh, en=en)


def is_scientific(text: str) -> bool:
    """Whether a text is what a spreadsheet writes of a long number: `6.20502E+17`."""
    return _SCIENTIFIC.fullmatch(text) is not None


def _bad_id_number(text: str, field: Field | None) -> Unreadable:
    if is_scientific(text):
        return lost_digits(text, field, Code.BAD_ID_NUMBER)
    if len(text) == 18 and text.isascii() and text[:17].isdigit() and (text[17].isdigit() or text[17] == "X"):
        zh = "不是有效的身份證號碼：校驗碼不符，其中必有一位填錯。"
        en = "is not an ID number: its last character does not fit the others, so that one of them is wrong."
    else:
        zh = f"不是身份證號碼：共 {len(text)} 個字符。可用：18 位（末位可為 X），或舊式 15 位數字。"
        en = f"is not an ID number: it has {len(text)} characters. Accepted: 17 digits and a digit or X, or 15 digits."
    return refusal(Code.BAD_ID_NUMBER, text, field, zh=zh, en=en)


def _too_long(text: str, most: int, field: Field | None) -> Unreadable:
    return refusal(
        Code.TOO_LONG,
        text,
        field,
        zh=f"共 {len(text)} 個字符，最多 {most} 個。",
        en=f"has {len(text)} characters. Accepted: at most {most}.",
    )


def _refuse_unkept(text: str, field: Field | None) -> None:
    """PostgreSQL keeps no null characters, and nothing keeps half a surrogate pair."""
    if "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise refusal(
            Code.UNREADABLE,
            text,
            field,
            zh="含有無法保存的空字符(NUL)或不完整的字符。",
            en="has a null character, or half of one, which cannot be kept.",
        )
