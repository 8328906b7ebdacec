"""Turns a filter of a request into conditions: columns, links with some/none/every, namespaces, measures.

A condition holds or does not, also where a value is missing: a missing area is not greater than five, so `gt: 5` leaves
the row out, and `not: {area: {gt: 5}}` takes it in; `every` is counted in the same way.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    LargeBinary,
    Numeric,
    String,
    and_,
    any_,
    exists,
    false,
    not_,
    or_,
    true,
)
from sqlalchemy.types import TypeEngine

from bangfu.declare.fields import index_of
from bangfu.query.completeness import filtered, kind_of
from bangfu.query.disclosure import told_value
from bangfu.query.given import Given, Input, Rule, today
from bangfu.query.measures import Span
from bangfu.query.opened import sealed_name
from bangfu.query.scope import scope
from bangfu.query.values import bound_type, parse_id, to_decimal, to_value
from bangfu.query.visible import check_may_compare, check_may_read, still_visible, visible
from bangfu.registry.nodes import Attribute, Link, MeasureField, Namespace, Node
from bangfu.seal import no_key

_Convert = Callable[[Any, str], Any]


class _Chain:
    """Rows along a way of links of which one each has to be there: `members: {some: {attendances: {some: …}}}`.

    An EXISTS inside an EXISTS says the same as their join, but PostgreSQL then looks for all people with attendances
    first.
    """

    def __init__(self, first: FromClause) -> None:
        self._tables = [first]
        self._rows = first

    def ends_with(self, table: FromClause) -> bool:
        """Whether nothing is joined to the table yet."""
        return self._tables[-1] is table

    def join(self, table: FromClause, on: ColumnElement[bool]) -> None:
        """Joins one more to the last."""
        self._rows = self._rows.join(table, on)
        self._tables.append(table)

    def exists(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether there are such rows of which the conditions hold."""
        return exists().select_from(self._rows).where(*conditions).correlate_except(*self._tables)


def filter_conditions(
    node: Node, alias: FromClause, given: Given, chain: _Chain | None = None
) -> list[ColumnElement[bool]]:
    """The conditions of a filter on the rows of `alias`; all have to hold.

    Raises UserError that names the argument by its path, such as `filter.village.code.eq`.
    """
    conditions: list[ColumnElement[bool]] = []
    for name, inner in given.items():
        if name in ("and", "or"):
            parts = [and_(_true(), *filter_conditions(node, alias, part)) for part in inner.each()]
            conditions.append(and_(_true(), *parts) if name == "and" else or_(false(), *parts))
        elif name == "not":
            conditions.append(_does_not_hold(filter_conditions(node, alias, inner)))
        elif name == "id":
            conditions += _compare(alias.c[node.key], inner, _id_of(node), BigInteger())
        elif name in node.attributes:
            attribute = node.attributes[name]
            check_may_compare(attribute, inner)
            if attribute.field.sealed:
                conditions += _looked_up(node, attribute, alias, inner)
                continue
            column = alias.c[attribute.column]
            conditions += _compare(column, inner, partial(to_value, attribute), bound_type(attribute.kind))
        elif name in node.links:
            conditions += _linked(node, node.links[name], alias, inner, chain)
        elif (kind := kind_of(name)) is not None:
            for met, below in filtered(node, kind, alias, inner):
                conditions += _compare(met, below, lambda value, _path: value, Boolean())
        else:
            conditions += _spaced(node, node.namespaces[name], alias, inner, chain)
    return conditions


