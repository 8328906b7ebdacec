"""An entry of the log is taken back by whoever may make the same changes by hand; of others nobody learns a thing."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.entering import changeable
from tests.access.eyes import MASKS, PERSONAL, Eyes, permission_of
from tests.access.rows import typed_id
from tests.access.test_entering import permission_to_change
from tests.access.traces import Traces
from tests.access.viewers import viewers
from tests.access.world import Row, platform
from tests.write.clerk import Clerk, said

from bangfu.registry import Kind, Node
from bangfu.write.outcome import Action

_NAMES = list(viewers(platform()))
_MOST = 4
_UNDONE = """errors { path row code message english: message(language: EN) later { entry at author reason } }
    rows { record action rows } written entries"""
UNDONE = f"""mutation ($district: PlaceCode = "620502", $number: Int = 99, $dry: Boolean = true, $key: String) {{
    changesUndo(district: $district, number: $number, reason: "錄入錯誤", dryRun: $dry, idempotencyKey: $key) {{
        {_UNDONE} }} }}"""
"""Every field of it."""


@dataclass(frozen=True)
class Made:
    """An entry in which the process has changed one row, and the number of the one that has changed it again."""

    node: Node
    row: Row
    columns: frozenset[str]
    number: int
    later: int | None


@pytest.fixture(scope="module")
def made(asked: Asked) -> list[Made]:
    """Entries about rows of all types, out of all places."""
    clerk, found = Clerk(asked.database), []
    for node in changeable(list(asked.rows.graph.nodes.values())):
        rows = asked.rows.all(node)
        for index, row in enumerate(rows[:: max(1, len(rows) // _MOST)][:_MOST]):
            given = _given(node, row)
            if not given:
                continue
            update = {"id": row["id"], "version": row["version"], **given}
            number = _entry(clerk, node, update)
            again = {"id": row["id"], "version": row["version"] + 1, "source": f"再改{index}"}
            later = _entry(clerk, node, again) if index % 2 else None
            found.append(Made(node, row, frozenset(given), number, later))
    return found


def _entry(clerk: Clerk, node: Node, update: dict[str, Any]) -> int:
    outcome = clerk.change(node.record, Action.UPDATE, [update])
    assert (said(outcome), outcome.written) == ([], 1), node.name
    (number,) = outcome.change_sets.values()
    return number


def _given(node: Node, row: Row) -> dict[str, Any]:
    """A value that is another one for a row's texts and amounts, personal data among them in every other row."""
    left_out = {"indicator"} | (set() if row["id"] % 2 else {name for type_, name in MASKS if type_ == node.name})
    given: dict[str, Any] = {}
    for attribute in node.attributes.values():
        if attribute.column in left_out or row[attribute.column] is None:
            continue
        if attribute.kind is Kind.TEXT:
            given[attribute.column] = f"改{row['id'] % 1000}"
        elif attribute.kind is Kind.DECIMAL and attribute.field.unit != "percent":
            given[attribute.column] = Decimal(1)
    return {name: value for name, value in given.items() if row[name] != value}


@pytest.mark.parametrize("name", _NAMES)
def test_an_entry_is_there_for_whoever_may_make_its_changes(asked: Asked, made: list[Made], name: str) -> None:
    viewer = asked.viewers[name]
    eyes, traces = asked.eyes(viewer), Traces(asked.rows)
    hidden, wrong = traces.hidden(eyes), []
    codes = set()
    for each in made:
        answer = asked.answer(viewer, UNDONE, _asked(each))
        wrong += [f"{each.node.name} tells {trace}" for trace in sorted(traces.found(answer) & hidden)]
        expected, found = _expected(eyes, each), json.loads(answer)
        codes.add(expected)
        told = found["data"]["changesUndo"]
        if expected == "FORBIDDEN":
            is_right = told is None and [error["extensions"]["code"] for error in found["errors"]] == ["FORBIDDEN"]
        elif expected == "NOT_FOUND":
            (error,) = told["errors"]
            is_right = (error["code"], error["path"], error["row"], error["later"]) == (
                *("NOT_FOUND", ["number"]),
                *(None, None),
            )
            is_right = is_right and error["message"] == f"沒有您可撤銷的第{each.number}號變更。"
        elif expected == "STALE":
            (error,) = told["errors"]
            is_right = (error["code"], error["row"]) == ("STALE", typed_id(each.node, each.row))
            is_right = is_right and (error["later"] or {}).get("entry") == (each.later if _knows(eyes, each) else None)
        else:
            is_right = told["errors"] == [] and told["rows"] == [
                {"record": each.node.prefix, "action": "update", "rows": 1}
            ]
        if told is not None:
            is_right = is_right and (told["written"], told["entries"]) == (0, [])
        wrong += [] if is_right else [f"{each.node.name} {each.number} has to be {expected}: {answer[:300]}"]
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])
    if name in ("process", "everybody"):
        assert codes == {"STALE", "UNDONE"}
    if name == "township":
        assert codes == {"STALE", "UNDONE", "NOT_FOUND"}, "else all of this would show nothing"


def test_of_an_entry_elsewhere_is_told_what_is_told_of_none(asked: Asked, made: list[Made]) -> None:
    viewer = asked.viewers["villages"]
    eyes = asked.eyes(viewer)
    elsewhere = next(each for each in made if _expected(eyes, each) == "NOT_FOUND")
    none = {**_asked(elsewhere), "number": 10**6}
    answers = [asked.answer(viewer, UNDONE, given) for given in (_asked(elsewhere), none)]
    assert answers[0].replace(str(elsewhere.number), "N") == answers[1].replace(str(10**6), "N")


def _asked(each: Made) -> dict[str, Any]:
    return {"district": str(each.row["district_code"]), "number": each.number}


def _expected(eyes: Eyes, each: Made) -> str:
    """By the words of the policy."""
    if not eyes.covers(eyes.rows.lies(each.node, each.row)):
        return "NOT_FOUND"
    if not eyes.may(permission_to_change(each.node)):
        return "FORBIDDEN" if eyes.may(permission_of(each.node)) else "NOT_FOUND"
    if any((each.node.name, column) in MASKS for column in each.columns) and not eyes.may(PERSONAL):
        return "FORBIDDEN"
    return "UNDONE" if each.later is None else "STALE"


def _knows(eyes: Eyes, each: Made) -> bool:
    """Whether who has changed a row since is told, as its history is."""
    is_auditor = eyes.may("audit:read") and eyes.covers(each.row["district_code"] * 10**9)
    return is_auditor or eyes.may(permission_of(each.node))
