"""A page of a list as the schema shows it: nodes, edges, cursors."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bangfu.query.opened import Opening
from bangfu.query.page import encode_cursor, marked
from bangfu_schema.compile.listing import Listing
from bangfu_schema.derive.objects import PageInfo
from bangfu_schema.derive.row import Row
from bangfu_schema.execute.statements import TERM


@dataclass(frozen=True)
class Edge:
    """A row and its cursor."""

    node: Row
    cursor: str


@dataclass(frozen=True)
class Page:
    """A page; `total` counts the whole list, when it is asked for."""

    edges: list[Edge]
    has_next: bool
    has_previous: bool
    total: Callable[[], Awaitable[int]]

    @property
    def nodes(self) -> list[Row]:
        """The rows without their cursors."""
        return [edge.node for edge in self.edges]

    @property
    def page_info(self) -> PageInfo:
        """Where the page stands in its list."""
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=self.edges[0].cursor if self.edges else None,
            end_cursor=self.edges[-1].cursor if self.edges else None,
        )


def make_page(
    found: Listing,
    rows: Sequence[Mapping[str, Any]],
    total: Callable[[], Awaitable[int]],
    opening: Opening,
    day: date | None,
) -> Page:
    """The page of the rows a statement returned, which has one row more than the page where another follows.

    `day` is the one that is looked back to.
    """
    mark = marked(found.mark, day)
    edges = [
        Edge(
            Row(found.node, row, opening),
            encode_cursor(mark, [row[f"{TERM}{index}"] for index in range(len(found.terms))]),
        )
        for row in rows[: found.size]
    ]
    return Page(edges, len(rows) > found.size, found.is_continued, total)
