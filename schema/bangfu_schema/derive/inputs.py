"""Filters and orderings as GraphQL inputs, one pair for each node."""

from collections.abc import Collection, Mapping
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation

from bangfu.declare.requirements import RequirementKind
from bangfu.query.completeness import IS_COMPLETE
from bangfu.registry import Attribute, Kind, MeasureField, Namespace, Node, Required
from bangfu.registry.graph import Graph
from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.enums import DIRECTION, Enums
from bangfu_schema.derive.fields import SettledField
from bangfu_schema.derive.scalars import Day, Number, PeriodText, PlaceCode

_EQUAL = ("eq", "ne", "in", "isNull")
_ORDERED = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "isNull")
_KINDS: dict[Kind, tuple[str, Any, tuple[str, ...]]] = {
    Kind.TEXT: ("TextFilter", str, (*_EQUAL, "contains", "startsWith")),
    Kind.INTEGER: ("IntFilter", int, _ORDERED),
    Kind.DECIMAL: ("DecimalFilter", Number, _ORDERED),
    Kind.DAY: ("DateFilter", Day, _ORDERED),
    Kind.FLAG: ("BooleanFilter", bool, ("eq", "isNull")),
    Kind.CODE: ("PlaceCodeFilter", PlaceCode, _EQUAL),
}

Members = dict[str, tuple[Any, str]]
"""The names of an input's fields, each with its Strawberry annotation and its description."""


def make_input(
    shell: type[Any],
    name: str,
    members: Members,
    description: str,
    *,
    required: Collection[str] = (),
    one_of: bool = False,
) -> Any:  # the input class itself
    """Turns an empty class into an input whose value is the plain mapping a client gave; `one_of` takes one member."""
    annotations = {}
    for member, (type_, text) in members.items():
        attribute = f"given_{member}"  # `in`, `and`, `or`, `not` cannot be Python names
        annotation = type_ if member in required else type_ | None
        field = SettledField(
            python_name=attribute,
            graphql_name=member,
            type_annotation=StrawberryAnnotation(annotation),
            description=text,
            default=strawberry.UNSET,
        )
        setattr(shell, attribute, field)
        annotations[attribute] = annotation
    shell.__annotations__ = annotations
    made = strawberry.input(shell, name=name, description=description, one_of=one_of)
    made.__strawberry_definition__.from_input = _as_given
    return made


