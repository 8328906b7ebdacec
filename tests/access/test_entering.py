"""Every record's rows, entered, changed and deleted by every sort of viewer: only the own, and none is given away."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.entering import changeable, copy, is_marked, owner_of, remove, rewrite, touch
from tests.access.eyes import PERSONAL, Eyes, permission_of, plain_of
from tests.access.rows import official, typed_id
from tests.access.traces import Traces
from tests.access.viewers import viewers
from tests.access.world import Row, platform

from bangfu.registry import Kind, Node

_VIEWERS = viewers(platform())
_TOWNSHIP = _VIEWERS["township"]
assert _TOWNSHIP is not None
# Who enters what is no personal data, and may not read what is.
_VIEWERS["clerk"] = replace(_TOWNSHIP, permissions=_TOWNSHIP.permissions - {PERSONAL})
_UNKNOWN = {"place": "UNKNOWN_PLACE", "household": "UNKNOWN_HOUSEHOLD", "person": "UNKNOWN_PERSON"}
_MOST = 12


@pytest.fixture(scope="module")
def traces(asked: Asked) -> Traces:
    return Traces(asked.rows)


def sample(asked: Asked, node: Node) -> list[Row]:
    """Some rows of a type, out of all places."""
    rows = asked.rows.all(node)
    return rows[:: max(1, len(rows) // _MOST)][:_MOST]


def permission_to_change(node: Node) -> str:
    """By the words of the policy: a plugin's rows take its own, those of the core the register's."""
    return f"{node.plugin.name if node.plugin is not None else 'register'}:write"


@pytest.mark.parametrize("name", _VIEWERS)
def test_a_viewer_changes_its_own_rows_and_is_shown_what_it_may_see(asked: Asked, traces: Traces, name: str) -> None:
    viewer = _VIEWERS[name]
    eyes = asked.eyes(viewer)
    hidden, wrong = traces.hidden(eyes), []
    for node in changeable(list(asked.rows.graph.nodes.values())):
        rows = sample(asked, node)
        document = touch(node, rows)
        answer = asked.answer(viewer, document)
        sent = traces.found(document)
        wrong += [f"{node.name} tells {each}" for each in sorted((traces.found(answer) & hidden) - sent)]
        if not (eyes.may(permission_to_change(node)) and eyes.may(permission_of(node))):
            wrong += _not_refused(node, answer)
            continue
        found = json.loads(answer)["data"]["done"]
        own = [eyes.covers(asked.rows.lies(node, row)) for row in rows]
        assert (found["written"], found["entries"]) == (0, []), "they have it already"
        errors = {(each["row"], each["code"]) for each in found["errors"]}
        if errors != {(index, "NOT_FOUND") for index, is_own in enumerate(own) if not is_own}:
            wrong.append(f"{node.name} has {errors}")
        expected = [_shown(eyes, node, row) if is_own else None for row, is_own in zip(rows, own, strict=True)]
        if found["rows"] != expected:
            wrong.append(f"{node.name} shows {found['rows']} in place of {expected}"[:500])
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])


@pytest.mark.parametrize("name", _VIEWERS)
def test_whether_a_row_is_there_is_told_of_no_other_place(asked: Asked, traces: Traces, name: str) -> None:
    """Whatever is tried with it; in dry runs, so that the rows stay as they are."""
    viewer = _VIEWERS[name]
    eyes = asked.eyes(viewer)
    hidden, wrong = traces.hidden(eyes), []
    for node in changeable(list(asked.rows.graph.nodes.values())):
        rows = sample(asked, node)
        tries = [(copy(node, rows), True), (rewrite(node, rows, marked=True), True), (remove(node, rows), False)]
        if is_marked(node):
            tries.append((rewrite(node, rows, marked=False), False))
        for document, is_whole in tries:
            answer = asked.answer(viewer, document)
            sent = traces.found(document)
            wrong += [f"{node.name} tells {each}" for each in sorted((traces.found(answer) & hidden) - sent)]
            takes_personal = is_whole and is_marked(node)
            if not eyes.may(permission_to_change(node)) or (takes_personal and not eyes.may(PERSONAL)):
                wrong += _not_refused(node, answer)
                continue
            found = json.loads(answer)
            if "errors" in found:
                wrong.append(f"{node.name}: {found['errors']}"[:500])
                continue
            codes: dict[int, set[str]] = {}
            for each in found["data"]["done"]["errors"]:
                codes.setdefault(each["row"], set()).add(each["code"])
            for index, row in enumerate(rows):
                code = _UNKNOWN[owner_of(node, row)[0]] if "Create(" in document else "NOT_FOUND"
                is_own = eyes.covers(asked.rows.lies(node, row))
                found_codes = codes.get(index, set())
                if (code in found_codes) is is_own or not (is_own or found_codes == {code}):
                    wrong.append(f"{node.name} {document[:40]} row {index}: {found_codes}, own: {is_own}")
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])


def _not_refused(node: Node, answer: str) -> list[str]:
    found = json.loads(answer)
    codes = [error["extensions"]["code"] for error in found.get("errors", ())]
    is_refused = codes == ["FORBIDDEN"] and found["data"] == {"done": None}
    return [] if is_refused else [f"{node.name} has to be refused: {answer[:300]}"]


def _shown(eyes: Eyes, node: Node, row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": typed_id(node, row)}
    for each in node.attributes.values():
        value = eyes.value(node, row, each.column)
        is_code = each.kind is Kind.CODE and value is not None
        shown[each.name] = official(value) if is_code else plain_of(value)
    return shown
