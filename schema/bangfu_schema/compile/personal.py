"""Where in the answer to a selection personal data is shown, and by which the selection filters and orders.

Read once, when the selection is compiled; what was really shown is then counted in each finished answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from bangfu.declare.fields import field_of
from bangfu.declare.records import snake
from bangfu.query.given import Arguments
from bangfu.query.page import held_by
from bangfu.query.personal import filtered_by, ordered_by, personal_column, personal_measure, personal_standing
from bangfu.registry import Node
from bangfu_schema.compile.selection import Chosen, InPython
from bangfu_schema.derive.fields import (
    OfAttribute,
    OfChanged,
    OfChanging,
    OfId,
    OfMany,
    OfMeasure,
    OfNode,
    OfOne,
    OfPlace,
    OfProcedure,
    OfRequirements,
    OfRow,
    OfSpace,
)

Way = tuple[str, ...]
"""Keys of an answer, from an object down; lists on the way are gone through."""

_TELLING = frozenset({"value", "gap", "progress", "reported", "source", "receipt"})
"""The parts of a measure that follow from the rows it counts."""


Terms = tuple[tuple[int, str], ...]
"""The personal data that a list is ordered by, each with its number in the ordering."""


@dataclass(frozen=True)
class Shown:
    """A row that is shown with personal data: where its id stands if it is told, and where the data."""

    node: Node
    id: str | None = None
    values: tuple[tuple[str, Way], ...] = ()
    cursor: Way | None = None
    """Where its cursor stands, which tells the row and the values of the ordering's terms."""
    terms: Terms = ()

    def look(self, answers: Sequence[Any], found: "Found") -> None:
        """Adds what objects of the answer show of such rows.

        All of them at once, which takes a quarter of the time that one after the other would.
        """
        if self.cursor is not None:
            for each in answers:
                self._look_at_cursor(each, self.cursor, found)
            return
        told = [_each_at(answers, way) for _, way in self.values]
        for (name, _), values in zip(self.values, told, strict=True):
            if any(value is not None for value in values):
                found.fields.add(name)
        if any(all(value is not None for value in values) for values in told):
            hits = answers
        else:
            beside = zip(answers, *told, strict=True)
            hits = [each for each, *values in beside if any(value is not None for value in values)]
        if self.id is None:
            found.unnamed[self.node.name] += len(hits)
        else:
            id_ = self.id
            found.named[self.node.name].update([each[id_] for each in hits])

    def _look_at_cursor(self, answer: Any, way: Way, found: "Found") -> None:
        cursor = _at(answer, way)
        if cursor is None:
            return
        _, *held, key = held_by(cursor)
        fields = [name for index, name in self.terms if held[index] is not None]
        fields += [name for name, to in self.values if _at(answer, to) is not None]
        if fields:
            found.fields.update(fields)
            found.named[self.node.name].add(f"{self.node.prefix}:{key}")


@dataclass(frozen=True)
class Spot:
    """A place in the answer, at which rows are shown or below which some are."""

    rows: tuple[Shown, ...]
    below: tuple[tuple[str, "Spot"], ...]


@dataclass
class Found:
    """What answers have shown: which fields, and how many rows of each type, each once as far as their ids are told."""

    fields: set[str] = field(default_factory=set)
    unnamed: Counter[str] = field(default_factory=Counter)
    named: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def counts(self) -> dict[str, int]:
        """The rows by type."""
        return dict(self.unnamed + Counter({type_: len(ids) for type_, ids in self.named.items()}))


@dataclass(frozen=True, eq=False)
class Personal:
    """The personal data of one selection."""

    spot: Spot | None
    filtered: frozenset[str]
    ordered: frozenset[str]

    def look(self, answer: Any, found: Found) -> None:  # the finished JSON of the field of the root, whatever it is
        """Adds what an answer shows."""
        if self.spot is not None:
            _look(self.spot, _flat([answer]), found)


def personal(nodes: Mapping[str, Node], chosen: Chosen, arguments: Sequence[Arguments]) -> Personal | None:
    """The personal data of a field of the root, with `nodes` by their names; None where there is none."""
    reader = _Reader(nodes, arguments)
    rows = list(reader.of_root(chosen))
    if not (rows or reader.filtered or reader.ordered):
        return None
    return Personal(_spot(rows) if rows else None, frozenset(reader.filtered), frozenset(reader.ordered))


