"""Makes a random document one that asks for something: it may be wrong in its values, but not in every one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    Node,
    ObjectValueNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    print_ast,
    visit,
)

_OPERATORS = {"eq", "ne", "in", "gt", "gte", "lt", "lte", "isNull", "contains", "startsWith", "period"}


@dataclass
class Tame:
    """Turns a document into the text of one with few fields in each selection, small pages and steps of one field."""

    schema: GraphQLSchema
    ids: Sequence[str]
    widest: int = 7
    _count: int = field(default=0, init=False)

    def __call__(self, document: DocumentNode) -> str:
        """The text of the tamed document."""
        info = TypeInfo(self.schema)
        return print_ast(visit(document, TypeInfoVisitor(info, _Taming(self, info))))


class _Taming(Visitor):
    def __init__(self, tame: Tame, info: TypeInfo) -> None:
        super().__init__()
        self._tame = tame
        self._info = info

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        """Leaves a few fields, not always the first ones."""
        fields, widest = node.selections, self._tame.widest
        if len(fields) <= widest:
            return None
        chosen = sorted(fields, key=lambda each: crc32(print_ast(each).encode()))[:widest]
        return SelectionSetNode(selections=tuple(each for each in fields if each in chosen))

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        """Gives lists a small page, and arguments values that may be there."""
        definition = self._info.get_field_def()
        if definition is None or not definition.args:
            return None
        given = [self._argument(each) for each in node.arguments or () if each.name.value != "after"]
        if "first" in definition.args and not any(each.name.value == "first" for each in given):
            given.append(_argument("first", IntValueNode(value="3")))
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=tuple(given),
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def _argument(self, node: ArgumentNode) -> ArgumentNode:
        name, lot = node.name.value, crc32(print_ast(node).encode())
        if name == "first":
            return _argument(name, IntValueNode(value=str(lot % 5 if lot % 41 else -1)))
        if name == "milestone":
            return _argument(name, IntValueNode(value=("2016", "2020", "1066")[lot % 3]))
        if name == "id":
            return _argument(
                name,
                StringValueNode(value=[*self._tame.ids, "household:1", "nonsense"][lot % (len(self._tame.ids) + 2)]),
            )
        if name == "orderBy" and isinstance(node.value, ListValueNode):
            return _argument(name, ListValueNode(values=tuple(map(_one_way, node.value.values[:2]))))
        return _argument(name, _one_operator(node.value))


def _argument(name: str, value: ValueNode) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=value)


def _one_way(value: ValueNode) -> ValueNode:
    """A step of an ordering with one field at each level."""
    if not isinstance(value, ObjectValueNode) or not value.fields:
        return value
    lot = crc32(print_ast(value).encode())
    chosen = value.fields[lot % len(value.fields)]
    return ObjectValueNode(fields=(_with(chosen, _one_way(chosen.value)),))


def _one_operator(value: ValueNode) -> ValueNode:
    """A filter whose comparisons have one operator each, and few conditions beside each other."""
    if isinstance(value, ListValueNode):
        return ListValueNode(values=tuple(map(_one_operator, value.values[:2])))
    if not isinstance(value, ObjectValueNode) or not value.fields:
        return value
    lot = crc32(print_ast(value).encode())
    is_comparison = all(each.name.value in _OPERATORS for each in value.fields)
    most = 1 if is_comparison and lot % 9 else 2
    start = lot % len(value.fields)
    chosen = (value.fields[start:] + value.fields[:start])[:most]
    return ObjectValueNode(fields=tuple(_with(each, _one_operator(each.value)) for each in chosen))


def _with(node: Any, value: Node) -> Any:
    return type(node)(name=node.name, value=value)
