"""How much a document may ask for: told from the document alone, before any SQL runs, in one pass over it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
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
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from bangfu.errors import UserError
from bangfu.query.page import DEFAULT_FIRST, MOST
from bangfu_schema.compile.selection import meaning_of
from bangfu_schema.derive.fields import Meaning, OfChanging, OfMany, OfMeasure, OfRequirements, OfRowHistory, OfSpace
from bangfu_schema.execute.tokens import count_tokens

MEASURE_COST = 5
"""What a measure, or all that is required of a row, costs beside the row, which costs one."""

LOOKING_BACK_COST = 5
"""How many times as much all costs that is told as of a day: for a row that was changed since, the log is read too."""

_OF_THE_SCHEMA = {"types": 500, "fields": 10, "inputFields": 10, "enumValues": 5, "args": 3, "possibleTypes": 5}
"""How many there are of what a schema tells of itself: each is answered in Python, field by field."""


@dataclass(frozen=True)
class Limits:
    """How much a document may be, and how much it may ask for.

    The first four keep reading it cheap: they are looked at before it is parsed or validated, which takes some 25
    microseconds a token. The others are told from the document and its variables, before anything is compiled.
    """

    characters: int = 65_536
    lines: int = 5_000
    """To tell where a mistake is, they are counted."""
    tokens: int = 2_000
    definitions: int = 100
    """Operations and fragments; what is validated once for each pair of them stays small."""

    cost: int = 1_000_000
    """In rows that may have to be read."""
    depth: int = 30
    aliases: int = 100
    """Each list asked for again under another name is compiled again."""
    fields: int = 2_000
    """With each fragment counted wherever it is spread."""
    values: int = 20_000
    """In the variables, the objects and lists among them counted too."""
    rows: int = 1_000
    """In one mutation."""


@dataclass(frozen=True)
class Demand:
    """What a selection asks for: its cost, how many levels it has, how many fields, and how many under another name.

    `rows` are those of the mutation that changes the most.
    """

    cost: int = 0
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    rows: int = 0

    def beside(self, other: "Demand") -> "Demand":
        """Both in one selection."""
        return Demand(
            self.cost + other.cost,
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            max(self.rows, other.rows),
        )


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
                found = self._field(each, type_)
                if type_.name in self._roots and self._given(each, "asOf") is not None:
                    found = replace(found, cost=found.cost * LOOKING_BACK_COST)
                total = total.beside(found)
            elif isinstance(each, FragmentSpreadNode):
                total = total.beside(self._fragment(each.name.value))
            elif isinstance(each, InlineFragmentNode):
                inner = self.schema.get_type(each.type_condition.name.value) if each.type_condition else type_
                total = total.beside(self._selection(each.selection_set, inner or type_))
        return total

    def _field(self, node: FieldNode, type_: GraphQLNamedType) -> Demand:
        definition = self.schema.get_field(type_, node.name.value) if is_composite_type(type_) else None
        alias = int(node.alias is not None)
        if definition is None or node.selection_set is None:
            return Demand(0, 1, 1, alias)
        inner = self._selection(node.selection_set, get_named_type(definition.type))
        below = inner.depth + 1, inner.fields + 1, inner.aliases + alias
        if isinstance(meaning_of(definition), OfChanging):
            rows = self._given_rows(node)
            return Demand(rows + inner.cost * rows, *below, rows)
        if isinstance(meaning_of(definition), OfRowHistory):
            return Demand((1 + inner.cost) * self._rows(definition, node), *below, inner.rows)
        return Demand(_own_cost(definition) + inner.cost * self._rows(definition, node), *below, inner.rows)

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
        if get_named_type(definition.type).name.startswith("__"):
            return _OF_THE_SCHEMA.get(node.name.value, 1)
        if not isinstance(meaning_of(definition), OfMany | OfRowHistory):
            return 1
        given = self._given(node, "first")
        asked = int(given.value) if isinstance(given, IntValueNode) else given
        return min(max(asked, 0), MOST) if isinstance(asked, int) else DEFAULT_FIRST

    def _given_rows(self, node: FieldNode) -> int:
        """How many rows a mutation is given; what is no list is one row."""
        given = self._given(node, "rows")
        if isinstance(given, ListValueNode):
            given = given.values
        return len(given) if isinstance(given, list | tuple) else 1

    @cached_property
    def _roots(self) -> frozenset[str]:
        """The types below whose fields all is told as of a day, where one names a day."""
        query = self.schema.query_type
        assert query is not None, "every schema can be asked"
        spaces = (each for each in query.fields.values() if isinstance(meaning_of(each), OfSpace))
        return frozenset({query.name, *(get_named_type(each.type).name for each in spaces)})

    def _given(self, node: FieldNode, name: str) -> Any:
        """An argument as it is written, or the value of its variable; None where it is not given, or null."""
        given = next((each.value for each in node.arguments or () if each.name.value == name), None)
        if isinstance(given, VariableNode):
            return self.variables.get(given.name.value)
        return None if isinstance(given, NullValueNode) else given


def check(demand: Demand, limits: Limits) -> None:
    """Refuses a document that asks for more than it may."""
    if demand.depth > limits.depth:
        raise UserError(f"The document is {demand.depth} levels deep. Accepted: up to {limits.depth}.", code="TOO_DEEP")
    if demand.aliases > limits.aliases:
        raise _too_wide(f"{demand.aliases:,} fields under another name", limits.aliases)
    if demand.fields > limits.fields:
        raise _too_wide(f"{demand.fields:,} fields, those of fragments counted wherever they are spread", limits.fields)
    if demand.rows > limits.rows:
        raise UserError(
            f"A mutation has {demand.rows:,} rows. Accepted: up to {limits.rows:,}. Send the others after these.",
            code="TOO_MANY_ROWS",
        )
    if demand.cost > limits.cost:
        raise UserError(
            f"The document may cost {demand.cost:,}. Accepted: up to {limits.cost:,}. Ask for fewer rows with `first`, "
            "or for less below each.",
            code="TOO_COSTLY",
        )


def check_text(text: str, limits: Limits) -> None:
    """Refuses a document that would be dear to parse, before it is."""
    found = None
    if len(text) > limits.characters:
        found = f"{len(text):,} characters. Accepted: up to {limits.characters:,}"
    elif text.count("\n") + text.count("\r") > limits.lines:
        found = f"more than {limits.lines:,} lines, which is what is accepted"
    elif count_tokens(text, limits.tokens) > limits.tokens:
        found = f"more than {limits.tokens:,} tokens, which is what is accepted"
    if found is not None:
        raise UserError(
            f"The document has {found}. Send values as variables, or ask in several requests.", code="TOO_LONG"
        )


def check_definitions(document: DocumentNode, limits: Limits) -> None:
    """Refuses a document that would be dear to validate."""
    if len(document.definitions) > limits.definitions:
        found = f"{len(document.definitions):,} operations and fragments"
        raise UserError(f"The document has {found}. Accepted: up to {limits.definitions:,}.", code="TOO_LONG")


def check_values(variables: Mapping[str, Any], limits: Limits) -> int:
    """Refuses variables that would be dear to read; how many values they have."""
    found = 0
    open_: list[Any] = [variables]  # no recursion: whoever asks decides how deep they are
    while open_:
        each = open_.pop()
        inner = each.values() if isinstance(each, dict) else each
        found += len(inner)
        if found > limits.values:
            told = f"The variables have more than {limits.values:,} values, which is what is accepted."
            raise UserError(f"{told} Send several requests.", code="TOO_MANY_VALUES")
        open_ += [value for value in inner if type(value) in (dict, list)]
    return found


def _too_wide(found: str, most: int) -> UserError:
    return UserError(f"The document has {found}. Accepted: up to {most:,}. Ask in several requests.", code="TOO_WIDE")


def _own_cost(definition: GraphQLField) -> int:
    meaning: Meaning | None = meaning_of(definition)
    return MEASURE_COST if isinstance(meaning, OfMeasure | OfRequirements) else 1
