"""GraphQL documents that ask for everything a plugin declares."""

from collections.abc import Iterator

from bangfu.declare.codes import official_code
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated
from bangfu.registry import Kind, Link, MeasureField, Namespace, Node, Platform
from bangfu.registry.nodes import plural

VALUE = "value unit period asOf reported expected target gap progress expectedByNow status"


class Reach:
    """Where a plugin's records and measures stand in a platform's graph."""

    def __init__(self, platform: Platform, plugin: str, place: int) -> None:
        self._graph = platform.graph
        self._plugin = plugin
        self._place = official_code(place)

    def measures(self) -> Iterator[tuple[Grain, MeasureField]]:
        """Every measure at every level that tells it."""
        for grain, node in self._graph.core.items():
            for space in self._spaces(node):
                yield from ((grain, field) for field in space.measures.values())

    def types_of(self, record: type[Dated]) -> Iterator[str]:
        """The GraphQL types on which the plugin's hand-written fields for a record or core type stand."""
        for node in self._graph.nodes.values():
            if node.record is record:
                is_own = node.plugin is not None and node.plugin.name == self._plugin
                yield from (
                    [node.name]
                    if is_own
                    else (f"{node.name}{space.name[0].upper()}{space.name[1:]}" for space in self._spaces(node))
                )

    def records(self) -> Iterator[tuple[Link, Node]]:
        """Every list of the plugin's records, with the type of its rows."""
        space = self._graph.roots.get(self._plugin)
        for link in space.links.values() if space else ():
            yield link, link.target

    def of_measure(self, grain: Grain, field: MeasureField) -> str:
        """Asks a measure of a few things of one level, orders and filters them by it."""
        inside = f"{self._space} {{ measured: {field.name} {{ {VALUE} receipt {{ formula }} }} }}"
        if grain is Grain.PERSON:
            return self._list("households", f"members(first: 2) {{ nodes {{ id {inside} }} }}")
        by = f"orderBy: [{{ {self._space}: {{ {field.name}: DESC }} }}]"
        where = f"filter: {{ {self._space}: {{ {field.name}: {{ gte: 0 }} }} }}"
        return self._list(plural(self._graph.core[grain].prefix), f"id {inside}", f"{by}, {where}")

    def of_parts(self, grain: Grain, field: MeasureField) -> str:
        """Asks a measure of all places of one level, with what the places inside add to it."""
        inside = f"{self._space} {{ {field.name} {{ value receipt {{ parts {{ code value }} }} }} }}"
        return self._list(plural(self._graph.core[grain].prefix), f"code {inside}", first=1000)

    def of_record(self, link: Link, node: Node) -> str:
        """Asks rows of a record with all they carry, from the root."""
        carried = " ".join(["id", *node.attributes, *(f"{name} {{ id }}" for name in node.links)])
        return f"{{ {self._space} {{ {self._rows(link, f'nodes {{ {carried} }}', first=3)} }} }}"

    def of_owner(self, link: Link, node: Node) -> str:
        """Asks rows of a record below the things they are about."""
        inside = f"{self._space} {{ {link.name}(first: 1) {{ totalCount nodes {{ id }} }} }}"
        if node.grain is Grain.PERSON:
            return self._list("households", f"members {{ nodes {{ {inside} }} }}")
        return self._list(plural(self._graph.core[node.grain].prefix), inside)

    def of_columns(self, link: Link, node: Node) -> str:
        """Orders and filters rows of a record by every column."""
        lists = []
        for number, (name, attribute) in enumerate(node.attributes.items()):
            known = "isNull: false" if attribute.kind is not Kind.FLAG else "eq: true"
            arguments = f"orderBy: [{{ {name}: DESC }}], filter: {{ {name}: {{ {known} }} }}"
            lists.append(f"by{number}: {self._rows(link, f'nodes {{ {name} }}', arguments)}")
        return f"{{ {self._space} {{ {' '.join(lists)} }} }}"

    @property
    def _space(self) -> str:
        return self._graph.roots[self._plugin].name if self._plugin in self._graph.roots else self._any_space().name

    def _any_space(self) -> Namespace:
        return next(space for node in self._graph.core.values() for space in self._spaces(node))

    def _spaces(self, node: Node) -> list[Namespace]:
        return [space for space in node.namespaces.values() if space.plugin.name == self._plugin]

    def _rows(self, link: Link, inside: str, arguments: str = "", first: int = 1) -> str:
        return f'{link.name}(within: "{self._place}", first: {first}, {arguments}) {{ totalCount {inside} }}'

    def _list(self, name: str, inside: str, arguments: str = "", first: int = 2) -> str:
        return f'{{ {name}(within: "{self._place}", first: {first}, {arguments}) {{ nodes {{ {inside} }} }} }}'
