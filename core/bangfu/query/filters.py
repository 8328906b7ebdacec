"""Turns a filter of a request into conditions: columns, links with some/none/every, namespaces, measures."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, exists, false, not_, or_

from bangfu.declare.period import Period
from bangfu.errors import UserError
from bangfu.query.measures import measure_value
from bangfu.query.scope import Moment, scope
from bangfu.query.values import parse_id, to_decimal, to_value
from bangfu.registry.nodes import Link, MeasureField, Namespace, Node

Given = Mapping[str, Any]
_Convert = Callable[[Any, str], Any]


def filter_conditions(
    node: Node, alias: FromClause, given: Given, moment: Moment, path: str
) -> list[ColumnElement[bool]]:
    """The conditions of a filter on the rows of `alias`; all have to hold.

    Raises UserError that names the argument by its path, such as `filter.village.code.eq`.
    """
    conditions: list[ColumnElement[bool]] = []
    for name, value in given.items():
        here = f"{path}.{name}"
        if value is None:
            continue
        if name in ("and", "or"):
            parts = [
                and_(*filter_conditions(node, alias, part, moment, f"{here}[{index}]"), _true())
                for index, part in enumerate(value)
            ]
            conditions.append(and_(_true(), *parts) if name == "and" else or_(false(), *parts))
        elif name == "not":
            conditions.append(not_(and_(_true(), *filter_conditions(node, alias, value, moment, here))))
        elif name == "id":
            conditions += _compare(alias.c[node.key], value, here, _id_of(node))
        elif name in node.attributes:
            attribute = node.attributes[name]
            conditions += _compare(alias.c[attribute.column], value, here, partial(to_value, attribute))
        elif name in node.links:
            conditions += _linked(node.links[name], alias, value, moment, here)
        else:
            conditions += _spaced(node, node.namespaces[name], alias, value, moment, here)
    return conditions


def _spaced(
    node: Node, space: Namespace, alias: FromClause, given: Given, moment: Moment, path: str
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for name, value in given.items():
        here = f"{path}.{name}"
        if value is None:
            continue
        if name in space.links:
            conditions += _linked(space.links[name], alias, value, moment, here)
        else:
            conditions += _measured(node, space.measures[name], alias, value, moment, here)
    return conditions


def _measured(
    node: Node, field: MeasureField, alias: FromClause, given: Given, moment: Moment, path: str
) -> list[ColumnElement[bool]]:
    text = given.get("period")
    period = moment.period if text is None else Period.parse(text, argument=f"{path}.period")
    rest = {name: value for name, value in given.items() if name != "period"}
    return _compare(measure_value(field.measure, node, alias, period, moment), rest, path, to_decimal)


def _linked(link: Link, alias: FromClause, given: Given, moment: Moment, path: str) -> list[ColumnElement[bool]]:
    if not link.many:
        return [_exists(link, alias, given, moment, path)]
    conditions = []
    for quantifier, inner in given.items():
        if inner is None:
            continue
        here = f"{path}.{quantifier}"
        if quantifier == "every":
            conditions.append(not_(_exists(link, alias, {"not": inner}, moment, here)))
        else:
            found = _exists(link, alias, inner, moment, here)
            conditions.append(found if quantifier == "some" else not_(found))
    return conditions


def _exists(link: Link, alias: FromClause, given: Given, moment: Moment, path: str) -> ColumnElement[bool]:
    target = link.target.table.alias()
    conditions = [
        *link.join(alias, target),
        *scope(link.target, target, moment.today if link.many else None),
        *filter_conditions(link.target, target, given, moment, path),
    ]
    return exists().where(*conditions).correlate_except(target)


def _compare(column: ColumnElement[Any], given: Given, path: str, convert: _Convert) -> list[ColumnElement[bool]]:
    operators = dict(given)
    _check_operators(operators, path)
    values = {
        name: [convert(each, f"{path}.in[{index}]") for index, each in enumerate(raw)]
        if name == "in"
        else raw
        if name == "isNull"
        else convert(raw, f"{path}.{name}")
        for name, raw in operators.items()
    }
    _check_bounds(values, path)
    return [_OPERATORS[name](column, value) for name, value in values.items()]


def _check_operators(given: dict[str, Any], path: str) -> None:
    for name, value in given.items():
        if value is None or (name == "in" and None in value):
            raise UserError("null is not a value to compare with. Use isNull: true.", argument=f"{path}.{name}")
    alone = [name for name in ("eq", "isNull") if name in given and (name == "eq" or given[name])]
    if alone and len(given) > 1:
        others = ", ".join(sorted(set(given) - {alone[0]}))
        raise UserError(f"{alone[0]} contradicts {others}: give {alone[0]} alone.", argument=path)
    for one, other in (("gt", "gte"), ("lt", "lte")):
        if one in given and other in given:
            raise UserError(f"{one} contradicts {other}: give one of the two.", argument=path)


def _check_bounds(values: dict[str, Any], path: str) -> None:
    lower = next(((name, values[name]) for name in ("gt", "gte") if name in values), None)
    upper = next(((name, values[name]) for name in ("lt", "lte") if name in values), None)
    if lower and upper:
        empty = lower[1] > upper[1] or (lower[1] == upper[1] and (lower[0], upper[0]) != ("gte", "lte"))
        if empty:
            found = f"{lower[0]} {lower[1]} contradicts {upper[0]} {upper[1]}"
            raise UserError(f"{found}: no value is both. The lower bound has to be below the upper.", argument=path)


def _like(column: ColumnElement[Any], text: str, pattern: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.like(pattern.format(escaped), escape="\\")


_OPERATORS: dict[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    # A missing value is not the one asked about: it is unequal to it, as people expect.
    "ne": lambda column, value: column.is_distinct_from(value),
    "in": lambda column, value: column.in_(value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "isNull": lambda column, value: column.is_(None) if value else column.is_not(None),
    "contains": lambda column, value: _like(column, value, "%{}%"),
    "startsWith": lambda column, value: _like(column, value, "{}%"),
}
OPERATORS: Sequence[str] = tuple(_OPERATORS)


def _id_of(node: Node) -> _Convert:
    return lambda raw, at: parse_id(raw, {node.prefix: node}, at)[1]


def _true() -> ColumnElement[bool]:
    return not_(false())
