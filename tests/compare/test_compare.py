"""A department's list is held against the register: what comes of each line, and what people decide on it."""

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.write.clerk import BASE, TODAY, Clerk

from bangfu.bulk.trying import Refusal
from bangfu.compare import loading
from bangfu.compare.deciding import Waiting, decide, read_queue, require_comparison
from bangfu.compare.lines import Columns
from bangfu.compare.loading import Comparing, load_comparison
from bangfu.compare.states import State, Verdict
from bangfu.domain.households import Departure, Person, Relation, Sex
from bangfu.errors import UserError
from bangfu.intake.refused import Refused
from bangfu.seal import Seal, parse_keys
from bangfu.store import Database
from bangfu.store.comparisons import StoredComparison, list_comparisons
from bangfu.store.sealed import SEAL
from bangfu.write.outcome import Action
from bangfu.write.resealing import reseal
from bangfu_testing.keys import KEYS

NUMBER, OTHER, NOBODY = "620502198001010019", "62050219850315002X", "620502199001010013"
HEAD = ("證件號碼", "姓名", "村", "車牌號", "登記日期")
CAR = ("甘E12345", "2014-05-01")


class Desk:
    """Somebody who holds lists against the register of one database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.clerk = Clerk(database)
        self._folder = folder
        self.refused: list[Refusal] = []

    def person(self, name: str, household: int, number: str | None = None, **more: Any) -> int:
        row = {"household_id": household, "name": name, "sex": Sex.MALE, "relation": Relation.OTHER,
               "joined_on": date(2014, 1, 1), "id_number": number, **more}  # fmt: skip
        outcome = self.clerk.create(Person, row)
        (id_,) = outcome.ids
        assert id_ is not None, outcome.rejections
        return id_

    def leave(self, person: int) -> None:
        row = {"id": person, "version": 1, "left_on": date(2015, 6, 1), "departure": Departure.DIED}
        assert self.clerk.change(Person, Action.UPDATE, [row]).written == 1

    def home(self, besides: str = "") -> tuple[int, str, str]:
        """A household, in another township than `besides`, with its village's official code and name, of no other."""
        with self.database.engine.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT h.id, v.code, v.name FROM household h JOIN place v ON v.district_code = h.district_code"
                    " AND v.code = h.place_code - h.place_code % 1000 AND v.valid_to IS NULL"
                    " WHERE NOT EXISTS (SELECT FROM place p WHERE p.name = v.name AND p.code <> v.code)"
                    " AND v.code / 1000000 <> :besides ORDER BY h.id LIMIT 1"
                ),
                {"besides": int(besides[:9] or 0)},
            ).one()
        return found.id, str(found.code // 1000), found.name

    def file(self, *rows: Sequence[str], head: Sequence[str] = HEAD, name: str = "車輛.csv") -> Path:
        path = self._folder / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([head, *rows])
        return path

    def load(self, path: Path, kind: str = "車輛", **how: Any) -> StoredComparison:
        self.refused = []
        asked = Comparing(**{"path": path, "kind": kind, "author": "李會計", "within": BASE, "today": TODAY, **how})
        return load_comparison(self.database.engine, asked, self.refused.append)

    def queue(self, made: StoredComparison, **how: Any) -> list[Waiting]:
        with self.database.engine.connect() as connection:
            return read_queue(connection, require_comparison(connection, made.id), **{"most": 100, **how})

    def said(self) -> list[tuple[int, str | None, str]]:
        return [(each.line, each.rejection.column, each.rejection.code.value) for each in self.refused]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture
def desk(demo_copy: Database, tmp_path: Path) -> Desk:
    return Desk(demo_copy, tmp_path)


def told(each: Waiting) -> tuple[int, str, list[str], int | None, list[int]]:
    """A line in short: its state, its notes, who is meant, who else may be."""
    person = None if each.person is None else each.person.id
    return each.line, each.state.name, [note.name for note in each.notes], person, [one.id for one in each.candidates]


def test_a_number_finds_its_person(desk: Desk) -> None:
    one = desk.person("張建國", BASE + 1, NUMBER)
    two = desk.person("李秀英", BASE + 2, OTHER)
    made = desk.load(
        desk.file(
            ("６２０５０２１９８００１０１００１９", "张 建国", "", *CAR),
            (OTHER.lower(), "王五", "", *CAR),
            (NOBODY, "張建國", "", *CAR),
            (OTHER, "", "", *CAR),
        )
    )
    assert (made.matched, made.contradictions, made.not_found, made.ambiguous, made.rejected) == (2, 1, 1, 0, 0)
    assert list(map(told, desk.queue(made))) == [
        (2, "MATCHED", [], one, []),
        (3, "CONTRADICTION", ["NAME_DIFFERS"], two, []),
        (4, "NOT_FOUND", [], None, []),
        (5, "MATCHED", [], two, []),
    ]
    first = desk.queue(made)[0]
    assert first.said == {"證件號碼": "６２０５０２１９８００１０１００１９", "姓名": "张 建国"} | dict(
        zip(HEAD[3:], CAR, strict=True)
    )
    assert first.person is not None
    assert (first.person.name, first.person.household_id) == ("張建國", BASE + 1)
    assert len(desk.clerk.log()) == 2, "nothing but the two people was ever changed"


def test_a_name_finds_its_person_in_its_place(desk: Desk) -> None:
    home, code, name = desk.home()
    one = desk.person("歐陽試一", home)
    first, second = desk.person("歐陽試二", home), desk.person("歐陽試二", home)
    gone = desk.person("歐陽試三", home)
    desk.leave(gone)
    desk.person("歐陽試四", desk.home(besides=code)[0])
    head = ("姓名", "村")
    rows = [("欧阳试一", code), ("歐陽試一", name), ("歐陽試二", code), ("歐陽試三", code), ("歐陽試四", code),
            ("歐陽試一", code[:9]), ("歐陽試一", "無此村"), ("歐陽試一", "620502999"), ("", code)]  # fmt: skip
    made = desk.load(desk.file(*rows, head=head), within=int(code[:9]) * 10**6)
    assert list(map(told, desk.queue(made))) == [
        (2, "MATCHED", [], one, []),
        (3, "MATCHED", [], one, []),
        (4, "AMBIGUOUS", [], None, [first, second]),
        (5, "NOT_FOUND", ["LEFT"], None, [gone]),
        (6, "NOT_FOUND", [], None, []),
        (7, "MATCHED", [], one, []),
    ]
    assert desk.said() == [
        (8, "place_code", "UNKNOWN_PLACE"),
        (9, "place_code", "UNKNOWN_PLACE"),
        (10, None, "MISSING"),
    ]
    assert (made.matched, made.ambiguous, made.not_found, made.rejected) == (3, 1, 2, 3)


def test_of_two_people_with_a_name_one_may_have_left(desk: Desk) -> None:
    home, code, _ = desk.home()
    gone, here = desk.person("歐陽試", home), desk.person("歐陽試", home)
    desk.leave(gone)
    made = desk.load(desk.file(("歐陽試", code), head=("姓名", "村")))
    assert list(map(told, desk.queue(made))) == [(2, "MATCHED", [], here, [])]


def test_a_number_of_nobody_tells_who_has_the_name_there(desk: Desk) -> None:
    home, code, _ = desk.home()
    one = desk.person("歐陽試", home, NUMBER)
    made = desk.load(desk.file((OTHER, "歐陽試", code, *CAR), (OTHER, "歐陽試", "無此村", *CAR)))
    assert list(map(told, desk.queue(made))) == [
        (2, "NOT_FOUND", ["SAME_NAME"], None, [one]),
        (3, "NOT_FOUND", [], None, []),
    ]
    assert desk.said() == [], "with a number, the place need not be known"


def test_somebody_who_has_left_is_matched_and_told_to_have(desk: Desk) -> None:
    """On a list of the dead that is as it should be, on one of the salaried it is not: a person tells which."""
    gone = desk.person("張建國", BASE + 1, NUMBER)
    desk.leave(gone)
    made = desk.load(desk.file((NUMBER, "張建國", "", *CAR), (NUMBER, "王五", "", *CAR)), "死亡")
    first, second = desk.queue(made)
    assert told(first) == (2, "MATCHED", ["LEFT"], gone, [])
    assert told(second) == (3, "CONTRADICTION", ["NAME_DIFFERS", "LEFT"], gone, [])
    assert first.person is not None
    assert (first.person.left_on, first.person.departure) == (date(2015, 6, 1), Departure.DIED)


def test_a_line_that_cannot_be_read_is_told_and_repeats_nothing(desk: Desk) -> None:
    wrong = NUMBER[:-1] + "8"
    rows = [(wrong, "張建國", "", *CAR), (NUMBER, "張" * 51, "", *CAR), ("", "張建國", "", *CAR), ("", "", "", "", "")]
    made = desk.load(desk.file(*rows, (NUMBER, "張建國", "", *CAR)))
    assert desk.said() == [(2, "id_number", "BAD_ID_NUMBER"), (3, "name", "TOO_LONG"), (4, None, "MISSING")]
    assert (made.rejected, made.not_found) == (3, 1)
    assert all(each.rejection.message.zh and each.rejection.message.en for each in desk.refused)
    assert not any(word in str(desk.refused) for word in (wrong, "張建國", "張張"))


def test_the_columns_are_those_that_are_named(desk: Desk) -> None:
    one = desk.person("張建國", BASE + 1, NUMBER)
    path = desk.file((NUMBER, "王老板", "張建國"), head=("編碼", "姓名", "車主"))
    with pytest.raises(Refused, match="Name the column of ID numbers.*編碼、姓名、車主"):
        desk.load(path)
    with pytest.raises(Refused, match="There is no column '車主人'. Did you mean '車主'?"):
        desk.load(path, columns=Columns(number="編碼", name="車主人"))
    with pytest.raises(UserError, match="Say what the list is of"):
        desk.load(path, " ", columns=Columns(number="編碼"))
    assert desk.rows("SELECT count(*) FROM comparison") == [(0,)]
    made = desk.load(path, columns=Columns(number="編碼", name="車主"))
    assert list(map(told, desk.queue(made))) == [(2, "MATCHED", [], one, [])]
    with pytest.raises(Refused, match="more than once"):
        desk.load(desk.file((NUMBER, "1", "2"), head=("證件號碼", "備註", "備註"), name="b.csv"))


def test_a_list_of_json_lines_keeps_what_no_cell_could(desk: Desk) -> None:
    path = desk.file(name="a.jsonl")
    path.write_text(f'{{"身份證號": "{NUMBER}", "車": [1, {{"牌": "甘E"}}], "元": 2.50}}\n[1]\n{{"元": 1}}\n', "utf-8")
    made = desk.load(path)
    (only,) = desk.queue(made)
    assert only.said == {"身份證號": NUMBER, "車": '[1,{"牌":"甘E"}]', "元": "2.5"}
    assert desk.said() == [(2, None, "UNREADABLE"), (3, None, "MISSING")]


def test_what_a_department_says_is_sealed(desk: Desk) -> None:
    made = desk.load(desk.file((NUMBER, "張建國", "", *CAR)))
    kept = str(desk.rows("SELECT * FROM comparison_item"))
    assert [word for word in (NUMBER, "張建國", "甘E12345", "車牌號") if word in kept] == []
    assert desk.queue(made)[0].said["車牌號"] == "甘E12345"


def test_a_change_of_keys_finds_what_is_sealed(desk: Desk) -> None:
    desk.person("張建國", BASE + 1, NUMBER)
    made = desk.load(desk.file((NUMBER, "張建國", "", *CAR)))
    new = Seal(parse_keys("new:" + "A" * 43 + "=," + KEYS, "a test"))
    engine = desk.database.engine.execution_options(**{SEAL: new})
    reseal(engine)
    ((said,),) = desk.rows("SELECT said FROM comparison_item")
    assert said.startswith("1.new.")
    with engine.connect() as connection:
        (only,) = read_queue(connection, made, most=10)
    assert only.said["車牌號"] == "甘E12345"


def test_the_same_list_is_compared_anew_until_something_is_decided(desk: Desk) -> None:
    path = desk.file((NUMBER, "張建國", "", *CAR))
    before = desk.load(path)
    assert (before.not_found, before.matched) == (1, 0)
    one = desk.person("張建國", BASE + 1, NUMBER)
    after = desk.load(path)
    assert (after.id, after.not_found, after.matched) == (before.id, 0, 1)
    assert list(map(told, desk.queue(after))) == [(2, "MATCHED", [], one, [])]
    decide(desk.database.engine, after.id, 2, Verdict.CONFIRMED, reason="本人承認", decided_by="王主任")
    desk.leave(one)
    assert desk.load(path) == after, "it stands, and so does the verdict"
    (only,) = desk.queue(after)
    assert (only.notes, [each.reason for each in only.verdicts]) == ((), ["本人承認"])
    assert desk.load(path, "死亡").id != after.id, "as a list of another kind it is another one"
    assert desk.rows("SELECT count(*) FROM comparison") == [(2,)]


def test_a_verdict_is_changed_by_another_and_kept(desk: Desk) -> None:
    one = desk.person("張建國", BASE + 1, NUMBER)
    made = desk.load(desk.file((NUMBER, "", "", *CAR), (OTHER, "", "", *CAR)))
    before = desk.clerk.row(Person, one)
    engine = desk.database.engine
    decide(engine, made.id, 2, Verdict.CONFIRMED, reason=" 登記屬實 ", decided_by="王主任")
    decide(engine, made.id, 2, Verdict.REFUTED, reason="車已過戶", decided_by="李會計")
    (first, second) = desk.queue(made)
    assert [(each.verdict, each.reason, each.decided_by) for each in first.verdicts] == [
        ("CONFIRMED", "登記屬實", "王主任"),
        ("REFUTED", "車已過戶", "李會計"),
    ]
    assert second.verdicts == ()
    assert [each.line for each in desk.queue(made, only_open=True)] == [3]
    assert [each.line for each in desk.queue(made, state=State.MATCHED)] == [2]
    assert [each.line for each in desk.queue(made, after=2)] == [3]
    assert [each.line for each in desk.queue(made, most=1)] == [2]
    assert desk.clerk.row(Person, one) == before, "nothing changes by itself"
    with engine.connect() as connection:
        assert list_comparisons(connection, 10) == [(made, 1)]


def test_a_verdict_needs_a_line_and_a_reason(desk: Desk) -> None:
    made = desk.load(desk.file((NUMBER, "", "", *CAR)))
    for id_, line, reason, words in (
        (made.id, 2, "  ", "Say why"),
        (made.id, 3, "過戶", "Line 3 of 車輛.csv is not in the queue"),
        ("0000", 2, "過戶", "There is no comparison '0000'"),
    ):
        with pytest.raises(UserError, match=words):
            decide(desk.database.engine, id_, line, Verdict.UNCLEAR, reason=reason, decided_by="王主任")
    assert desk.rows("SELECT count(*) FROM comparison_verdict") == [(0,)]


def test_a_comparison_that_is_broken_off_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_CHUNK", 2)

    def stop(lines: int) -> None:
        if lines >= 4:
            raise KeyboardInterrupt

    path = desk.file(*[(NUMBER, "", "", *CAR)] * 5)
    asked = Comparing(path=path, kind="車輛", author="李會計", within=BASE, today=TODAY)
    with pytest.raises(KeyboardInterrupt):
        load_comparison(desk.database.engine, asked, desk.refused.append, on_lines=stop)
    assert desk.rows("SELECT count(*) FROM comparison_item") == [(0,)]
    assert desk.load(path).not_found == 5


def test_more_lines_take_no_more_statements(desk: Desk) -> None:
    _, code, name = desk.home()
    few = [(NUMBER, "", "", *CAR), ("", "張建國", name, *CAR), ("", "王五", code, *CAR)]
    with desk.clerk.counted() as small:
        desk.load(desk.file(*few))
    with desk.clerk.counted() as large:
        desk.load(desk.file(*few * 300, name="b.csv"))
    assert len(large) == len(small)


def test_people_of_other_districts_are_not_looked_at(desk: Desk) -> None:
    desk.person("張建國", BASE + 1, NUMBER)
    made = desk.load(desk.file((NUMBER, "張建國", "", *CAR)), within=620503 * 10**9)
    assert list(map(told, desk.queue(made))) == [(2, "NOT_FOUND", [], None, [])]
