"""Rows are changed as they are given or not at all, and the log says what was changed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.write.clerk import BASE, HOME, TODAY, Clerk, planting, said

from bangfu.access import Forbidden, Policy, Viewer
from bangfu.declare.records import Basis
from bangfu.domain.households import Household, HouseholdCategory, HouseholdStatus, Person, Relation, Sex
from bangfu.domain.income import Income
from bangfu.domain.targets import Target
from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_capacity.records import Attendance
from bangfu_industry.records import CropArea, CropKind, Planting

VILLAGE = BASE + 100200000


@pytest.fixture
def clerk(demo_copy: Database) -> Clerk:
    return Clerk(demo_copy)


def test_new_rows_stand_in_the_table_and_in_the_log(clerk: Clerk) -> None:
    outcome = clerk.create(Planting, planting(), planting(crop="花牛", source="村委會", valid_from=date(2014, 1, 1)))
    assert said(outcome) == []
    first, second = outcome.ids
    assert outcome.written == 2
    assert first is not None
    assert second == first + 1
    row = clerk.row(Planting, first)
    assert row is not None
    assert (row["district_code"], row["version"], row["source"], row["basis"]) == (
        620502,
        1,
        "王主任",
        "ADMINISTRATIVE",
    )
    assert (row["recorded_on"], row["valid_from"], row["valid_to"]) == (TODAY, TODAY, None)
    assert (row["crop"], row["area"], row["kind"]) == ("蘋果", Decimal("2.50"), "ORCHARD")
    other = clerk.row(Planting, second)
    assert other is not None
    assert (other["source"], other["valid_from"], other["recorded_on"]) == ("村委會", date(2014, 1, 1), TODAY)
    log = clerk.log()
    assert outcome.change_sets == {620502: 1}
    assert [(each["row_id"], each["action"], each["before"]) for each in log] == [
        (first, "create", None),
        (second, "create", None),
    ]
    assert log[0]["after"]["crop"] == "蘋果"
    assert (log[0]["author"], log[0]["rows"], log[0]["record"]) == ("王主任", 2, "industry_planting")


def test_what_is_updated_is_one_version_more_and_the_rest_stays(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    outcome = clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(3)}])
    assert (said(outcome), outcome.ids, outcome.written) == ([], [id_], 1)
    row = clerk.row(Planting, id_ or 0)
    assert row is not None
    assert (row["version"], row["area"], row["crop"]) == (2, Decimal("3.00"), "蘋果")
    last = clerk.log()[-1]
    assert (last["before"]["area"], last["after"]["area"], last["after"]["version"]) == (2.5, 3.0, 2)
    same = clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 2, "area": Decimal("3.00")}])
    assert (same.ids, same.written, same.change_sets) == ([id_], 0, {}), "nothing has changed"
    late = clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(4)}])
    assert said(late) == [(0, "version", "STALE")]


def test_what_is_deleted_is_gone_and_its_id_is_not_given_again(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    assert id_ is not None
    outcome = clerk.change(Planting, Action.DELETE, [{"id": id_, "version": 1}])
    assert (said(outcome), outcome.written) == ([], 1)
    assert clerk.row(Planting, id_) is None
    assert clerk.log()[-1]["before"]["crop"] == "蘋果"
    assert clerk.create(Planting, planting()).ids == [id_ + 1]


WRONG: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "nothing": ({"crop": None}, "crop", "MISSING"),
    "blank": ({"crop": "  "}, "crop", "MISSING"),
    "too long": ({"crop": "x" * 41}, "crop", "TOO_LONG"),
    "too precise": ({"area": Decimal("1.234")}, "area", "TOO_PRECISE"),
    "below the range": ({"area": Decimal(-1)}, "area", "OUT_OF_RANGE"),
    "too much": ({"area": Decimal(10) ** 13}, "area", "OUT_OF_RANGE"),
    "far too much": ({"area": Decimal("1e300")}, "area", "OUT_OF_RANGE"),
    "no number": ({"area": Decimal("NaN")}, "area", "UNREADABLE"),
    "another kind": ({"is_new": 1}, "is_new", "UNREADABLE"),
    "no choice": ({"kind": "ORCHARD"}, "kind", "UNREADABLE"),
    "a zero": ({"crop": "a\x00"}, "crop", "UNREADABLE"),
    "half a character": ({"crop": "\ud800"}, "crop", "UNREADABLE"),
    "no such column": ({"croop": "x"}, "croop", "UNKNOWN_COLUMN"),
    "its own id": ({"id": 5}, "id", "UNKNOWN_COLUMN"),
    "no such household": ({"household_id": BASE + 999_999_999}, "household_id", "UNKNOWN_HOUSEHOLD"),
    "of no district": ({"household_id": 12}, "household_id", "UNKNOWN_HOUSEHOLD"),
    "ends before it begins": ({"valid_to": date(2015, 1, 1)}, "valid_to", "CHECK_FAILED"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_row_is_told_and_nothing_is_written(
    clerk: Clerk, wrong: tuple[dict[str, Any], str | None, str]
) -> None:
    given, column, code = wrong
    outcome = clerk.create(Planting, planting(), planting(**given))
    assert said(outcome) == [(1, column, code)]
    assert (outcome.ids, outcome.written) == ([None, None], 0)
    assert all(each.message.zh and each.message.en for each in outcome.rejections)
    assert clerk.log() == []
    taken = clerk.create(Planting, planting(), planting(**given), planting(crop="梨"), partial=True)
    assert said(taken) == [(1, column, code)]
    assert [id_ is None for id_ in taken.ids] == [False, True, False]
    assert taken.written == len(clerk.log()) == 2


def test_all_that_is_wrong_with_a_row_is_told_at_once(clerk: Clerk) -> None:
    outcome = clerk.create(Planting, {"household_id": HOME, "area": Decimal(-1), "crop": None})
    assert set(said(outcome)) == {
        (0, "area", "OUT_OF_RANGE"),
        (0, "crop", "MISSING"),
        (0, "kind", "MISSING"),
        (0, "planted_on", "MISSING"),
        (0, "is_new", "MISSING"),
        (0, "is_supported", "MISSING"),
    }


def test_nothing_stays_of_a_dry_run(clerk: Clerk) -> None:
    outcome = clerk.create(Planting, planting(), dry=True)
    assert (said(outcome), outcome.written, clerk.log()) == ([], 0, [])
    assert said(clerk.create(Planting, planting(crop=None), dry=True)) == [(0, "crop", "MISSING")]


def test_rows_that_may_be_there_once_are_told_by_their_columns(clerk: Clerk) -> None:
    money = dict.fromkeys(("wage", "production", "property", "transfer", "expenses", "net_per_head"), Decimal(1))
    income = {"household_id": HOME, "year": 2031, **money}
    outcome = clerk.create(Income, income, income | {"year": 2032}, income, income | {"year": 2033}, partial=True)
    assert said(outcome) == [(2, "year", "DUPLICATE")]
    assert outcome.written == 3
    assert "年度" in outcome.rejections[0].message.zh


def test_rules_of_a_record_are_kept(clerk: Clerk) -> None:
    born = {"household_id": HOME, "name": "試", "sex": Sex.MALE, "relation": Relation.CHILD}
    good = born | {"joined_on": date(2015, 2, 1)}
    bad = good | {"left_on": date(2015, 1, 1), "born_on": date(2015, 3, 1)}
    outcome = clerk.create(Person, good, bad, good, partial=True)
    assert said(outcome) == [(1, "left_on", "CHECK_FAILED"), (1, "born_on", "CHECK_FAILED")]
    assert outcome.rejections[0].message.zh == "離戶日期不得早於入戶日期。"
    assert outcome.written == 2
    (id_, _, _) = outcome.ids
    update = {"id": id_, "version": 1, "left_on": date(2014, 1, 1)}
    assert said(clerk.change(Person, Action.UPDATE, [update])) == [(0, "left_on", "CHECK_FAILED")]


def test_what_others_are_about_is_not_deleted(clerk: Clerk) -> None:
    row = clerk.row(Household, HOME)
    assert row is not None
    outcome = clerk.change(Household, Action.DELETE, [{"id": HOME, "version": row["version"]}])
    assert said(outcome) == [(0, None, "IN_USE")]


def test_a_fact_stands_at_its_level(clerk: Clerk) -> None:
    area = {"kind": CropKind.HERB, "crop": "黨參", "area": Decimal(5), "is_new": False}
    village = area | {"place_code": VILLAGE}
    assert said(clerk.create(CropArea, village)) == []
    assert said(clerk.create(CropArea, area | {"place_code": BASE})) == [(0, "place_code", "WRONG_LEVEL")]
    nowhere = area | {"place_code": BASE + 888888000}
    assert said(clerk.create(CropArea, nowhere)) == [(0, "place_code", "UNKNOWN_PLACE")]
    target = {
        "indicator": "industry.x",
        "starts_on": date(2030, 1, 1),
        "ends_on": date(2030, 12, 31),
        "value": Decimal(1),
    }
    assert said(clerk.create(Target, target | {"place_code": BASE}, target | {"place_code": VILLAGE})) == []
    home = {"category": HouseholdCategory.GENERAL_POOR, "status": HouseholdStatus.IN_POVERTY}
    assert said(clerk.create(Household, home | {"place_code": VILLAGE})) == []
    assert said(clerk.create(Household, home | {"place_code": BASE})) == [(0, "place_code", "WRONG_LEVEL")]


def test_id_numbers_are_sealed_and_stay_so(clerk: Clerk) -> None:
    row = {
        "household_id": HOME,
        "name": "試",
        "sex": Sex.MALE,
        "relation": Relation.CHILD,
        "joined_on": date(2015, 2, 1),
        "id_number": "620502198001010019",
    }
    first = clerk.create(Person, row)
    (id_,) = first.ids
    assert id_ is not None
    stored = clerk.row(Person, id_)
    assert stored is not None
    assert "620502198001010019" not in str(stored)
    assert "620502198001010019" not in str(clerk.log())
    seal = clerk.database.seal
    assert seal is not None
    assert seal.open("person.id_number", id_, stored["id_number"]) == row["id_number"]
    again = {"id": id_, "version": 1, "id_number": row["id_number"]}
    assert clerk.change(Person, Action.UPDATE, [again]).written == 0
    assert said(clerk.create(Person, row)) == [(0, "id_number", "DUPLICATE")]
    gone = clerk.change(Person, Action.UPDATE, [{"id": id_, "version": 1, "id_number": None}])
    assert gone.written == 1
    stored = clerk.row(Person, id_)
    assert stored is not None
    assert (stored["id_number"], stored["id_number_index"]) == (None, None)


def test_an_id_number_has_to_check(clerk: Clerk) -> None:
    row = {"household_id": HOME, "name": "試", "sex": Sex.MALE, "relation": Relation.CHILD}
    row |= {"joined_on": date(2015, 2, 1)}
    for number in ("620502198001010018", "62050219800101001", "620502800101001"):
        assert said(clerk.create(Person, row | {"id_number": number})) == [(0, "id_number", "BAD_ID_NUMBER")]
    for number in ("62050219850315002X", "62050219850315002x", "軍字第1號", "E12345678"):
        assert said(clerk.create(Person, row | {"id_number": number}, dry=True)) == []


class TestRights:
    """Who may not see a row may not change it either, and learns nothing of it."""

    def viewer(self, *permissions: str, place: int) -> Policy:
        return Policy(Viewer("小李", places=(place,), permissions=frozenset(permissions)))

    def test_a_permission_is_needed(self, demo_copy: Database) -> None:
        clerk = Clerk(demo_copy, self.viewer("industry:read", place=BASE))
        with pytest.raises(Forbidden, match="industry:write"):
            clerk.create(Planting, planting())

    def test_only_in_the_own_places(self, demo_copy: Database) -> None:
        anywhere = Clerk(demo_copy)
        home = anywhere.row(Household, HOME)
        assert home is not None
        village = home["place_code"] // 1000 * 1000
        (id_,) = anywhere.create(Planting, planting()).ids
        inside = Clerk(demo_copy, self.viewer("industry:write", place=village))
        outside = Clerk(demo_copy, self.viewer("industry:write", place=BASE + 999000000))
        assert said(inside.create(Planting, planting())) == []
        assert said(outside.create(Planting, planting())) == [(0, "household_id", "UNKNOWN_HOUSEHOLD")]
        update = {"id": id_, "version": 7, "crop": "x"}
        assert said(inside.change(Planting, Action.UPDATE, [update])) == [(0, "version", "STALE")]
        for action in (Action.UPDATE, Action.DELETE):
            given = update if action is Action.UPDATE else {"id": id_, "version": 1}
            there, nowhere = (outside.change(Planting, action, [given | {"id": key}]) for key in (id_, BASE + 99999999))
            assert said(there) == said(nowhere) == [(0, "id", "NOT_FOUND")]

    def test_names_take_the_right_to_read_them(self, demo_copy: Database) -> None:
        clerk = Clerk(demo_copy, self.viewer("register:write", place=BASE))
        with pytest.raises(Forbidden, match="personal:read"):
            clerk.change(Person, Action.UPDATE, [{"id": BASE + 1, "version": 1, "name": "x"}])
        with pytest.raises(Forbidden, match="personal:read"):
            clerk.change(Person, Action.UPDATE, [{"id": BASE + 1, "version": 1, "id_number": None}])


def test_statements_do_not_depend_on_how_many_rows(clerk: Clerk) -> None:
    attended = clerk.create(Planting, planting())  # what is asked once in the life of a process
    assert attended.written == 1
    counts = []
    for number in (1, 1000):
        with clerk.counted() as statements:
            assert clerk.create(Planting, *[planting()] * number).written == number
        counts.append(len(statements))
        ids = clerk.create(Planting, *[planting()] * number).ids
        with clerk.counted() as statements:
            rows = [{"id": id_, "version": 1, "crop": f"x{index}"} for index, id_ in enumerate(ids)]
            assert clerk.change(Planting, Action.UPDATE, rows).written == number
        counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 10, statements


def test_people_s_records_lie_where_they_live(clerk: Clerk) -> None:
    assert {column.key for column in Attendance.__table__.columns} >= {"person_id"}
    outcome = clerk.create(Attendance, {"person_id": BASE + 999_999_999})
    assert (0, "person_id", "UNKNOWN_PERSON") not in said(outcome), "what is missing is told first"


def test_the_basis_is_one_of_the_list(clerk: Clerk) -> None:
    outcome = clerk.create(Planting, planting(basis=Basis.SURVEY))
    row = clerk.row(Planting, outcome.ids[0] or 0)
    assert row is not None
    assert row["basis"] == "SURVEY"


def test_what_is_missing_is_told_in_the_order_of_the_columns(clerk: Clerk) -> None:
    names = [column.key for column in Planting.__table__.columns if column.key in planting()]
    assert len(names) == 7
    outcome = clerk.create(Planting, {"household_id": planting()["household_id"]})
    assert said(outcome) == [(0, name, "MISSING") for name in names if name != "household_id"]
