"""A selection as the compiler reads it: each field by its meaning, with its arguments and what is chosen below it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_object_type
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList
from graphql.execution.values import FragmentVariableValues, VariableValues, get_argument_values

from bangfu.query.given import Arguments
from bangfu_schema.derive.fields import DerivedField, Meaning, OfRowHistory, plugin_of

Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]
"""How the executor collects the fields of a selection: `@skip`, `@include`, fragments and aliases are settled there."""

_DEFINITION = "strawberry-definition"


@dataclass(frozen=True, eq=False)
class InPython:
    """A field that is written by hand, or tells of a row's changes.

    SQL leaves a hole for it, and tells Python of the row whose field it is.
    """

    owner: GraphQLObjectType
    details: FieldDetailsList
    plugin: str | None
    """Whose field it is."""
    is_of_the_log: bool = False
    """Whether it tells of the row's changes, which show no personal data, and not of what the row holds."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """One field of a selection, under the key it has in the answer."""

    key: str
    name: str
    owner: str
    """The type of the object it is chosen of."""
    meaning: Meaning | InPython | None
    """What it stands for; None for `__typename` and for the parts of a value that is no row."""
    place: int
    """Which of the selection's sites is its own."""
    below: tuple["Chosen", ...]

    def walk(self) -> Iterator["Chosen"]:
        """This field and all below it."""
        yield self
        for each in self.below:
            yield from each.walk()


class Site(NamedTuple):
    """Where a field's arguments stand in the document."""

    definition: GraphQLField
    node: FieldNode
    variables: FragmentVariableValues | None

    def arguments(self, variables: VariableValues | None) -> Arguments:
        """The field's arguments, as the schema's types take them."""
        if not self.definition.args:
            return {}
        return get_argument_values(self.definition, self.node, variables, self.variables)


class Reader:
    """Reads a selection; `sites` grows by one for each field read."""

    def __init__(self, schema: GraphQLSchema, collect: Collect) -> None:
        self._schema = schema
        self._collect = collect
        self.sites: list[Site] = []

    def read(self, type_: GraphQLObjectType, details: FieldDetailsList) -> tuple[Chosen, ...]:
        """What is chosen of an object of this type."""
        collected = self._collect(type_, details)
        return tuple(self.field(type_, key, each) for key, each in collected.grouped_field_set.items())

    def field(
        self,
        type_: GraphQLObjectType,
        key: str,
        details: FieldDetailsList,
        concrete: GraphQLObjectType | None = None,
    ) -> Chosen:
        """One field with all below it; of an interface's, `concrete` is the type that was found."""
        first = details[0]
        name = first.node.name.value
        definition = self._schema.get_field(type_, name)
        assert definition is not None, "validation lets no unknown field through"
        meaning = _meaning(definition, type_, details)
        place = len(self.sites)
        self.sites.append(Site(definition, first.node, first.fragment_variable_values))
        inner = concrete or get_named_type(definition.type)
        is_python = isinstance(meaning, InPython)
        below = self.read(inner, details) if is_object_type(inner) and not is_python else ()
        return Chosen(key, name, type_.name, meaning, place, below)


def meaning_of(definition: GraphQLField) -> Meaning | None:
    """What a field of the schema stands for; None where it is not derived from a declaration."""
    declared = definition.extensions.get(_DEFINITION)
    return declared.meaning if isinstance(declared, DerivedField) else None


def _meaning(
    definition: GraphQLField, owner: GraphQLObjectType, details: FieldDetailsList
) -> Meaning | InPython | None:
    meaning = meaning_of(definition)
    if isinstance(meaning, OfRowHistory):
        return InPython(owner, details, None, is_of_the_log=True)  # which no statement of a viewer may read
    if meaning is not None:
        return meaning
    declared = definition.extensions.get(_DEFINITION)
    if declared is None or declared.is_basic_field:
        return None
    return InPython(owner, details, plugin_of(declared))
