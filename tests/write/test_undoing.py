"""An entry of the log is taken back as a whole: its rows are what they were, or nothing is done and it is told why."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from tests.write.clerk import BASE, DISTRICT, HOME, TODAY, Clerk, planting, why_not

from bangfu.access import AUDIT, EVERYTHING, PERSONAL, Forbidden, Policy, Viewer
from bangfu.declare.records import Dated
from bangfu.domain.family import JOIN, SPLIT
from bangfu.domain.help import HelpKind, HelpMeasure
from bangfu.domain.households import (
    Health,
    Household,
    HouseholdCategory,
    HouseholdStatus,
    Person,
    Relation,
    Sex,
)
from bangfu.domain.targets import Target
from bangfu.errors import UserError
from bangfu.store import Database
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Author, Outcome
from bangfu.write.undone import Undone
from bangfu_industry.records import CropArea, CropKind, Planting
from bangfu_testing import Postgres

ID_NUMBER = "620502199001011235"
HOUSEHOLD = {"category": HouseholdCategory.GENERAL_POOR, "status": HouseholdStatus.IN_POVERTY}


@pytest.fixture(scope="module")
def copy(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district in which the tests of this module change rows, each its own."""
    with postgres.fresh(demo_template) as made:
        yield made


@pytest.fixture
def clerk(copy: Database) -> Iterator[Clerk]:
    """Somebody who changes rows; the chain of the log holds whatever was done."""
    made = Clerk(copy)
    yield made
    assert all(chain.breaks == () for chain in made.chains())


def entry_of(done: Outcome | Undone) -> int:
    """The number of the entry that was made."""
    outcome = done.outcome if isinstance(done, Undone) else done
    assert outcome.written, done
    return outcome.change_sets[DISTRICT]


def undo(clerk: Clerk, number: int) -> int:
    """Takes an entry back that can be; the number of the new one."""
    done = clerk.undo(number)
    assert why_not(done) == []
    return entry_of(done)


def refused(clerk: Clerk, number: int) -> list[tuple[int | None, str | None, str]]:
    """Why an entry cannot be taken back, of which nothing stays."""
    before = len(clerk.log())
    done = clerk.undo(number)
    assert (done.outcome.written, dict(done.outcome.change_sets), done.rows) == (0, {}, ())
    assert len(clerk.log()) == before
    assert all(each.message.zh and each.message.en for each in done.refused)
    assert done.refused
    return why_not(done)


def stands(clerk: Clerk, record: type[Dated], id_: int | None) -> dict[str, Any]:
    assert id_ is not None
    found = clerk.row(record, id_)
    assert found is not None
    return found


def first_of(clerk: Clerk, record: type[Dated], where: str = "true") -> dict[str, Any]:
    with clerk.database.engine.connect() as connection:
        found = connection.execute(text(f"SELECT * FROM {record.__tablename__} WHERE {where} ORDER BY id LIMIT 1"))
        return dict(found.mappings().one())


def test_new_rows_are_deleted(clerk: Clerk) -> None:
    made = clerk.create(Planting, planting(), planting(crop="花牛"))
    number = undo(clerk, entry_of(made))
    assert [clerk.row(Planting, id_ or 0) for id_ in made.ids] == [None, None]
    log = [each for each in clerk.log() if each["number"] == number]
    assert [(each["position"], each["row_id"], each["action"]) for each in log] == [
        (1, made.ids[0], "delete"),
        (2, made.ids[1], "delete"),
    ]
    assert (log[0]["author"], log[0]["before"]["crop"], log[0]["after"]) == ("李主任", "蘋果", None)


def test_a_changed_row_has_its_former_values_in_a_new_version(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    before = stands(clerk, Planting, id_)
    change = {"id": id_, "version": 1, "area": Decimal(3), "kind": CropKind.HERB, "valid_to": date(2016, 1, 1)}
    number = entry_of(clerk.change(Planting, Action.UPDATE, [change]))
    undo(clerk, number)
    assert stands(clerk, Planting, id_) == before | {"version": 3}
    last = clerk.log()[-1]
    assert (last["action"], last["before"]["area"], last["after"]["area"], last["after"]["valid_to"]) == (
        *("update", 3.0),
        *(2.5, None),
    )


def test_a_deleted_row_is_back_under_its_id_in_a_later_version(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting(source="村委會")).ids
    before = stands(clerk, Planting, id_)
    number = entry_of(clerk.change(Planting, Action.DELETE, [{"id": id_, "version": 1}]))
    undo(clerk, number)
    assert stands(clerk, Planting, id_) == before | {"version": 2}
    late = clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(9)}])
    assert [each.code.value for each in late.rejections] == ["STALE"], "whoever read it before it was deleted is told"


