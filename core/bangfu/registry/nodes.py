"""The graph as data: which nodes there are, what they carry, how they hang together.

Derived once from the declarations. Filters, orderings, measures, GraphQL types and statements all read this and
nothing else; none of them knows a plugin.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, FromClause, Integer, Numeric, Table
from sqlalchemy.schema import Column

from bangfu.declare.fields import Field, field_of
from bangfu.declare.grain import Grain
from bangfu.declare.measures import AnyMeasure, Indicator
from bangfu.declare.plugin import Plugin
from bangfu.declare.procedures import Argument, Procedure, RowOf
from bangfu.declare.records import Dated, columns_of
from bangfu.declare.requirements import Requirement, RequirementKind
from bangfu.declare.text import Text

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""How declarations name things."""

Join = Callable[[FromClause, FromClause], list[ColumnElement[bool]]]
"""Conditions between a parent's and a child's alias; always with the district's code on both sides."""


class Kind(Enum):
    """What sort of value an attribute holds; decides its scalar, its filters and its cursor form."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DAY = "day"
    FLAG = "flag"
    CHOICE = "choice"
    CODE = "code"


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribute:
    """A scalar of a node, stored in one column."""

    name: str
    column: str
    kind: Kind
    nullable: bool
    field: Field


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """A way from one node to another, or to many others."""

    name: str
    title: Text
    target: "Node"
    many: bool
    join: Join
    nullable: bool = False
    code: Callable[[FromClause], ColumnElement[int]] | None = None
    """The code of the place it leads to, from the row's own columns alone; null where it leads to none."""
    back: Join | None = None
    """The same way seen from the place, in conditions by which an index leads to the rows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasureField:
    """A measure as a field of a namespace, with the indicator that gives it targets, if any."""

    name: str
    measure: AnyMeasure
    plugin: Plugin
    indicator: Indicator | None

    @property
    def qualified(self) -> str:
        """The name under which targets and catalogues know it: `industry.orchard_area`."""
        return f"{self.plugin.name}.{self.measure.name}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Required:
    """A requirement as it is asked of the rows of a node."""

    name: str
    requirement: Requirement
    plugin: Plugin
    mutation: str
    """The one that mends it."""
    column: str | None
    """How the column that mends it is called there, where it is one."""
    looks_into: frozenset[type[Dated]]
    """The records in which its condition looks for rows, besides the node's own."""
    is_sensitive: bool
    """Whether it looks at a sensitive column, if only whether there is a value in it."""

    @property
    def qualified(self) -> str:
        """The name by which it is told apart from all others: `register.one_head`."""
        return f"{self.plugin.name}.{self.requirement.name}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Namespace:
    """What one plugin adds to one node, under the plugin's own name."""

    name: str
    plugin: Plugin
    links: dict[str, Link] = field(default_factory=dict)
    measures: dict[str, MeasureField] = field(default_factory=dict)
    requirements: dict[str, Required] = field(default_factory=dict)
    python_fields: list[type[Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """A type of the graph: a level of place, a household, a person, or a plugin's record."""

    name: str
    title: Text
    record: type[Dated]
    grain: Grain
    plugin: Plugin | None = None
    level: int | None = None
    attributes: dict[str, Attribute] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    python_fields: list[type[Any]] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """The table the node's rows stand in."""
        table = self.record.__table__
        assert isinstance(table, Table)
        return table

    @cached_property
    def sealed(self) -> dict[str, Field]:
        """The columns of which the database keeps no clear text, by their names."""
        return {each.column: each.field for each in self.attributes.values() if each.field.sealed}

    @property
    def is_place(self) -> bool:
        """Whether the node is one of the four levels of places."""
        return self.level is not None

    @property
    def key(self) -> str:
        """The column that, after the district's code, tells rows apart."""
        return "code" if self.is_place else "id"

    @property
    def prefix(self) -> str:
        """How the node's ids begin: `household` in `household:620502000000123`."""
        return self.name[0].lower() + self.name[1:]

    def mutation(self, action: str) -> str:
        """The name of the mutation by which its rows are changed: `householdUpdate`."""
        return f"{self.prefix}{action.capitalize()}"

    def required(self, kind: RequirementKind) -> dict[str, dict[str, Required]]:
        """What of a kind is asked of its rows, by namespace and name."""
        found = {
            name: {key: each for key, each in space.requirements.items() if each.requirement.kind is kind}
            for name, space in self.namespaces.items()
        }
        return {name: required for name, required in found.items() if required}


@dataclass(frozen=True, kw_only=True, eq=False)
class ProcedureField:
    """A procedure as a field of the root of mutations."""

    name: str
    procedure: Procedure
    plugin: Plugin
    node: Node
    """The type of the row that is given back."""
    values: dict[str, Attribute]
    """The arguments that are values, by their names in the graph."""
    rows: dict[str, tuple[Argument, Node]]
    """Those that are ids, each with the type of the rows."""


def procedure_name(prefix: str, name: str) -> str:
    """The mutation of a procedure: `householdMove`, of `household` and `move`."""
    return prefix + camel(f"_{name}")


def camel(name: str) -> str:
    """`orchard_area` as `orchardArea`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def plural(name: str) -> str:
    """The plural of a camel-case noun, well enough for table names: `facility` → `facilities`."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def attributes_of(record: type[Dated]) -> dict[str, Attribute]:
    """The attributes a record declares, by their GraphQL names."""
    found = {}
    for column in columns_of(record):
        declared = field_of(column)
        if declared is not None:
            found[camel(column.key)] = _attribute(column.key, column, declared, nullable=bool(column.nullable))
    return found


def values_of(procedure: Procedure) -> dict[str, Attribute]:
    """The arguments of a procedure that are values, by their GraphQL names; an attribute's column is the argument."""
    found = {}
    for argument in procedure.arguments:
        if not isinstance(argument.value, RowOf):
            declared = field_of(argument.value.column)
            assert declared is not None, "the registry refuses others"
            column = argument.value.column
            found[camel(argument.name)] = _attribute(argument.name, column, declared, nullable=not argument.required)
    return found


def _attribute(name: str, column: Column[Any], declared: Field, *, nullable: bool) -> Attribute:
    return Attribute(name=camel(name), column=name, kind=_kind(column, declared), nullable=nullable, field=declared)


def _kind(column: Column[Any], declared: Field) -> Kind:
    if declared.is_code:
        return Kind.CODE
    if declared.choice is not None:
        return Kind.CHOICE
    kinds = ((Date, Kind.DAY), (Boolean, Kind.FLAG), (Numeric, Kind.DECIMAL), (Integer | BigInteger, Kind.INTEGER))
    return next((kind for type_, kind in kinds if isinstance(column.type, type_)), Kind.TEXT)
