"""What a log of reads has to say of a request, found anew: from the schema's own words, the document and the answer."""

from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    value_from_ast_untyped,
)

from bangfu.declare.records import snake

MARK = "Sensitive: without `personal:read`"
"""By these words the schema tells everybody which fields are personal data."""
TAKES = "Sensitive: takes `personal:read`"
"""The same of what a filter asks whether it is met."""
KINDS = ("completeness", "consistency")
TELLING = frozenset({"value", "gap", "progress", "reported", "source", "receipt"})
"""What of a measure follows from the rows that it counts."""


@dataclass
class Expected:
    """The fields by how they were used, and the rows shown."""

    shown: set[str] = field(default_factory=set)
    filtered: set[str] = field(default_factory=set)
    ordered: set[str] = field(default_factory=set)
    named: set[tuple[str, str]] = field(default_factory=set)
    unnamed: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """The rows by type."""
        return dict(self.unnamed + Counter(each for each, _ in self.named))


class Auditor:
    """Looks at answers with a schema in hand."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def expects(self, document: str, variables: dict[str, Any], answer: Mapping[str, Any]) -> Expected:
        """What a document of one operation read, if its answer is this one."""
        tree = parse(document)
        self._fragments = {
            each.name.value: each for each in tree.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._variables = variables
        (operation,) = (each for each in tree.definitions if isinstance(each, OperationDefinitionNode))
        found = Expected()
        root = self._schema.query_type
        assert root is not None
        self._object(root, [operation.selection_set], answer.get("data"), found)
        return found

    def _object(
        self, type_: GraphQLObjectType, sets: list[SelectionSetNode], value: Any, found: Expected, *, edge: Any = None
    ) -> bool:
        """One object of the answer, which may be missing; whether it itself showed personal data."""
        fields: dict[str, list[FieldNode]] = {}
        for each in sets:
            for node in self._fields(type_, each):
                fields.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        shows, id_ = False, None
        for key, nodes in fields.items():
            name = nodes[0].name.value
            if name == "__typename":
                continue
            definition = type_.fields[name]
            part = None if value is None else value[key]
            if name == "id":
                id_ = part
            if MARK in (definition.description or "") and part is not None:
                found.shown.add(f"{type_.name}.{snake(name)}")
                shows = True
            inner = get_named_type(definition.type)
            if isinstance(inner, GraphQLObjectType) and inner.name.startswith(type_.name) and part is not None:
                measured = set(self._measured(inner, nodes, part))
                found.shown |= {f"{type_.name}.{snake(name)}.{each}" for each in measured}
                shows = shows or bool(measured)
            if isinstance(inner, GraphQLObjectType):
                below = [each.selection_set for each in nodes if each.selection_set]
                if inner.name.endswith("Connection"):
                    self._connection(inner, nodes[0], below, part, found)
                else:
                    self._each(inner, below, part, found)
            elif inner.name == "Node" and part is not None:
                (id_given,) = (
                    value_from_ast_untyped(each.value, self._variables)
                    for each in nodes[0].arguments or ()
                    if each.name.value == "id"
                )
                prefix = id_given.partition(":")[0]
                concrete = self._schema.get_type(prefix[0].upper() + prefix[1:])
                assert isinstance(concrete, GraphQLObjectType)
                self._each(concrete, [each.selection_set for each in nodes if each.selection_set], part, found)
        if shows and edge is None:
            self._row(type_.name, id_, found)
        return shows

    def _measured(self, space: GraphQLObjectType, nodes: list[FieldNode], value: Any) -> Iterator[str]:
        """The measures of one household or person, in a namespace, by which sensitive columns were told."""
        for set_ in (each.selection_set for each in nodes if each.selection_set):
            for node in self._fields(space, set_):
                definition = space.fields.get(node.name.value)
                inner = get_named_type(definition.type) if definition is not None else None
                if MARK not in (definition.description or "" if definition else "") or node.selection_set is None:
                    continue
                assert isinstance(inner, GraphQLObjectType)
                told = value[node.alias.value if node.alias else node.name.value]
                for part in self._fields(inner, node.selection_set):
                    key = part.alias.value if part.alias else part.name.value
                    if part.name.value in TELLING and told is not None and told[key] is not None:
                        yield snake(node.name.value)

    def _each(self, type_: GraphQLObjectType, sets: list[SelectionSetNode], value: Any, found: Expected) -> None:
        if isinstance(value, list):
            for each in value or [None]:  # what a filter below asks about is said also where there is no row
                self._each(type_, sets, each, found)
        else:
            self._object(type_, sets, value, found)

    def _connection(
        self, type_: GraphQLObjectType, node: FieldNode, sets: list[SelectionSetNode], value: Any, found: Expected
    ) -> None:
        row = get_named_type(type_.fields["nodes"].type)
        assert isinstance(row, GraphQLObjectType)
        given = {each.name.value: value_from_ast_untyped(each.value, self._variables) for each in node.arguments or ()}
        filter_ = self._schema.get_type(f"{row.name}Filter")
        order = self._schema.get_type(f"{row.name}Order")
        found.filtered |= set(self._compared(filter_, given.get("filter")))
        steps = given.get("orderBy") or []
        terms = [set(self._compared(order, step)) for step in (steps if isinstance(steps, list) else [steps])]
        found.ordered |= set().union(*terms)
        for each in sets:
            for part in self._fields(type_, each):
                key = part.alias.value if part.alias else part.name.value
                below = None if value is None else value[key]
                assert part.selection_set is not None or part.name.value in ("totalCount", "__typename")
                match part.name.value:
                    case "nodes":
                        assert part.selection_set is not None
                        self._each(row, [part.selection_set], below, found)
                    case "edges":
                        assert part.selection_set is not None
                        self._edges(row, part.selection_set, below, terms, found)
                    case "pageInfo":
                        assert part.selection_set is not None
                        info = get_named_type(type_.fields["pageInfo"].type)
                        assert isinstance(info, GraphQLObjectType)
                        for field_ in self._fields(info, part.selection_set):
                            name = field_.alias.value if field_.alias else field_.name.value
                            if field_.name.value in ("startCursor", "endCursor") and below is not None:
                                self._cursor(row.name, below[name], terms, found)

    def _edges(
        self, row: GraphQLObjectType, set_: SelectionSetNode, value: Any, terms: list[set[str]], found: Expected
    ) -> None:
        edge = self._schema.get_type(f"{row.name}Edge")
        assert isinstance(edge, GraphQLObjectType)
        fields = list(self._fields(edge, set_))
        cursors = [each for each in fields if each.name.value == "cursor"]
        for each in value or [None]:
            with_cursor = bool(cursors) and any(terms)
            shows = False
            for part in (part for part in fields if part.name.value == "node"):
                key = part.alias.value if part.alias else "node"
                assert part.selection_set is not None
                below = None if each is None else each[key]
                shows |= self._object(row, [part.selection_set], below, found, edge=with_cursor or None)
            if with_cursor and each is not None:
                cursor = each[cursors[0].alias.value if cursors[0].alias else "cursor"]
                if not self._cursor(row.name, cursor, terms, found) and shows:
                    found.named.add((row.name, str(_held(cursor)[-1])))

    def _cursor(self, type_: str, cursor: str | None, terms: list[set[str]], found: Expected) -> bool:
        """Whether a cursor tells personal data of its row."""
        if cursor is None:
            return False
        _, *values, key = _held(cursor)
        told = set().union(*(names for names, value in zip(terms, values, strict=True) if value is not None))
        found.shown |= told
        if told:
            found.named.add((type_, str(key)))
        return bool(told)

    def _row(self, type_: str, id_: str | None, found: Expected) -> None:
        if id_ is None:
            found.unnamed[type_] += 1
        else:
            found.named.add((type_, id_.split(":")[1]))

    def _compared(self, type_: Any, given: Any) -> Iterator[str]:
        """The personal data that a filter or a step of an ordering names, wherever it stands in it."""
        if isinstance(given, list):
            for each in given:
                yield from self._compared(type_, each)
        if not isinstance(given, dict):
            return
        assert isinstance(type_, GraphQLInputObjectType)
        owner = self._schema.get_type(type_.name.removesuffix("Filter").removesuffix("Order"))
        for name, inner in given.items():
            if inner is None:
                continue
            about = owner.fields.get(name) if isinstance(owner, GraphQLObjectType) else None
            if name in KINDS:
                assert isinstance(owner, GraphQLObjectType)
                is_marked = about is not None and MARK in (about.description or "")
                if self._asks(get_named_type(type_.fields[name].type), inner, is_marked=is_marked):
                    yield f"{owner.name}.{name}"
                continue
            if about is not None and MARK in (about.description or ""):
                assert isinstance(owner, GraphQLObjectType)
                yield f"{owner.name}.{snake(name)}"
            else:
                yield from self._compared(get_named_type(type_.fields[name].type), inner)

    def _asks(self, type_: Any, given: Any, *, is_marked: bool) -> bool:
        """Whether a filter by what is required asks whether sensitive columns have a value."""
        if given.get("isComplete") is not None and is_marked:
            return True
        return any(
            below is not None and TAKES in (get_named_type(type_.fields[space].type).fields[name].description or "")
            for space, inner in given.items()
            if space != "isComplete" and inner is not None
            for name, below in inner.items()
        )

    def _fields(self, type_: GraphQLObjectType, set_: SelectionSetNode) -> Iterator[FieldNode]:
        for each in set_.selections:
            if any(not self._included(directive) for directive in each.directives or ()):
                continue
            if isinstance(each, FieldNode):
                yield each
            elif isinstance(each, FragmentSpreadNode | InlineFragmentNode):
                inner = self._fragments[each.name.value] if isinstance(each, FragmentSpreadNode) else each
                on = inner.type_condition.name.value if inner.type_condition else type_.name
                if on in (type_.name, *(interface.name for interface in type_.interfaces)):
                    yield from self._fields(type_, inner.selection_set)

    def _included(self, directive: Any) -> bool:
        value = value_from_ast_untyped(directive.arguments[0].value, self._variables)
        return bool(value) is (directive.name.value == "include")


def _held(cursor: str) -> list[Any]:
    held: list[Any] = orjson.loads(urlsafe_b64decode(cursor + "=="))
    return held
