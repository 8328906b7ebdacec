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
from bangfu.query.ordering import Term
from bangfu.registry.nodes import Kind

DEFAULT_FIRST = 50
MOST = 1000


def page_size(first: int | None, path: str) -> int:
    """How many rows a page has; refuses numbers that make no page."""
    if first is None:
        return DEFAULT_FIRST
    if not 0 <= first <= MOST:
        raise UserError(f"{first} is not a page's size. Accepted: 0 to {MOST}.", argument=path)
    return first


def fingerprint(node: str, ordering: Any) -> str:
    """A few letters that tell one list's ordering from another's, so that a cursor is not used in the wrong one."""
    return hashlib.sha256(orjson.dumps([node, ordering], default=str)).hexdigest()[:8]


def encode_cursor(mark: str, values: Sequence[Any]) -> str:
    """An opaque cursor for a row, from its ordering's values."""
    return urlsafe_b64encode(orjson.dumps([mark, *map(_plain, values)])).decode().rstrip("=")


def decode_cursor(cursor: str, mark: str, terms: Sequence[Term], path: str) -> list[Any]:
    """The values of a cursor; refuses one that is damaged or belongs to another list or ordering."""
    try:
        found, *plain = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_value(term.kind, each) for term, each in zip(terms, plain, strict=True)]
    except (ValueError, TypeError, ArithmeticError):
        raise UserError(
            f"{cursor[:40]!r} is not a cursor. Accepted: an endCursor or an edge's cursor of this very list.",
            argument=path,
        ) from None
    if found != mark:
        raise UserError(
            "this cursor belongs to another list or another orderBy. Begin again without `after`.", argument=path
        )
    return values


def after(terms: Sequence[Term], values: Sequence[Any]) -> ColumnElement[bool]:
    """The rows that come after the one with these values, in the order of the terms."""
    steps = []
    for index, (term, value) in enumerate(zip(terms, values, strict=True)):
        ties = [_same(tie, known) for tie, known in zip(terms[:index], values[:index], strict=True)]
        steps.append(and_(*ties, _beyond(term, value)))
    return or_(*steps)


def _same(term: Term, value: Any) -> ColumnElement[bool]:
    return term.value.is_(None) if value is None else term.value == value


def _beyond(term: Term, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()
    further = term.value < value if term.descending else term.value > value
    return or_(further, term.value.is_(None))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, Decimal) else value


def _value(kind: Kind, plain: Any) -> Any:
    if plain is None:
        return None
    if kind is Kind.DECIMAL:
        return Decimal(plain)
    if kind is Kind.DAY:
        return date.fromisoformat(plain)
    expected = {Kind.INTEGER: int, Kind.CODE: int, Kind.FLAG: bool}.get(kind, str)
    if type(plain) is not expected:
        raise TypeError(plain)
    return plain
