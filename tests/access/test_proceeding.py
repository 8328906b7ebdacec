"""Procedures asked for by every sort of viewer: with the own rows only, and whether there are others is not told."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.eyes import PERSONAL, Eyes
from tests.access.proceeding import Try, document, stays, tries
from tests.access.test_entering import _VIEWERS, _shown, sample
from tests.access.traces import Traces
from tests.access.world import TODAY

from bangfu import Grain

_UNKNOWN = {"household": "UNKNOWN_HOUSEHOLD", "into": "UNKNOWN_HOUSEHOLD", "person": "UNKNOWN_PERSON"}
_TAKES = {"personFind": ("probe:write", "register:read"), "personBirth": ("register:write", "register:read", PERSONAL)}


@pytest.fixture(scope="module")
def traces(asked: Asked) -> Traces:
    return Traces(asked.rows)


@pytest.mark.parametrize("name", _VIEWERS)
def test_only_own_rows_are_there_and_no_others_are_told_of(asked: Asked, traces: Traces, name: str) -> None:
    viewer, core = _VIEWERS[name], asked.rows.graph.core
    eyes = asked.eyes(viewer)
    homes, people = sample(asked, core[Grain.HOUSEHOLD]), sample(asked, core[Grain.PERSON])
    tried = [*stays(asked.rows, homes, people), *tries(homes, people)]
    text = document(tried)
    answer = asked.answer(viewer, text)
    wrong = [f"tells {each}" for each in sorted((traces.found(answer) & traces.hidden(eyes)) - traces.found(text))]
    found = json.loads(answer)
    refused = {error["path"][0]: error["extensions"]["code"] for error in found.get("errors", ())}
    for index, each in enumerate(tried):
        key = f"t{index}"
        if not all(eyes.may(needed) for needed in _TAKES.get(each.name, ("register:write", "register:read"))):
            if refused.get(key) != "FORBIDDEN" or found["data"][key] is not None:
                wrong.append(f"{each.name} has to be refused: {found['data'][key]}")
        elif key in refused:
            wrong.append(f"{each.name} is refused: {refused[key]}")
        else:
            wrong += [f"{each.name}: {fault}" for fault in _faults(asked, eyes, each, found["data"][key])]
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])


def _faults(asked: Asked, eyes: Eyes, tried: Try, told: dict[str, Any]) -> Iterator[str]:
    assert (told["written"], told["entries"]) == (0, []), "nothing is changed here"
    errors = {(".".join(each["path"]), each["code"]) for each in told["errors"]}
    unknown = {each for each in errors if each[1] in _UNKNOWN.values() and each[0] in _UNKNOWN}
    expected: set[tuple[str, str]] = set()
    for argument, row in tried.named:
        node = asked.rows.graph.core[Grain.PERSON if argument == "person" else Grain.HOUSEHOLD]
        if not eyes.covers(asked.rows.lies(node, row)):
            expected = {(argument, _UNKNOWN[argument])}
            break
        if argument != "person" and row["valid_to"] is not None and row["valid_to"] <= TODAY:
            yield from () if errors == {(argument, "CHECK_FAILED")} else [f"has ended, and is told {errors}"]
            return
    if unknown != expected or (expected and errors != expected):
        yield f"{errors} in place of {expected}"
    if tried.is_shown:
        (argument, row), *_ = tried.named
        node = asked.rows.graph.core[Grain.PERSON if argument == "person" else Grain.HOUSEHOLD]
        shown = None if expected else _shown(eyes, node, row)
        if told["row"] != shown:
            yield f"shows {told['row']} in place of {shown}"[:500]
    elif told["row"] is not None:
        yield "shows a row in a dry run"
