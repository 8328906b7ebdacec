"""What of the graph is personal data, by what name a log of reads knows it, and where a request compares by it.

Personal is a column that is declared `sensitive`, the measure of a single household or person that looks at one, and
what is missing of a household or person where it looks at one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bangfu.declare.requirements import RequirementKind
from bangfu.query.completeness import compared, kind_of, personal_requirements
from bangfu.query.measures import sensitive_columns
from bangfu.registry.nodes import Attribute, Link, MeasureField, Node


def personal_column(node: Node, attribute: Attribute) -> str | None:
    """A sensitive column's name, as `Person.id_number`; None for any other column."""
    return f"{node.name}.{attribute.column}" if attribute.field.sensitive is not None else None


def personal_measure(node: Node, field: MeasureField) -> str | None:
    """The name of a measure that tells a sensitive column of one household or person; None for any other.

    What is counted over a place is a number of that place, and nobody's data.
    """
    tells = not node.is_place and sensitive_columns([field.measure])
    return f"{node.name}.{field.qualified}" if tells else None


def personal_standing(node: Node, kind: RequirementKind) -> str | None:
    """The name of what is missing of a household or a person, where that tells whether sensitive columns are known."""
    return f"{node.name}.{kind.value}" if personal_requirements(node, kind) else None


def personal_fields(nodes: Iterable[Node]) -> list[str]:
    """The names of all that is personal data in these nodes, but for fields that are written by hand."""
    found: list[str] = []
    for node in nodes:
        names = [personal_column(node, each) for each in node.attributes.values()]
        names += [
            personal_measure(node, each) for space in node.namespaces.values() for each in space.measures.values()
        ]
        names += [personal_standing(node, kind) for kind in RequirementKind]
        found += [name for name in names if name is not None]
    return sorted(found)


def filtered_by(node: Node, given: Mapping[str, Any]) -> Iterator[str]:
    """The personal data that a filter on a node's rows asks about."""
    for name, inner in given.items():
        if inner is None or name == "id":
            continue
        if name in ("and", "or"):
            for part in inner:
                yield from filtered_by(node, part)
        elif name == "not":
            yield from filtered_by(node, inner)
        elif name in node.attributes:
            yield from _named(personal_column(node, node.attributes[name]))
        elif name in node.links:
            yield from _linked(node.links[name], inner)
        elif (kind := kind_of(name)) is not None:
            if compared(node, kind, inner):
                yield f"{node.name}.{kind.value}"
        else:
            space = node.namespaces[name]
            for member, below in inner.items():
                if below is None:
                    continue
                if member in space.links:
                    yield from _linked(space.links[member], below)
                else:
                    yield from _named(personal_measure(node, space.measures[member]))


def ordered_by(node: Node, given: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """The personal data that an ordering of a node's rows goes by, each with the number of its step."""
    for number, step in enumerate(given):
        yield from ((number, name) for name in _of_step(node, step))


def _of_step(node: Node, step: Mapping[str, Any]) -> Iterator[str]:
    for name, inner in step.items():
        if inner is None:
            continue
        if name in node.attributes:
            yield from _named(personal_column(node, node.attributes[name]))
        elif name in node.links:
            yield from _of_step(node.links[name].target, inner)
        else:
            measures = node.namespaces[name].measures
            chosen = (measures[member] for member, direction in inner.items() if direction is not None)
            for measure in chosen:
                yield from _named(personal_measure(node, measure))


def _linked(link: Link, given: Mapping[str, Any]) -> Iterator[str]:
    if not link.many:
        yield from filtered_by(link.target, given)
        return
    for inner in given.values():
        if inner is not None:
            yield from filtered_by(link.target, inner)


def _named(name: str | None) -> Iterator[str]:
    if name is not None:
        yield name