def test_an_undoing_is_undone_which_does_it_again(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    change = [{"id": id_, "version": 1, "area": Decimal(7)}]
    number = entry_of(clerk.change(Planting, Action.UPDATE, change))
    for version, area in ((3, "2.50"), (4, "7.00"), (5, "2.50")):
        number = undo(clerk, number)
        row = stands(clerk, Planting, id_)
        assert (row["version"], row["area"]) == (version, Decimal(area))
    gone = undo(clerk, undo(clerk, entry_of(clerk.create(Planting, planting(crop="梨")))))
    (back,) = [each for each in clerk.log() if each["number"] == gone]
    assert (back["action"], back["after"]["crop"], back["after"]["version"]) == ("create", "梨", 2)


def test_an_entry_is_taken_back_once(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    number = entry_of(clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(7)}]))
    undo(clerk, number)
    assert refused(clerk, number) == [(id_, "version", "STALE")]


def test_what_was_changed_since_is_told_and_nothing_is_done(clerk: Clerk) -> None:
    one, two, three = clerk.create(Planting, planting(), planting(), planting()).ids
    rows = [{"id": id_, "version": 1, "area": Decimal(7)} for id_ in (one, two, three)]
    number = entry_of(clerk.change(Planting, Action.UPDATE, rows))
    later = entry_of(clerk.change(Planting, Action.UPDATE, [{"id": two, "version": 2, "crop": "梨"}]))
    gone = entry_of(clerk.change(Planting, Action.DELETE, [{"id": three, "version": 2}]))
    assert refused(clerk, number) == [(two, "version", "STALE"), (three, "id", "NOT_FOUND")]
    told = clerk.undo(number).refused
    assert [each.later and (each.later.number, each.later.author) for each in told] == [
        (later, "王主任"),
        (gone, "王主任"),
    ]
    assert f"entry {later}" in told[0].message.en
    assert f"第{gone}號變更" in told[1].message.zh
    assert stands(clerk, Planting, one)["version"] == 2


def test_what_was_changed_past_the_log_is_told(clerk: Clerk) -> None:
    made = clerk.create(Planting, planting())
    with clerk.database.engine.begin() as connection:
        connection.execute(text("UPDATE industry_planting SET crop = '梨' WHERE id = :id"), {"id": made.ids[0]})
    assert refused(clerk, entry_of(made)) == [(made.ids[0], "version", "STALE")]


