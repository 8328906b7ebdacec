"""`bangfu compare`: a department's list, from the file to verdicts, as an operator at the district would do it."""

import csv
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # it comes without types
from sqlalchemy import text
from tests.app.command import Bangfu
from tests.write.clerk import BASE, Clerk

from bangfu.domain.households import Departure, Person, Relation, Sex
from bangfu.store import Database
from bangfu.write.outcome import Action

NUMBER, OTHER = "620502198001010019", "62050219850315002X"


def person(database: Database, name: str, number: str, *, has_died: bool = False) -> int:
    clerk = Clerk(database)
    row = {"household_id": BASE + 1, "name": name, "sex": Sex.FEMALE, "relation": Relation.OTHER,
           "joined_on": date(2014, 1, 1), "id_number": number}  # fmt: skip
    (id_,) = clerk.create(Person, row).ids
    assert id_ is not None
    if has_died:
        left = {"id": id_, "version": 1, "left_on": date(2015, 6, 1), "departure": Departure.DIED}
        assert clerk.change(Person, Action.UPDATE, [left]).written == 1
    return id_


def vehicles(path: Path, *rows: Sequence[str]) -> str:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("車主證號", "姓名", "車牌號"), *rows]):
            sheet.write_row(number, 0, row)
    return str(path)


def test_from_a_list_to_verdicts(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    one, two = person(demo_copy, "張建國", NUMBER), person(demo_copy, "李秀英", OTHER, has_died=True)
    report = tmp_path / "refused.csv"
    path = vehicles(tmp_path / "車輛.xlsx", (NUMBER, "王\x1b五", "甘E1"), (OTHER, "", "甘E2"), ("123", "", "甘E3"))
    arguments = ("compare", "load", path, "--kind", "車輛", "--number", "車主證號", "--report", str(report))
    loaded = bangfu(*arguments, database=demo_copy)
    assert loaded.exit_code == 1, "a line is refused"
    told = (
        "車輛 車輛.xlsx: 1 matched 已匹配, 1 contradict 矛盾, 0 ambiguous 多人同名, 0 not found 未找到, 1 refused 拒絕"
    )
    assert told in loaded.stdout
    assert "line 4, id_number" in loaded.stderr
    with report.open(encoding="utf-8-sig", newline="") as file:
        (refused,) = csv.DictReader(file)
    assert (refused["line"], refused["code"]) == ("4", "BAD_ID_NUMBER")

    (made,) = json.loads(bangfu("compare", "list", "--json", database=demo_copy).stdout)
    assert made == made | {"kind": "車輛", "place": "620502", "matched": 1, "contradictions": 1, "open": 2}
    id_ = made["id"]
    shown = bangfu("compare", "queue", id_, database=demo_copy)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        "line 2 行: 矛盾 Contradiction · 姓名不符 Another name",
        f"  register 登記: 張建國  person:{one}  household:{BASE + 1}",
        f"  department 部門: 車主證號 {NUMBER} · 姓名 王 五 · 車牌號 甘E1",
        "line 3 行: 已匹配 Matched · 已離戶 Has left",
        f"  register 登記: 李秀英  person:{two}  household:{BASE + 1}  left 離戶 2015-06-01 死亡 Died",
        f"  department 部門: 車主證號 {OTHER} · 車牌號 甘E2",
    ]

    decide = ("compare", "decide", id_, "2", "--verdict")
    assert bangfu(*decide, "unclear", "--reason", "待查", database=demo_copy).exit_code == 0
    again = bangfu(*decide, "屬實", "--reason", "本人曾用名", database=demo_copy)
    assert (again.exit_code, again.stderr) == (0, "line 2: 屬實 Confirmed\n")
    (waiting,) = json.loads(bangfu("compare", "queue", id_, "--open", "--json", database=demo_copy).stdout)
    assert waiting["person"] == {
        "id": f"person:{two}",
        "household": f"household:{BASE + 1}",
        "name": "李秀英",
        "leftOn": "2015-06-01",
        "departure": "DIED",
    }
    contradictions = ("compare", "queue", id_, "--state", "contradiction", "--json")
    (decided,) = json.loads(bangfu(*contradictions, database=demo_copy).stdout)
    assert decided["verdict"] == decided["verdict"] | {"verdict": "CONFIRMED", "reason": "本人曾用名"}
    assert [each["reason"] for each in decided["earlier"]] == ["待查"]
    assert "本人曾用名" in bangfu("compare", "queue", id_, database=demo_copy).stdout
    assert "1 without a verdict" in bangfu("compare", "list", database=demo_copy).stdout
    as_it_stands = json.loads(bangfu("compare", "load", path, "-k", "車輛", "--number", "車主證號", "--json",
                                     database=demo_copy).stdout)  # fmt: skip
    assert as_it_stands == {name: value for name, value in made.items() if name != "open"}


def test_whoever_sees_the_queue_is_logged(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    person(demo_copy, "張建國", NUMBER)
    path = vehicles(tmp_path / "a.xlsx", *[(NUMBER, "", "甘E1")] * 3)
    arguments = ("compare", "load", path, "--kind", "車輛", "--number", "車主證號", "--json")
    made = json.loads(bangfu(*arguments, database=demo_copy).stdout)
    first = bangfu("compare", "queue", made["id"], "-n", "2", database=demo_copy)
    assert "add --after 3" in first.stderr
    assert "line 4" not in first.stdout
    rest = bangfu("compare", "queue", made["id"], "--after", "3", database=demo_copy)
    assert [line for line in rest.stdout.splitlines() if line.startswith("line")] == ["line 4 行: 已匹配 Matched"]
    assert bangfu("compare", "queue", made["id"], "--after", "4", database=demo_copy).stdout == ""
    later, earlier = json.loads(bangfu("reads", "--json", database=demo_copy).stdout)
    assert earlier == earlier | {
        "shown": ["Comparison.said", "Person.name"],
        "rows": {"Comparison": 2, "Person": 1},
        "places": ["620502"],
        "district": 620502,
        "operation": f"bangfu compare queue {made['id']}",
    }
    assert later["rows"] == {"Comparison": 1, "Person": 1}


def test_what_is_mistyped_is_told(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    path = vehicles(tmp_path / "a.xlsx", (NUMBER, "", "甘E1"))
    load = ("compare", "load", path, "--kind", "車輛")
    columns = bangfu(*load, database=demo_copy)
    assert (columns.exit_code, "車主證號" in columns.stderr) == (3, True)
    for within in ("620599", "6205"):
        assert bangfu(*load, "--within", within, database=demo_copy).exit_code == 2, within
    unknown = bangfu("compare", "queue", "0000", database=demo_copy)
    assert (unknown.exit_code, "There is no comparison '0000'" in unknown.stderr) == (3, True)
    state = bangfu("compare", "queue", "0000", "--state", "wrong", database=demo_copy)
    assert (state.exit_code, "contradiction" in state.stderr) == (2, True)
    verdict = bangfu("compare", "decide", "0000", "2", "--verdict", "yes", "--reason", "x", database=demo_copy)
    assert (verdict.exit_code, "refuted" in verdict.stderr) == (2, True)
    with demo_copy.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM comparison")) == 0
