"""Reads a plan as people write it, in a file or in a request: codes in their official form, one kind of step each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from bangfu.declare.codes import parse_code
from bangfu.divisions.plan import Merge, Move, Plan, Recode, Rename, Split, Step
from bangfu.domain.places import PlaceKind
from bangfu.errors import UserError, nearest, quoted
from bangfu.query.values import parse_id, to_day
from bangfu.registry import Node

MOST_STEPS = 500

_PARTS: dict[str, tuple[str, ...]] = {
    "rename": ("place", "name"),
    "recode": ("place", "code"),
    "move": ("place", "to", "code"),
    "merge": ("places", "into", "name", "kind"),
    "split": ("place", "name", "code", "kind", "places", "households"),
}
"""What each kind of step is given."""


def read_plan(given: Any, household: Node, path: str = "plan") -> Plan:  # as JSON has it
    """The plan; `household` is the node by whose ids households are named.

    Raises UserError for what cannot be read, with the way to it: `plan.steps[2].merge.into`.
    """
    told = _mapping(given, path, ("district", "on", "note", "steps"))
    steps = _list(_needed(told, "steps", path), f"{path}.steps")
    if not 1 <= len(steps) <= MOST_STEPS:
        raise UserError(f"there are {len(steps)} steps. Accepted: 1 to {MOST_STEPS}.", argument=f"{path}.steps")
    return Plan(
        district=_code(_needed(told, "district", path), f"{path}.district"),
        on=to_day(_text(_needed(told, "on", path), f"{path}.on"), f"{path}.on"),
        note=_optional(told, "note", path, _text),
        steps=tuple(_step(each, household, f"{path}.steps[{index}]") for index, each in enumerate(steps)),
    )


def _step(given: Any, household: Node, path: str) -> Step:
    named = {name: value for name, value in _mapping(given, path, tuple(_PARTS)).items() if value is not None}
    if len(named) != 1:
        raise UserError(f"a step is one of {', '.join(_PARTS)}.", argument=path)
    ((kind, value),) = named.items()
    path = f"{path}.{kind}"
    told = _mapping(value, path, _PARTS[kind])

    def code(name: str) -> int:
        return _code(_needed(told, name, path), f"{path}.{name}")

    def codes(name: str) -> tuple[int, ...]:
        listed = _list(told.get(name) or [], f"{path}.{name}")
        return tuple(_code(each, f"{path}.{name}[{index}]") for index, each in enumerate(listed))

    def name() -> str:
        return _text(_needed(told, "name", path), f"{path}.name")

    match kind:
        case "rename":
            return Rename(place=code("place"), name=name())
        case "recode":
            return Recode(place=code("place"), code=code("code"))
        case "move":
            return Move(place=code("place"), to=code("to"), code=_optional(told, "code", path, _code))
        case "merge":
            named_ = _optional(told, "name", path, _text)
            kind_ = _optional(told, "kind", path, _kind)
            return Merge(places=codes("places"), into=code("into"), name=named_, kind=kind_)
    return Split(
        place=code("place"),
        name=name(),
        code=_optional(told, "code", path, _code),
        kind=_optional(told, "kind", path, _kind),
        places=codes("places"),
        households=tuple(_households(told.get("households") or [], household, f"{path}.households")),
    )


def _households(given: Any, household: Node, path: str) -> Iterator[int]:
    for index, each in enumerate(_list(given, path)):
        where = f"{path}[{index}]"
        yield parse_id(_text(each, where), {household.prefix: household}, where)[1]


def _optional(told: Mapping[str, Any], name: str, path: str, read: Callable[[Any, str], Any]) -> Any:
    value = told.get(name)
    return None if value is None else read(value, f"{path}.{name}")


def _needed(told: Mapping[str, Any], name: str, path: str) -> Any:
    if told.get(name) is None:
        raise UserError("has to be given.", argument=f"{path}.{name}")
    return told[name]


def _mapping(given: Any, path: str, names: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise UserError(f"this has to be an object with {', '.join(names)}.", argument=path)
    for name in given:
        if name not in names:
            hint = nearest(str(name), names)
            told = f"{quoted(str(name))} is not known here. Accepted: {', '.join(names)}.{hint}"
            raise UserError(told, argument=path)
    return given


def _list(given: Any, path: str) -> Sequence[Any]:
    if not isinstance(given, list):
        raise UserError("this has to be a list.", argument=path)
    return given


def _text(given: Any, path: str) -> str:
    if not isinstance(given, str) or "\x00" in given:
        raise UserError("this has to be a text.", argument=path)
    return given


def _code(given: Any, path: str) -> int:
    is_number = isinstance(given, int) and not isinstance(given, bool)  # as JSON may have it
    return parse_code(_text(str(given) if is_number else given, path), argument=path)


def _kind(given: Any, path: str) -> PlaceKind:
    name = given.name if isinstance(given, Enum) else given
    found = next((each for each in PlaceKind if name in (each.name, each.title.zh)), None)
    if found is None:
        raise UserError(
            f"{quoted(str(name))} is no kind of place. Accepted: {', '.join(each.name for each in PlaceKind)}.",
            argument=path,
        )
    return found
