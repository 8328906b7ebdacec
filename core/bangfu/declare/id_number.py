"""Resident ID numbers (公民身份號碼, GB 11643): seventeen digits and a check digit, and the fifteen digits of before.

The day of birth inside is not held against the calendar: numbers were issued with a 30 February, as the moon counts.
"""

from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


def check_digit(first: str) -> str:
    """The last character of an ID number after its first seventeen digits (MOD 11-2)."""
    return _CHECK_DIGITS[sum(map(mul, _WEIGHTS, map(int, first))) % 11]


def is_id_number(text: str) -> bool:
    """Whether a text is an ID number of eighteen characters whose check digit, an upper-case X or a digit, is right."""
    return len(text) == 18 and _is_digits(text[:17]) and text[17] == check_digit(text[:17])


def lengthened(text: str) -> str | None:
    """A number of fifteen digits as it is written since 1999: with the century, and a check digit; None for others.

    All of them were given to people born in 19xx.
    """
    if len(text) != 15 or not _is_digits(text):
        return None
    first = f"{text[:6]}19{text[6:]}"
    return first + check_digit(first)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
