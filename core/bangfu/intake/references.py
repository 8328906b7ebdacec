"""Reads what a row is about: a place, a household, a person. Whether there is one is the database's to say."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bangfu.declare.codes import level_of, official_code, parse_code
from bangfu.declare.fields import Field
from bangfu.errors import UserError
from bangfu.intake.texts import Reader, is_scientific, lost_digits, text_reader
from bangfu.intake.unreadable import Unreadable, refusal
from bangfu.intake.words import folded, narrow
from bangfu.write.outcome import Code

_KEY = re.compile(r"[1-9][0-9]{14}", re.ASCII)
_LONGEST = 200
"""Characters of a name or number by which something is looked for."""


@dataclass(frozen=True)
class Reference:
    """A place, household or person as somebody names it: by anything but its code or id. It has still to be found."""

    text: str


def code_reader(field: Field | None) -> Reader:
    """Reads an official code of 6, 9, 12 or 15 digits as one of 15; anything that is no number is a Reference."""
    read_text = text_reader(field, _LONGEST)

    def of_text(text: str) -> int | Reference:
        plain = narrow(text)
        if not (plain.isascii() and plain.isdigit()):
            if is_scientific(plain):
                raise lost_digits(text, field)
            return Reference(text)
        try:
            return parse_code(plain)
        except UserError:
            raise _no_code(plain, field) from None

    def read(raw: Any) -> int | Reference | None:
        text = read_text(raw)
        return None if text is None else of_text(text)

    return read


def key_reader(field: Field | None, types: Collection[str], *, of_itself: bool = False) -> Reader:
    """Reads an id: `household:620502000000001` where `household` is one of the types, or its fifteen digits alone.

    Anything else is a Reference, an id of another type included; it is refused where the id is the row's own.
    """
    read_text = text_reader(field, _LONGEST)
    known = frozenset(map(folded, ("", *types)))

    def read(raw: Any) -> int | Reference | None:
        text = read_text(raw)
        if text is None:
            return None
        if _KEY.fullmatch(text):
            return int(text)
        plain = narrow(text)
        before, _, key = plain.rpartition(":")
        if _KEY.fullmatch(key) and folded(before) in known:
            return int(key)
        if is_scientific(plain):
            raise lost_digits(text, field)
        if not of_itself:
            return Reference(text)
        raise refusal(
            Code.UNREADABLE,
            text,
            field,
            zh=f"不是此表的編號。可用：15 位數字，或 {next(iter(types))}:620502000000001 一類的寫法。",
            en=f"is not an id of these rows. Accepted: 15 digits, or such as {next(iter(types))}:620502000000001.",
        )

    return read


def _no_code(digits: str, field: Field | None) -> Unreadable:
    return refusal(
        Code.UNREADABLE,
        digits,
        field,
        zh="不是區劃代碼。可用：區 6 位、鄉鎮 9 位、村 12 位、自然村 15 位，末尾不補零。",
        en="is not a place code. Accepted: 6 digits of a district, 9 of a township, 12 of a village, 15 of a natural "
        "village, without zeros for what lies below.",
        suggestion=_without_zeros(digits),
    )


def _without_zeros(digits: str) -> str | None:
    """The code that was probably meant where zeros were added for the levels below, as statistics write them."""
    if len(digits) not in (9, 12, 15) or digits.startswith("0"):
        return None
    code = int(digits.ljust(15, "0"))
    short = official_code(code)
    return short if digits.startswith(short) and level_of(code) is level_of(parse_code(short)) else None
