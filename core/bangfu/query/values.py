"""Turns what a request gives into values for columns, naming the argument where it does not fit."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, Date, Numeric, String, any_, literal
from sqlalchemy.types import TypeEngine

from bangfu.declare.codes import level_of, official_code, parse_code
from bangfu.errors import UserError, nearest, quoted
from bangfu.registry.nodes import Attribute, Kind, Node, camel, plural

_DECIMAL = Decimal(10) ** 13
_BOUND: dict[Kind, type[TypeEngine[Any]]] = {
    Kind.INTEGER: BigInteger,
    Kind.CODE: BigInteger,
    Kind.DECIMAL: Numeric,
    Kind.DAY: Date,
    Kind.FLAG: Boolean,
}


def among(column: ColumnElement[int], keys: Collection[int]) -> ColumnElement[bool]:
    """Whether the column is one of the keys: one parameter for any number, since a statement has at most 65,535."""
    return column == any_(literal(list(keys), ARRAY(BigInteger)))


def bound_type(kind: Kind) -> TypeEngine[Any]:
    """The type of a parameter that is compared with columns of a kind: one without limits.

    The column's own would round 1.496 to a stored 1.50, and cut a long text down to a stored one.
    """
    return _BOUND.get(kind, String)()


def to_value(attribute: Attribute, given: Any, argument: str) -> Any:
    """The value of an attribute's column for one given in a request; None stays None."""
    if given is None:
        return None
    if attribute.kind is Kind.CODE:
        return parse_code(str(given), argument=argument)
    if attribute.kind is Kind.DECIMAL:
        return to_decimal(given, argument)
    if attribute.kind is Kind.DAY:
        return to_day(given, argument)
    if attribute.field.choice is not None:
        return getattr(given, "name", given)  # a choice is stored by its name
    if attribute.kind is Kind.TEXT and "\x00" in given:
        raise UserError("a text cannot contain a null character.", argument=argument)
    return given


def to_decimal(given: Any, argument: str) -> Decimal:
    """A decimal number that fits a quantity column."""
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= _DECIMAL:
        shown = quoted(str(given) if isinstance(given, Decimal) else given)
        raise UserError(f"{shown} is not a number with at most 13 digits before the point.", argument=argument)
    return number


def to_day(given: Any, argument: str) -> date:
    """A date written as 2015-12-31."""
    if isinstance(given, date):
        return given
    if isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass  # told below, with all other dates that are none
    raise UserError(f"{quoted(given)} is not a date. Accepted: a day such as '2015-12-31'.", argument=argument)


def place_key(node: Node, official: str, argument: str) -> int:
    """The code of a place of the node's level, from its official form."""
    return parse_id(
        f"{node.prefix}:{official_code(parse_code(official, argument=argument))}", {node.prefix: node}, argument
    )[1]


def unknown_place(code: int, argument: str) -> UserError:
    """The mistake of naming a place that there is not, and was not."""
    grain = level_of(code)
    return UserError(
        f"{official_code(code)!r} is the code of no {grain.title.en.lower()} here. Accepted: the code of one that "
        f"is or was; `{camel(plural(grain.unit))}` lists them.",
        argument=argument,
    )


def node_id(node: Node, key: int) -> str:
    """The readable, typed id of a row: `household:620502000000123`, `village:620502101202`."""
    return f"{node.prefix}:{official_code(key) if node.is_place else key}"


def parse_id(given: str, nodes: Mapping[str, Node], argument: str = "id") -> tuple[Node, int]:
    """The node and the key an id names; refuses ids of no known type and keys that are none."""
    prefix, _, key = given.partition(":")
    node = nodes.get(prefix)
    if node is None:
        known = sorted(nodes)
        shown = ", ".join(known) if len(known) <= 8 else f"{', '.join(known[:6])} and {len(known) - 6} more"
        raise UserError(
            f"{quoted(given)} is not an id. Accepted: a type, ':' and a key, as in 'household:620502000000001'; "
            f"types are {shown}.{nearest(prefix, known)}",
            argument=argument,
        )
    if node.is_place:
        code = parse_code(key, argument=argument)
        if node.grain is not level_of(code):
            raise UserError(f"{quoted(key)} is not the code of a {node.title.en.lower()}.", argument=argument)
        return node, code
    if not re.fullmatch(r"[1-9][0-9]{14}", key):
        raise UserError(f"{quoted(key)} is not a key: a row's id has 15 digits.", argument=argument)
    return node, int(key)
