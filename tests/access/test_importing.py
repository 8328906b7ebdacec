"""Plans are their authors' alone, whoever else may see the same rows; who sent a file may plan it, and nobody else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.access.asked import Asked
from tests.access.viewers import viewers
from tests.access.world import platform

from bangfu.access import Policy, Viewer, needed_to_change
from bangfu.bulk.desk import Desk, sender_of
from bangfu.domain.households import Household
from bangfu.store.uploads import Uploads
from bangfu_schema import Graph

_SHOWN = """plan { id file record madeAt state creates updates unchanged rejected applied refused }
    errorCount errors(first: 5) { line column code suggestion message english: message(language: EN) }"""
PLANNED = f"""mutation ($file: ID = "", $record: String = "household") {{
    importPlan(file: $file, record: $record, within: "620502", sheet: null) {{ {_SHOWN} }} }}"""
APPLIED = f'mutation ($plan: ID = "") {{ importApply(plan: $plan) {{ {_SHOWN} }} }}'
PLANS = f"query ($plan: ID) {{ importPlans(first: 5, plan: $plan) {{ {_SHOWN} }} }}"
"""Every field of it."""

CONTENT = "區劃代碼,戶類型\n620502101201,沒有的類型\n".encode()
_NAMES = list(viewers(platform()))


@pytest.fixture(scope="module")
def desk(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("home")
    made = Desk(asked.platform, Uploads(folder / "uploads", most=20, kept_for=60))
    asked.graph = asked.graph.importing(made)
    yield made
    made.stop(5)


def upload(desk: Desk, viewer: Viewer | None) -> str:
    sender = sender_of(Policy(viewer))
    incoming = desk.uploads.begin(sender, "a.csv")
    incoming.write(CONTENT)
    made = incoming.finish()
    desk.uploads.end(sender, incoming)
    return made.id


@pytest.mark.parametrize("name", _NAMES)
def test_who_may_plan_sees_the_plan_and_nobody_else(asked: Asked, desk: Desk, name: str) -> None:
    viewer = asked.viewers[name]
    if viewer is not None:  # of whom there are two of one name
        viewer = replace(viewer, subject=f"{name} 1")
    file = upload(desk, viewer)
    answer = json.loads(asked.answer(viewer, PLANNED, {"file": file}))
    others = [each for key, each in asked.viewers.items() if key != name]
    if viewer is not None:
        others.append(replace(viewer, subject=f"{name} 2"))
    may = viewer is None or needed_to_change(Household) in viewer.permissions
    if may:
        plan = answer["data"]["importPlan"]["plan"]["id"]
        assert json.loads(asked.answer(viewer, PLANS))["data"]["importPlans"] == [answer["data"]["importPlan"]]
    else:
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert json.loads(asked.answer(viewer, PLANS))["data"]["importPlans"] == []
        plan = ""
    for other in others:
        assert plan not in _plans(asked, other) or not plan
        assert _code(asked.answer(other, PLANNED, {"file": file})) in ("UNKNOWN_FILE", "FORBIDDEN")
        assert _code(asked.answer(other, APPLIED, {"plan": plan})) == "UNKNOWN_PLAN"
        if plan:
            assert json.loads(asked.answer(other, PLANS, {"plan": plan}))["data"] == {"importPlans": []}


def _plans(asked: Asked, viewer: Viewer | None) -> list[str]:
    found = json.loads(asked.answer(viewer, PLANS))["data"]["importPlans"]
    return [each["plan"]["id"] for each in found]


def _code(answer: str) -> str:
    (error,) = json.loads(answer)["errors"]
    return str(error["extensions"]["code"])


def test_some_may_plan_and_some_may_not(asked: Asked) -> None:
    """Else the half of the test above would show nothing."""
    holders = [each is None or needed_to_change(Household) in each.permissions for each in asked.viewers.values()]
    assert set(holders) == {True, False}


def test_a_process_that_takes_no_files_says_so(asked: Asked) -> None:
    graph, answered = asked.graph, Graph(asked.platform)
    asked.graph = answered
    try:
        assert _code(asked.answer(None, PLANNED, {"file": "0" * 32})) == "UNKNOWN_FILE"
        assert json.loads(asked.answer(None, PLANS, {"plan": "0"}))["data"] == {"importPlans": []}
    finally:
        asked.graph = graph