def test_a_row_that_came_back_and_went_again_does_not_come_back_as_it_was_first(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    first = entry_of(clerk.change(Planting, Action.DELETE, [{"id": id_, "version": 1}]))
    undo(clerk, first)
    assert refused(clerk, first) == [(id_, "version", "STALE")]
    last = entry_of(clerk.change(Planting, Action.DELETE, [{"id": id_, "version": 2}]))
    assert refused(clerk, first) == [(id_, "id", "NOT_FOUND")]
    undo(clerk, last)
    assert stands(clerk, Planting, id_)["version"] == 3


def test_a_household_that_has_members_since_stays(clerk: Clerk) -> None:
    place = first_of(clerk, Household)["place_code"]
    made = clerk.create(Household, HOUSEHOLD | {"place_code": place}, HOUSEHOLD | {"place_code": place})
    home, _ = made.ids
    person = {"household_id": home, "name": "王小寶", "sex": Sex.MALE, "relation": Relation.HEAD, "joined_on": TODAY}
    born = entry_of(clerk.create(Person, person))
    assert refused(clerk, entry_of(made)) == [(home, None, "IN_USE")]
    undo(clerk, born)
    undo(clerk, entry_of(made))
    assert clerk.row(Household, home or 0) is None


def test_a_split_is_taken_back_as_a_whole(clerk: Clerk) -> None:
    """The members go home before the household goes; the head is head again."""
    home = first_of(clerk, Person, "left_on IS NULL AND relation = 'SPOUSE'")["household_id"]
    people = _members(clerk, home)
    head = next(each for each in people if each["relation"] == "HEAD")
    heir = next(each for each in people if each["relation"] == "SPOUSE")
    old = stands(clerk, Household, home)
    given = {"household": home, "version": old["version"], "members": [head["id"]], "head": head["id"]}
    done = clerk.proceed(SPLIT, **given, on=date(2015, 12, 1), remaining_head=heir["id"])
    assert list(done.rejections) == []
    assert len(_members(clerk, home)) == len(people) - 1
    undo(clerk, entry_of(done))
    assert clerk.row(Household, done.ids[0] or 0) is None
    assert [_but_version(each) for each in _members(clerk, home)] == [_but_version(each) for each in people]


def test_a_split_whose_household_somebody_has_joined_since_stays(clerk: Clerk) -> None:
    home = first_of(clerk, Person, "left_on IS NULL AND relation = 'SPOUSE'")["household_id"]
    spouse = next(each for each in _members(clerk, home) if each["relation"] == "SPOUSE")
    given = {"household": home, "version": stands(clerk, Household, home)["version"], "members": [spouse["id"]]}
    done = clerk.proceed(SPLIT, **given, head=spouse["id"], on=date(2015, 12, 1), remaining_head=None)
    assert list(done.rejections) == []
    other = first_of(clerk, Person, f"left_on IS NULL AND relation = 'OTHER' AND household_id <> {home}")
    joined = {"person": other["id"], "version": other["version"], "household": done.ids[0], "on": date(2015, 12, 2)}
    assert list(clerk.proceed(JOIN, **joined, relation=Relation.OTHER).rejections) == []
    assert refused(clerk, entry_of(done)) == [(done.ids[0], None, "IN_USE")]
    assert [each["household_id"] for each in _members(clerk, done.ids[0] or 0)] == [done.ids[0]] * 2


def test_a_number_that_somebody_else_has_by_now_does_not_come_back(clerk: Clerk) -> None:
    one, two = (first_of(clerk, Person, f"relation = '{each}'")["id"] for each in ("HEAD", "CHILD"))
    number = entry_of(_given_number(clerk, one, ID_NUMBER))
    undone = undo(clerk, number)
    taken = entry_of(_given_number(clerk, two, ID_NUMBER))
    assert refused(clerk, undone) == [(one, "id_number", "DUPLICATE")]
    undo(clerk, taken)
    undo(clerk, undone)
    assert stands(clerk, Person, one)["id_number_index"] is not None


def test_a_rule_that_no_longer_holds_is_told(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"household_id": HOME, "kind": HelpKind.ROAD, "valid_from": date(2015, 1, 1), "done_on": date(2015, 2, 1)}
    (id_,) = clerk.create(HelpMeasure, given).ids
    number = entry_of(clerk.change(HelpMeasure, Action.DELETE, [{"id": id_, "version": 1}]))
    (check,) = HelpMeasure.__checks__
    stricter = type(check)(
        name="x", title=check.title, column=check.column, holds=lambda row: row.done_on > date(2015, 3, 1)
    )
    monkeypatch.setattr(HelpMeasure, "__checks__", (stricter,))
    assert refused(clerk, number) == [(id_, "done_on", "CHECK_FAILED")]
    monkeypatch.setattr(HelpMeasure, "__checks__", (check,))
    undo(clerk, number)


def test_a_value_that_is_no_longer_accepted_is_told(clerk: Clerk) -> None:
    (id_,) = clerk.create(Planting, planting()).ids
    with clerk.database.engine.begin() as connection:  # as before there was a limit
        connection.execute(text("UPDATE industry_planting SET area = -1 WHERE id = :id"), {"id": id_})
    number = entry_of(clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(3)}]))
    assert refused(clerk, number) == [(id_, "area", "OUT_OF_RANGE")]


def test_what_lay_in_a_place_that_is_no_more_does_not_come_back(clerk: Clerk) -> None:
    place = first_of(clerk, CropArea)["place_code"]
    given = {"place_code": place, "kind": CropKind.HERB, "crop": "黨參", "area": Decimal(1), "is_new": False}
    (id_,) = clerk.create(CropArea, given).ids
    number = entry_of(clerk.change(CropArea, Action.DELETE, [{"id": id_, "version": 1}]))
    end = text("UPDATE place SET valid_to = :on WHERE code = :code")
    with clerk.database.engine.begin() as connection:
        connection.execute(end, {"on": TODAY, "code": place})
    assert refused(clerk, number) == [(id_, "place_code", "NOT_IN_FORCE")]
    with clerk.database.engine.begin() as connection:
        connection.execute(end, {"on": None, "code": place})
    undo(clerk, number)


def test_targets_come_back_like_all_else(clerk: Clerk) -> None:
    given = {"place_code": BASE, "indicator": "industry.orchard_area", "value": Decimal(1)}
    days = {"starts_on": date(2019, 1, 1), "ends_on": date(2019, 12, 31)}
    (id_,) = clerk.create(Target, given | days).ids
    number = entry_of(clerk.change(Target, Action.DELETE, [{"id": id_, "version": 1}]))
    undo(clerk, number)
    assert stands(clerk, Target, id_)["value"] == Decimal("1.00")


