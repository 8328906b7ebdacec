"""A list's page as SQL: its rows, its cursors, where it stands, and how many rows the whole list has."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnClause,
    ColumnElement,
    FromClause,
    Label,
    Select,
    String,
    TableClause,
    Text,
    and_,
    cast,
    column,
    false,
    func,
    select,
    table,
    true,
)
from sqlalchemy.sql.visitors import ExternallyTraversible

from bangfu.declare.grain import Grain
from bangfu.query.given import Input
from bangfu.query.measures import Source
from bangfu.query.ordering import Term
from bangfu.query.page import marked
from bangfu.query.scope import Within
from bangfu.registry import Kind, Link
from bangfu_schema.compile.build import Build
from bangfu_schema.compile.form import Columns, columns_of, constant, labelled, many, one
from bangfu_schema.compile.listing import Listing, listing
from bangfu_schema.compile.measures import Inside, Rows, belonging
from bangfu_schema.compile.selection import Chosen

Show = Callable[[Sequence[Chosen]], Columns]
MakeRow = Callable[[Build, Rows, Sequence[Chosen]], tuple[Show, FromClause]]
"""How rows become objects; handed in, since rows hold lists and lists hold rows."""

_TERM = "_term_"
_DISTRICT, _KEY = "_district", "_key"


def connection(build: Build, link: Link, chosen: Chosen, parent: Rows | None, row: MakeRow) -> ColumnElement[Any]:
    """A list below a row, or of all rows there are."""
    lies_in_own = parent is not None and (parent.lies_in_own or not parent.node.is_place)
    found = listing(link, build.given(chosen), lies_in_own=lies_in_own)
    lies_in_own = lies_in_own or (found.within is not None and found.within.is_own)
    build.is_wide = build.is_wide or (parent is None and (found.is_continued or found.walk is not None))
    inside: Inside = partial(_anywhere, place=found.within)
    if parent is not None:
        found.conditions[:0] = link.join(parent.alias, found.rows)
        inside = belonging(parent.node, parent.alias)
    elif found.within is not None:
        within = build.given(chosen).at("within")
        build.look_for(within, within.path)
    return _Page(build, found, inside, row, lies_in_own=lies_in_own).connection(chosen)


class _Page:
    """The rows of a page, selected once for all that shows them."""

    def __init__(self, build: Build, found: Listing, inside: Inside, row: MakeRow, *, lies_in_own: bool) -> None:
        self._build = build
        self._found = found
        self._inside = inside
        self._row = row
        self._lies_in_own = lies_in_own
        self._looks_ahead = False
        self._matched: CTE | None = None
        self._rows: TableClause | None = None

    def connection(self, chosen: Chosen) -> ColumnElement[Any]:
        """The list as an object."""
        below = [part for each in chosen.below if each.name == "pageInfo" for part in each.below]
        self._looks_ahead = any(part.name == "hasNextPage" for part in below)
        names = {each.name for each in chosen.below}
        if self._found.filter is not None and "totalCount" in names and len(names) > 1:
            self._matched = self._match()
        columns = columns_of(chosen.below, self._part)
        statement = select(*labelled(columns)).correlate_except()
        if self._matched is not None:
            statement = statement.add_cte(self._matched, nest_here=True)
        if self._rows is not None:
            statement = statement.add_cte(self._select(statement).cte(self._rows.name, nesting=True), nest_here=True)
        return one(statement, columns, self._build.name("c"))

    def _part(self, chosen: Chosen) -> ColumnElement[Any]:
        match chosen.name:
            case "totalCount":
                if self._matched is not None:
                    return select(func.count()).select_from(self._matched).scalar_subquery()
                return self._found.total().correlate_except(self._found.rows).scalar_subquery()
            case "nodes":
                return self._list(chosen.below, lambda show: show(chosen.below))
            case "edges":
                inner = [each for part in chosen.below for each in part.below]
                return self._list(inner, lambda show: columns_of(chosen.below, lambda each: self._edge(each, show)))
            case "pageInfo":
                columns = columns_of(chosen.below, self._info)
                return one(select(*labelled(columns)).correlate_except(), columns, self._build.name("i"))
        raise AssertionError(f"{chosen.name} is no field of a connection")

    def _match(self) -> CTE:
        """The keys of all rows that a filter lets through, found once for the page and for the total."""
        found = self._found
        keys = [found.rows.c.district_code.label(_DISTRICT), found.rows.c[found.node.key].label(_KEY)]
        statement = select(*keys, *self._terms()).where(*found.conditions).correlate_except(found.rows)
        return statement.cte(self._build.name("matched"), nesting=True)

    @property
    def _page(self) -> TableClause:
        """The page by its name; which columns it has to be selected with is known when all is written that shows it."""
        if self._rows is None:
            columns = [column(each.name, each.type) for each in (*self._found.rows.c, *self._terms())]
            self._rows = table(self._build.name("page"), *columns)
        return self._rows

    def _select(self, shown: Select[Any]) -> Select[Any]:
        """The page's rows, with the columns that what is shown of them reads."""
        used = {each.name for each in parts(shown) if isinstance(each, ColumnClause) and each.table is self._rows}
        columns = [each for each in self._found.rows.c if each.name in used]
        limit = self._found.limit(1 if self._looks_ahead else 0)
        return self._first_of_all(columns, limit) if self._matched is None else self._first_of_matched(columns, limit)

    def _first_of_all(self, columns: Sequence[ColumnElement[Any]], limit: ColumnElement[int]) -> Select[Any]:
        found = self._found
        statement, terms = select(*columns).where(*found.conditions), found.terms
        if found.walk is not None:
            statement, terms = found.walk.along(columns, terms)
        statement = statement.add_columns(*_labelled(terms)).where(*found.begins(terms))
        ordered = statement.order_by(*(term.clause() for term in terms)).limit(limit)
        return ordered.correlate_except(found.rows)

    def _first_of_matched(self, columns: Sequence[ColumnElement[Any]], limit: ColumnElement[int]) -> Select[Any]:
        assert self._matched is not None, "only where there is a filter"
        found, terms = self._found, self._terms_in(self._matched)
        first = select(self._matched).where(*found.begins(terms)).order_by(*(term.clause() for term in terms))
        page = first.limit(limit).subquery(self._build.name("first"))
        same = and_(found.rows.c.district_code == page.c[_DISTRICT], found.rows.c[found.node.key] == page.c[_KEY])
        ordered = [page.c[f"{_TERM}{index}"] for index in range(len(terms))]
        return select(*columns, *ordered).select_from(page.join(found.rows, same)).correlate_except()

    def _terms(self) -> list[Label[Any]]:
        return _labelled(self._found.terms)

    def _terms_in(self, rows: FromClause) -> list[Term]:
        """The list's terms, as columns of rows that were selected with them."""
        return [replace(term, value=rows.c[f"{_TERM}{index}"]) for index, term in enumerate(self._found.terms)]

    def _in_order(self, statement: Select[Any]) -> Select[Any]:
        """The page's rows alone, in the list's order; without the one that only tells that there are more."""
        ordered = statement.order_by(*(term.clause() for term in self._terms_in(self._page)))
        return ordered.limit(self._found.limit()) if self._looks_ahead else ordered

    def _list(self, chosen: Sequence[Chosen], columns_of_row: Callable[[Show], Columns]) -> ColumnElement[Any]:
        rows = Rows(self._found.node, self._page, self._counted_together(), self._lies_in_own)
        show, joined = self._row(self._build, rows, chosen)
        columns = columns_of_row(show)
        statement = select(*labelled(columns)).select_from(joined).correlate_except()
        return many(self._in_order(statement), columns, self._build.name("r"))

    def _counted_together(self) -> Inside | None:
        """Where to count the measures of all rows in one pass: few villages are better looked at one by one."""
        is_narrow = self._found.node.grain not in (Grain.DISTRICT, Grain.TOWNSHIP)
        return None if is_narrow and self._found.is_short else self._inside

    def _edge(self, chosen: Chosen, show: Show) -> ColumnElement[Any]:
        if chosen.name == "cursor":
            return self._cursor()
        columns = show(chosen.below)
        return one(select(*labelled(columns)).correlate_except(), columns, self._build.name("n"))

    def _info(self, chosen: Chosen) -> ColumnElement[Any]:
        rows = self._page
        match chosen.name:
            case "hasNextPage":
                return select(func.count() > self._found.limit()).select_from(rows).scalar_subquery()
            case "hasPreviousPage":
                return true() if self._found.is_continued else false()
            case "startCursor":
                return self._nth_cursor(constant(0))
            case "endCursor":
                shown = func.least(select(func.count()).select_from(rows).scalar_subquery(), self._found.limit())
                return self._nth_cursor(func.greatest(shown - constant(1), constant(0)))
        raise AssertionError(f"{chosen.name} is no field of a page's information")

    def _nth_cursor(self, number: ColumnElement[int]) -> ColumnElement[Any]:
        # A page of no rows has no cursors, also where one row was read to see whether there are more.
        cursors = self._in_order(select(self._cursor()).where(self._found.limit() > constant(0)))
        return cursors.limit(constant(1)).offset(number).scalar_subquery()

    def _cursor(self) -> ColumnElement[str]:
        """A row's cursor, in the very form that Python gives it."""
        values = [self._page.c[f"{_TERM}{index}"] for index in range(len(self._found.terms))]
        plain = [_plain(value, term.kind) for value, term in zip(values, self._found.terms, strict=True)]
        parts = chain.from_iterable((constant(","), value) for value in plain)
        text = func.concat(*self._mark(), *parts, constant("]"))
        packed = func.encode(func.convert_to(text, constant("UTF8")), constant("base64"))
        return func.translate(packed, constant("+/\n="), constant("-_"))

    def _mark(self) -> list[ColumnElement[str]]:
        """How a cursor begins; that of a list as of a day tells the day, which is another for each request."""
        mark = self._found.mark
        if not self._build.parameters.looks_back:
            return [constant(f'["{mark}"')]
        return [constant('["'), self._build.parameters.add(partial(_marked, mark), String()), constant('"')]


def _marked(mark: str, given: Input) -> str:
    return marked(mark, None if given.as_of is None else given.as_of.day)


def _labelled(terms: Sequence[Term]) -> list[Label[Any]]:
    return [term.value.label(f"{_TERM}{index}") for index, term in enumerate(terms)]


def parts(statement: ExternallyTraversible) -> Iterable[ExternallyTraversible]:
    """All parts of a statement or an expression, each once.

    SQLAlchemy's `iterate` goes into a sub-select again for each column of it.
    """
    seen: dict[int, ExternallyTraversible] = {}
    found: list[ExternallyTraversible] = [statement]
    while found:
        part = found.pop()
        if id(part) not in seen:
            seen[id(part)] = part
            found.extend(part.get_children())
    return seen.values()


def _plain(value: ColumnElement[Any], kind: Kind) -> ColumnElement[str]:
    if kind is Kind.DECIMAL:
        value = cast(value, Text)
    return func.coalesce(cast(func.to_json(value), Text), constant("null"))


def _anywhere(source: Source, place: Within | None) -> list[ColumnElement[bool]]:
    return [] if place is None else place.holds(source.record.c.district_code, source.place)
