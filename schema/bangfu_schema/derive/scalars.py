"""Scalars of the graph; they take what a client sends, which is checked where the argument's name is known."""

from datetime import date
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from bangfu.declare.codes import official_code

PlaceCode = NewType("PlaceCode", str)
PeriodText = NewType("PeriodText", str)
Day = NewType("Day", str)
Number = NewType("Number", Decimal)


def _text(value: Any) -> str:  # whatever a client sends
    if not isinstance(value, str):
        raise GraphQLError(f"{value!r} is not a text.")
    return value


def _day(value: Any) -> str:  # a date from a row
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: Any) -> float | int:  # a number from a row
    # At most 15 significant digits (see the quantities), which a JSON number carries exactly.
    number = Decimal(value)
    return int(number) if number == number.to_integral_value() else float(number)


def _parse_number(value: Any) -> Decimal:  # whatever a client sends
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GraphQLError(f"{value!r} is not a number.")
    return Decimal(str(value))


def _literal_number(node: ValueNode, _variables: dict[str, Any] | None = None) -> Decimal:
    if not isinstance(node, IntValueNode | FloatValueNode):
        raise GraphQLError("Not a number.", nodes=node)
    return Decimal(node.value)


SCALARS: dict[object, ScalarDefinition] = {
    PlaceCode: strawberry.scalar(
        name="PlaceCode",
        description="A place's official code: 6 digits for a district, 9 township, 12 village, 15 natural village.",
        serialize=lambda value: value if isinstance(value, str) else official_code(value),
        parse_value=_text,
    ),
    PeriodText: strawberry.scalar(
        name="Period",
        description="A year `2015`, a quarter `2015-Q3`, a month `2015-08`, or years from and to `2015/2020`.",
        serialize=str,
        parse_value=_text,
    ),
    Day: strawberry.scalar(name="Date", description="A day, as in `2015-12-31`.", serialize=_day, parse_value=_text),
    Number: strawberry.scalar(
        name="Decimal",
        description="A number with at most two decimals and 15 significant digits; a JSON number carries it exactly.",
        serialize=_number,
        parse_value=_parse_number,
        parse_literal=_literal_number,
    ),
}
# What a hand-written field calls by its Python type is the same scalar.
SCALARS |= {date: SCALARS[Day], Decimal: SCALARS[Number]}
