"""A list in the order of the places around its rows, walked place by place: nothing is looked at beyond the page.

Sorted as a whole, a page after a cursor has to look at all rows that are left in the district to show fifty.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select, true

from bangfu.query.filters import filter_conditions
from bangfu.query.given import Given
from bangfu.query.ordering import Term
from bangfu.query.scope import Within, scope
from bangfu.registry import Node
from bangfu_schema.compile.form import constant


@dataclass(frozen=True)
class Walk:
    """Which places are walked along, and which rows are taken in each."""

    place: FromClause
    places: list[ColumnElement[bool]]
    rows: list[ColumnElement[bool]]

    def along(self, columns: Sequence[ColumnElement[Any]], terms: Sequence[Term]) -> tuple[Select[Any], list[Term]]:
        """The columns of the rows, and the terms as they stand beside them, of which the first is the place's code."""
        others = [term.value.label(f"_{number}") for number, term in enumerate(terms[1:])]
        taken = select(*columns, *others).where(*self.rows).correlate(self.place)
        # The offset of nothing keeps PostgreSQL from turning the walk into one join of all places with all rows.
        each = taken.offset(constant(0)).lateral()
        walked = select(*(each.c[column.name] for column in columns)).select_from(self.place.join(each, true()))
        beside = [replace(term, value=each.c[other.name]) for term, other in zip(terms[1:], others, strict=True)]
        return walked.where(*self.places), [replace(terms[0], value=self.place.c.code, nullable=False), *beside]


def walk_along(
    node: Node, rows: FromClause, terms: Sequence[Term], inside: Within | None, chosen: Given | None, own: Sequence[Any]
) -> Walk | None:
    """The walk, where a list is ordered by the code of a place that its filter asks about.

    The filter's condition tells that each row has such a place, and so none is missed; it is asked of the place, once
    for all rows in it. `own` are the conditions besides the filter.
    """
    link = terms[0].along
    if link is None or link.back is None or inside is None or chosen is None or chosen.get(link.name) is None:
        return None
    place = link.target.table.alias()
    places = [
        *inside.around(place.c.district_code, place.c.code, link.target.grain),
        *scope(link.target, place, None),
        *filter_conditions(link.target, place, chosen.at(link.name)),
    ]
    others = filter_conditions(node, rows, chosen.without(link.name))
    return Walk(place, places, [*link.back(place, rows), *own, *others])
