"""What is required of rows as SQL: each requirement looked at once for each row, and what is missing as a list."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, cast, null, select, true, union_all
from sqlalchemy.sql.elements import quoted_name

from bangfu.declare.requirements import RequirementKind
from bangfu.declare.text import Text
from bangfu.query.completeness import Standing, count, is_complete, standings
from bangfu.registry import Required
from bangfu_schema.compile.build import Build
from bangfu_schema.compile.form import columns_of, constant, labelled, many, one
from bangfu_schema.compile.measures import Rows
from bangfu_schema.compile.selection import Chosen
from bangfu_schema.derive.fields import OfRequirements

_NUMBER = quoted_name("#", True)  # no alias of a request is called like this


class Requirements:
    """The requirements that are chosen of rows; `joined` is what the rows are selected from."""

    def __init__(self, build: Build, rows: Rows, chosen: Sequence[Chosen], joined: FromClause) -> None:
        self._build = build
        self.joined = joined
        self._met: dict[RequirementKind, list[Standing]] = {}
        for kind in dict.fromkeys(each.meaning.kind for each in chosen if isinstance(each.meaning, OfRequirements)):
            asked = standings(rows.node, rows.alias, kind, build.parameters, lies_in_own=rows.lies_in_own)
            if asked:
                columns = [each.met.label(f"q{number}") for number, each in enumerate(asked)]
                # The offset of nothing keeps PostgreSQL from looking again wherever an answer is used.
                looked = select(*columns).correlate(rows.alias).offset(constant(0)).lateral(build.name("q"))
                self.joined = self.joined.join(looked, true())
                asked = [Standing(each.required, looked.c[f"q{number}"]) for number, each in enumerate(asked)]
            self._met[kind] = asked

    def value(self, kind: RequirementKind, chosen: Chosen) -> ColumnElement[Any]:
        """What is required of a kind, as an object."""
        columns = columns_of(chosen.below, lambda each: self._part(self._met[kind], each))
        return one(select(*labelled(columns)).correlate_except(), columns, self._build.name("k"))

    def _part(self, asked: Sequence[Standing], part: Chosen) -> ColumnElement[Any]:
        met = [each.met for each in asked]
        match part.name:
            case "isComplete":
                return is_complete(met)
            case "met":
                return count(met)
            case "asked":
                return count(each.is_not(None) for each in met)
            case "missing":
                return self._missing(asked, part)
        raise AssertionError(f"{part.name} is no part of what is required")

    def _missing(self, asked: Sequence[Standing], part: Chosen) -> ColumnElement[Any]:
        if not asked:
            return cast(constant("[]"), JSON)
        rows = []
        for number, each in enumerate(asked):
            columns = columns_of(part.below, partial(self._told, each.required))
            shown = select(constant(number).label(_NUMBER), *labelled(columns))
            rows.append(shown.where(each.met.is_(False)).correlate_except())
        found = union_all(*rows).subquery(self._build.name("u"))
        names = [column for column in found.c if column.name != _NUMBER]
        return many(select(*names).order_by(found.c[_NUMBER]).correlate_except(found), columns, self._build.name("r"))

    def _told(self, required: Required, part: Chosen) -> ColumnElement[Any]:
        told = facts(required)[part.name]
        if isinstance(told, Text):
            columns = columns_of(part.below, lambda each: constant(getattr(told, each.name)))
            return one(select(*labelled(columns)), columns, self._build.name("l"))
        return null() if told is None else constant(told)


def facts(required: Required) -> dict[str, Any]:
    """What is told of a requirement that is not met."""
    requirement = required.requirement
    return {
        "name": required.qualified,
        "plugin": required.plugin.name,
        "group": requirement.group.name,
        "groupTitle": requirement.group.title,
        "title": requirement.title,
        "mutation": required.mutation,
        "column": required.column,
    }
