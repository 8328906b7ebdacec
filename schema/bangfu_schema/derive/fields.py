"""What a derived field stands for; how it is answered is the execution's matter, so that several ways can share it."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from bangfu.declare.deprecation import Deprecation
from bangfu.declare.requirements import RequirementKind
from bangfu.registry import Attribute, Link, MeasureField, Namespace, Node, ProcedureField
from bangfu.write.outcome import Action


@dataclass(frozen=True)
class OfId:
    """The typed id of the row."""


@dataclass(frozen=True)
class OfAttribute:
    """A column of the row."""

    attribute: Attribute


@dataclass(frozen=True)
class OfOne:
    """The row at the other end of a to-one link."""

    link: Link


@dataclass(frozen=True)
class OfMany:
    """A page of the rows at the other end of a to-many link; from the root, of all rows."""

    link: Link


@dataclass(frozen=True)
class OfCount:
    """How many rows there are at the other end of a to-many link."""

    link: Link


@dataclass(frozen=True)
class OfSpace:
    """A plugin's namespace on the row, or on the root."""

    space: Namespace


@dataclass(frozen=True)
class OfMeasure:
    """A measure of the row."""

    field: MeasureField


@dataclass(frozen=True)
class OfMeasurePart:
    """One field of a measure's value."""

    name: str


@dataclass(frozen=True)
class OfRequirements:
    """What is required of the row, of one kind, and what of it is met."""

    kind: RequirementKind


@dataclass(frozen=True)
class OfRequirementsPart:
    """One field of what is required of a row, or of one thing that is missing."""

    name: str


@dataclass(frozen=True)
class OfTotal:
    """How many rows a page's list has in all."""


@dataclass(frozen=True)
class OfRow:
    """One row by its code or id, from the root."""

    node: Node


@dataclass(frozen=True)
class OfNode:
    """One row of any type by its id, from the root."""


@dataclass(frozen=True)
class OfPlace:
    """One place of any level by its code, from the root."""


@dataclass(frozen=True)
class OfChange:
    """A change that a subscription is told of."""


@dataclass(frozen=True)
class OfChanging:
    """A change of rows of one node, from the root of mutations."""

    node: Node
    action: Action


@dataclass(frozen=True)
class OfProcedure:
    """A procedure, from the root of mutations."""

    field: ProcedureField

    @property
    def node(self) -> Node:
        """The type of the row that is given back."""
        return self.field.node


@dataclass(frozen=True)
class OfChanged:
    """One field of what came of a change of rows, or of a procedure."""

    name: str


@dataclass(frozen=True)
class OfReorganising:
    """A change of divisions, from the root of mutations."""


@dataclass(frozen=True)
class OfUndoing:
    """A change of divisions that is taken back, from the root of mutations."""


@dataclass(frozen=True)
class OfChangesUndoing:
    """An entry of the log of changes that is taken back, from the root of mutations."""


@dataclass(frozen=True)
class OfImport:
    """An import of a file: `plan` and `apply` of the root of mutations, `plans` of that of queries."""

    name: Literal["plan", "apply", "plans"]


@dataclass(frozen=True)
class OfCatalogue:
    """Part of the catalogue of plugins, measures and indicators."""

    name: str


@dataclass(frozen=True)
class OfHistory:
    """What was changed in one row."""


@dataclass(frozen=True)
class OfRowHistory:
    """What was changed in the row whose field it is."""


@dataclass(frozen=True)
class OfLog:
    """What was changed in a district."""


@dataclass(frozen=True)
class OfViewer:
    """Who asks."""


PLUGIN = "bangfu.plugin"


def plugin_of(field: StrawberryField) -> str | None:
    """The plugin that a field written by hand belongs to; None for parts of its own types."""
    return field.metadata.get(PLUGIN)


Meaning = (
    OfId
    | OfAttribute
    | OfOne
    | OfMany
    | OfCount
    | OfSpace
    | OfMeasure
    | OfMeasurePart
    | OfRequirements
    | OfRequirementsPart
    | OfTotal
    | OfRow
    | OfNode
    | OfPlace
    | OfChange
    | OfChanging
    | OfProcedure
    | OfChanged
    | OfReorganising
    | OfUndoing
    | OfChangesUndoing
    | OfImport
    | OfCatalogue
    | OfViewer
    | OfHistory
    | OfRowHistory
    | OfLog
)


class Answers(Protocol):
    """What a request's context has to be able to do."""

    def answer(
        self, meaning: Meaning, source: Any, arguments: dict[str, Any], info: Info
    ) -> Awaitable[Any] | Any:  # whatever the field's type is
        """The value of a field."""


class SettledField(StrawberryField):
    """A Strawberry field that works its type out once; Strawberry asks for it a dozen times, at each start."""

    _settled: tuple[StrawberryAnnotation | None, Any] | None = None

    def resolve_type(self, *, type_definition: StrawberryObjectDefinition | None = None) -> Any:  # any Strawberry type
        """The field's type."""
        if type_definition is not None:
            return super().resolve_type(type_definition=type_definition)
        if self._settled is None or self._settled[0] is not self.type_annotation:
            self._settled = (self.type_annotation, super().resolve_type())
        return self._settled[1]


class DerivedField(SettledField):
    """A Strawberry field that knows what it stands for and leaves the answer to the request's context."""

    meaning: Meaning

    @classmethod
    def of(
        cls,
        name: str,
        type_: Any,  # any Strawberry annotation
        meaning: Meaning,
        *,
        description: str,
        arguments: tuple[StrawberryArgument, ...] = (),
        deprecation: Deprecation | None = None,
    ) -> "DerivedField":
        """A field with a GraphQL name, a type, a description and arguments, and when it goes if it does."""
        field = cls(
            python_name=name,
            graphql_name=name,
            type_annotation=StrawberryAnnotation(type_),
            description=description,
            deprecation_reason=None if deprecation is None else deprecation.told,
        )
        field.meaning = meaning
        field.arguments = list(arguments)
        return field

    def __copy__(self) -> "DerivedField":
        duplicate = super().__copy__()
        duplicate.meaning = self.meaning
        return duplicate

    @property
    def is_basic_field(self) -> bool:
        """Never: each answer comes from the context."""
        return False

    def get_result(
        self, source: Any, info: Info | None, args: list[Any], kwargs: Any
    ) -> Awaitable[Any] | Any:  # Strawberry's own signature
        """Asks the request's context."""
        assert info is not None
        answers: Answers = info.context
        return answers.answer(self.meaning, source, kwargs, info)


def argument(
    name: str, type_: Any, description: str, *, default: object = strawberry.UNSET
) -> StrawberryArgument:  # any Strawberry annotation
    """An argument that may be left out, or must not where its type says so and it has no default."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(type_),
        description=description,
        default=default,
    )
