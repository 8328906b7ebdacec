"""Object types of the graph: nodes, their connections, their namespaces."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import strawberry
from strawberry.types import get_object_definition
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from bangfu.declare.fields import Sensitive
from bangfu.declare.requirements import RequirementKind
from bangfu.query.personal import personal_measure, personal_standing
from bangfu.registry import Attribute, Kind, Link, Namespace, Node
from bangfu.registry.graph import Graph
from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.enums import BOUNDARIES, Enums
from bangfu_schema.derive.fields import (
    PLUGIN,
    DerivedField,
    OfAttribute,
    OfCount,
    OfId,
    OfMany,
    OfMeasure,
    OfOne,
    OfRequirements,
    OfSpace,
    OfTotal,
    argument,
)
from bangfu_schema.derive.history import row_history
from bangfu_schema.derive.inputs import Inputs, prefix_of
from bangfu_schema.derive.row import Row
from bangfu_schema.derive.scalars import Day, Number, PeriodText, PlaceCode

SCALARS_OF: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.DECIMAL: Number,
    Kind.DAY: Day,
    Kind.FLAG: bool,
    Kind.CODE: PlaceCode,
}

AS_OF = (
    "Tells the whole answer below as of the end of this day, with the values that rows had then as far as the log of "
    "changes knows; up to the reporting date."
)
AS_OF_ROWS = f"{AS_OF} Lists then have the rows in force on the day, where they otherwise have ended ones too."
AS_OF_PLACES = f"{AS_OF} A later day only tells which places are in force then."
AS_OF_ROW = f"{AS_OF} Null where the row was not in force on the day, but for places, which are told in force or not."

_CLASS_MEMBERS = {"__dict__", "__weakref__", "__annotations__"}

MEASURE_ARGUMENTS = (
    argument("period", PeriodText | None, "By default the year of the reporting date."),
    argument("milestone", int | None, "Instead of a period: a year of the plan (2016, 2020), counted from its start."),
    argument(
        "boundaries",
        BOUNDARIES | None,
        "Whether what lay in the place then is told, or what lies in it now: by default that.",
    ),
    argument("boundariesAt", Day | None, "Instead: a day, for what lay in the place by the boundaries of that."),
)


@strawberry.interface(name="Node", description="Anything with an id.")
class NodeInterface:
    """What `node` and `nodeAsOf` return."""

    id: strawberry.ID = strawberry.field(description="A readable, typed id, as `household:620502000000001`.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def make_object(
    shell: type[Any], name: str, fields: Sequence[StrawberryField], description: str, *, node: Node | None = None
) -> Any:  # the class itself, as Strawberry returns it
    """Turns an empty class into an object type with these fields."""
    shell.__annotations__ = {}
    for field in fields:
        member = field.python_name or field.graphql_name
        assert member is not None
        setattr(shell, member, field)
        shell.__annotations__[member] = field.type_annotation.raw_annotation if field.type_annotation else Any
    if node is not None:
        shell.is_type_of = staticmethod(lambda value, _info: isinstance(value, Row) and value.node is node)
    return strawberry.type(shell, name=name, description=description)


class Objects:
    """All object types of a graph, made at once since they refer to each other."""

    def __init__(self, graph: Graph, enums: Enums, inputs: Inputs) -> None:
        self._enums = enums
        self._inputs = inputs
        self.measure: Any = None  # both are set by the schema once their types are made
        self.completeness: Any = None
        nodes = graph.nodes.values()
        self.types: dict[Node, Any] = {node: type(node.name, (NodeInterface,), {}) for node in nodes}
        self.connections: dict[Node, Any] = {node: type(f"{node.name}Connection", (), {}) for node in nodes}

    def make(self, measure: Any, completeness: Any) -> None:
        """Fills every shell, with the types of a measure's value and of what is required of a row."""
        self.measure = measure
        self.completeness = completeness
        for node in self.types:
            self._make_connection(node)
            self._make_node(node)

    def many(self, link: Link, *, required_place: bool | None = None) -> DerivedField:
        """A connection field; from the root with the place to look in, which may have to be given."""
        arguments = list(self._list_arguments(link.target))
        if required_place is not None:
            type_ = PlaceCode if required_place else PlaceCode | None
            arguments.insert(0, argument("within", type_, "The place to look in, itself included."))
            arguments = [each for each in arguments if each.graphql_name != "asOf"]
            arguments.append(argument("asOf", Day | None, AS_OF_PLACES if link.target.is_place else AS_OF_ROWS))
        return DerivedField.of(
            link.name,
            self.connections[link.target],
            OfMany(link),
            description=f"{link.title.zh} {link.title.en}",
            arguments=tuple(arguments),
        )

    def space_type(self, owner: str, space: Namespace, fields: Sequence[StrawberryField]) -> Any:
        """The type of a plugin's namespace on a node, or on the root."""
        name = f"{owner}{space.name[0].upper()}{space.name[1:]}"
        title = space.plugin.title
        return make_object(type(name, (), {}), name, fields, f"{title.zh} {title.en}")

    def _list_arguments(self, target: Node) -> Sequence[StrawberryArgument]:
        found = [
            argument("filter", self._inputs.filters[target] | None, "Which rows to take."),
            argument("orderBy", listed(self._inputs.orders[target]) | None, "By what to order; by id where it ties."),
            argument("first", int | None, "How many rows a page has: 50 by default, 1000 at most."),
            argument("after", str | None, "The cursor after which the page begins."),
        ]
        if target.is_place:
            found.append(argument("asOf", Day | None, "Places in force on this day; by default the reporting date."))
        return found

    def _make_connection(self, node: Node) -> None:
        type_ = self.types[node]
        edge = type(f"{node.name}Edge", (), {})
        edge.__annotations__ = {"cursor": str, "node": type_}
        edge = strawberry.type(edge, name=f"{node.name}Edge", description="A row and its cursor.")
        total = DerivedField.of("totalCount", int, OfTotal(), description="How many rows the whole list has.")
        shell = self.connections[node]
        shell.totalCount = total
        shell.__annotations__ = {
            "nodes": listed(type_),
            "edges": listed(edge),
            "page_info": PageInfo,
            "totalCount": int,
        }
        strawberry.type(shell, name=f"{node.name}Connection", description=f"A page of {node.title.zh} {node.title.en}.")

    def _make_node(self, node: Node) -> None:
        fields: list[StrawberryField] = [
            DerivedField.of("id", strawberry.ID, OfId(), description="The typed id."),
            *(self._attribute(node, attribute) for attribute in node.attributes.values()),
        ]
        for link in node.links.values():
            fields += self._link(link)
        for kind in RequirementKind:
            if node.required(kind):
                told = f"{kind.title.zh} {kind.title.en}: whether it is so, and what is missing."
                if personal_standing(node, kind) is not None:
                    told += " Sensitive: without `personal:read`, what looks at sensitive columns is left out."
                fields.append(DerivedField.of(kind.value, self.completeness, OfRequirements(kind), description=told))
        for space in node.namespaces.values():
            type_ = self.space_type(node.name, space, self._space_fields(space, node))
            title = f"{space.plugin.title.zh} {space.plugin.title.en}"
            fields.append(DerivedField.of(space.name, type_, OfSpace(space), description=title))
        for extension in node.python_fields:
            assert node.plugin is not None, "the core has no fields by hand"
            fields += python_fields(extension, node.plugin.name)
        fields.append(row_history())
        doc = " ".join((node.record.__doc__ or "").split()) if not node.is_place else node.grain.title.en
        make_object(self.types[node], node.name, fields, f"{node.title.zh} {doc}", node=node)

    def _space_fields(self, space: Namespace, node: Node) -> list[StrawberryField]:
        fields = [field for link in space.links.values() for field in self._link(link)]
        for measured in space.measures.values():
            title = measured.measure.title
            is_personal = personal_measure(node, measured) is not None
            marked = ". Sensitive: without `personal:read`, it is withheld." if is_personal else ""
            fields.append(
                DerivedField.of(
                    measured.name,
                    self.measure,
                    OfMeasure(measured),
                    description=f"{title.zh} {title.en} ({measured.measure.unit}){marked}",
                    arguments=MEASURE_ARGUMENTS,
                    deprecation=measured.measure.deprecation,
                )
            )
        for extension in space.python_fields:
            fields += python_fields(extension, space.plugin.name)
        return fields

    def _link(self, link: Link) -> list[StrawberryField]:
        title = f"{link.title.zh} {link.title.en}"
        if link.many:
            count = DerivedField.of(f"{_singular(link)}Count", int, OfCount(link), description=f"How many: {title}")
            return [self.many(link), count]
        type_ = self.types[link.target]
        return [DerivedField.of(link.name, type_ | None if link.nullable else type_, OfOne(link), description=title)]

    def _attribute(self, node: Node, attribute: Attribute) -> DerivedField:
        declared = attribute.field
        if declared.choice is not None:
            type_ = self._enums.of(declared.choice, prefix_of(attribute, node))
        else:
            type_ = SCALARS_OF[attribute.kind]
        unit = f" Unit: {declared.unit}." if declared.unit else ""
        marked = f" Sensitive: without `personal:read`, {declared.sensitive.value}." if declared.sensitive else ""
        description = f"{declared.title.zh} {declared.title.en}.{unit}{marked}"
        return DerivedField.of(
            attribute.name,
            type_ | None if attribute.nullable or declared.sensitive is Sensitive.HIDDEN else type_,
            OfAttribute(attribute),
            description=description,
            deprecation=declared.deprecation,
        )


def python_fields(extension: type[Any], plugin: str) -> list[StrawberryField]:
    """The hand-written Strawberry fields of an extension's class, each knowing whose it is."""
    members = {name: member for name, member in vars(extension).items() if name not in _CLASS_MEMBERS}
    # A class of its own, since Strawberry writes into the one it is given, and sees only what stands in it itself.
    made = strawberry.type(type(extension.__name__, (), members | {"__annotations__": {}}))
    fields = get_object_definition(made, strict=True).fields
    for field in fields:
        field.metadata = MappingProxyType({**field.metadata, PLUGIN: plugin})
    return fields


def _singular(link: Link) -> str:
    """`household` for a link `households`; the count's name needs the one, not the many."""
    for ending, single in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if link.name.endswith(ending):
            return link.name.removesuffix(ending) + single
    return link.name
