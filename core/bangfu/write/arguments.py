"""What a procedure is given: who may give it, and what is wrong with it before anything is looked up."""

from collections.abc import Iterator, Mapping
from typing import Any

from bangfu.access import PERSONAL, Forbidden, Policy, needed_to_change
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import field_of
from bangfu.declare.procedures import Argument, Procedure, RowOf
from bangfu.declare.text import Text
from bangfu.write.outcome import Code, Rejection
from bangfu.write.values import refusal

_MOST = 1_000
"""How many rows a list names at most."""

_DISTRICTS = range(100_000, 1_000_000)


def require_permissions(procedure: Procedure, given: Mapping[str, Any], policy: Policy) -> None:
    """Raises Forbidden where the author may not change what is changed, or gives personal data without the right to."""
    for needed in sorted({needed_to_change(record) for record in procedure.changed}):
        if not policy.holds(needed):
            raise Forbidden(needed)
    has_personal = any(each.is_sensitive and given.get(each.name) is not None for each in procedure.arguments)
    if has_personal and not policy.reads_personal:
        raise Forbidden(PERSONAL)


def wrong_arguments(procedure: Procedure, given: Mapping[str, Any]) -> list[Rejection]:
    """All that is wrong with the arguments by themselves; what is no id is given as the text it was."""
    found = []
    for argument in procedure.arguments:
        for code, message in _wrong(argument, given.get(argument.name)):
            found.append(Rejection(row=0, column=argument.name, code=code, message=message))
    return found


def districts_named(procedure: Procedure, given: Mapping[str, Any]) -> set[int]:
    """The districts of all rows and places that the arguments name."""
    keys: list[int] = []
    for argument in procedure.arguments:
        value = given.get(argument.name)
        if isinstance(argument.value, RowOf):
            keys += value if isinstance(value, list) else () if value is None else [value]
        elif value is not None and _is_place(argument):
            keys.append(value)
    return {district for key in keys if (district := key // DISTRICT_SPAN) in _DISTRICTS}


def _wrong(argument: Argument, value: Any) -> Iterator[tuple[Code, Text]]:
    title = argument.title
    assert title is not None, "the registry refuses others"
    if value is None or value == [] or (isinstance(value, str) and not value.strip()):
        if argument.required:
            yield Code.MISSING, Text(f"缺少{title.zh}。", f"Missing: {title.en}.")
        return
    if not isinstance(argument.value, RowOf):
        found = refusal(argument.value.column, value)
        if found is not None:
            yield found
        return
    ids = value if argument.value.is_many else [value]
    for each in ids:
        if not isinstance(each, int):
            yield Code.UNREADABLE, Text(f"{each!r}不是有效的編號。", f"{each!r} is no id of such a row.")
    if len(ids) > _MOST:
        yield Code.TOO_LONG, Text(f"{title.zh}最多{_MOST:,}個。", f"At most {_MOST:,}: {title.en}.")
    elif len(set(ids)) != len(ids):
        yield Code.DUPLICATE, Text(f"{title.zh}中有重複。", f"The same row twice: {title.en}.")


def _is_place(argument: Argument) -> bool:
    assert not isinstance(argument.value, RowOf), "it is asked of values only"
    field = field_of(argument.value.column)
    return field is not None and field.is_code
