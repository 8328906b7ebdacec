"""The seam into graphql-core: a field that answers with a `Selection` is completed by whoever made it.

`complete_object_value`, `complete_abstract_value`, `collect_subfields`, `execute_field`, `collect_fields` and what
collects errors are not public; this is the one place that knows them, and `tests/compile/test_seam.py` fails when
they change.
"""

from asyncio import gather
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from bangfu_schema.compile.selection import InPython
from bangfu_schema.derive.fields import Meaning


@dataclass(frozen=True, eq=False)
class Reached:
    """Where the executor stands when it meets a selection."""

    executor: "SelectionExecutor"
    type: GraphQLObjectType | GraphQLAbstractType
    details: FieldDetailsList
    info: GraphQLResolveInfo[Any]
    path: Path
    position: Any  # graphql-core's own, handed back as it came

    @property
    def key(self) -> str:
        """The field's key in the answer."""
        return str(self.path.key)

    def by_fields(self, result: Any) -> Any:
        """Completes a value the usual way: field by field."""
        if isinstance(self.type, GraphQLObjectType):
            return self.executor.complete_fields(self.type, self.details, self.info, self.path, result, self.position)
        return self.executor.complete_one_of_several(
            self.type, self.details, self.info, self.path, result, self.position
        )

    async def filling(self, fields: Sequence[tuple[InPython, str, Any]]) -> list[Any] | None:
        """The values of fields that are written by hand, each of a row, under a key; None where one of them fails.

        Where a value fails, what stands above it may have to be null: that is for the usual way to say.
        """
        executor = self.executor.build_per_event_executor(self.executor.root_value)  # one with errors of its own
        values: list[Any] = []
        for field, key, row in fields:
            path = self.path.add_key(key, field.owner.name)
            try:
                values.append(executor.execute_field(field.owner, row, field.details, path, self.position))
            except GraphQLError as error:
                values.append(error)
        waiting = [index for index, value in enumerate(values) if executor.is_awaitable(value)]
        settled = await gather(*(values[index] for index in waiting), return_exceptions=True)
        for index, value in zip(waiting, settled, strict=True):
            values[index] = value
        has_failed = any(isinstance(value, BaseException) for value in values)
        return None if has_failed or executor.collected_errors.errors else values


@dataclass(frozen=True)
class Subscribed:
    """The one field of the root that a subscription has."""

    key: str
    definition: GraphQLField
    node: FieldNode
    arguments: Mapping[str, Any]


def subscribed(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any] | None, operation: str | None
) -> Subscribed | list[GraphQLError]:
    """The field that a subscription of a validated document asks for, or what is wrong with its values."""
    executor = Executor.build(schema, document, raw_variable_values=variables, operation_name=operation)
    if not isinstance(executor, Executor):
        return list(executor)
    root, values = schema.subscription_type, executor.variable_values
    assert root is not None, "validation lets no subscription through where there is no root"
    found = collect_fields(schema, executor.fragments, values, root, executor.operation).grouped_field_set
    ((key, details),) = found.items()  # one, by the rules of validation
    node = details[0].node
    definition = schema.get_field(root, node.name.value)
    assert definition is not None, "validation lets no unknown field through"
    try:
        arguments = get_argument_values(definition, node, values, details[0].fragment_variable_values)
    except GraphQLError as error:
        return [error]
    return Subscribed(key, definition, node, arguments)


class Completer(Protocol):
    """What completes a selection."""

    def complete(self, selection: "Selection", reached: Reached) -> Awaitable[Any]:
        """The finished value, with all that is chosen below it."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The answer of a root field: what it stands for, to be completed as a whole."""

    meaning: Meaning
    arguments: dict[str, Any]
    by: Completer


class SelectionExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, which hands selections over."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Completes an object."""
        if isinstance(result, Selection):
            reached = Reached(self, return_type, field_details_list, info, path, position_context)
            return result.by.complete(result, reached)
        return self.complete_fields(return_type, field_details_list, info, path, result, position_context)

    def complete_abstract_value(
        self,
        return_type: GraphQLAbstractType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Completes an object of which only the interface is known."""
        if isinstance(result, Selection):
            reached = Reached(self, return_type, field_details_list, info, path, position_context)
            return result.by.complete(result, reached)
        return self.complete_one_of_several(return_type, field_details_list, info, path, result, position_context)

    complete_fields = StrawberryGraphQLCoreExecutionContext.complete_object_value
    complete_one_of_several = StrawberryGraphQLCoreExecutionContext.complete_abstract_value
