"""The mutations of procedures: what each is given, and what it gives back."""

from collections.abc import Sequence
from typing import Any

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from bangfu.access import needed_to_change
from bangfu.registry import Node, ProcedureField
from bangfu.registry.graph import type_prefix
from bangfu.registry.nodes import camel
from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.changes import ErrorEntry, described, entry_fields
from bangfu_schema.derive.enums import Enums
from bangfu_schema.derive.fields import DerivedField, OfChanged, OfProcedure, argument
from bangfu_schema.derive.objects import SCALARS_OF, make_object

_DRY = "Only says what is wrong: nothing is written, and no row is shown."


@strawberry.type(name="ProcedureError", description="Why a procedure cannot be carried out as it is asked for.")
class ProcedureErrorEntry(ErrorEntry):
    """Why a procedure cannot be carried out as it is asked for."""


class ProcedureTypes:
    """The mutations of a graph's procedures, with their payloads: one type for each type of row given back."""

    def __init__(self, enums: Enums, types: dict[Node, Any], key: StrawberryArgument) -> None:
        self._enums = enums
        self._types = types
        self._key = key
        self._payloads: dict[Node, Any] = {}

    def fields(self, procedures: Sequence[ProcedureField]) -> list[StrawberryField]:
        """The fields of the root of mutations."""
        return [self._field(each) for each in procedures]

    def _field(self, field: ProcedureField) -> DerivedField:
        procedure = field.procedure
        takes = " and ".join(f"`{each}`" for each in sorted({needed_to_change(each) for each in procedure.changed}))
        return DerivedField.of(
            field.name,
            self._payload(field.node) | None,
            OfProcedure(field),
            description=f"{procedure.title.zh} {procedure.title.en}. Takes {takes}.",
            arguments=(*self._arguments(field), argument("dryRun", bool, _DRY, default=False), self._key),
        )

    def _arguments(self, field: ProcedureField) -> list[StrawberryArgument]:
        made = []
        for each in field.procedure.arguments:
            name = camel(each.name)
            if name in field.rows:
                _, node = field.rows[name]
                title, many = each.title, listed(strawberry.ID)
                assert title is not None, "the registry refuses others"
                type_ = many if getattr(each.value, "is_many", False) else strawberry.ID
                told = f"{title.zh} {title.en}. As in `{node.prefix}:620502000000001`."
            else:
                attribute = field.values[name]
                choice = attribute.field.choice
                prefix = type_prefix(field.plugin, choice) if choice is not None else ""
                type_ = SCALARS_OF[attribute.kind] if choice is None else self._enums.of(choice, prefix)
                told = described(attribute)
            made.append(argument(name, type_ if each.required else type_ | None, told))
        return made

    def _payload(self, node: Node) -> Any:  # the class itself
        if node not in self._payloads:
            self._payloads[node] = self._make_payload(node)
        return self._payloads[node]

    def _make_payload(self, node: Node) -> Any:  # as above
        fields: list[StrawberryField] = [
            DerivedField.of(
                "row",
                self._types[node] | None,
                OfChanged("row"),
                description="The row as it stands now; null where nothing was written, or where it is deleted.",
            ),
            DerivedField.of(
                "errors",
                list[ProcedureErrorEntry],
                OfChanged("errors"),
                description="Why it cannot be carried out; with any of these nothing was written.",
            ),
            *entry_fields(),
        ]
        name = f"{node.name}Done"
        told = f"What came of a procedure: {node.title.zh} {node.title.en}."
        return make_object(type(name, (), {}), name, fields, told)
