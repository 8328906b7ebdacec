"""A row as SQL: each field that is chosen of it, and the joins they need."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, FromClause, String, bindparam, cast, func, select

from bangfu.access import reading
from bangfu.query.given import today
from bangfu.query.scope import scope
from bangfu.query.visible import check_may, check_may_read, shown_column, shown_columns, still_visible, visible
from bangfu.registry import Link
from bangfu_schema.compile.build import Build, Hole, SealedHole
from bangfu_schema.compile.completeness import Requirements
from bangfu_schema.compile.form import Columns, columns_of, constant, labelled, one, row_id, shown
from bangfu_schema.compile.measures import Figures, Rows, measures_in
from bangfu_schema.compile.page import Show, connection
from bangfu_schema.compile.selection import Chosen, InPython
from bangfu_schema.derive.fields import (
    OfAttribute,
    OfCount,
    OfId,
    OfMany,
    OfMeasure,
    OfOne,
    OfRequirements,
    OfSpace,
)

MARK = "hole"
"""The parameter by which a hole is known in the JSON: another for each request, so that no text can look like one."""


def row(build: Build, rows: Rows, chosen: Sequence[Chosen]) -> tuple[Show, FromClause]:
    """How rows show what is chosen of them, and what they are selected from so that they can."""
    figures = Figures(build, rows, list(measures_in(chosen)))
    standing = Requirements(build, rows, chosen, figures.joined)

    def show(part: Sequence[Chosen]) -> Columns:
        return columns_of(part, lambda each: _field(build, rows, figures, standing, each))

    return show, standing.joined


def _field(build: Build, rows: Rows, figures: Figures, standing: Requirements, chosen: Chosen) -> ColumnElement[Any]:
    node, alias = rows.node, rows.alias
    match chosen.meaning:
        case OfId():
            return row_id(node, alias.c[node.key])
        case OfAttribute(attribute):
            column = shown_column(alias.c[attribute.column], attribute.field, build.parameters)
            return _sealed(build, rows, column) if attribute.field.sealed else shown(attribute, node, column)
        case OfOne(link):
            return _linked(build, link, rows, chosen)
        case OfMany(link):
            return connection(build, link, chosen, rows, row)
        case OfCount(link):
            return _count(build, link, rows, chosen)
        case OfMeasure():
            return figures.value(chosen)
        case OfRequirements(kind):
            return standing.value(kind, chosen)
        case OfSpace():
            columns = columns_of(chosen.below, lambda each: _field(build, rows, figures, standing, each))
            return one(select(*labelled(columns)).correlate_except(), columns, build.name("s"))
        case InPython() as field:
            if field.plugin is not None:
                check_may(reading(field.plugin), build.given(chosen))
            build.holes.append(Hole(field, node, chosen.key))
            return _hole(build, rows, len(build.holes) - 1)
    raise AssertionError(f"{chosen.meaning} is no field of a row")


def _hole(build: Build, rows: Rows, number: int) -> ColumnElement[str]:
    """Text that says which hole it is, and of which row: its columns as JSON."""
    row_ = select(*shown_columns(rows.node, rows.alias, build.parameters)).correlate_except().subquery(build.name("h"))
    json = select(cast(func.row_to_json(row_.table_valued()), String)).select_from(row_).scalar_subquery()
    return func.concat(bindparam(MARK, None, type_=String()), constant(f":{number}:"), json)


def _sealed(build: Build, rows: Rows, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Text that says which hole it is, of which row, and the value to be opened; null where there is none."""
    if not isinstance(column, ColumnClause):
        return column  # a null, for who is shown nothing of it
    build.holes.append(SealedHole(rows.node, column.name))
    mark = bindparam(MARK, None, type_=String()).concat(constant(f":{len(build.holes) - 1}:"))
    return mark.concat(cast(rows.alias.c[rows.node.key], String)).concat(constant(":")).concat(column)


def _linked(build: Build, link: Link, parent: Rows, chosen: Chosen) -> ColumnElement[Any]:
    """The row at the other end of a to-one link; null where there is none.

    Such a link leads to a place, which is open to everybody, or from what is seen of a household to it or its head.
    """
    check_may_read(link.target, build.given(chosen))
    target = link.target.table.alias(build.name("o"))
    show, joined = row(build, Rows(link.target, target), chosen.below)
    columns = show(chosen.below)
    statement = select(*labelled(columns)).select_from(joined)
    conditions = [
        *link.join(parent.alias, target),
        *scope(link.target, target, None),
        *still_visible(link.target, target, build.parameters),
    ]
    return one(statement.where(*conditions).correlate_except(), columns, build.name("r"))


def _count(build: Build, link: Link, parent: Rows, chosen: Chosen) -> ColumnElement[int]:
    check_may_read(link.target, build.given(chosen))
    target = link.target.table.alias(build.name("n"))
    parameters = build.parameters
    conditions = [
        *link.join(parent.alias, target),
        *scope(link.target, target, today(parameters), looks_back=parameters.looks_back),
        *(visible if parent.node.is_place and not parent.lies_in_own else still_visible)(
            link.target, target, parameters
        ),
    ]
    return select(func.count()).select_from(target).where(*conditions).correlate_except(target).scalar_subquery()
