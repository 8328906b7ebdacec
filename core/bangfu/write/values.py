"""Whether a value may stand in a column, as far as the column alone says."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Integer, Numeric, String
from sqlalchemy.schema import Column

from bangfu.declare.fields import Sensitive, field_of
from bangfu.declare.id_number import is_id_number
from bangfu.declare.text import Text
from bangfu.write.outcome import Code

_INTEGERS = {Integer: 2**31 - 1, BigInteger: 2**63 - 1}

Refused = tuple[Code, Text]


def refusal(column: Column[Any], value: Any) -> Refused | None:
    """What is wrong with a value for a column, if something is; values are of Python's kind for it, choices by members.

    A text of a sealed column is the text itself.
    """
    if value is None:
        return None if column.nullable else missing(column)
    field = field_of(column)
    if field is not None and field.choice is not None:
        return None if isinstance(value, field.choice) else _unreadable(column, value)
    match column.type:
        case Boolean():
            return None if isinstance(value, bool) else _unreadable(column, value)
        case Date():
            return None if isinstance(value, date) else _unreadable(column, value)
        case Numeric():
            return _amount(column, value)
        case Integer():
            return _whole(column, value)
        case String():
            return _text(column, value)
    return None


def missing(column: Column[Any]) -> Refused:
    """That a value has to be given."""
    title = title_of(column)
    return Code.MISSING, Text(f"缺少{title.zh}。", f"{title.en} is missing.")


def title_of(column: Column[Any]) -> Text:
    """What people call a column."""
    field = field_of(column)
    if field is not None:
        return field.title
    return _KEYS.get(column.key, Text(column.key, column.key))


_KEYS = {
    "id": Text("編號", "Id"),
    "district_code": Text("區縣代碼", "District"),
    "household_id": Text("戶編號", "Household"),
    "person_id": Text("人員編號", "Person"),
}


def _amount(column: Column[Any], value: Any) -> Refused | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return _unreadable(column, value)
    if isinstance(value, Decimal) and not value.is_finite():
        return _unreadable(column, value)
    assert isinstance(column.type, Numeric), "it is asked of these only"
    places, digits = column.type.scale or 0, column.type.precision or 15
    most = 10 ** (digits - places) - 1
    if (found := _range(column, value, -most, most)) is not None:
        return found  # what has hundreds of digits cannot be rounded
    if value != round(Decimal(value), places):
        title = title_of(column)
        told = Text(f"{title.zh}最多保留{places}位小數。", f"{title.en} has at most {places} decimals.")
        return Code.TOO_PRECISE, told
    return None


def _whole(column: Column[Any], value: Any) -> Refused | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return _unreadable(column, value)
    most = next(most for kind, most in reversed(_INTEGERS.items()) if isinstance(column.type, kind))
    return _range(column, value, -most, most)


def _range(column: Column[Any], value: int | Decimal, least: int, most: int) -> Refused | None:
    field = field_of(column)
    if field is not None:
        least = least if field.least is None else max(least, field.least)
        most = most if field.most is None else min(most, field.most)
    if least <= value <= most:
        return None
    title = title_of(column)
    return Code.OUT_OF_RANGE, Text(
        f"{title.zh}應在{least:,}至{most:,}之間。", f"{title.en} has to be from {least:,} to {most:,}."
    )


def _text(column: Column[Any], value: Any) -> Refused | None:
    if not isinstance(value, str) or "\x00" in value or _is_broken(value):
        return _unreadable(column, value)
    if not value.strip() and not column.nullable:
        return missing(column)
    field = field_of(column)
    most = field.length if field is not None and field.sealed else getattr(column.type, "length", None)
    if most is not None and len(value) > most:
        title = title_of(column)
        told = Text(
            f"{title.zh}最多{most}個字，現有{len(value)}個。",
            f"{title.en} has at most {most} characters; these are {len(value)}.",
        )
        return Code.TOO_LONG, told
    if field is not None and field.sensitive is Sensitive.ID_NUMBER and _is_mistyped(value.upper()):
        title = title_of(column)
        told = Text(
            f"{title.zh}應為18位，且校驗碼正確。", f"{title.en} has 18 characters, the last of which checks the others."
        )
        return Code.BAD_ID_NUMBER, told
    return None


def _is_mistyped(number: str) -> bool:
    """Whether it is digits, and no ID number of a resident; with letters in it, it is that of another document."""
    return number.removesuffix("X").isdigit() and not is_id_number(number)


def _is_broken(value: str) -> bool:
    """Half of a character, which PostgreSQL cannot hold."""
    return not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value)


def _unreadable(column: Column[Any], value: Any) -> Refused:
    title = title_of(column)
    shown = repr(value)[:40]
    return Code.UNREADABLE, Text(f"{shown}不是有效的{title.zh}。", f"{shown} cannot be read as {title.en}.")
