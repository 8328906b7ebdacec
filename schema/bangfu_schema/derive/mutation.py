"""The root of mutations: for each node whose rows are entered, how new ones come, how they change and how they go;
then the procedures."""

from typing import Any

from strawberry.types.field import StrawberryField

from bangfu.registry import Node
from bangfu.registry.graph import Graph
from bangfu.write.outcome import Action
from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.changes import RowTypes, changeable
from bangfu_schema.derive.divisions import divisions_fields
from bangfu_schema.derive.enums import Enums
from bangfu_schema.derive.fields import DerivedField, OfChanging, argument
from bangfu_schema.derive.imports import import_mutations
from bangfu_schema.derive.objects import Objects, make_object
from bangfu_schema.derive.procedures import ProcedureTypes
from bangfu_schema.derive.undoing import undoing_field

_TOLD = {
    Action.CREATE: "Enters new rows",
    Action.UPDATE: "Changes rows",
    Action.DELETE: "Deletes rows",
}
_KEY = argument(
    "idempotencyKey",
    str | None,
    "A text of your own, up to 200 characters: the same request under it, sent again, is told what came of the "
    "first, and nothing is written twice.",
)
_HOW = (
    argument(
        "dryRun", bool, "Only says what is wrong with the rows: nothing is written, and none are shown.", default=False
    ),
    argument("partial", bool, "Writes the rows that can be taken; else all of them or none.", default=False),
    _KEY,
)


def mutation_type(graph: Graph, objects: Objects, enums: Enums) -> Any:  # the class itself, as Strawberry returns it
    """The type Mutation."""
    changes = RowTypes(enums, objects.types)
    fields = [field for node in changeable(graph) for field in _fields(node, changes)]
    fields += ProcedureTypes(enums, objects.types, _KEY).fields(graph.procedures)
    fields.append(undoing_field(_KEY))
    fields += divisions_fields(enums)
    fields += import_mutations()
    told = "What is entered, changed and deleted: each field in a transaction of its own, one after the other."
    return make_object(type("Mutation", (), {}), "Mutation", fields, told)


def _fields(node: Node, changes: RowTypes) -> list[StrawberryField]:
    payload = changes.payload(node)
    return [
        DerivedField.of(
            node.mutation(action.value),
            payload | None,
            OfChanging(node, action),
            description=f"{_TOLD[action]}: {node.title.zh} {node.title.en}.",
            arguments=(argument("rows", listed(changes.input(node, action)), "Up to 1000 rows."), *_HOW),
        )
        for action in Action
    ]