def test_a_dry_run_says_what_would_come_of_it(clerk: Clerk) -> None:
    made = clerk.create(Planting, planting(), planting())
    done = clerk.undo(entry_of(made), dry=True)
    assert why_not(done) == []
    assert (done.outcome.written, dict(done.outcome.change_sets)) == (0, {})
    assert [(each.record, each.action, each.rows) for each in done.rows] == [("industry_planting", Action.DELETE, 2)]
    assert stands(clerk, Planting, made.ids[0])["version"] == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\nb"])
def test_it_takes_a_reason(clerk: Clerk, reason: str) -> None:
    number = entry_of(clerk.create(Planting, planting()))
    with pytest.raises(UserError, match="this is no reason"):
        clerk.undo(number, reason=reason)


def test_a_reason_may_have_the_space_of_chinese_type(clerk: Clerk) -> None:
    number = entry_of(clerk.create(Planting, planting()))
    done = clerk.undo(number, reason="面積\u3000填錯 ")
    with clerk.database.engine.connect() as connection:
        statement = text("SELECT reason FROM change_set WHERE number = :number")
        assert connection.scalar(statement, {"number": entry_of(done)}) == f"changesUndo {number}: 面積 填錯"


def test_a_row_that_one_entry_has_changed_several_times_is_as_it_was_before_the_first(clerk: Clerk) -> None:
    one, two = clerk.create(Planting, planting(), planting()).ids
    author = Author(name="王主任")
    with clerk.database.engine.begin() as connection:
        changes = Changes(connection, author, EVERYTHING, TODAY)
        for version, area in ((1, 5), (2, 6)):
            rows = [{"id": id_, "version": version, "area": Decimal(area)} for id_ in (one, two)]
            assert changes.apply(Planting, Action.UPDATE, rows).rejections == []
        assert changes.apply(Planting, Action.DELETE, [{"id": two, "version": 3}]).rejections == []
        (three,) = changes.apply(Planting, Action.CREATE, [planting()]).ids
        assert changes.apply(Planting, Action.UPDATE, [{"id": three, "version": 1, "crop": "梨"}]).rejections == []
        number = changes.close()[DISTRICT]
    undone = undo(clerk, number)
    for id_ in (one, two):
        assert stands(clerk, Planting, id_)["area"] == Decimal("2.50")
    assert clerk.row(Planting, three or 0) is None
    undo(clerk, undone)
    assert stands(clerk, Planting, one)["area"] == Decimal("6.00")
    assert clerk.row(Planting, two or 0) is None
    assert stands(clerk, Planting, three)["crop"] == "梨"


def test_whoever_may_not_change_its_rows_keeps_nobody_waiting(clerk: Clerk) -> None:
    number = entry_of(clerk.create(Planting, planting()))
    there = officer(clerk, BASE, "industry:read")
    with clerk.counted() as statements, pytest.raises(Forbidden):
        there.undo(number)
    assert not any("FOR UPDATE" in each for each in statements)


def test_there_is_no_such_entry(clerk: Clerk) -> None:
    assert refused(clerk, 99_999) == [(None, "number", "NOT_FOUND")]


ALL = {"industry:read", "industry:write", "register:read", "register:write"}


def officer(clerk: Clerk, place: int, *permissions: str) -> Clerk:
    """Somebody at the same desk who may do less."""
    viewer = Viewer("村幹部", (), (place,), permissions=frozenset(permissions))
    return Clerk(clerk.database, Policy(viewer))


def village_of(clerk: Clerk, home: int) -> int:
    code = stands(clerk, Household, home)["place_code"]
    return int(code - code % 1000)


