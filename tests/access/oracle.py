"""Answers documents from plain rows as a viewer is to be answered: the policy's words, and none of its code."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)
from tests.access.eyes import KINDS, Choosing, Eyes, permission_of, plain_of, span_of
from tests.access.hand import HAND
from tests.access.rows import inside, official, typed_id
from tests.access.world import TODAY, Row

from bangfu.query.receipt import facts
from bangfu.registry import Kind, Link, MeasureField, Namespace, Node
from bangfu.registry.nodes import plural

_DEFAULT_FIRST = 50
CURSOR = "a cursor"
"""What stands in an answer for any cursor."""


class Oracle:
    """What a viewer is answered."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._choosing = Choosing(eyes)
        self._variables: dict[str, Any] = {}
        self._types = {node.name[0].lower() + node.name[1:]: node for node in eyes.rows.graph.nodes.values()}

    def answer(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The fields of the root by their names in the answer, those without that are refused."""
        self._variables = variables
        refused = self.refused(document, variables)
        return {_key(field): self._root(field) for field in _roots(document) if _key(field) not in refused}

    def refused(self, document: str, variables: dict[str, Any]) -> set[str]:
        """The names of the fields of the root that are refused whatever the rows are."""
        self._variables = variables
        return {_key(field) for field in _roots(document) if not all(map(self._eyes.may, self._needs(field)))}

    def _arguments(self, field: FieldNode) -> dict[str, Any]:
        given = {each.name.value: value_from_ast_untyped(each.value, self._variables) for each in field.arguments or ()}
        return {name: value for name, value in given.items() if value is not None}

    def _single_of(self, field: FieldNode) -> tuple[Node, str] | None:
        """The type and the id of a field that asks for one row."""
        name, given = field.name.value, self._arguments(field)
        if name in ("node", "nodeAsOf"):
            return self._types[given["id"].partition(":")[0]], given["id"]
        node = self._types.get(name)
        return None if node is None else (node, given.get("id") or f"{name}:{given['code']}")

    def _lists_of(self, field: FieldNode) -> Iterator[tuple[Node, FieldNode]]:
        """The lists that a field of the root asks for, itself or in a namespace, each with its type."""
        name = field.name.value
        for prefix, node in self._types.items():
            if node.plugin is None and plural(prefix) == name:
                yield node, field
        for space in self._eyes.rows.graph.roots.values():
            if space.name == name:
                yield from ((space.links[each.name.value].target, each) for each in _fields(field.selection_set))

    def _root(self, field: FieldNode) -> Any:
        single = self._single_of(field)
        if single is not None:
            node, id_ = single
            row = next((row for row in self._eyes.all(node) if typed_id(node, row) == id_), None)
            return None if row is None else self._row(node, row, field.selection_set)
        found = {_key(each): self._listed(node, each) for node, each in self._lists_of(field)}
        return found.get(_key(field), found)

    def _listed(self, node: Node, field: FieldNode) -> Any:
        within = self._arguments(field).get("within")
        code = int(within.ljust(15, "0")) if within else None
        rows = [
            row
            for row in self._eyes.all(node)
            if code is None
            or inside(row["place_code"] if node.name == "Target" else self._eyes.rows.lies(node, row), code)
        ]
        if node.is_place:
            on = _day(self._arguments(field))
            rows = [row for row in rows if row["valid_from"] <= on < (row["valid_to"] or on.max)]
        return self._page(node, rows, field)

    # What it takes to ask, told from the document alone.

    def _needs(self, field: FieldNode) -> Iterator[str]:
        single = self._single_of(field)
        if single is not None:
            yield from _permission(single[0])
            yield from self._needs_of(single[0], field.selection_set)
        else:
            for node, each in self._lists_of(field):
                yield from self._needs_of_list(node, each)

    def _needs_of_list(self, node: Node, field: FieldNode) -> Iterator[str]:
        yield from _permission(node)
        given = self._arguments(field)
        for part in (given.get("filter") or {}, *(given.get("orderBy") or ())):
            yield from self._choosing.needs(node, part)
        for each in _fields(field.selection_set):
            if each.name.value == "nodes":
                yield from self._needs_of(node, each.selection_set)
            for inner in _fields(each.selection_set) if each.name.value == "edges" else ():
                yield from self._needs_of(node, inner.selection_set)

    def _needs_of(self, node: Node, selection: SelectionSetNode | None) -> Iterator[str]:
        for field in _fields(selection):
            if field.name.value not in node.namespaces:
                yield from self._needs_of_link(node.links, field)
                continue
            space = node.namespaces[field.name.value]
            for inner in _fields(field.selection_set):
                yield from self._needs_of_link(space.links, inner)
                if (node.name, f"{space.name}.{inner.name.value}") in HAND:
                    yield f"{space.plugin.name}:read"

    def _needs_of_link(self, links: dict[str, Link], field: FieldNode) -> Iterator[str]:
        link = _link(links, field)
        if link is not None:
            yield from _permission(link.target)
            if field.name.value == link.name and link.many:
                yield from self._needs_of_list(link.target, field)
            elif field.name.value == link.name:
                yield from self._needs_of(link.target, field.selection_set)

    # What is answered.

    def _page(self, node: Node, rows: list[Row], field: FieldNode) -> dict[str, Any]:
        given = self._arguments(field)
        chosen = [row for row in rows if self._choosing.holds(node, row, given.get("filter") or {})]
        ordered = self._choosing.ordered(node, chosen, given.get("orderBy") or [])
        page = ordered[: given.get("first", _DEFAULT_FIRST)]
        found: dict[str, Any] = {}
        for each in _fields(field.selection_set):
            match each.name.value:
                case "totalCount":
                    found[_key(each)] = len(chosen)
                case "nodes":
                    found[_key(each)] = [self._row(node, row, each.selection_set) for row in page]
                case "edges":
                    found[_key(each)] = [self._edge(node, row, each) for row in page]
                case "pageInfo":
                    cursor = CURSOR if page else None
                    about = {"startCursor": cursor, "endCursor": cursor, "hasPreviousPage": False}
                    about["hasNextPage"] = len(page) < len(ordered)
                    found[_key(each)] = {_key(inner): about[inner.name.value] for inner in _fields(each.selection_set)}
        return found

    def _edge(self, node: Node, row: Row, field: FieldNode) -> dict[str, Any]:
        return {
            _key(each): CURSOR if each.name.value == "cursor" else self._row(node, row, each.selection_set)
            for each in _fields(field.selection_set)
        }

    def _row(self, node: Node, row: Row, selection: SelectionSetNode | None) -> dict[str, Any]:
        return {_key(field): self._field(node, row, field) for field in _fields(selection)}

    def _field(self, node: Node, row: Row, field: FieldNode) -> Any:
        name = field.name.value
        if name == "__typename":
            return node.name
        if name == "id":
            return typed_id(node, row)
        if name in node.attributes:
            attribute = node.attributes[name]
            value = self._eyes.value(node, row, attribute.column)
            return official(value) if attribute.kind is Kind.CODE and value is not None else plain_of(value)
        if name in KINDS:
            return _chosen(self._eyes.completeness(node, row, name), field)
        if name in node.namespaces:
            space = node.namespaces[name]
            return {_key(each): self._spaced(node, row, space, each) for each in _fields(field.selection_set)}
        if (node.name, name) in HAND:
            return HAND[node.name, name](self._eyes.shown(node, row), field)
        return self._linked(node, row, node.links, field)

    def _spaced(self, node: Node, row: Row, space: Namespace, field: FieldNode) -> Any:
        name = field.name.value
        if name in space.measures:
            return self._measure(space.measures[name], node, row, field)
        if (node.name, f"{space.name}.{name}") in HAND:
            return HAND[node.name, f"{space.name}.{name}"](self._eyes.shown(node, row), field)
        return self._linked(node, row, space.links, field)

    def _linked(self, node: Node, row: Row, links: dict[str, Link], field: FieldNode) -> Any:
        link = _link(links, field)
        assert link is not None, field.name.value
        if not link.many:
            other = self._eyes.one(node, link, row)
            return None if other is None else self._row(link.target, other, field.selection_set)
        given = self._arguments(field)
        rows = self._eyes.many(node, link, row, on=_day(given))
        return self._page(link.target, rows, field) if field.name.value == link.name else len(rows)

    def _measure(self, measured: MeasureField, node: Node, row: Row, field: FieldNode) -> dict[str, Any]:
        span = span_of(measured, self._arguments(field))
        told = self._eyes.measured(measured, node, row, span)
        found: dict[str, Any] = {}
        for each in _fields(field.selection_set):
            if each.name.value == "receipt":
                about = facts(measured.measure)
                words = {name: getattr(about, name) for name in ("formula", "record", "filter", "dated")}
                parts = self._eyes.parts(measured, node, row, span)
                found[_key(each)] = {
                    _key(inner): words[inner.name.value]
                    if inner.name.value in words
                    else [_part(part, inner) for part in parts]
                    for inner in _fields(each.selection_set)
                }
            else:
                found[_key(each)] = plain_of(told[each.name.value])
        return found


def _chosen(value: Any, field: FieldNode) -> Any:
    """What a field chooses of an object, or of a list of such."""
    if isinstance(value, list):
        return [_chosen(each, field) for each in value]
    if not isinstance(value, dict):
        return value
    return {_key(each): _chosen(value[each.name.value], each) for each in _fields(field.selection_set)}


@cache
def _roots(document: str) -> list[FieldNode]:
    operation = parse(document, no_location=True).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return list(_fields(operation.selection_set))


def _permission(node: Node) -> Iterator[str]:
    permission = permission_of(node)
    if permission is not None:
        yield permission


def _part(part: dict[str, Any], field: FieldNode) -> dict[str, Any]:
    told = part | {"code": official(part["code"]), "value": plain_of(part["value"])}
    return {_key(each): told[each.name.value] for each in _fields(field.selection_set)}


def _link(links: dict[str, Link], field: FieldNode) -> Link | None:
    name = field.name.value
    counted = plural(name.removesuffix("Count")) if name.endswith("Count") else name
    return links.get(name) or links.get(counted)


def _fields(selection: SelectionSetNode | None) -> Iterator[FieldNode]:
    for each in selection.selections if selection is not None else ():
        if isinstance(each, InlineFragmentNode):
            yield from _fields(each.selection_set)
        else:
            assert not isinstance(each, FragmentSpreadNode)
            yield each  # type: ignore[misc]  # what is no fragment is a field


def _key(field: FieldNode) -> str:
    return field.alias.value if field.alias is not None else field.name.value


def _day(given: dict[str, Any]) -> Any:
    return type(TODAY).fromisoformat(given["asOf"]) if given.get("asOf") else TODAY
