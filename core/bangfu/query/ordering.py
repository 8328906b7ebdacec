"""Turns an ordering of a request into terms: columns, columns of to-one links, measures; ids break ties."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, UnaryExpression, asc, desc, select, type_coerce

from bangfu.query.disclosure import told_value
from bangfu.query.given import Given
from bangfu.query.measures import Span
from bangfu.query.scope import scope
from bangfu.query.visible import check_may_compare, check_may_read, still_visible
from bangfu.registry.nodes import Kind, Link, Node

_ONE_FIELD = (
    "fields in one step of an ordering: give one field in each step, as in [{village: {code: ASC}}, {area: DESC}]."
)


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
    nullable: bool = True
    along: Link | None = None
    """The link to the place whose code it is."""

    def clause(self) -> UnaryExpression[Any]:
        """The term as it stands in ORDER BY."""
        clause: UnaryExpression[Any] = desc(self.value) if self.descending else asc(self.value)
        # Where there are none, saying where nulls go would only keep an index from being read backwards.
        return clause.nulls_last() if self.nullable else clause


def order_terms(node: Node, alias: FromClause, given: Given | None) -> list[Term]:
    """The terms of an ordering, with the row's key as the last one, so that no two rows tie."""
    terms = [_term(node, alias, step) for step in given.each()] if given is not None else []
    kind = Kind.CODE if node.is_place else Kind.INTEGER
    return [*terms, Term(alias.c[node.key], False, kind, nullable=False)]


def _term(node: Node, alias: FromClause, given: Given) -> Term:
    name, inner = _only(given, _ONE_FIELD)
    if name in node.attributes:
        attribute = node.attributes[name]
        check_may_compare(attribute, inner)
        column: ColumnElement[Any] = alias.c[attribute.column]
        if attribute.kind in (Kind.TEXT, Kind.CHOICE):
            # By code point, so that an ordering is the same whatever locale a database was made with.
            column = type_coerce(column, String).collate("C")
        return Term(column, inner.value is Direction.DESC, attribute.kind, attribute.nullable)
    if name in node.links:
        return _linked(node.links[name], alias, inner)
    measure, direction = _only(inner, "fields in one step of an ordering: give one.")
    field = node.namespaces[name].measures[measure]
    value = told_value(field.measure, node, alias, Span.this_year(given.parameters), given.parameters)
    return Term(value, direction.value is Direction.DESC, Kind.DECIMAL)


def _only(given: Given, otherwise: str) -> tuple[str, Given]:
    chosen: Sequence[tuple[str, Given]] = list(given.items())
    if len(chosen) != 1:
        raise given.refuse(f"{len(chosen)} {otherwise}")
    return chosen[0]


def _linked(link: Link, alias: FromClause, given: Given) -> Term:
    name, direction = _only(given, _ONE_FIELD)
    if name == link.target.key and link.code is not None:
        return Term(link.code(alias), direction.value is Direction.DESC, Kind.CODE, along=link)
    check_may_read(link.target, given)
    target = link.target.table.alias()
    inner = _term(link.target, target, given)
    conditions = [
        *link.join(alias, target),
        *scope(link.target, target, None),
        *still_visible(link.target, target, given.parameters),
    ]
    value = select(inner.value).where(*conditions).correlate_except(target).scalar_subquery()
    return Term(value, inner.descending, inner.kind)
