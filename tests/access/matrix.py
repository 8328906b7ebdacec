"""Every field of the graph by every way in, as documents: generated from the graph, so that a new field has its cases.

What costs time is that a statement is made for each document and each sort of viewer. So a case asks about all columns,
or about all links that take the same permissions, at once; what has to be refused is asked one by one.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any

from tests.access.eyes import KINDS, MASKS, Eyes, permission_of, plain_of
from tests.access.hand import HAND
from tests.access.numbers import Numbers
from tests.access.required import required_of
from tests.access.rows import Rows, official, typed_id
from tests.access.world import HERE, THERE, Row

from bangfu.registry import Attribute, Kind, Link, Node, Required
from bangfu.registry.nodes import plural

_ALL = 1000
_ORDERED = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "isNull")
_OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("eq", "ne", "in", "contains", "startsWith", "isNull"),
    Kind.CHOICE: ("eq", "ne", "in", "isNull"),
    Kind.CODE: ("eq", "ne", "in", "isNull"),
    Kind.FLAG: ("eq", "isNull"),
}
_PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
_VALUE = "value reported source isWithheld status target gap progress expectedByNow expected period asOf"
_NUMBER = "value reported isWithheld"
_RECEIPT = "unit title { zh en } receipt { formula record filter dated parts { code name value reported } }"
_PERIODS = (None, "2014", "2014/2015", "2015-Q3", "2016")
_MEASURED = ("isNull: false", "gte: 6", "gt: 0", "lte: 100", "ne: 1", "isNull: true", "in: [1, 2, 3]", "lt: 9", "eq: 2")


@dataclass(frozen=True)
class Case:
    """A document and its variables, each of which is asked by itself."""

    name: str
    document: str
    variables: tuple[dict[str, Any], ...] = field(default=({},))
    is_refusal: bool = False
    """Whether it is worth asking only where it has to be refused: what it asks for stands in another case too."""
    is_costly: bool = False
    """Whether it takes long to make a statement for it."""


class Matrix:
    """Makes the cases of a world; `together` says how many measures share a filter."""

    def __init__(self, rows: Rows, together: int = 5) -> None:
        self._rows = rows
        self._graph = rows.graph
        self._together = together
        self._turn = count()
        self._eyes = Eyes(rows, Numbers(rows), None)
        self._operators = {kind: cycle(_selective(kind)) for kind in Kind}
        roots = self._graph.roots.values()
        self._spaces = {link.target.name: (space.name, link.name) for space in roots for link in space.links.values()}

    def cases(self) -> list[Case]:
        """All cases, those of one type after those of the other."""
        return [case for node in self._graph.nodes.values() for case in self._of(node)]

    def _of(self, node: Node) -> Iterator[Case]:
        yield from self._listed(node)
        yield from self._by_id(node)
        yield from self._columns(node)
        yield from self._linked(node)
        yield from self._filtered(node)
        yield from self._measured(node)
        for kind in KINDS:
            yield from self._required(node, kind)

    # Ways in.

    def _list(self, node: Node, given: str, asked: str) -> str:
        """A list of a type in the district `$within`, from the root or else below what it belongs to."""
        within = "within: $within"
        if node.name == "Person":
            return f"households({within}, first: {_ALL}) {{ nodes {{ id {_call('members', given, asked)} }} }}"
        if node.name == "PlaceSuccession":
            past = f'{within}, asOf: "2014-01-01"'
            return f"townships({past}) {{ nodes {{ id {_call('successors', given, asked)} }} }}"
        space, name = self._spaces.get(node.name, ("", plural(_lower(node.name))))
        return _spaced(space, _call(name, f"{within}, {given}", asked))

    def _case(self, name: str, *texts: str, districts: Sequence[int] = (HERE,), **options: bool) -> Case:
        fields = " ".join(f"f{index}: {text}" for index, text in enumerate(texts)) if len(texts) > 1 else texts[0]
        variables = tuple({"within": str(district)} for district in districts)
        return Case(name, f"query ($within: PlaceCode!) {{ {fields} }}", variables, **options)

    def _listed(self, node: Node) -> Iterator[Case]:
        columns = " ".join(["__typename", "id", *node.attributes, *_by_hand(node)])
        whole = f"totalCount nodes {{ {columns} }} edges {{ cursor node {{ id }} }} {_PAGE}"
        yield self._case(f"{node.name} listed", self._list(node, f"first: {_ALL}", whole), districts=(HERE, THERE))
        page = self._list(node, "first: 2", f"totalCount nodes {{ id }} {_PAGE}")
        yield self._case(f"{node.name} page", page, districts=(HERE, THERE))
        counted = self._list(node, "first: 0", f"totalCount {_PAGE}")
        yield self._case(f"{node.name} total alone", counted, districts=(HERE, THERE))

    def _by_id(self, node: Node) -> Iterator[Case]:
        rows = self._rows.all(node)
        chosen = rows[:: max(1, len(rows) // 10)]
        columns = " ".join(["id", *node.attributes, *_by_hand(node)])
        ids: list[dict[str, Any]] = [{"id": typed_id(node, row)} for row in chosen]
        if not node.is_place:
            ids.append({"id": f"{_lower(node.name)}:{HERE}000999999"})
        asked = f"node(id: $id) {{ id ... on {node.name} {{ {columns} }} }}"
        yield Case(f"{node.name} by node", f"query ($id: ID!) {{ {asked} }}", tuple(ids))
        if node.is_place:
            codes = tuple({"code": official(row["code"])} for row in chosen)
            asked = f"{_lower(node.name)}(code: $code) {{ {columns} }}"
            yield Case(f"{node.name} by code", f"query ($code: PlaceCode!) {{ {asked} }}", codes)
        elif node.name in ("Household", "Person"):
            asked = f"{_lower(node.name)}(id: $id) {{ {columns} }}"
            yield Case(f"{node.name} by id", f"query ($id: ID!) {{ {asked} }}", tuple(ids))

    def _columns(self, node: Node) -> Iterator[Case]:
        """A filter by all open columns and an ordering by all; of sensitive ones each operator by itself."""
        asked = "totalCount nodes { id }"
        marked = [each for each in node.attributes.values() if (node.name, each.column) in MASKS]
        for name, attributes in (("open", _open(node)), ("sensitive", marked)):
            given = [
                f"{{ {each.name}: {self._comparison(node, each, index)} }}" for index, each in enumerate(attributes)
            ]
            given += [
                f"{{ {each.name}: {{ {operator}: {self._operand(node, each, operator, 7)} }} }}"
                for each in attributes
                for operator in ("eq", "in")
                if each.kind is Kind.CHOICE
            ]
            given += [f"{{ {each.name}: {{ isNull: true }} }}" for each in attributes if each.nullable]
            # What repeats comes first, so that each step decides where those before it tie.
            ordered = (each for each in attributes if not each.field.sealed)
            steps = sorted(ordered, key=lambda each: len({str(value) for value in self._values(node, each)}))
            order = [f"{{ {each.name}: {self._direction()} }}" for each in steps]
            first, second = (f"orderBy: [{', '.join(half)}]" for half in (order[::2], order[1::2] or order))
            rest = [
                f"{{ {each.name}: {{ ne: {self._operand(node, each, 'ne', index)} }} }}"
                for index, each in enumerate(attributes)
                if each.kind is not Kind.FLAG
            ]
            rest += [f"{{ {each.name}: {{ isNull: false }} }}" for each in attributes if not each.nullable]
            if attributes:
                arguments = f"first: {_ALL}, filter: {{ or: [{', '.join(given)}] }}, {first}"
                others = f"first: {_ALL}, filter: {{ and: [{', '.join(rest)}] }}, {second}"
                lists = (self._list(node, each, asked) for each in (arguments, others))
                yield self._case(f"{node.name} by {name} columns", *lists)
        for each in marked:
            if not each.field.sealed:
                step = f"orderBy: [{{ {each.name}: {self._direction()} }}]"
                yield self._case(f"{node.name} order by {each.name}", self._list(node, step, asked), is_refusal=True)
            for operator in _operators(each):
                given_ = f"filter: {{ {each.name}: {{ {operator}: {self._operand(node, each, operator, 0)} }} }}"
                text = self._list(node, given_, asked)
                yield self._case(f"{node.name} {each.name} {operator}", text, is_refusal=True)
        far = self._far(node)
        near, known = (f'"{typed_id(node, row)}"' for row in (far[0], far[-1]))
        given_ = f"{{ id: {{ eq: {near} }} }}, {{ and: [{{ id: {{ ne: {near} }} }}, {{ id: {{ in: [{known}] }} }}] }}"
        arguments = f"first: {_ALL}, filter: {{ not: {{ not: {{ or: [{given_}] }} }} }}"
        yield self._case(f"{node.name} by its id", self._list(node, arguments, asked))

    def _linked(self, node: Node) -> Iterator[Case]:
        """What a row is linked with: lists, pages, counts, single rows."""
        for needed, links in _by_permission(node).items():
            fields: dict[str, list[str]] = defaultdict(list)
            for number, (space, link) in enumerate(links):
                if link.many:
                    whole = f"totalCount nodes {{ {self._few(link.target)} }} {_PAGE}"
                    own = f"{_call(link.name, f'first: {_ALL}', whole)} {_counted(link)}"
                    page = f"nodes {{ id }} edges {{ node {{ id }} }} {_PAGE}"
                    own += f" page{number}: {_call(link.name, 'first: 1', page)}"
                else:
                    own = f"{link.name} {{ {self._few(link.target)} }}"
                fields[space].append(own)
                yield from self._linked_alone(node, space, link)
            told = " ".join(_spaced(space, " ".join(own)) for space, own in fields.items())
            text = self._list(node, f"first: {_ALL}", f"nodes {{ id {told} }}")
            yield self._case(f"{node.name} links for {needed}", text)

    def _linked_alone(self, node: Node, space: str, link: Link) -> Iterator[Case]:
        ways = {"list": _call(link.name, "first: 1", "nodes { id }"), "total": f"{link.name} {{ totalCount }}"}
        ways = ways | {"count": _counted(link)} if link.many else {"row": f"{link.name} {{ id }}"}
        for way, asked in ways.items():
            text = self._list(node, "", f"nodes {{ id {_spaced(space, asked)} }}")
            yield self._case(f"{node.name}.{link.name} {way}", text, is_refusal=True)

    def _filtered(self, node: Node) -> Iterator[Case]:
        """Filters through links, and orderings through those to one; by sensitive columns there each by itself."""
        asked = "totalCount nodes { id }"
        for needed, links in _by_permission(node).items():
            some, none, steps = [], [], []
            for space, link in links:
                target = link.target
                column = self._turned(_open(target))
                inner = f"{{ {column.name}: {self._comparison(target, column, 0)} }}"
                if link.many:
                    some.append(_within(space, link, f"{{ some: {inner} }}"))
                    none += [
                        _within(space, link, f"{{ none: {inner} }}"),
                        _within(space, link, f"{{ every: {inner} }}"),
                    ]
                    none.append(_within(space, link, "{ none: {} }"))
                else:
                    some.append(_within(space, link, inner))
                    steps.append(_within(space, link, f"{{ {self._turned(_open(target)).name}: {self._direction()} }}"))
                yield from self._filtered_alone(node, space, link)
            order = f", orderBy: [{', '.join(steps)}]"
            lists = [self._list(node, f"first: {_ALL}, filter: {{ or: [{', '.join(some)}] }}{order}", asked)]
            if none:
                lists += [self._list(node, f"first: {_ALL}, filter: {{ and: [{', '.join(none)}] }}", asked)]
                lists += [self._list(node, f"first: {_ALL}, filter: {{ not: {{ and: [{', '.join(none)}] }} }}", asked)]
            yield self._case(f"{node.name} filters for {needed}", *lists)

    def _filtered_alone(self, node: Node, space: str, link: Link) -> Iterator[Case]:
        for quantifier in ("some", "none", "every") if link.many else ("",):
            inner = (
                f"{{ {quantifier}: {{}} }}"
                if quantifier
                else '{ id: { ne: "x:1" } }'.replace("x", _lower(link.target.name))
            )
            if not quantifier and link.target.is_place:
                inner = "{ kind: { isNull: false } }"
            text = self._list(node, f"filter: {{ {_bare(space, link, inner)} }}", "totalCount")
            yield self._case(f"{node.name}.{link.name} {quantifier} rows", text, is_refusal=True)
        if not link.many:
            text = self._list(node, f"orderBy: [{_within(space, link, '{ version: ASC }')}]", "nodes { id }")
            yield self._case(f"{node.name}.{link.name} order", text, is_refusal=True)
        for each in link.target.attributes.values():
            if (link.target.name, each.column) not in MASKS:
                continue
            operator = self._turned(_operators(each))
            inner = f"{{ {each.name}: {{ {operator}: {self._operand(link.target, each, operator, 0)} }} }}"
            inner = f"{{ {self._turned(('some', 'none', 'every'))}: {inner} }}" if link.many else inner
            text = self._list(node, f"filter: {{ {_bare(space, link, inner)} }}", "totalCount")
            yield self._case(f"{node.name}.{link.name} by {each.name}", text, is_refusal=True)
            if not link.many and not each.field.sealed:
                text = self._list(node, f"orderBy: [{_within(space, link, f'{{ {each.name}: ASC }}')}]", "nodes { id }")
                yield self._case(f"{node.name}.{link.name} order by {each.name}", text, is_refusal=True)

    def _measured(self, node: Node) -> Iterator[Case]:
        for space in node.namespaces.values():
            names = list(space.measures)
            for start in range(0, len(names), 6):
                chosen = names[start : start + 6]
                told = " ".join(f"{name}(period: $period) {{ {_NUMBER} }}" for name in chosen)
                told += f" whole: {self._turned(chosen)}(period: $period) {{ {_VALUE} }}"
                told += f" receipt: {self._turned(chosen)}(period: $period) {{ {_RECEIPT} }}"
                milestone = next((name for name in chosen if space.measures[name].indicator), chosen[0])
                told += f" milestone: {milestone}(milestone: 2016) {{ {_VALUE} }}"
                text = self._list(node, f"first: {_ALL}", f"nodes {{ id {space.name} {{ {told} }} }}")
                text = text.replace("within: $within", f'within: "{HERE}"') if not node.is_place else text
                text = text.replace("within: $within, ", "")
                variables = tuple({"period": period} for period in _PERIODS)
                document = f"query ($period: Period) {{ {text} }}"
                name = f"{node.name} measures of {space.name} from {start}"
                yield Case(name, document, variables, is_costly=True)
            for start in range(0, len(names), self._together):
                yield from self._by_measure(node, space.name, names[start : start + self._together])

    def _by_measure(self, node: Node, space: str, names: list[str]) -> Iterator[Case]:
        periods = ("", ', period: "2014/2015"', ', period: "2015-Q3"')
        given = [
            f"{{ {space}: {{ {name}: {{ {self._turned(_MEASURED)}{self._turned(periods)} }} }} }}" for name in names
        ]
        steps = [f"{{ {space}: {{ {name}: {self._direction()} }} }}" for name in names]
        arguments = f"first: {_ALL}, filter: {{ or: [{', '.join(given)}] }}"
        lists = (
            self._list(node, arguments, "totalCount nodes { id }"),
            self._list(node, f"first: {_ALL}, orderBy: [{', '.join(steps)}]", "nodes { id }"),
        )
        yield self._case(f"{node.name} by measures of {space} from {names[0]}", *lists, is_costly=True)

    def _required(self, node: Node, kind: str) -> Iterator[Case]:
        """What is required of a type, shown, and as a filter: all of it, and each by itself where it is refused."""
        required = list(required_of(node, kind))
        if not required:
            return
        text = self._list(node, f"first: {_ALL}", f"nodes {{ id {kind} {{ {_STANDING} }} }}")
        yield self._case(f"{node.name} {kind}", text, districts=(HERE, THERE))
        asked = "totalCount nodes { id }"
        for compared in ("eq: true", "eq: false", "isNull: true", "isNull: false"):
            arguments = f"first: {_ALL}, filter: {{ {kind}: {{ isComplete: {{ {compared} }} }} }}"
            yield self._case(f"{node.name} {kind} {compared}", self._list(node, arguments, asked), is_costly=True)
        for needed in {frozenset(self._eyes.needs_of(each)) for each in required}:
            together = [each for each in required if self._eyes.needs_of(each) == needed]
            given = [_standing(kind, each, self._turned(("eq: false", "isNull: true"))) for each in together]
            arguments = f"first: {_ALL}, filter: {{ or: [{', '.join(given)}] }}"
            others = [_standing(kind, each, "eq: true") for each in together]
            lists = [self._list(node, arguments, asked)]
            lists.append(self._list(node, f"first: {_ALL}, filter: {{ and: [{', '.join(others)}] }}", asked))
            yield self._case(f"{node.name} by {kind} for {sorted(needed)}", *lists, is_costly=True)
        for each in required:
            text = self._list(node, f"filter: {_standing(kind, each, 'eq: false')}", "totalCount")
            yield self._case(f"{node.name} by {each.qualified}", text, is_refusal=True)

    # Values.

    def _few(self, node: Node) -> str:
        """An id and some columns: all that are sensitive and some others, each time others."""
        marked = [each.name for each in node.attributes.values() if (node.name, each.column) in MASKS]
        others = [each.name for each in _open(node)]
        start = next(self._turn)
        return " ".join(dict.fromkeys(["id", *marked, *(others[(start + each) % len(others)] for each in range(3))]))

    def _turned(self, among: Sequence[Any]) -> Any:
        return among[next(self._turn) % len(among)]

    def _comparison(self, node: Node, attribute: Attribute, index: int) -> str:
        # Every second one asks for one row's value, which few may see.
        operator = "eq" if attribute.field.sealed else next(self._operators[attribute.kind])
        return f"{{ {operator}: {self._operand(node, attribute, operator, index)} }}"

    def _operand(self, node: Node, attribute: Attribute, operator: str, index: int) -> str:
        values = self._values(node, attribute)
        value = values[index % len(values)] if values else _ANY[attribute.kind]
        if operator == "isNull":
            return "false"
        if operator in ("contains", "startsWith"):
            return json.dumps(str(value)[:6], ensure_ascii=False)
        text = literal(attribute, value)
        return f"[{text}]" if operator == "in" else text

    def _values(self, node: Node, attribute: Attribute) -> list[Any]:
        found = (row[attribute.column] for row in self._far(node))
        return [value for value in found if value is not None]

    def _far(self, node: Node) -> list[Row]:
        """Some rows of a type in the district, first those of the township that few may see."""
        rows = [row for row in self._rows.all(node) if row["district_code"] == HERE]
        return rows[:: -max(1, len(rows) // 30)]

    def _direction(self) -> str:
        return str(self._turned(("ASC", "DESC")))


_STANDING = """isComplete met asked missing {
    name plugin group groupTitle { zh en } title { zh en } mutation column }"""


def _standing(kind: str, required: Required, compared: str) -> str:
    return f"{{ {kind}: {{ {required.plugin.name}: {{ {required.name}: {{ {compared} }} }} }} }}"


_ANY: dict[Kind, Any] = {
    Kind.DAY: "2015-03-01",
    Kind.TEXT: "x",
    Kind.INTEGER: 1,
    Kind.DECIMAL: 1,
    Kind.FLAG: True,
    Kind.CODE: HERE * 10**9,
}


def _operators(attribute: Attribute) -> tuple[str, ...]:
    """What a column can be compared by; one that is sealed can only be looked up."""
    return _OPERATORS[Kind.CODE] if attribute.field.sealed else _OPERATORS.get(attribute.kind, _ORDERED)


def _selective(kind: Kind) -> Iterator[str]:
    """Operators by which a few rows are chosen, the first of them every second time."""
    for operator in _OPERATORS.get(kind, _ORDERED):
        if operator not in ("ne", "isNull", "eq"):
            yield from ("eq", operator)
    yield "eq"


def _open(node: Node) -> list[Attribute]:
    return [each for each in node.attributes.values() if (node.name, each.column) not in MASKS]


def _links(node: Node) -> Iterator[tuple[str, Link]]:
    """The namespace and the link, for each link of a type."""
    yield from (("", link) for link in node.links.values())
    for space in node.namespaces.values():
        yield from ((space.name, link) for link in space.links.values())


def _by_permission(node: Node) -> dict[str | None, list[tuple[str, Link]]]:
    found: dict[str | None, list[tuple[str, Link]]] = defaultdict(list)
    for space, link in _links(node):
        found[permission_of(link.target)].append((space, link))
    return found


def _by_hand(node: Node) -> Iterator[str]:
    for type_, name in HAND:
        if type_ == node.name:
            space, _, member = name.rpartition(".")
            yield _spaced(space, f"{member} {{ dueOn principal interest balance }}" if "Schedule" in member else member)


def _spaced(space: str, text: str) -> str:
    return f"{space} {{ {text} }}" if space else text


def _bare(space: str, link: Link, inner: str) -> str:
    return f"{space}: {{ {link.name}: {inner} }}" if space else f"{link.name}: {inner}"


def _within(space: str, link: Link, inner: str) -> str:
    return f"{{ {_bare(space, link, inner)} }}"


def _counted(link: Link) -> str:
    for ending, single in (("ies", "y"), ("s", "")):
        if link.name.endswith(ending):
            return f"{link.name.removesuffix(ending)}{single}Count"
    raise AssertionError(link.name)


def _call(name: str, given: str, asked: str) -> str:
    return f"{name}({given}) {{ {asked} }}" if given.strip(" ,") else f"{name} {{ {asked} }}"


def literal(attribute: Attribute, value: Any) -> str:
    """A value of a column as a document has it."""
    if attribute.kind is Kind.CHOICE:
        return str(value.name)
    if attribute.kind is Kind.CODE:
        return f'"{official(value)}"'
    return json.dumps(plain_of(value), ensure_ascii=False)


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
