"""What was changed is told to whoever sees the row, and of a district to its auditors; of personal data, to nobody."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.entering import changeable
from tests.access.eyes import MASKS, permission_of, plain_of
from tests.access.rows import typed_id
from tests.access.traces import Traces
from tests.access.viewers import viewers
from tests.access.world import TODAY, Row, platform
from tests.write.clerk import Clerk, said

from bangfu.access import Viewer
from bangfu.registry import Kind, Node
from bangfu.write.outcome import Action

_NAMES = list(viewers(platform()))
_MOST = 4
VALUES = "values { field before after isSensitive }"
LOGGED = f"at author reason requestId action row entry cursor {VALUES}"

Changed = list[tuple[Node, Row, set[str]]]


@pytest.fixture(scope="module")
def changed(asked: Asked) -> Changed:
    """Rows out of all places, in which the process has given every text and amount another value; and which columns."""
    clerk, found = Clerk(asked.database), []
    for node in changeable(list(asked.rows.graph.nodes.values())):
        rows = asked.rows.all(node)
        for row in rows[:: max(1, len(rows) // _MOST)][:_MOST]:
            given = {name: value for name, value in _others(node, row) if row[name] not in (None, value)}
            update = {"id": row["id"], "version": row["version"], **given}
            outcome = clerk.change(node.record, Action.UPDATE, [update])
            assert (said(outcome), outcome.written) == ([], 1), node.name
            found.append((node, row, set(given)))
    return found


def _others(node: Node, row: Row) -> Iterator[tuple[str, Any]]:
    for attribute in node.attributes.values():
        if attribute.column in ("indicator",):  # by which there may be one target only
            continue
        if attribute.kind is Kind.TEXT:
            yield attribute.column, f"改{row['id'] % 1000}"
        elif attribute.kind is Kind.DECIMAL and attribute.field.unit != "percent":
            yield attribute.column, Decimal(1)


@pytest.mark.parametrize("name", _NAMES)
def test_the_history_of_what_is_seen(asked: Asked, changed: Changed, name: str) -> None:
    viewer = asked.viewers[name]
    eyes = asked.eyes(viewer)
    traces = Traces(asked.rows)
    hidden = traces.hidden(eyes)
    wrong: list[str] = []
    for node in {node.name: node for node, _, _ in changed}.values():
        mine = [(typed_id(node, row), row, columns) for each, row, columns in changed if each is node]
        fields = (f'h{index}: history(id: "{id_}") {{ {LOGGED} }}' for index, (id_, _, _) in enumerate(mine))
        answer = asked.answer(viewer, f"{{ {' '.join(fields)} }}")
        own = f"id ... on {node.name} {{ history {{ {LOGGED} }} }}"
        beside = [f'h{index}: node(id: "{id_}") {{ {own} }}' for index, (id_, _, _) in enumerate(mine)]
        for plainly in (False, True):
            rows = json.loads(asked.answer(viewer, f"{{ {' '.join(beside)} }}", plainly=plainly)).get("data") or {}
            told = {name: row and row["history"] for name, row in rows.items()}
            wrong += [] if told == (json.loads(answer).get("data") or {}) else [f"{node.name} differs: {told}"]
        sent = {id_ for id_, _, _ in mine}
        wrong += [f"{node.name} tells {each}" for each in sorted((traces.found(answer) & hidden) - sent)]
        found = json.loads(answer)
        if not eyes.may(permission_of(node)):
            codes = [error["extensions"]["code"] for error in found["errors"]]
            if codes != ["FORBIDDEN"] * len(mine) or any((found["data"] or {}).values()):
                wrong.append(f"{node.name} has to be refused: {answer[:200]}")
            continue
        for (id_, row, columns), entries in zip(mine, found["data"].values(), strict=True):
            if not eyes.sees(node, row):
                wrong += [] if entries is None else [f"{id_} is told: {entries}"]
            else:
                (entry,) = entries
                wrong += [f"{id_}: {each}" for each in _faults(node, row, columns, entry)]
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])


@pytest.mark.parametrize("district", [620502, 620503])
@pytest.mark.parametrize("name", _NAMES)
def test_the_log_is_for_auditors_of_the_whole_district(
    asked: Asked, changed: Changed, name: str, district: int
) -> None:
    viewer = asked.viewers[name]
    eyes = asked.eyes(viewer)
    traces = Traces(asked.rows)
    answer = asked.answer(viewer, f'{{ auditLog(district: "{district}", first: 1000) {{ {LOGGED} }} }}')
    found = json.loads(answer)
    if not (eyes.may("audit:read") and eyes.covers(district * 10**9)):
        assert [error["extensions"]["code"] for error in found["errors"]] == ["FORBIDDEN"]
        assert traces.found(answer) == set()
        return
    entries = {entry["row"]: entry for entry in found["data"]["auditLog"]}
    mine = [(node, row, columns) for node, row, columns in changed if row["district_code"] == district]
    assert entries.keys() == {typed_id(node, row) for node, row, _ in mine}
    wrong = [f"tells {each}" for each in sorted((traces.found(answer) & traces.hidden(eyes)) - entries.keys())]
    for node, row, columns in mine:
        entry = entries[typed_id(node, row)]
        if eyes.may(permission_of(node)):
            wrong += list(_faults(node, row, columns, entry))
        elif entry["values"]:
            wrong.append(f"{node.name}: {entry}")
    assert not wrong, "\n".join(wrong[:20])


def test_an_auditor_of_no_sector_sees_that_rows_were_changed_and_not_what(asked: Asked, changed: Changed) -> None:
    auditor = Viewer("審計", places=(620502 * 10**9,), permissions=frozenset({"audit:read"}))
    answer = asked.answer(auditor, f'{{ auditLog(district: "620502", first: 1000) {{ {LOGGED} }} }}')
    entries = json.loads(answer)["data"]["auditLog"]
    told = {entry["row"].partition(":")[0] for entry in entries if entry["values"]}
    assert told == {"target"}, "targets are open to everybody"
    assert len(entries) == len([row for _, row, _ in changed if row["district_code"] == 620502])
    assert TODAY.isoformat() not in answer


def _faults(node: Node, row: Row, columns: set[str], entry: dict[str, Any]) -> Iterator[str]:
    """What an entry tells otherwise than the rows before have it."""
    if (entry["action"], entry["author"]) != ("update", "王主任"):
        yield f"{entry}"
    told = {each["field"]: each for each in entry["values"]}
    names = {attribute.column: name for name, attribute in node.attributes.items()}
    if told.keys() != {names[column] for column in columns}:
        yield f"{node.name} tells of {sorted(told)}"
    for column in columns:
        each = told.get(names[column], {})
        is_sensitive = (node.name, column) in MASKS
        before = None if is_sensitive else _text(plain_of(row[column]))
        if (each.get("before"), each.get("isSensitive")) != (before, is_sensitive):
            yield f"{node.name}.{column} was {before}: {each}"


def _text(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