def _as_given(_type: type, value: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    return dict(value)


class Inputs:
    """All inputs of a graph, made at once since they refer to each other."""

    def __init__(self, graph: Graph, enums: Enums) -> None:
        self._enums = enums
        self._kinds = {kind: _comparison(name, type_, operators) for kind, (name, type_, operators) in _KINDS.items()}
        self._choices: dict[Any, Any] = {}  # filters by enum
        self._sealed = _comparison("SealedTextFilter", str, _EQUAL, description=_WHAT_IS_SEALED)
        self._id = _comparison("IDFilter", strawberry.ID, ("eq", "ne", "in"))
        self._measure = _comparison(
            "MeasureFilter", Number, _ORDERED, {"period": (PeriodText, "By default this year.")}
        )
        self.filters: dict[Node, Any] = {node: type(f"{node.name}Filter", (), {}) for node in graph.nodes.values()}
        self.orders: dict[Node, Any] = {node: type(f"{node.name}Order", (), {}) for node in graph.nodes.values()}
        self._lists: dict[Node, Any] = {node: type(f"{node.name}ListFilter", (), {}) for node in graph.nodes.values()}
        for node in graph.nodes.values():
            self._make_filter(node)
            self._make_order(node)

    def _make_filter(self, node: Node) -> None:
        own = self.filters[node]
        members: Members = {
            "and": (listed(own), "All of these hold."),
            "or": (listed(own), "At least one of these holds."),
            "not": (own, "This does not hold."),
            "id": (self._id, "The typed id."),
        }
        for name, attribute in node.attributes.items():
            members[name] = (self._comparison_of(attribute, node), _titled(attribute))
        for name, link in node.links.items():
            target = self._lists[link.target] if link.many else self.filters[link.target]
            members[name] = (target, f"{link.title.zh} {link.title.en}")
        for kind in RequirementKind:
            if required := node.required(kind):
                members[kind.value] = (self._requirements(node, kind, required), f"{kind.title.zh} {kind.title.en}")
        for name, space in node.namespaces.items():
            if space.links or space.measures:
                members[name] = (self._space_filter(node, space), space.plugin.title.en)
        make_input(own, f"{node.name}Filter", members, f"Which of {node.title.zh} ({node.title.en}) to take.")
        make_input(
            self._lists[node],
            f"{node.name}ListFilter",
            {
                "some": (own, "At least one row is so."),
                "none": (own, "No row is so."),
                "every": (own, "All rows are so; also where there are none."),
            },
            f"A condition on a list of {node.title.en}.",
        )

    def _space_filter(self, node: Node, space: Namespace) -> Any:  # the input class
        members: Members = {
            name: (self._lists[link.target], f"{link.title.zh} {link.title.en}") for name, link in space.links.items()
        }
        members |= {name: (self._measure, _measured(field)) for name, field in space.measures.items()}
        name = f"{node.name}{_upper(space.name)}Filter"
        return make_input(type(name, (), {}), name, members, f"Conditions on {space.plugin.title.en}.")

    def _requirements(self, node: Node, kind: RequirementKind, required: Mapping[str, Mapping[str, Required]]) -> Any:
        """The input class of a filter by what is required, by all that is asked of the viewer or by one of it."""
        is_met = self._kinds[Kind.FLAG]
        members: Members = {IS_COMPLETE: (is_met, "Whether all that is asked is met; missing where nothing is asked.")}
        for name, spaced in required.items():
            inner: Members = {
                key: (
                    is_met,
                    f"{each.requirement.title.zh} {each.requirement.title.en}"
                    + (". Sensitive: takes `personal:read`." if each.is_sensitive else ""),
                )
                for key, each in spaced.items()
            }
            plugin = next(iter(spaced.values())).plugin
            title = f"{node.name}{_upper(kind.value)}{_upper(name)}Filter"
            told = f"Whether requirements of {plugin.title.en} are met; missing where one is not asked."
            members[name] = (make_input(type(title, (), {}), title, inner, told), plugin.title.en)
        title = f"{node.name}{_upper(kind.value)}Filter"
        return make_input(type(title, (), {}), title, members, "All that is given has to hold.")

    def _make_order(self, node: Node) -> None:
        ordered = {name: each for name, each in node.attributes.items() if not each.field.sealed}
        members: Members = {name: (DIRECTION, _titled(each)) for name, each in ordered.items()}
        for name, link in node.links.items():
            if not link.many:
                members[name] = (self.orders[link.target], f"{link.title.zh} {link.title.en}")
        for name, space in node.namespaces.items():
            if space.measures:
                inner: Members = {key: (DIRECTION, _measured(each)) for key, each in space.measures.items()}
                title = f"{node.name}{_upper(name)}Order"
                made = make_input(type(title, (), {}), title, inner, "By a measure of this year; one of them.")
                members[name] = (made, space.plugin.title.en)
        make_input(self.orders[node], f"{node.name}Order", members, "One step of an ordering; give one field.")

    def _comparison_of(self, attribute: Attribute, node: Node) -> Any:  # the input class
        if attribute.field.sealed:
            return self._sealed
        if attribute.field.choice is None:
            return self._kinds[attribute.kind]
        prefix = prefix_of(attribute, node)
        enum = self._enums.of(attribute.field.choice, prefix)
        if enum not in self._choices:
            self._choices[enum] = _comparison(f"{enum.__strawberry_definition__.name}Filter", enum, _EQUAL)
        return self._choices[enum]


def prefix_of(attribute: Attribute, node: Node) -> str:
    """The plugin's prefix for a list the plugin declares; none for the core's own lists."""
    choice = attribute.field.choice
    if choice is None or node.plugin is None or choice.__module__.startswith("bangfu.declare"):
        return ""
    return node.name.removesuffix(node.record.__name__)


def _comparison(
    name: str,
    type_: Any,
    operators: tuple[str, ...],
    more: Members | None = None,
    *,
    description: str = "All that is given has to hold.",
) -> Any:
    members: Members = {}
    for operator in operators:
        kind = listed(type_) if operator == "in" else bool if operator == "isNull" else type_
        members[operator] = (kind, _MEANINGS[operator])
    return make_input(type(name, (), {}), name, members | (more or {}), description)


_WHAT_IS_SEALED = (
    "A text of which the database keeps no clear form: it is looked up whole, however its digits and letters are "
    "typed. All that is given has to hold."
)
_MEANINGS = {
    "eq": "Equal.",
    "ne": "Not equal; a missing value is unequal to any.",
    "in": "One of these.",
    "gt": "Greater.",
    "gte": "Greater or equal.",
    "lt": "Less.",
    "lte": "Less or equal.",
    "isNull": "Whether the value is missing.",
    "contains": "Contains this text.",
    "startsWith": "Begins with this text.",
}


def _titled(attribute: Attribute) -> str:
    unit = f" ({attribute.field.unit})" if attribute.field.unit else ""
    gone = f". {told.told}" if (told := attribute.field.deprecation) else ""
    return f"{attribute.field.title.zh} {attribute.field.title.en}{unit}{gone}"


def _measured(field: MeasureField) -> str:
    gone = f". {told.told}" if (told := field.measure.deprecation) else ""
    return f"{field.measure.title.zh} {field.measure.title.en} ({field.measure.unit}){gone}"


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]
