"""Which rows of a node belong to it at all: its level, its time, its place."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, FromClause, and_, exists, or_

from bangfu.declare.codes import code_range, district_of
from bangfu.declare.period import Period
from bangfu.registry.nodes import Node

_OWNERS = ("household", "person")


@dataclass(frozen=True)
class Moment:
    """The day a request stands on: the reporting date of the books, or the calendar's today."""

    today: date

    @property
    def period(self) -> Period:
        """The period a measure is told for when none is named: the year of this day."""
        return Period.year(self.today.year)


def in_force(alias: FromClause, on: date) -> ColumnElement[bool]:
    """Rows that hold on a day; `valid_to` is the first day on which a row no longer does."""
    return and_(alias.c.valid_from <= on, or_(alias.c.valid_to.is_(None), alias.c.valid_to > on))


def scope(node: Node, alias: FromClause, on: date | None) -> list[ColumnElement[bool]]:
    """What makes a row of the table a row of the node; places also have to be in force on the day, if one is given."""
    if node.level is None:
        return []
    conditions: list[ColumnElement[bool]] = [alias.c.level == node.level]
    if on is not None:
        conditions.append(in_force(alias, on))
    return conditions


def within(node: Node, alias: FromClause, code: int) -> list[ColumnElement[bool]]:
    """Rows that lie inside a place, itself included; a record about a household or a person lies where that lives."""
    first, last = code_range(code)
    conditions = [alias.c.district_code == district_of(code)]
    column = "code" if node.is_place else "place_code"
    if column in alias.c:
        return [*conditions, alias.c[column].between(first, last)]
    link = next(link for name, link in node.links.items() if name in _OWNERS and not link.many)
    owner = link.target.table.alias()
    return [*conditions, exists().where(*link.join(alias, owner), *within(link.target, owner, code))]