class _Reader:
    """Reads a selection; what it filters and orders by is gathered on the way."""

    def __init__(self, nodes: Mapping[str, Node], arguments: Sequence[Arguments]) -> None:
        self._nodes = nodes
        self._arguments = arguments
        self.filtered: set[str] = set()
        self.ordered: set[str] = set()

    def of_root(self, chosen: Chosen) -> Iterator[tuple[Way, Shown]]:
        """The rows shown, each with the way to it from the field itself."""
        match chosen.meaning:
            case OfRow(node):
                yield from self._row(node, chosen.below, ())
            case OfNode() | OfPlace() if chosen.below:  # of the type that the id, or the code, says
                yield from self._row(self._nodes[chosen.below[0].owner], chosen.below, ())
            case OfMany():
                yield from self._list(chosen, ())
            case OfSpace():
                for each in chosen.below:
                    if isinstance(each.meaning, OfMany):
                        yield from self._list(each, (each.key,))
            case OfChanging() | OfProcedure():
                for each in chosen.below:
                    if each.meaning in (OfChanged("rows"), OfChanged("row")):
                        yield from self._row(chosen.meaning.node, each.below, (each.key,))

    def _row(self, node: Node, chosen: Sequence[Chosen], way: Way) -> Iterator[tuple[Way, Shown]]:
        values: list[tuple[str, Way]] = []
        id_ = next((each.key for each in chosen if isinstance(each.meaning, OfId)), None)

        def look(part: Sequence[Chosen], inside: Way) -> Iterator[tuple[Way, Shown]]:
            for each in part:
                here = (*inside, each.key)
                match each.meaning:
                    case OfAttribute(attribute):
                        name = personal_column(node, attribute)
                        values.extend([(name, here)] if name is not None else ())
                    case OfMeasure(measure):
                        name = personal_measure(node, measure)
                        told = (below.key for below in each.below if below.name in _TELLING)
                        values.extend((name, (*here, key)) for key in told if name is not None)
                    case OfRequirements(kind):
                        name = personal_standing(node, kind)
                        values.extend([(name, here)] if name is not None else ())
                    case InPython():
                        # It is given the whole row; what it makes of it nobody knows here.
                        if _is_sensitive(node) and not each.meaning.is_of_the_log:
                            values.append((f"{node.name}.{_python_name(each, node)}", here))
                    case OfSpace():
                        yield from look(each.below, here)
                    case OfOne(link):
                        yield from self._row(link.target, each.below, (*way, *here))
                    case OfMany():
                        yield from self._list(each, (*way, *here))

        yield from look(chosen, ())
        if values:
            yield way, Shown(node, id=id_, values=tuple(values))

    def _list(self, chosen: Chosen, way: Way) -> Iterator[tuple[Way, Shown]]:
        assert isinstance(chosen.meaning, OfMany), "only these are lists"
        node, given = chosen.meaning.link.target, self._arguments[chosen.place]
        self.filtered |= set(filtered_by(node, given.get("filter") or {}))
        terms = tuple(ordered_by(node, given.get("orderBy") or ()))
        self.ordered |= {name for _, name in terms}
        for each in chosen.below:
            here = (*way, each.key)
            match each.name:
                case "nodes":
                    yield from self._row(node, each.below, here)
                case "edges":
                    yield from self._edges(node, each.below, terms, here)
                case "pageInfo" if terms:
                    for part in each.below:
                        if part.name in ("startCursor", "endCursor"):
                            yield (*here, part.key), Shown(node, cursor=(), terms=terms)

    def _edges(self, node: Node, chosen: Sequence[Chosen], terms: Terms, way: Way) -> Iterator[tuple[Way, Shown]]:
        """Rows with their cursors, which hold what the list is ordered by: then both together are one row shown."""
        cursor: Way | None = next(((each.key,) for each in chosen if each.name == "cursor"), None) if terms else None
        values: list[tuple[str, Way]] = []
        for each in (each for each in chosen if each.name == "node"):
            here = (*way, each.key)
            for inside, shown in self._row(node, each.below, here):
                if cursor is not None and inside == here:
                    values += [(name, (each.key, *to)) for name, to in shown.values]
                else:
                    yield inside, shown
        if cursor is not None:
            yield way, Shown(node, values=tuple(values), cursor=cursor, terms=terms)


def _is_sensitive(node: Node) -> bool:
    declared = map(field_of, node.table.c)
    return any(each is not None and each.sensitive is not None for each in declared)


def _python_name(chosen: Chosen, node: Node) -> str:
    """The name of a field written by hand, after its plugin's where it stands on another's type."""
    assert isinstance(chosen.meaning, InPython), "only these are written by hand"
    is_own = chosen.owner == node.name
    return snake(chosen.name) if is_own else f"{chosen.meaning.plugin}.{snake(chosen.name)}"


def _spot(rows: Sequence[tuple[Way, Shown]]) -> Spot:
    """The rows by their ways, as a tree."""
    deeper: dict[str, list[tuple[Way, Shown]]] = {}
    for way, shown in rows:
        if way:
            deeper.setdefault(way[0], []).append((way[1:], shown))
    here = tuple(shown for way, shown in rows if not way)
    return Spot(here, tuple((key, _spot(each)) for key, each in deeper.items()))


def _look(spot: Spot, answers: Sequence[Any], found: Found) -> None:
    if not answers:
        return
    for row in spot.rows:
        row.look(answers, found)
    for key, below in spot.below:
        _look(below, _flat([each[key] for each in answers]), found)


def _flat(values: Sequence[Any]) -> list[Any]:
    """What is there, that in lists too."""
    there = [each for each in values if each is not None]
    if there and isinstance(there[0], list):
        return [each for each in chain.from_iterable(there) if each is not None]
    return there


def _each_at(answers: Sequence[Any], way: Way) -> list[Any]:
    if len(way) == 1:
        (key,) = way
        return [each[key] for each in answers]
    return [_at(each, way) for each in answers]


def _at(answer: Any, way: Way) -> Any:
    for key in way:
        if answer is None:
            return None
        answer = answer[key]
    return answer
