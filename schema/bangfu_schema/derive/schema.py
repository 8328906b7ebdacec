"""The whole schema: the root's fields, and every type below them."""

from collections.abc import Iterator
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from bangfu.declare.grain import Grain
from bangfu.declare.text import Text
from bangfu.registry import Link, Node, Platform
from bangfu.registry.graph import Graph
from bangfu.registry.nodes import plural
from bangfu_schema.derive.catalogue import IndicatorEntry, MeasureEntry, PluginEntry, Title
from bangfu_schema.derive.completeness import completeness_type
from bangfu_schema.derive.enums import Enums
from bangfu_schema.derive.fields import DerivedField, OfCatalogue, OfNode, OfRow, OfSpace, OfViewer, argument
from bangfu_schema.derive.history import history_fields
from bangfu_schema.derive.imports import import_plans
from bangfu_schema.derive.inputs import Inputs
from bangfu_schema.derive.measures import measure_type
from bangfu_schema.derive.mutation import mutation_type
from bangfu_schema.derive.objects import AS_OF_ROW, NodeInterface, Objects, make_object
from bangfu_schema.derive.scalars import SCALARS, Day, PlaceCode
from bangfu_schema.derive.subscription import subscription_type
from bangfu_schema.derive.viewer import ViewerEntry


def build_schema(platform: Platform) -> strawberry.Schema:
    """The Strawberry schema of a platform."""
    graph = platform.graph
    enums = Enums()
    objects = Objects(graph, enums, Inputs(graph, enums))
    objects.make(measure_type(Title), completeness_type(Title))
    query = make_object(type("Query", (), {}), "Query", _root(graph, objects), "The district and everything in it.")
    return strawberry.Schema(
        query=query,
        mutation=mutation_type(graph, objects, enums),
        subscription=subscription_type(graph, objects),
        types=list(objects.types.values()),
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def _root(graph: Graph, objects: Objects) -> list[StrawberryField]:
    fields: list[StrawberryField] = []
    for grain, node in graph.core.items():
        fields.append(_one(node, objects))
        if grain is not Grain.PERSON:
            fields.append(objects.many(_all(node), required_place=grain is Grain.HOUSEHOLD))
    fields.extend(_by_typed_id())
    fields.append(objects.many(_all(graph.target), required_place=True))
    for space in graph.roots.values():
        inner = [objects.many(link, required_place=True) for link in space.links.values()]
        title = f"{space.plugin.title.zh} {space.plugin.title.en}"
        type_ = objects.space_type("Query", space, inner)
        fields.append(DerivedField.of(space.name, type_, OfSpace(space), description=title))
    viewer = DerivedField.of(
        "viewer", ViewerEntry | None, OfViewer(), description="Who asks; null where the server asks for no token."
    )
    return [*fields, *_catalogue(), viewer, *history_fields(), import_plans()]


def _one(node: Node, objects: Objects) -> DerivedField:
    title = f"{node.title.zh} {node.title.en}"
    if node.is_place:
        title += " by its code, in force or not; an error where no place has it."
        key = argument("code", PlaceCode, "Its official code.")
    else:
        title += "; null where there is none."
        key = argument("id", strawberry.ID, f"Its id, as in `{node.prefix}:620502000000001`.")
    arguments = (key, argument("asOf", Day | None, AS_OF_ROW))
    return DerivedField.of(node.prefix, objects.types[node] | None, OfRow(node), description=title, arguments=arguments)


def _by_typed_id() -> Iterator[DerivedField]:
    """Anything by its id. `node` has that one argument, as Relay demands, whose clients ask for rows again by it."""
    id_ = argument("id", strawberry.ID, "As in `household:620502000000001`.")
    day = argument("asOf", Day, AS_OF_ROW)
    title = "Anything by its typed id; null where there is nothing under it."
    yield DerivedField.of("node", NodeInterface | None, OfNode(), description=title, arguments=(id_,))
    title = "Anything by its typed id, as of a day, with everything below it."
    yield DerivedField.of("nodeAsOf", NodeInterface | None, OfNode(), description=title, arguments=(id_, day))


def _all(node: Node) -> Link:
    name = plural(node.prefix)
    return Link(name=name, title=Text(node.title.zh, node.title.en), target=node, many=True, join=lambda *_: [])


def _catalogue() -> list[StrawberryField]:
    by_plugin = (argument("plugin", str | None, "Only of this plugin."),)
    entries: tuple[tuple[str, Any, Any, str], ...] = (
        ("plugins", list[PluginEntry], (), "What is installed."),
        ("measures", list[MeasureEntry], by_plugin, "All measures."),
        ("indicators", list[IndicatorEntry], by_plugin, "All measures that have targets."),
    )
    return [
        DerivedField.of(name, type_, OfCatalogue(name), description=text, arguments=arguments)
        for name, type_, arguments, text in entries
    ]
