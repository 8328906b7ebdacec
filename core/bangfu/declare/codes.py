"""Place codes: fifteen digits inside, the official 6, 9, 12 or 15 digits outside.

A code is 6 digits of district, 3 of township, 3 of village and 3 of natural village; zeros mean "the whole of
the level above", so that everything inside a place is one range of codes.
"""

from functools import lru_cache

from bangfu.declare.grain import Grain
from bangfu.errors import UserError, quoted

DISTRICT_SPAN = 10**9
"""How many codes, and how many row ids, one district has."""

SPANS = {Grain.DISTRICT: 10**9, Grain.TOWNSHIP: 10**6, Grain.VILLAGE: 10**3, Grain.NATURAL_VILLAGE: 1}
"""How many codes a place of each level covers, itself included."""

_DIGITS = {6: Grain.DISTRICT, 9: Grain.TOWNSHIP, 12: Grain.VILLAGE, 15: Grain.NATURAL_VILLAGE}


def parse_code(official: str, *, argument: str = "code") -> int:
    """The 15-digit code of an official one; refuses anything that is not a place's code."""
    text = official.strip()
    grain = _DIGITS.get(len(text))
    if grain is None or not (text.isascii() and text.isdigit()):
        raise UserError(
            f"{quoted(official)} is not a place code. Accepted: 6 digits for a district, 9 for a township, "
            "12 for a village or 15 for a natural village, such as '620502' or '620502101'.",
            argument=argument,
        )
    code = int(text) * SPANS[grain]
    if text.startswith("0") or level_of(code) is not grain:
        raise UserError(
            f"{quoted(official)} is written with {len(text)} digits but does not name a {grain.title.en.lower()}. "
            "Leave out trailing zeros that stand for a whole level; a district's code does not begin with 0.",
            argument=argument,
        )
    return code


def official_code(code: int) -> str:
    """The official form of a 15-digit code, as people write it."""
    return str(code // SPANS[level_of(code)])


def names_district(official: str) -> bool:
    """Whether an official code names a whole district, if it names a place at all."""
    return len(official.strip()) == 6


@lru_cache(maxsize=4096)  # asked many times in each request, about the same few places
def level_of(code: int) -> Grain:
    """The level of a 15-digit code; the lowest one whose three digits are not zero."""
    for grain in (Grain.NATURAL_VILLAGE, Grain.VILLAGE, Grain.TOWNSHIP):
        if code // SPANS[grain] % 1000:
            return grain
    return Grain.DISTRICT


@lru_cache(maxsize=4096)
def code_range(code: int) -> tuple[int, int]:
    """The first and the last code inside a place, itself included."""
    return code, code + SPANS[level_of(code)] - 1


def ancestor(code: int, grain: Grain) -> int:
    """The code of the place of level `grain` that contains `code`."""
    return code - code % SPANS[grain]


def district_of(code: int) -> int:
    """The 6-digit district of a place code or of a row id."""
    return code // DISTRICT_SPAN
