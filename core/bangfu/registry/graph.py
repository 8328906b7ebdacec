"""Builds the graph from the declarations: the core's own tree first, then what each plugin hangs on it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, FromClause, case, exists

from bangfu.declare.choice import Choice
from bangfu.declare.codes import SPANS
from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.declare.plugin import Plugin
from bangfu.declare.procedures import Procedure, RowOf
from bangfu.declare.records import Dated, Record, snake
from bangfu.declare.text import Text
from bangfu.domain.households import Household, Person, Relation
from bangfu.domain.places import Place, Succession, code_above, lies_inside
from bangfu.domain.targets import Target
from bangfu.registry.nodes import (
    Link,
    MeasureField,
    Namespace,
    Node,
    ProcedureField,
    attributes_of,
    camel,
    plural,
    procedure_name,
    values_of,
)
from bangfu.registry.required import measures_of, required

_NAMES = {
    Grain.DISTRICT: "District",
    Grain.TOWNSHIP: "Township",
    Grain.VILLAGE: "Village",
    Grain.NATURAL_VILLAGE: "NaturalVillage",
    Grain.HOUSEHOLD: "Household",
    Grain.PERSON: "Person",
}


class Graph:
    """All nodes by name; `core` are the six of the common graph, by level."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.core = _core_nodes()
        self.succession = _node("PlaceSuccession", Succession)
        self.target = _node("Target", Target)
        self.nodes = {node.name: node for node in (*self.core.values(), self.succession, self.target)}
        self.roots: dict[str, Namespace] = {}
        _link_core(self)
        for plugin in plugins:
            self._add(plugin)
        # Once all rows are known: a procedure may give back, or be given, those of another plugin.
        self.procedures = [self._procedure(plugin, each) for plugin in plugins for each in plugin.procedures]
        for plugin in plugins:  # once there are all the records whose rows mend something
            self._require(plugin)

    def _add(self, plugin: Plugin) -> None:
        for record in plugin.records:
            node = _node(type_name(plugin, record), record, plugin)
            self.nodes[node.name] = node
            self._hang(plugin, node)
        indicators = {indicator.measure: indicator for indicator in plugin.progress}
        for measure in measures_of(plugin):
            named = MeasureField(
                name=camel(measure.name), measure=measure, plugin=plugin, indicator=indicators.get(measure)
            )
            for grain, node in self.core.items():
                if grain.covers(measure.grain):
                    self._space(node, plugin).measures[named.name] = named
        for extension in plugin.python_fields:
            targets = [node for node in self.nodes.values() if node.record is extension.on]
            for node in targets:
                is_own = node.plugin is plugin
                (node if is_own else self._space(node, plugin)).python_fields.append(extension.fields)

    def _procedure(self, plugin: Plugin, procedure: Procedure) -> ProcedureField:
        by_record = {node.record: node for node in self.nodes.values() if not node.is_place}
        node = by_record[procedure.on]
        rows = {
            camel(each.name): (each, by_record[each.value.record])
            for each in procedure.arguments
            if isinstance(each.value, RowOf)
        }
        name, values = procedure_name(node.prefix, procedure.name), values_of(procedure)
        return ProcedureField(name=name, procedure=procedure, plugin=plugin, node=node, values=values, rows=rows)

    def _require(self, plugin: Plugin) -> None:
        mended = {node.record: node for node in self.nodes.values()}
        for requirement in plugin.requirements:
            made = required(plugin, requirement, mended[requirement.mend.record])
            self._space(self.core[requirement.of], plugin).requirements[made.name] = made

    def _hang(self, plugin: Plugin, node: Node) -> None:
        """Links a record's node with the core node of its grain, both ways, and with the root."""
        owner = self.core[node.grain]
        up = camel(snake(owner.name))
        column = {Grain.HOUSEHOLD: "household_id", Grain.PERSON: "person_id"}.get(node.grain, "place_code")

        def to_owner(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
            return [child.c.district_code == parent.c.district_code, child.c[owner.key] == parent.c[column]]

        def to_rows(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
            return [child.c.district_code == parent.c.district_code, child.c[column] == parent.c[owner.key]]

        def code(child: FromClause) -> ColumnElement[int]:
            return case((code_above(child.c[column], owner.grain) == child.c[column], child.c[column]))

        node.links[up] = Link(
            name=up,
            title=owner.title,
            target=owner,
            many=False,
            join=to_owner,
            code=code if owner.is_place else None,
            back=to_rows,
        )
        name = record_name(node.record)
        self._space(owner, plugin).links[name] = Link(name=name, title=node.title, target=node, many=True, join=to_rows)
        root = self.roots.setdefault(plugin.name, Namespace(name=camel(plugin.name), plugin=plugin))
        root.links[name] = Link(name=name, title=node.title, target=node, many=True, join=lambda parent, child: [])

    def _space(self, node: Node, plugin: Plugin) -> Namespace:
        name = camel(plugin.name)
        return node.namespaces.setdefault(name, Namespace(name=name, plugin=plugin))


def type_prefix(plugin: Plugin, choice: type[Choice]) -> str:
    """What leads the name of the enum of a closed list that a plugin uses: nothing for the core's own lists."""
    return "" if choice.__module__.startswith("bangfu.") else _pascal(plugin.name)


def type_name(plugin: Plugin, record: type[Dated]) -> str:
    """The GraphQL name of a plugin's record: `IndustryPlanting`."""
    return _pascal(plugin.name) + record.__name__


def record_name(record: type[Dated]) -> str:
    """The name of a list of a record's rows: `plantings`."""
    return camel(plural(snake(record.__name__)))


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _node(name: str, record: type[Record], plugin: Plugin | None = None) -> Node:
    return Node(
        name=name,
        title=record.__title__,
        record=record,
        grain=record.__grain__,
        plugin=plugin,
        attributes=attributes_of(record),
    )


def _core_nodes() -> dict[Grain, Node]:
    nodes = {
        grain: Node(
            name=_NAMES[grain],
            title=grain.title,
            record=Place,
            grain=grain,
            level=grain.value,
            attributes=attributes_of(Place),
        )
        for grain in PLACE_GRAINS
    }
    nodes[Grain.HOUSEHOLD] = _node("Household", Household)
    nodes[Grain.PERSON] = _node("Person", Person)
    return nodes


def _link_core(graph: Graph) -> None:
    core = graph.core
    for upper in PLACE_GRAINS:
        for lower in (*PLACE_GRAINS, Grain.HOUSEHOLD):
            if upper.value < lower.value:
                _link_levels(core[upper], core[lower], upper)
        _link_lineage(core[upper], graph.succession)
    _link_family(core[Grain.HOUSEHOLD], core[Grain.PERSON])


def _link_family(household: Node, person: Node) -> None:
    """Links a household with its members, of whom one is its head, and back."""

    def to_members(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
        return [
            child.c.district_code == parent.c.district_code,
            child.c.household_id == parent.c.id,
            child.c.left_on.is_(None),
        ]

    def to_head(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
        # Registers have households with two heads by mistake; the one entered first is taken, everywhere.
        other = person.table.alias()
        earlier = exists().where(*to_members(parent, other), other.c.relation == Relation.HEAD, other.c.id < child.c.id)
        return [*to_members(parent, child), child.c.relation == Relation.HEAD, ~earlier.correlate_except(other)]

    def to_household(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
        return [child.c.district_code == parent.c.district_code, child.c.id == parent.c.household_id]

    household.links["members"] = Link(
        name="members", title=Text("家庭成員", "Members"), target=person, many=True, join=to_members
    )
    household.links["head"] = Link(
        name="head", title=Text("戶主", "Head"), target=person, many=False, join=to_head, nullable=True
    )
    person.links["household"] = Link(
        name="household", title=household.title, target=household, many=False, join=to_household
    )


def _link_levels(upper: Node, lower: Node, grain: Grain) -> None:
    """Links a place with what lies inside it, and back."""
    span = SPANS[grain]
    column = "code" if lower.is_place else "place_code"

    def down(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
        return [
            child.c.district_code == parent.c.district_code,
            *lies_inside(child.c[column], grain, parent),
        ]

    def up(parent: FromClause, child: FromClause) -> list[ColumnElement[bool]]:
        return [
            child.c.district_code == parent.c.district_code,
            child.c.code == parent.c[column] - parent.c[column] % span,
        ]

    single, many = camel(snake(upper.name)), camel(plural(snake(lower.name)))
    # A household may live in a village of which no natural village is known.
    nullable = grain is Grain.NATURAL_VILLAGE
    lower.links[single] = Link(
        name=single,
        title=upper.title,
        target=upper,
        many=False,
        join=up,
        nullable=nullable,
        code=lambda child: code_above(child.c[column], grain),
        back=down,
    )
    upper.links[many] = Link(name=many, title=lower.title, target=lower, many=True, join=down)


def _link_lineage(place: Node, succession: Node) -> None:
    for name, title, column in (
        ("predecessors", Text("前身", "What it came from"), "successor_code"),
        ("successors", Text("後續", "What became of it"), "predecessor_code"),
    ):

        def join(parent: FromClause, child: FromClause, column: str = column) -> list[ColumnElement[bool]]:
            return [child.c.district_code == parent.c.district_code, child.c[column] == parent.c.code]

        place.links[name] = Link(name=name, title=title, target=succession, many=True, join=join)
