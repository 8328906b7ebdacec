"""A list's arguments, checked and turned into expressions: which rows, in which order, which page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Integer, Select, func, literal, select

from bangfu.query.filters import filter_conditions
from bangfu.query.given import Given, today, told_of
from bangfu.query.limits import check_depth, check_steps
from bangfu.query.ordering import Term, order_terms
from bangfu.query.page import DEFAULT_FIRST, FEW, after, decode_cursor, fingerprint, page_size, same_day
from bangfu.query.scope import Within, scope, within
from bangfu.query.values import to_day
from bangfu.query.visible import check_may_read, still_visible, visible
from bangfu.registry import Link, Node
from bangfu_schema.compile.walk import Walk, walk_along


@dataclass(frozen=True)
class Listing:
    """A list: which rows it has, in which order, and which page of it is asked for."""

    node: Node
    rows: FromClause
    conditions: list[ColumnElement[bool]]
    terms: list[Term]
    mark: str
    within: Within | None
    filter: Given | None
    first: Given | None
    cursor: Given | None
    walk: Walk | None = None

    @property
    def is_continued(self) -> bool:
        """Whether the page is not the list's first one."""
        return self.cursor is not None

    @property
    def is_short(self) -> bool:
        """Whether the page has so few rows that each is better looked at by itself."""
        return self.size <= FEW

    def begins(self, terms: Sequence[Term]) -> list[ColumnElement[bool]]:
        """Where the page begins: after its cursor's row, in the order of the terms, which are the list's own."""
        return [] if self.cursor is None else [after(terms, self.cursor, self.mark)]

    @property
    def size(self) -> int:
        """How many rows the page has for the request at hand."""
        return DEFAULT_FIRST if self.first is None else page_size(self.first.value, self.first.path)

    def limit(self, more: int = 0) -> ColumnElement[int]:
        """How many rows the page has, and `more`."""
        if self.first is None:
            return literal(DEFAULT_FIRST + more, Integer())
        return self.first.bind(lambda first, path: page_size(first, path) + more, Integer())

    def total(self) -> Select[Any]:
        """How many rows the whole list has."""
        return select(func.count()).select_from(self.rows).where(*self.conditions)


def listing(link: Link, given: Given, *, lies_in_own: bool = False) -> Listing:
    """Checks the arguments of a link's list; raises UserError naming the one that has to change.

    `lies_in_own` says that all its rows are known to lie in the viewer's own places.
    """
    with told_of(given.field):
        return _checked(link, given, lies_in_own=lies_in_own)


def _checked(link: Link, given: Given, *, lies_in_own: bool) -> Listing:
    node = link.target
    check_may_read(node, given)
    rows = node.table.alias()
    day = given.get("asOf")
    on = today(given.parameters) if day is None else day.bind(to_day, Date())
    conditions = scope(node, rows, on, looks_back=given.parameters.looks_back)
    place = given.get("within")
    inside = None if place is None else Within.of(place)
    if inside is not None:
        conditions += within(node, rows, inside)
    is_own = lies_in_own or (inside is not None and inside.is_own)
    conditions += (still_visible if is_own else visible)(node, rows, given.parameters)
    own = list(conditions)
    chosen = given.get("filter")
    if chosen is not None:
        check_depth(chosen.value, chosen.path)
        conditions += filter_conditions(node, rows, chosen)
    ordering = given.get("orderBy")
    if ordering is not None:
        check_steps(ordering.value, ordering.path)
    terms = order_terms(node, rows, ordering)
    mark = fingerprint(node.name, ordering.value if ordering is not None else [])
    cursor = given.get("after")
    first = given.get("first")
    # What is no page is refused also where only the total is asked for.
    if cursor is not None:
        given.parameters.check(cursor.rule(lambda value, path: decode_cursor(value, mark, terms, path)))
        given.parameters.check(same_day(cursor))
    if first is not None:
        given.parameters.check(first.rule(page_size))
    found = Listing(node, rows, conditions, terms, mark, inside, chosen, first, cursor)
    return replace(found, walk=walk_along(node, rows, terms, inside, chosen, own)) if found.is_short else found
