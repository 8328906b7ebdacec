"""How much a document may ask for: told from the document alone, before any SQL runs, in one pass over it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from bangfu.errors import UserError
from bangfu.query.page import DEFAULT_FIRST, MOST
from bangfu_schema.compile.selection import meaning_of
from bangfu_schema.derive.fields import Meaning, OfMany, OfMeasure

MEASURE_COST = 5
"""What a measure costs beside a row, which costs one."""


@dataclass(frozen=True)
class Limits:
    """What a document may cost, in rows that it may have to read, and how deep it may be."""

    cost: int = 1_000_000
    depth: int = 30


@dataclass(frozen=True)
class Demand:
    """What a selection asks for: its cost, and how many levels it has."""

    cost: int = 0
    depth: int = 0

    def beside(self, other: "Demand") -> "Demand":
        """Both in one selection."""
        return Demand(self.cost + other.cost, max(self.depth, other.depth))


@dataclass(frozen=True, eq=False)
class Assessor:
    """Assesses one operation with one set of variables; each fragment once, however often it is spread."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any]
    _fragments: dict[str, Demand] = field(default_factory=dict)

    def demand(self, operation: OperationDefinitionNode) -> Demand:
        """What an operation asks for."""
        root = self.schema.get_root_type(operation.operation)
        assert root is not None, "validation lets no operation through that the schema has not"
        return self._selection(operation.selection_set, root)

    def _selection(self, selections: SelectionSetNode, type_: GraphQLNamedType) -> Demand:
        total = Demand()
        for each in selections.selections:
            if isinstance(each, FieldNode):
                total = total.beside(self._field(each, type_))
            elif isinstance(each, FragmentSpreadNode):
                total = total.beside(self._fragment(each.name.value))
            elif isinstance(each, InlineFragmentNode):
                inner = self.schema.get_type(each.type_condition.name.value) if each.type_condition else type_
                total = total.beside(self._selection(each.selection_set, inner or type_))
        return total

    def _field(self, node: FieldNode, type_: GraphQLNamedType) -> Demand:
        definition = self.schema.get_field(type_, node.name.value) if is_composite_type(type_) else None
        if definition is None or node.selection_set is None:
            return Demand(0, 1)
        inner = self._selection(node.selection_set, get_named_type(definition.type))
        cost = _own_cost(definition) + inner.cost * self._rows(definition, node)
        return Demand(cost, inner.depth + 1)

    def _fragment(self, name: str) -> Demand:
        if name not in self._fragments:
            node = next(
                each
                for each in self.document.definitions
                if isinstance(each, FragmentDefinitionNode) and each.name.value == name
            )
            type_ = self.schema.get_type(node.type_condition.name.value)
            assert type_ is not None, "validation lets no fragment through of a type that the schema has not"
            self._fragments[name] = self._selection(node.selection_set, type_)
        return self._fragments[name]

    def _rows(self, definition: GraphQLField, node: FieldNode) -> int:
        """How many rows a field may have: the size of a list's page, else one."""
        if not isinstance(meaning_of(definition), OfMany):
            return 1
        given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
        if isinstance(given, IntValueNode):
            asked: Any = int(given.value)
        else:
            asked = self.variables.get(given.name.value) if isinstance(given, VariableNode) else None
        return min(max(asked, 0), MOST) if isinstance(asked, int) else DEFAULT_FIRST


def check(demand: Demand, limits: Limits) -> None:
    """Refuses a document that asks for more than it may."""
    if demand.depth > limits.depth:
        raise UserError(f"The document is {demand.depth} levels deep. Accepted: up to {limits.depth}.", code="TOO_DEEP")
    if demand.cost > limits.cost:
        raise UserError(
            f"The document may cost {demand.cost:,}. Accepted: up to {limits.cost:,}. Ask for fewer rows with `first`, "
            "or for less below each.",
            code="TOO_COSTLY",
        )


def _own_cost(definition: GraphQLField) -> int:
    meaning: Meaning | None = meaning_of(definition)
    return MEASURE_COST if isinstance(meaning, OfMeasure) else 1
