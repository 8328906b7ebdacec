"""Which rows of a node belong to it at all: its level, its time, its place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, ColumnElement, FromClause, Integer, and_, exists, or_

from bangfu.declare.codes import SPANS, code_range, district_of, names_district, parse_code
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated
from bangfu.domain.places import Succession
from bangfu.query.counted import counted
from bangfu.query.given import Given, Parameters, today
from bangfu.registry.nodes import Link, Node

_OWNERS = ("household", "person")


@dataclass(frozen=True)
class Within:
    """A place to look in: its district, and its first and its last code where it is a part of that.

    For a whole district the codes would say nothing more, and PostgreSQL, which takes the two conditions for
    independent, would expect as many times too few rows as there are districts.
    """

    district: ColumnElement[int]
    range: tuple[ColumnElement[int], ColumnElement[int]] | None
    is_own: bool
    """Whether it lies in the viewer's own places, so that all in it may be seen."""

    @classmethod
    def of(cls, given: Given) -> "Within":
        """The place of a code in a request."""
        district = given.bind(lambda code, path: district_of(parse_code(code, argument=path)), Integer())
        is_own = given.parameters.policy.covers(given.value)
        if names_district(given.value):
            return cls(district, None, is_own)
        first = given.bind(lambda code, path: code_range(parse_code(code, argument=path))[0], BigInteger())
        last = given.bind(lambda code, path: code_range(parse_code(code, argument=path))[1], BigInteger())
        return cls(district, (first, last), is_own)

    def around(self, district: ColumnElement[int], code: ColumnElement[int], grain: Grain) -> list[ColumnElement[bool]]:
        """Which places of level `grain` have something inside that lies in this one."""
        if self.range is None:
            return [district == self.district]
        first, last = self.range
        return [district == self.district, code.between(first - first % SPANS[grain], last)]

    def holds(self, district: ColumnElement[int], code: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """What is in the district and has the code of a place inside this one, or its own."""
        conditions: list[ColumnElement[bool]] = [district == self.district]
        return conditions if self.range is None else [*conditions, code.between(*self.range)]


def in_force(alias: FromClause, on: ColumnElement[date] | date) -> ColumnElement[bool]:
    """Rows that hold on a day; `valid_to` is the first day on which a row no longer does."""
    return and_(alias.c.valid_from <= on, or_(alias.c.valid_to.is_(None), alias.c.valid_to > on))


def scope(
    node: Node, alias: FromClause, on: ColumnElement[date] | None, *, looks_back: bool = False
) -> list[ColumnElement[bool]]:
    """What makes a row of the table a row of the node; places also have to be in force on the day, if one is given.

    Where the request `looks_back`, so have all other rows but what became of places, which is told as it is known.
    """
    if node.level is None:
        return [in_force(alias, on)] if looks_back and on is not None and node.record is not Succession else []
    conditions: list[ColumnElement[bool]] = [alias.c.level == node.level]
    if on is not None:
        conditions.append(in_force(alias, on))
    return conditions


def in_force_then(node: Node, alias: FromClause, parameters: Parameters) -> list[ColumnElement[bool]]:
    """Of rows that are asked for by their keys those in force on a day in the past; places are told in force or not."""
    if node.is_place or not parameters.looks_back:
        return []
    return scope(node, alias, today(parameters), looks_back=True)


def within(node: Node, alias: FromClause, place: Within) -> list[ColumnElement[bool]]:
    """Rows that lie inside a place, itself included; a record about a household or a person lies where that lives."""
    here = alias.c.district_code == place.district
    if place.range is None:
        return [here]
    first, last = place.range
    return [here, lying(node, alias, lambda code: code.between(first, last))]


def lying(
    node: Node,
    alias: FromClause,
    holds: Callable[[ColumnElement[int]], ColumnElement[bool]],
    look_up: Callable[[type[Dated]], FromClause] = counted,
) -> ColumnElement[bool]:
    """Whether something holds of the place that a row is, or lies in: what is about a household lies where that lives.

    That is looked up among all there are: who may see a sector's rows, may not have to see households.
    """
    column = "code" if node.is_place else "place_code"
    if column in alias.c:
        return holds(alias.c[column])
    link = owner_of(node)
    assert link is not None, "what lies in no place belongs to what does"
    owner = look_up(link.target.record).alias()
    here = lying(link.target, owner, holds, look_up)
    return exists().where(*link.join(alias, owner), here).correlate_except(owner)


def owner_of(node: Node) -> Link | None:
    """The link to the household or person that a row is about; None for what is about a place, and for a household."""
    return next((link for name, link in node.links.items() if name in _OWNERS and not link.many), None)
