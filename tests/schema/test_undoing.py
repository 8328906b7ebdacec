"""An entry is taken back through the graph: what is answered, once for each key, and what belongs elsewhere."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.schema.desk import DISTRICT, HOME, PLANTING, Desk

from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import Postgres

UNDO = """mutation ($number: Int!, $reason: String = "錄入錯誤", $dry: Boolean = false, $key: String) {
    changesUndo(district: "620502", number: $number, reason: $reason, dryRun: $dry, idempotencyKey: $key) {
        errors { path row code message english: message(language: EN) later { entry at author reason } }
        rows { record action rows } written entries } }"""


@pytest.fixture(scope="module")
def copy(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district in which the tests of this module change rows, each its own."""
    with postgres.fresh(demo_template) as made:
        yield made


@pytest.fixture(scope="module")
def desk(graph: Graph, copy: Database) -> Iterator[Desk]:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        yield Desk(graph, copy, runner)
        runner.run(copy.aclose())


def planted(desk: Desk, **given: Any) -> tuple[str, int]:
    """The id of a new row, and the number of its entry."""
    made = desk.change("industryPlantingCreate", [PLANTING | given])
    return made["rows"][0]["id"], made["entries"][0]


def undo(desk: Desk, number: int, **given: Any) -> dict[str, Any]:
    """What comes of taking an entry back."""
    found = desk.answer(UNDO, {"number": number, **given})
    assert "errors" not in found, found
    payload: dict[str, Any] = found["data"]["changesUndo"]
    return payload


def history(desk: Desk, id_: str) -> Any:
    return desk.answer(f'{{ history(id: "{id_}") {{ action author reason entry requestId }} }}')["data"]["history"]


def test_a_changed_row_is_as_it_was_and_its_history_says_so(desk: Desk) -> None:
    id_, _ = planted(desk)
    changed = desk.change("industryPlantingUpdate", [{"id": id_, "version": 1, "area": 7}])["entries"][0]
    tried = undo(desk, changed, dry=True)
    rows = [{"record": "industryPlanting", "action": "update", "rows": 1}]
    assert tried == {"errors": [], "rows": rows, "written": 0, "entries": []}
    done = undo(desk, changed, reason="面積填錯")
    assert (done["errors"], done["rows"], done["written"]) == ([], rows, 1)
    found = desk.answer(f'{{ node(id: "{id_}") {{ ... on IndustryPlanting {{ area version }} }} }}')
    assert found["data"]["node"] == {"area": 2.5, "version": 3}
    assert history(desk, id_)[0] == {
        "action": "update",
        "author": "the process",
        "reason": f"changesUndo {changed}: 面積填錯",
        "entry": done["entries"][0],
        "requestId": "r-1",
    }


def test_what_was_changed_since_is_told_with_who_and_when(desk: Desk) -> None:
    id_, number = planted(desk)
    later = desk.of("industry:write", "industry:read", "register:read", name="小李").change(
        "industryPlantingUpdate", [{"id": id_, "version": 1, "area": 7}]
    )["entries"][0]
    done = undo(desk, number)
    (error,) = done["errors"]
    assert (error["path"], error["row"], error["code"]) == (["row", "version"], id_, "STALE")
    assert (error["later"]["entry"], error["later"]["author"]) == (later, "小李")
    assert error["later"]["reason"] == "industryPlantingUpdate"
    assert f"第{later}號變更" in error["message"]
    assert (done["rows"], done["written"], done["entries"]) == ([], 0, [])


def test_a_field_is_named_as_it_is_entered(desk: Desk) -> None:
    """That a row comes back about a household which is no more."""
    home = desk.change(
        "householdCreate", [{"place": "620502100200", "category": "GENERAL_POOR", "status": "IN_POVERTY"}]
    )
    household = home["rows"][0]["id"]
    id_, _ = planted(desk, household=household)
    gone = desk.change("industryPlantingDelete", [{"id": id_, "version": 1}], shown="")["entries"][0]
    desk.change("householdDelete", [{"id": household, "version": 1}], shown="")
    (error,) = undo(desk, gone)["errors"]
    assert (error["path"], error["row"], error["code"]) == (["row", "household"], id_, "UNKNOWN_VALUE")


def test_the_same_request_again_is_told_what_came_of_the_first(desk: Desk) -> None:
    _, number = planted(desk)
    first = undo(desk, number, key="k-1")
    assert first["written"] == 1
    entries = len(desk.log())
    assert undo(desk, number, key="k-1") == first
    assert len(desk.log()) == entries
    other = desk.answer(UNDO, {"number": number, "key": "k-1", "reason": "另一個"})
    assert other["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_key_is_not_used_up_by_what_is_refused(desk: Desk) -> None:
    id_, number = planted(desk)
    desk.change("industryPlantingUpdate", [{"id": id_, "version": 1, "area": 7}])
    assert undo(desk, number, key="k-2")["errors"] != []
    undo(desk, desk.log()[-1]["number"])
    assert undo(desk, number, key="k-2")["errors"] != [], "it has been changed since, twice by now"


@pytest.mark.parametrize(
    ("given", "argument"),
    [({"reason": " "}, "reason"), ({"reason": "a\nb"}, "reason"), ({"key": ""}, "idempotencyKey")],
)
def test_what_cannot_be_read_is_told(desk: Desk, given: dict[str, Any], argument: str) -> None:
    (error,) = desk.answer(UNDO, {"number": 1, **given})["errors"]
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", argument)


def test_a_village_is_no_district(desk: Desk) -> None:
    document = 'mutation { changesUndo(district: "620502100", number: 1, reason: "x") { written } }'
    (error,) = desk.answer(document)["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "district"}


def test_a_reorganisation_is_taken_back_by_its_own_mutation(desk: Desk) -> None:
    plan = 'plan: {district: "620502", on: "2015-12-01", steps: [{rename: {place: "620502106203", name: "新名"}}]}'
    done = desk.answer(f"mutation {{ placesReorganize({plan}) {{ number entries errors {{ code }} }} }}")
    made = done["data"]["placesReorganize"]
    assert made["errors"] == []
    (error,) = undo(desk, made["entries"][0])["errors"]
    assert (error["path"], error["row"], error["code"]) == (["number"], None, "CHECK_FAILED")
    assert error["english"] == (f"This entry is reorganisation {made['number']}: take that back by placesUndo.")
    document = f'mutation {{ placesUndo(district: "{DISTRICT}", number: {made["number"]}) {{ entries }} }}'
    (entry,) = desk.answer(document)["data"]["placesUndo"]["entries"]
    (error,) = undo(desk, entry)["errors"]
    assert "placesReorganize" in error["message"]


def test_what_happened_in_a_household_is_taken_back(desk: Desk) -> None:
    version = desk.version("household", int(HOME.partition(":")[2]))
    document = f"""mutation {{ householdMove(household: "{HOME}", version: {version}, place: "620502100200",
        on: "2015-10-01") {{ row {{ village {{ code }} }} entries }} }}"""
    where = f'{{ household(id: "{HOME}") {{ village {{ code }} naturalVillage {{ code }} recordedOn }} }}'
    before = desk.answer(where)
    moved = desk.answer(document)["data"]["householdMove"]
    assert desk.answer(where) != before
    assert undo(desk, moved["entries"][0])["errors"] == []
    assert desk.answer(where) == before
