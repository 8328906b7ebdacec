"""`bangfu changes`: an entry is found, looked at and taken back, as an operator at the district would do it."""

import json

import pytest
from tests.app.command import Bangfu
from tests.write.clerk import Clerk, planting

from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_industry.records import Planting


@pytest.fixture
def changed(demo_copy: Database) -> tuple[Database, int]:
    """Two entries: a row that was made, and changed; with its id."""
    clerk = Clerk(demo_copy)
    (id_,) = clerk.create(Planting, planting()).ids
    assert id_ is not None
    clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "crop": "梨"}])
    return demo_copy, id_


def test_from_finding_an_entry_to_its_undoing(bangfu: Bangfu, changed: tuple[Database, int]) -> None:
    database, id_ = changed
    listed = bangfu("changes", "list", "--district", "620502", database=database)
    assert listed.exit_code == 0, listed.output
    lines = listed.stdout.splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["620502 no. 2", "620502 no. 1"]
    assert lines[0].endswith("1 rows 行, by 王主任  a test")
    found = json.loads(bangfu("changes", "list", "--author", "王主任", "-n", "1", "--json", database=database).stdout)
    assert [(each["number"], each["rows"], each["reason"]) for each in found] == [(2, 1, "a test")]

    shown = json.loads(bangfu("changes", "show", "620502", "2", "--json", database=database).stdout)
    assert [(each["row"], each["values"]) for each in shown] == [
        (f"industryPlanting:{id_}", {"crop": {"before": "蘋果", "after": "梨"}})
    ]

    tried = bangfu("changes", "undo", "620502", "2", "--reason", "填錯", "--dry-run", database=database)
    assert tried.exit_code == 0, tried.output
    assert "industryPlanting  update: 1 rows" in tried.stdout
    assert "Nothing was written" in tried.stderr
    done = bangfu("changes", "undo", "620502", "2", "--reason", "填錯", "--json", database=database)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "errors": [],
        "rows": [{"record": "industryPlanting", "action": "update", "rows": 1}],
        "written": 1,
        "entries": [3],
    }
    assert "changesUndo 2: 填錯" in bangfu("changes", "list", "-n", "1", database=database).stdout
    assert bangfu("audit", "verify", database=database).exit_code == 0


def test_why_it_cannot_be_is_told(bangfu: Bangfu, changed: tuple[Database, int]) -> None:
    database, id_ = changed
    done = bangfu("changes", "undo", "620502", "1", "--reason", "填錯", database=database)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"industryPlanting:{id_} version: 此行其後已由王主任於" in done.stderr
    told = bangfu("changes", "undo", "620502", "1", "--reason", "填錯", "--json", database=database)
    (error,) = json.loads(told.stdout)["errors"]
    assert (error["code"], error["row"], error["later"]["entry"]) == ("STALE", f"industryPlanting:{id_}", 2)
    none = bangfu("changes", "undo", "620502", "99", "--reason", "填錯", database=database)
    assert none.exit_code == 1
    assert "There is no entry 99" in none.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("620502", "1"), "--reason"),
        (("620502", "1", "--reason", " "), "this is no reason"),
        (("620502100", "1", "--reason", "x"), "is no district"),
        (("620502", "0", "--reason", "x"), "NUMBER"),
    ],
)
def test_what_is_mistyped_is_told(
    bangfu: Bangfu, changed: tuple[Database, int], arguments: tuple[str, ...], told: str
) -> None:
    done = bangfu("changes", "undo", *arguments, database=changed[0])
    assert done.exit_code in (2, 3)
    assert told in done.stderr


def test_what_there_is_nothing_of(bangfu: Bangfu, changed: tuple[Database, int]) -> None:
    done = bangfu("changes", "list", "--author", "無此人", database=changed[0])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "沒有變更記錄" in done.stderr
    some = bangfu("changes", "list", "-n", "1", database=changed[0])
    assert "還有更多" in some.stderr
