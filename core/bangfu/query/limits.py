"""How much a filter or an ordering may hold; more is refused before it becomes SQL that nobody can run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bangfu.errors import UserError

DEEPEST = 16
"""Levels of a filter or of a step: each link, quantifier, namespace, `and`, `or`, `not` and operator is one."""

MOST_CONDITIONS = 500
"""Objects of a filter, each of which is read and compiled; the values of `in` are not counted."""

MOST_STEPS = 16
"""Steps of an ordering; each one is a value of every row's cursor."""


def check_depth(given: Any, path: str) -> None:
    """Refuses conditions inside each other, or side by side, beyond what a statement can be made of."""
    level, depth, conditions = [given], 0, 0
    while level:
        conditions += sum(isinstance(each, Mapping) for each in level)
        if conditions > MOST_CONDITIONS:
            raise UserError(
                f"more than {MOST_CONDITIONS} conditions. Accepted: up to {MOST_CONDITIONS}; many values of one "
                "attribute go into one `in`.",
                argument=path,
            )
        if depth > DEEPEST:
            raise UserError(
                f"more than {DEEPEST} levels inside each other. Accepted: up to {DEEPEST}; conditions side by side "
                "count as one level.",
                argument=path,
            )
        level = [inner for each in level for inner in _inside(each)]
        depth += 1


def check_steps(given: Sequence[Any], path: str) -> None:
    """Refuses an ordering of more steps than anybody reads, each of which would be a column of the statement."""
    if len(given) > MOST_STEPS:
        raise UserError(f"{len(given)} steps. Accepted: up to {MOST_STEPS}.", argument=path)
    for index, step in enumerate(given):
        check_depth(step, f"{path}[{index}]")


def _inside(given: Any) -> Iterable[Any]:
    if isinstance(given, Mapping):
        return (inner for value in given.values() for inner in (value if isinstance(value, list) else (value,)))
    return ()
