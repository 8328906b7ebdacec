"""The statements of the plain path: one for all rows of a level, never one for each row."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select, true

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.query.given import Parameters
from bangfu.query.scope import in_force_then, scope
from bangfu.query.values import among
from bangfu.query.visible import shown_columns, visible
from bangfu.registry import Link, Node
from bangfu_schema.compile.listing import Listing

PARENT = "_parent"
TERM = "_term_"


def page_of(found: Listing, parameters: Parameters) -> Select[Any]:
    """One page of a list from the root; one row more than the page, to know whether there is another."""
    return _page(found, parameters)


def pages_of(link: Link, found: Listing, owner: Node, keys: Sequence[int], parameters: Parameters) -> Select[Any]:
    """A page for each parent, in one statement."""
    parent = owner.table.alias()
    page = _page(found, parameters, link.join(parent, found.rows)).correlate(parent).lateral()
    return _for_parents(owner, parent, keys).add_columns(*page.c).join_from(parent, page, true())


def totals_of(link: Link, found: Listing, owner: Node, keys: Sequence[int]) -> Select[Any]:
    """How many rows the list has for each parent, in one statement."""
    parent = owner.table.alias()
    counted = found.total().where(*link.join(parent, found.rows)).correlate(parent).scalar_subquery()
    return _for_parents(owner, parent, keys).add_columns(counted.label("total"))


def ones_of(link: Link, owner: Node, keys: Sequence[int], parameters: Parameters) -> Select[Any]:
    """The row at the end of a to-one link for each parent that has one."""
    parent, target = owner.table.alias(), link.target.table.alias()
    conditions = [
        *link.join(parent, target),
        *scope(link.target, target, None),
        *visible(link.target, target, parameters),
    ]
    columns = shown_columns(link.target, target, parameters)
    return _for_parents(owner, parent, keys).add_columns(*columns).where(*conditions)


def rows_of(node: Node, keys: Sequence[int], parameters: Parameters) -> Select[Any]:
    """Rows by their keys, as far as the viewer sees any."""
    rows = node.table.alias()
    districts = sorted({key // DISTRICT_SPAN for key in keys})
    return select(*shown_columns(node, rows, parameters)).where(
        rows.c.district_code.in_(districts),
        among(rows.c[node.key], keys),
        *scope(node, rows, None),
        *in_force_then(node, rows, parameters),
        *visible(node, rows, parameters),
    )


def _page(found: Listing, parameters: Parameters, joined: Sequence[ColumnElement[bool]] = ()) -> Select[Any]:
    terms = [term.value.label(f"{TERM}{index}") for index, term in enumerate(found.terms)]
    return (
        select(*shown_columns(found.node, found.rows, parameters), *terms)
        .where(*joined, *found.conditions, *found.begins(found.terms))
        .order_by(*(term.clause() for term in found.terms))
        .limit(found.limit(1))
    )


def _for_parents(owner: Node, parent: FromClause, keys: Sequence[int]) -> Select[Any]:
    districts = sorted({key // DISTRICT_SPAN for key in keys})
    return select(parent.c[owner.key].label(PARENT)).where(
        parent.c.district_code.in_(districts), among(parent.c[owner.key], keys)
    )
