"""Answers `{ __typename }`, by which load balancers and clients ask whether the graph is there; needs no executor."""

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode, OperationType


def probe(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, str] | None:
    """The data of a valid operation that asks for the name of its root alone; None for any other."""
    if operation.variable_definitions or operation.operation is OperationType.SUBSCRIPTION:
        return None
    keys = []
    for each in operation.selection_set.selections:
        if not isinstance(each, FieldNode) or each.name.value != "__typename" or each.directives:
            return None
        keys.append((each.alias or each.name).value)
    root = schema.get_root_type(operation.operation)
    return None if root is None else dict.fromkeys(keys, root.name)