class TestPolicy:
    """Everything is as for the same changes made by hand."""

    def test_of_another_village_there_is_no_entry(self, clerk: Clerk) -> None:
        mine = village_of(clerk, HOME)
        other = first_of(clerk, Household, f"place_code - place_code % 1000 <> {mine}")
        numbers = [
            entry_of(clerk.create(Planting, planting())),
            entry_of(clerk.create(Planting, planting(household_id=other["id"]))),
            entry_of(clerk.create(Planting, planting(), planting(household_id=other["id"]))),
        ]
        there = officer(clerk, mine, *ALL)
        assert refused(there, numbers[1]) == refused(there, numbers[2]) == [(None, "number", "NOT_FOUND")]
        words = {str(each.message).replace(str(numbers[1]), "N") for each in there.undo(numbers[1]).refused}
        assert words == {str(each.message).replace("99999", "N") for each in there.undo(99_999).refused}
        undo(there, numbers[0])

    def test_a_row_that_was_moved_between_two_villages_is_of_neither(self, clerk: Clerk) -> None:
        other = first_of(clerk, Household, f"place_code - place_code % 1000 <> {village_of(clerk, HOME)}")
        (id_,) = clerk.create(Planting, planting()).ids
        number = entry_of(
            clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "household_id": other["id"]}])
        )
        for home in (HOME, other["id"]):
            there = officer(clerk, village_of(clerk, home), *ALL)
            assert refused(there, number) == [(None, "number", "NOT_FOUND")]
        undo(officer(clerk, BASE, *ALL), number)
        assert stands(clerk, Planting, id_)["household_id"] == HOME

    def test_a_row_that_lies_elsewhere_by_now_is_told_as_if_there_were_none(self, clerk: Clerk) -> None:
        other = first_of(clerk, Household, f"place_code - place_code % 1000 <> {village_of(clerk, HOME)}")
        one, two = clerk.create(Planting, planting(), planting()).ids
        rows = [{"id": id_, "version": 1, "area": Decimal(7)} for id_ in (one, two)]
        number = entry_of(clerk.change(Planting, Action.UPDATE, rows))
        clerk.change(Planting, Action.UPDATE, [{"id": one, "version": 2, "household_id": other["id"]}])
        clerk.change(Planting, Action.DELETE, [{"id": two, "version": 2}])
        there = officer(clerk, village_of(clerk, HOME), *ALL)
        assert refused(there, number) == [(one, "id", "NOT_FOUND"), (two, "id", "NOT_FOUND")]
        told = there.undo(number).refused
        assert [each.later for each in told] == [None, None]
        assert told[0].message.en.replace(str(one), "") == told[1].message.en.replace(str(two), "")
        auditor = officer(clerk, BASE, *ALL, AUDIT)
        assert all(each.later is not None for each in auditor.undo(number).refused)

    def test_who_has_changed_it_since_is_told_to_whoever_sees_the_history(self, clerk: Clerk) -> None:
        (id_,) = clerk.create(Planting, planting()).ids
        number = entry_of(clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(7)}]))
        later = entry_of(clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 2, "area": Decimal(8)}]))
        village = village_of(clerk, HOME)
        (told,) = officer(clerk, village, *ALL).undo(number).refused
        assert told.later is not None
        assert (told.later.number, told.code.value) == (later, "STALE")
        (told,) = officer(clerk, village, "industry:write").undo(number).refused
        assert (told.later, told.message.en) == (None, "This row has been changed since: it is version 3 now.")

    def test_it_takes_the_permission_to_write_each_record(self, clerk: Clerk) -> None:
        number = entry_of(clerk.create(Planting, planting()))
        with pytest.raises(Forbidden, match="industry:write"):
            officer(clerk, BASE, "industry:read", "register:write").undo(number)
        hidden = officer(clerk, BASE, "register:read", "register:write")
        assert refused(hidden, number) == [(None, "number", "NOT_FOUND")], "nor is it told that there is one"

    def test_personal_data_comes_back_to_whoever_may_give_it(self, clerk: Clerk) -> None:
        person = first_of(clerk, Person)
        row = {"id": person["id"], "version": person["version"], "health": Health.SERIOUS}
        health = entry_of(clerk.change(Person, Action.UPDATE, [row]))
        there = officer(clerk, BASE, *ALL)
        with pytest.raises(Forbidden, match=PERSONAL):
            there.undo(health)
        undo(officer(clerk, BASE, *ALL, PERSONAL), health)
        row = {"id": person["id"], "version": person["version"] + 2, "is_student": True}
        undo(there, entry_of(clerk.change(Person, Action.UPDATE, [row])))
        given = {
            "household_id": HOME,
            "name": "王小寶",
            "sex": Sex.MALE,
            "relation": Relation.CHILD,
            "joined_on": TODAY,
        }
        made = clerk.create(Person, given)
        gone = undo(there, entry_of(made))
        with pytest.raises(Forbidden, match=PERSONAL):
            there.undo(gone)


def _given_number(clerk: Clerk, person: int, number: str) -> Outcome:
    row = stands(clerk, Person, person)
    return clerk.change(Person, Action.UPDATE, [{"id": person, "version": row["version"], "id_number": number}])


def _members(clerk: Clerk, home: int) -> list[dict[str, Any]]:
    with clerk.database.engine.connect() as connection:
        found = connection.execute(
            text("SELECT * FROM person WHERE household_id = :home AND left_on IS NULL ORDER BY id"), {"home": home}
        )
        return [dict(each) for each in found.mappings()]


def _but_version(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "version"}
