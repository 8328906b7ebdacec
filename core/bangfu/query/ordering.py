"""Turns an ordering of a request into terms: columns, columns of to-one links, measures; ids break ties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, UnaryExpression, asc, desc, select, type_coerce

from bangfu.errors import UserError
from bangfu.query.measures import measure_value
from bangfu.query.scope import Moment
from bangfu.registry.nodes import Kind, Link, Node


class Direction(Enum):
    """Which end of an ordering comes first."""

    ASC = "ascending"
    DESC = "descending"


@dataclass(frozen=True)
class Term:
    """One expression to order by; rows without a value come last in either direction."""

    value: ColumnElement[Any]
    descending: bool
    kind: Kind

    def clause(self) -> UnaryExpression[Any]:
        """The term as it stands in ORDER BY."""
        clause: UnaryExpression[Any] = desc(self.value) if self.descending else asc(self.value)
        last: UnaryExpression[Any] = clause.nulls_last()
        return last


def order_terms(
    node: Node, alias: FromClause, given: Sequence[Mapping[str, Any]], moment: Moment, path: str
) -> list[Term]:
    """The terms of an ordering, with the row's key as the last one, so that no two rows tie."""
    terms = [_term(node, alias, item, moment, f"{path}[{index}]") for index, item in enumerate(given)]
    kind = Kind.CODE if node.is_place else Kind.INTEGER
    return [*terms, Term(alias.c[node.key], False, kind)]


def _term(node: Node, alias: FromClause, given: Mapping[str, Any], moment: Moment, path: str) -> Term:
    chosen = {name: value for name, value in given.items() if value is not None}
    if len(chosen) != 1:
        raise UserError(
            f"{len(chosen)} fields in one step of an ordering: give one field in each step, as in "
            "[{village: {code: ASC}}, {area: DESC}].",
            argument=path,
        )
    name, value = next(iter(chosen.items()))
    here = f"{path}.{name}"
    if name in node.attributes:
        attribute = node.attributes[name]
        column: ColumnElement[Any] = alias.c[attribute.column]
        if attribute.kind in (Kind.TEXT, Kind.CHOICE):
            # By code point, so that an ordering is the same whatever locale a database was made with.
            column = type_coerce(column, String).collate("C")
        return Term(column, value is Direction.DESC, attribute.kind)
    if name in node.links:
        return _linked(node.links[name], alias, value, moment, here)
    inner = {key: each for key, each in value.items() if each is not None}
    if len(inner) != 1:
        raise UserError(f"{len(inner)} fields in one step of an ordering: give one.", argument=here)
    measure, direction = next(iter(inner.items()))
    field = node.namespaces[name].measures[measure]
    expression = measure_value(field.measure, node, alias, moment.period, moment)
    return Term(expression, direction is Direction.DESC, Kind.DECIMAL)


def _linked(link: Link, alias: FromClause, given: Mapping[str, Any], moment: Moment, path: str) -> Term:
    target = link.target.table.alias()
    inner = _term(link.target, target, given, moment, path)
    value = select(inner.value).where(*link.join(alias, target)).correlate_except(target).scalar_subquery()
    return Term(value, inner.descending, inner.kind)