def _spaced(
    node: Node, space: Namespace, alias: FromClause, given: Given, chain: _Chain | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for name, inner in given.items():
        if name in space.links:
            conditions += _linked(node, space.links[name], alias, inner, chain)
        else:
            conditions += _measured(node, space.measures[name], alias, inner)
    return conditions


def _measured(node: Node, field: MeasureField, alias: FromClause, given: Given) -> list[ColumnElement[bool]]:
    period = given.get("period")
    span = Span.this_year(given.parameters) if period is None else Span.of(period)
    value = told_value(field.measure, node, alias, span, given.parameters)
    return _compare(value, given.without("period"), to_decimal, Numeric())


def _linked(node: Node, link: Link, alias: FromClause, given: Given, chain: _Chain | None) -> list[ColumnElement[bool]]:
    check_may_read(link.target, given)
    if not link.many:
        return [_exists(node, link, alias, given, chain)]
    conditions = []
    for quantifier, inner in given.items():
        if quantifier == "some":
            conditions.append(_exists(node, link, alias, inner, chain))
        else:
            conditions.append(not_(_exists(node, link, alias, inner, violated=quantifier == "every")))
    return conditions


def _exists(
    node: Node, link: Link, alias: FromClause, given: Given, chain: _Chain | None = None, *, violated: bool = False
) -> ColumnElement[bool]:
    """Whether there is a row that fits, or, if `violated`, one that does not."""
    target = link.target.table.alias()
    # Where something is joined to a row already, one more would be joined to each of its rows.
    joined = chain if chain is not None and chain.ends_with(alias) else None
    on = link.join(alias, target)
    if joined is not None:
        joined.join(target, and_(*on))
    rows = joined or _Chain(target)
    inner = filter_conditions(link.target, target, given, None if violated else rows)
    conditions = [
        *scope(
            link.target,
            target,
            today(given.parameters) if link.many else None,
            looks_back=given.parameters.looks_back,
        ),
        *(visible if node.is_place else still_visible)(link.target, target, given.parameters),
        *([_does_not_hold(inner)] if violated else inner),
    ]
    return and_(true(), *conditions) if joined is not None else rows.exists(*on, *conditions)


def _compare(
    column: ColumnElement[Any], given: Given, convert: _Convert, type_: TypeEngine[Any]
) -> list[ColumnElement[bool]]:
    _check_operators(given)
    _check_bounds(given, convert)
    return [_OPERATORS[name](column, _operand(name, inner, convert, type_)) for name, inner in given.items()]


def _looked_up(node: Node, attribute: Attribute, alias: FromClause, given: Given) -> list[ColumnElement[bool]]:
    """Conditions on a sealed column, of which only the index is compared: by each key under which it may be kept."""
    _check_operators(given)
    index, name = alias.c[index_of(attribute.column)], sealed_name(node, attribute.column)
    conditions: list[ColumnElement[bool]] = []
    for operator, inner in given.items():
        if operator == "isNull":
            conditions += [_OPERATORS[operator](alias.c[attribute.column], inner.value)]
            continue
        is_one_of = index == any_(given.parameters.add(_indexes(name, attribute, inner), ARRAY(LargeBinary())))
        # A missing value is not the one asked about, as with columns that are not sealed.
        conditions.append(is_one_of.is_not(true()) if operator == "ne" else is_one_of)
    return conditions


def _indexes(name: str, attribute: Attribute, given: Given) -> Rule:
    """The rule by which the values of a request become indexes."""

    def convert(value: Any, path: str) -> list[str]:
        if isinstance(value, list):
            return _each(value, path, partial(to_value, attribute))
        return [to_value(attribute, value, path)]

    texts = given.rule(convert)

    def indexes(request: Input) -> list[bytes]:
        if request.seal is None:
            raise no_key()
        return [index for text in texts(request) for index in request.seal.indexes(name, text)]

    return indexes


def _operand(name: str, given: Given, convert: _Convert, type_: TypeEngine[Any]) -> Any:
    """What a column is compared with: a parameter, but for `isNull`, which chooses the operator."""
    if name == "isNull":
        return given.value
    if name == "in":
        # One parameter for any number of values, since a statement has at most 65,535.
        return given.bind(lambda values, path: [*_each(values, path, convert)], ARRAY(type_))
    if name in _PATTERNS:
        return given.bind(lambda text, path: _PATTERNS[name].format(_escaped(convert(text, path))), String())
    return given.bind(convert, type_)


def _each(values: Sequence[Any], path: str, convert: _Convert) -> list[Any]:
    return [convert(value, f"{path}[{index}]") for index, value in enumerate(values)]


def _check_operators(given: Given) -> None:
    operators: dict[str, Any] = given.value
    for name, value in operators.items():
        if value is None or (name == "in" and None in value):
            raise given.at(name).refuse("null is not a value to compare with. Use isNull: true.")
    alone = [name for name in ("eq", "isNull") if name in operators and (name == "eq" or operators[name])]
    if alone and len(operators) > 1:
        others = ", ".join(sorted(set(operators) - {alone[0]}))
        raise given.refuse(f"{alone[0]} contradicts {others}: give {alone[0]} alone.")
    for one, other in (("gt", "gte"), ("lt", "lte")):
        if one in operators and other in operators:
            raise given.refuse(f"{one} contradicts {other}: give one of the two.")


def _check_bounds(given: Given, convert: _Convert) -> None:
    lower, upper = (next((name for name in names if name in given.value), None) for names in _BOUNDS)
    if lower is None or upper is None:
        return
    low, high = ((name, given.at(name).rule(convert)) for name in (lower, upper))

    def check(request: Input) -> None:
        found = (low[1](request), high[1](request))
        if found[0] > found[1] or (found[0] == found[1] and (lower, upper) != ("gte", "lte")):
            said = f"{lower} {found[0]} contradicts {upper} {found[1]}"
            raise given.refuse(f"{said}: no value is both. The lower bound has to be below the upper.")

    given.parameters.check(check)


_BOUNDS = (("gt", "gte"), ("lt", "lte"))
_PATTERNS = {"contains": "%{}%", "startsWith": "{}%"}
_OPERATORS: dict[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    # A missing value is not the one asked about: it is unequal to it, as people expect.
    "ne": lambda column, value: column.is_distinct_from(value),
    "in": lambda column, values: column == any_(values),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "isNull": lambda column, value: column.is_(None) if value else column.is_not(None),
    "contains": lambda column, pattern: column.like(pattern, escape="\\"),
    "startsWith": lambda column, pattern: column.like(pattern, escape="\\"),
}
OPERATORS: Sequence[str] = tuple(_OPERATORS)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _id_of(node: Node) -> _Convert:
    return lambda raw, at: parse_id(raw, {node.prefix: node}, at)[1]


def _does_not_hold(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """True where SQL says false or does not know, so that a row is always on one of the two sides."""
    return and_(_true(), *conditions).self_group().is_not(true())


def _true() -> ColumnElement[bool]:
    return not_(false())
