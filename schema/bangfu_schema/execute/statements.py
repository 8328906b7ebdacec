"""The statements of the plain path: one for all rows of a level, never one for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select, true

from bangfu.declare.codes import DISTRICT_SPAN, parse_code
from bangfu.query.filters import filter_conditions
from bangfu.query.ordering import Term, order_terms
from bangfu.query.page import after, decode_cursor, fingerprint, page_size
from bangfu.query.scope import Moment, scope, within
from bangfu.query.values import to_day
from bangfu.registry import Link, Node

PARENT = "_parent"
TERM = "_term_"


@dataclass(frozen=True)
class Listing:
    """A checked request for a list: which rows, in which order, which page."""

    node: Node
    rows: FromClause
    conditions: list[ColumnElement[bool]]
    terms: list[Term]
    size: int
    mark: str
    page: list[ColumnElement[bool]] = field(default_factory=list)
    is_continued: bool = False


def listing(link: Link, given: Mapping[str, Any], moment: Moment, path: str) -> Listing:
    """Checks a list's arguments and turns them into expressions; raises UserError naming the argument."""
    node = link.target
    rows = node.table.alias()
    day = moment.today if given.get("asOf") is None else to_day(given["asOf"], f"{path}.asOf")
    conditions = scope(node, rows, day)
    if given.get("within") is not None:
        conditions += within(node, rows, parse_code(given["within"], argument=f"{path}.within"))
    if given.get("filter") is not None:
        conditions += filter_conditions(node, rows, given["filter"], moment, f"{path}.filter")
    ordering = given.get("orderBy") or []
    terms = order_terms(node, rows, ordering, moment, f"{path}.orderBy")
    mark = fingerprint(node.name, ordering)
    cursor = given.get("after")
    page = []
    if cursor is not None:
        page = [after(terms, decode_cursor(cursor, mark, terms, f"{path}.after"))]
    size = page_size(given.get("first"), f"{path}.first")
    return Listing(node, rows, conditions, terms, size, mark, page, cursor is not None)


def page_of(found: Listing) -> Select[Any]:
    """One page of a list from the root; one row more than the page, to know whether there is another."""
    return _page(found)


def pages_of(link: Link, found: Listing, owner: Node, keys: Sequence[int]) -> Select[Any]:
    """A page for each parent, in one statement."""
    parent = owner.table.alias()
    page = _page(found, link.join(parent, found.rows)).correlate(parent).lateral()
    return _for_parents(owner, parent, keys).add_columns(*page.c).join_from(parent, page, true())


def total_of(found: Listing) -> Select[Any]:
    """How many rows a list from the root has in all."""
    return select(func.count()).select_from(found.rows).where(*found.conditions)


def totals_of(link: Link, found: Listing, owner: Node, keys: Sequence[int]) -> Select[Any]:
    """How many rows the list has for each parent, in one statement."""
    parent = owner.table.alias()
    counted = total_of(found).where(*link.join(parent, found.rows)).correlate(parent).scalar_subquery()
    return _for_parents(owner, parent, keys).add_columns(counted.label("total"))


def ones_of(link: Link, owner: Node, keys: Sequence[int]) -> Select[Any]:
    """The row at the end of a to-one link for each parent that has one."""
    parent, target = owner.table.alias(), link.target.table.alias()
    conditions = [*link.join(parent, target), *scope(link.target, target, None)]
    return _for_parents(owner, parent, keys).add_columns(*target.c).where(*conditions)


def row_of(node: Node, key: int) -> Select[Any]:
    """One row by its key."""
    rows = node.table.alias()
    return select(rows).where(
        rows.c.district_code == key // DISTRICT_SPAN, rows.c[node.key] == key, *scope(node, rows, None)
    )


def _page(found: Listing, joined: Sequence[ColumnElement[bool]] = ()) -> Select[Any]:
    terms = [term.value.label(f"{TERM}{index}") for index, term in enumerate(found.terms)]
    return (
        select(*found.rows.c, *terms)
        .where(*joined, *found.conditions, *found.page)
        .order_by(*(term.clause() for term in found.terms))
        .limit(found.size + 1)
    )


def _for_parents(owner: Node, parent: FromClause, keys: Sequence[int]) -> Select[Any]:
    districts = sorted({key // DISTRICT_SPAN for key in keys})
    return select(parent.c[owner.key].label(PARENT)).where(
        parent.c.district_code.in_(districts), parent.c[owner.key].in_(keys)
    )
