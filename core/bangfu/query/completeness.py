"""Whether requirements are met by rows, as far as the viewer may know: in what is shown of them, and in filters.

A requirement is asked of a viewer who may read all that it looks at; of places it is where that lies in the viewer's
own. What is not asked is neither met nor missing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, FromClause, Integer, and_, case, cast, func, literal, null, or_, true

from bangfu.access import is_open, needed_to_ask
from bangfu.declare.requirements import RequirementKind
from bangfu.query.conditions import over
from bangfu.query.given import Given, Parameters
from bangfu.query.visible import check_may, is_own
from bangfu.registry.nodes import Node, Required
from bangfu.registry.required import is_asked, is_met

IS_COMPLETE = "isComplete"


@dataclass(frozen=True)
class Standing:
    """A requirement on rows: whether it is met; null where it is not asked."""

    required: Required
    met: ColumnElement[bool]


def kind_of(name: str) -> RequirementKind | None:
    """The kind of requirements that a field tells of; None for the name of any other field."""
    return next((kind for kind in RequirementKind if kind.value == name), None)


def standings(
    node: Node, alias: FromClause, kind: RequirementKind, parameters: Parameters, *, lies_in_own: bool = False
) -> list[Standing]:
    """All requirements of a kind that are asked of this viewer, on the rows in `alias`.

    `lies_in_own` says that all rows are known to lie in the viewer's own places.
    """
    return [
        Standing(each, met(node, alias, each, parameters, lies_in_own=lies_in_own))
        for space in node.required(kind).values()
        for each in space.values()
        if all(map(parameters.policy.holds, needed_to_ask(each)))
    ]


def met(
    node: Node, alias: FromClause, required: Required, parameters: Parameters, *, lies_in_own: bool = False
) -> ColumnElement[bool]:
    """Whether a requirement is met by the row in `alias`; null where it is not asked."""
    requirement, own = required.requirement, node.table.name
    asked = []
    if node.is_place and not (lies_in_own or parameters.policy.is_everywhere or all(map(is_open, required.looks_into))):
        asked.append(is_own(alias.c.code, parameters, node.grain))
    condition = is_asked(requirement)
    if condition is not None:
        asked.append(over(condition, own, alias))
    holds = over(is_met(requirement), own, alias)
    return case((and_(true(), *asked), holds)) if asked else holds


def is_complete(standings: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether all that is asked is met; null where nothing is asked."""
    if not standings:
        return cast(null(), Boolean())
    is_any_asked = or_(*(each.is_not(None) for each in standings))
    return case((is_any_asked, and_(true(), *(each.is_not(False) for each in standings))))


def count(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[int]:
    """How many of the conditions hold."""
    total: ColumnElement[int] = literal(0, Integer(), literal_execute=True)
    for each in conditions:
        total = total + func.coalesce(cast(each, Integer()), literal(0, Integer(), literal_execute=True))
    return total


def filtered(
    node: Node, kind: RequirementKind, alias: FromClause, given: Given
) -> Iterator[tuple[ColumnElement[bool], Given]]:
    """What a filter on requirements compares, each with what it is compared with."""
    for name, inner in given.items():
        if name == IS_COMPLETE:
            yield is_complete([each.met for each in standings(node, alias, kind, given.parameters)]), inner
            continue
        space = node.required(kind)[name]
        for key, below in inner.items():
            for needed in sorted(needed_to_ask(space[key])):
                check_may(needed, below)
            yield met(node, alias, space[key], given.parameters), below


def personal_requirements(node: Node, kind: RequirementKind) -> bool:
    """Whether to know what is missing of a row is to know whether sensitive columns of it have a value."""
    return not node.is_place and any(
        each.is_sensitive for space in node.required(kind).values() for each in space.values()
    )


def compared(node: Node, kind: RequirementKind, given: Mapping[str, Any]) -> bool:
    """Whether a filter asks about sensitive columns in this way."""
    if node.is_place:
        return False
    if given.get(IS_COMPLETE) is not None and personal_requirements(node, kind):
        return True
    spaces = node.required(kind)
    return any(
        below is not None and spaces[name][key].is_sensitive
        for name, inner in given.items()
        if name != IS_COMPLETE and inner is not None
        for key, below in inner.items()
    )
