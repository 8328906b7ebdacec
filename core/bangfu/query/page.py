"""Pages of a list: how many rows, after which cursor. A cursor holds the ordering's values of one row."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, false, or_

from bangfu.errors import UserError
from bangfu.query.given import Given, Input, Rule
from bangfu.query.ordering import Term
from bangfu.query.values import bound_type
from bangfu.registry.nodes import Kind

DEFAULT_FIRST = 50
MOST = 1000
FEW = 100
"""Rows up to which a page is short: a statement may then look at each by itself instead of at all at once."""

_AT = "@"
_MOST_WHOLE = 2**63 - 1
_HUGE = Decimal(10) ** 100


def page_size(first: Any, path: str) -> int:
    """How many rows a page has; refuses numbers that make no page."""
    if not 0 <= first <= MOST:
        raise UserError(f"{first} is not a page's size. Accepted: 0 to {MOST}.", argument=path)
    return int(first)


def fingerprint(node: str, ordering: Any) -> str:
    """A few letters that tell one list's ordering from another's, so that a cursor is not used in the wrong one."""
    return hashlib.sha256(orjson.dumps([node, ordering], default=str)).hexdigest()[:8]


def marked(mark: str, day: date | None) -> str:
    """The mark of a list as of a day, which goes on with the same day only."""
    return mark if day is None else f"{mark}{_AT}{day.isoformat()}"


def same_day(given: Given) -> Rule:
    """The rule that a cursor is of a list as of the day that the request looks back to, or of one of no such day."""

    def check(request: Input) -> None:
        day = None if request.as_of is None else request.as_of.day
        found = orjson.loads(_unpacked(cursor(request)))[0]
        if found != marked(found.partition(_AT)[0], day):
            raise given.refuse("this cursor belongs to a list as of another day. Begin again without `after`.")

    cursor = given.rule(lambda value, _path: value)
    return check


def encode_cursor(mark: str, values: Sequence[Any]) -> str:
    """An opaque cursor for a row, from its ordering's values."""
    return urlsafe_b64encode(orjson.dumps([mark, *map(_plain, values)])).decode().rstrip("=")


def held_by(cursor: str) -> list[Any]:
    """What a cursor of ours holds, from which anybody can read it: its list's mark, the ordering's values, the key."""
    held: list[Any] = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return held


def decode_cursor(cursor: str, mark: str, terms: Sequence[Term], path: str) -> list[Any]:
    """The values of a cursor; refuses one that is damaged or belongs to another list or ordering."""
    try:
        found, *plain = orjson.loads(_unpacked(cursor))
        if not isinstance(found, str):
            raise TypeError(found)
        values = [_value(term.kind, each) for term, each in zip(terms, plain, strict=True)]
    except (ValueError, TypeError, ArithmeticError):
        raise UserError(
            f"{cursor[:40]!r} is not a cursor. Accepted: an endCursor or an edge's cursor of this very list.",
            argument=path,
        ) from None
    if found.partition(_AT)[0] != mark:
        raise UserError(
            "this cursor belongs to another list or another orderBy. Begin again without `after`.", argument=path
        )
    return values


def after(terms: Sequence[Term], given: Given, mark: str) -> ColumnElement[bool]:
    """The rows that come after the one of a cursor, in the order of the terms."""
    known = [value is not None for value in decode_cursor(given.value, mark, terms, given.path)]
    values = [_value_of(index, terms, given, mark) for index in range(len(terms))]
    steps = []
    for index, term in enumerate(terms):
        ties = [
            tie.value == value if is_known else tie.value.is_(None)
            for tie, value, is_known in zip(terms[:index], values, known, strict=False)
        ]
        if known[index]:
            steps.append(and_(*ties, _beyond(term, values[index])))
    first = terms[0]
    if len(terms) == 1 or first.nullable or not known[0]:
        return or_(false(), *steps)
    # Says nothing new, but in one comparison, so that an index can begin there.
    return and_(first.value <= values[0] if first.descending else first.value >= values[0], or_(*steps))


def cursor_shape(cursor: str) -> tuple[bool, ...]:
    """Which values of a cursor are missing: what a statement that continues after it depends on."""
    try:
        return tuple(value is None for value in orjson.loads(_unpacked(cursor)))
    except (ValueError, TypeError):
        return ()


def _value_of(index: int, terms: Sequence[Term], given: Given, mark: str) -> ColumnElement[Any]:
    """One of the cursor's values as a parameter, wide enough for whatever a cursor may hold."""
    return given.bind(
        lambda cursor, path: decode_cursor(cursor, mark, terms, path)[index], bound_type(terms[index].kind)
    )


def _beyond(term: Term, value: ColumnElement[Any]) -> ColumnElement[bool]:
    further = term.value < value if term.descending else term.value > value
    # Where no row is without a value, the plain comparison lets an index begin there.
    return or_(further, term.value.is_(None)) if term.nullable else further


def _unpacked(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, Decimal) else value


def _value(kind: Kind, plain: Any) -> Any:
    if plain is None:
        return None
    if kind is Kind.DECIMAL:
        number = Decimal(plain)
        if not number.is_finite() or abs(number) >= _HUGE:
            raise ValueError(plain)
        return number
    if kind is Kind.DAY:
        return date.fromisoformat(plain)
    expected = {Kind.INTEGER: int, Kind.CODE: int, Kind.FLAG: bool}.get(kind, str)
    if type(plain) is not expected:
        raise TypeError(plain)
    if (isinstance(plain, int) and abs(plain) > _MOST_WHOLE) or (isinstance(plain, str) and "\x00" in plain):
        raise ValueError(plain)
    return plain
