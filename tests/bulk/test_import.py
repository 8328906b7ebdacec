"""A file is planned, and just that plan is applied: nothing is lost, nothing twice, whatever happens meanwhile."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from tests.bulk.office import ORCHARD, Office, counts
from tests.write.clerk import BASE, TODAY

from bangfu.access import EVERYTHING, Forbidden, Policy, Viewer
from bangfu.bulk import planning
from bangfu.bulk.applying import apply_import
from bangfu.bulk.planning import plan_import
from bangfu.domain.households import Person
from bangfu.domain.income import Income
from bangfu.errors import UserError
from bangfu.seal import Key, Keys, Seal
from bangfu.store import Database
from bangfu.store.sealed import noted_keys
from bangfu.write.outcome import Action
from bangfu.write.resealing import reseal
from bangfu_industry.records import CropArea, Planting
from bangfu_testing.keys import SEAL

INCOMES = (
    *("戶編號", "年度", "工資性收入", "生產經營性收入", "財產性收入", "轉移性收入"),
    *("生產經營性支出", "人均純收入"),
)
NUMBER = "620502198001010019"


def test_a_plan_changes_nothing_and_is_then_applied(office: Office) -> None:
    path = office.file((str(BASE + 1), *ORCHARD), (f"household:{BASE + 2}", *ORCHARD))
    plan = office.plan(path)
    assert counts(plan) == (2, 0, 0, 0)
    assert (plan.is_whole, plan.applied, plan.applied_at, office.clerk.log()) == (True, 0, None, [])
    done = office.apply(plan)
    assert (done.applied, done.refused, office.said()) == (2, 0, [])
    assert done.applied_at is not None
    first, second = office.clerk.log()
    assert (first["author"], first["after"]["household_id"]) == ("李會計", BASE + 1)
    assert second["after"] | {"id": 0} == second["after"] | {
        "id": 0,
        "crop": "蘋果",
        "kind": "ORCHARD",
        "area": 2.5,
        "planted_on": "2015-03-05",
        "is_new": True,
        "is_supported": False,
        "source": "李會計",
    }
    assert office.apply(plan) == done, "applied again, nothing is done"
    assert office.plan(path) == done, "the same file is not taken twice"
    assert len(office.clerk.log()) == 2
    with office.database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM import_row")) == 0


def test_every_refusal_says_where_and_why(office: Office) -> None:
    bad = (
        (str(BASE + 1), "林果", "", "-1", "昨天", "是", "否"),
        (str(BASE + 999_999_999), *ORCHARD),
        (str(BASE + 1), "水果", "蘋果", "2.555", "2015-03-05", "也許", "否"),
    )
    plan = office.plan(office.file((str(BASE + 1), *ORCHARD), *bad))
    assert counts(plan) == (1, 0, 0, 3)
    assert office.said() == [
        (3, "crop", "MISSING"),
        (3, "area", "OUT_OF_RANGE"),
        (3, "planted_on", "UNREADABLE"),
        (4, "household_id", "UNKNOWN_HOUSEHOLD"),
        (5, "kind", "UNKNOWN_VALUE"),
        (5, "area", "TOO_PRECISE"),
        (5, "is_new", "UNREADABLE"),
    ]
    assert all(each.rejection.message.zh and each.rejection.message.en for each in office.refused)
    assert office.apply(plan).refused == 0
    assert len(office.clerk.log()) == 1


def test_a_row_of_which_there_may_be_one_is_changed(office: Office) -> None:
    """An income statement is known by its household and year: the file brings no ids."""
    first = office.plan(
        office.file((str(BASE + 1), "2031", *"123456"), (str(BASE + 2), "2031", *"123456"), head=INCOMES), Income
    )
    office.apply(first, Income)
    again = office.file(
        (str(BASE + 1), "2031", *"123457"), (str(BASE + 2), "2031", *"123456"), (str(BASE + 3), "2031", *"123456"),
        head=INCOMES, name="b.csv",
    )  # fmt: skip
    plan = office.plan(again, Income)
    assert counts(plan) == (1, 1, 1, 0)
    office.apply(plan, Income)
    assert office.count("year = 2031", "register_income") == 3
    assert [each["action"] for each in office.clerk.log()] == ["create", "create", "update", "create"]
    twice = office.file(
        (str(BASE + 9), "2032", *"123456"), (str(BASE + 9), "2032", *"123456"), head=INCOMES, name="c.csv"
    )
    assert counts(office.plan(twice, Income)) == (1, 0, 0, 1)
    assert office.said() == [(3, "year", "DUPLICATE")]


def test_a_file_may_name_a_row_that_is_there_only_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far from each other the lines are: which of them would hold?"""
    monkeypatch.setattr(planning, "_BLOCK", 2)
    before = office.file(*((str(BASE + n), "2031", *"123456") for n in range(1, 4)), head=INCOMES)
    office.apply(office.plan(before, Income), Income)
    again = [(str(BASE + n), "2031", *"123457") for n in (1, 2, 3, 1, 3)]
    plan = office.plan(office.file(*again, head=INCOMES, name="b.csv"), Income)
    assert counts(plan) == (0, 3, 0, 2)
    assert office.said() == [(5, "id", "DUPLICATE"), (6, "id", "DUPLICATE")]
    assert [each.rejection.message.en.split(";")[0] for each in office.refused] == [
        "This is the same row as that of line 2",
        "This is the same row as that of line 4",
    ]
    assert office.apply(plan, Income).refused == 0


def test_what_others_changed_meanwhile_is_refused_and_told(office: Office) -> None:
    (id_,) = office.clerk.create(
        Planting,
        {
            "household_id": BASE + 1,
            "kind": Planting.kind.type.enum_class["HERB"],
            "crop": "黨參",
            "area": Decimal(1),
            "planted_on": date(2015, 1, 1),
            "is_new": True,
            "is_supported": True,
        },
    ).ids
    path = office.file((str(id_), "1", "黃芪"), head=("編號", "版本", "作物"))
    plan = office.plan(path)
    assert counts(plan) == (0, 1, 0, 0)
    office.clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "area": Decimal(2)}])
    assert office.apply(plan).refused == 1
    assert office.said() == [(2, "version", "STALE")]
    assert office.count("crop = '黃芪'") == 0


def test_one_of_many_that_cannot_be_taken_any_more_leaves_the_others(office: Office) -> None:
    rows = [(str(BASE + 1 + n), "2041", *"123456") for n in range(50)]
    plan = office.plan(office.file(*rows, head=INCOMES), Income)
    amounts = ("wage", "production", "property", "transfer", "expenses", "net_per_head")
    office.clerk.create(Income, {"household_id": BASE + 7, "year": 2041} | dict.fromkeys(amounts, Decimal(9)))
    assert office.apply(plan, Income).refused == 1
    assert office.said() == [(8, "year", "DUPLICATE")]
    assert office.count("year = 2041 AND wage = 1", "register_income") == 49
    assert [(len(office.clerk.log()), chain.breaks) for chain in office.clerk.chains()] == [(50, ())]


def test_places_and_people_are_found_by_name_and_number(office: Office) -> None:
    with office.database.engine.connect() as connection:
        name, code = connection.execute(
            text(
                # In force on the day of the books, and no longer.
                "SELECT name, min(code) FROM place WHERE level = 3 AND district_code = 620502"
                " AND valid_from <= '2015-12-31' AND coalesce(valid_to, '9999-12-31') > '2015-12-31'"
                " GROUP BY name HAVING count(*) = 1 AND min(valid_to) IS NOT NULL ORDER BY name LIMIT 1"
            )
        ).one()
    head = ("區劃代碼", "作物類別", "作物", "面積", "是否當年新建")
    path = office.file((name, "林果", "梨", "3", "是"), ("無此村", "林果", "梨", "3", "是"), head=head)
    plan = office.plan(path, CropArea, within=BASE)
    assert (counts(plan), office.said()) == ((1, 0, 0, 1), [(3, "place_code", "UNKNOWN_PLACE")])
    office.apply(plan, CropArea)
    assert office.clerk.log()[-1]["after"]["place_code"] == code
    office.clerk.create(
        Person,
        {
            "household_id": BASE + 7,
            "name": "試",
            "sex": Person.sex.type.enum_class["MALE"],
            "relation": Person.relation.type.enum_class["CHILD"],
            "joined_on": date(2015, 2, 1),
            "id_number": NUMBER,
        },
    )
    by_number = office.plan(office.file((NUMBER, *ORCHARD), name="n.csv"), within=BASE)
    assert counts(by_number) == (1, 0, 0, 0)
    office.apply(by_number)
    assert office.clerk.log()[-1]["after"]["household_id"] == BASE + 7


def test_numbers_of_people_do_not_wait_in_clear(office: Office) -> None:
    head = ("戶編號", "姓名", "性別", "證件號碼", "與戶主關係", "入戶日期")
    plan = office.plan(office.file((str(BASE + 1), "試", "男", NUMBER, "子女", "2015-02-01"), head=head), Person)
    with office.database.engine.connect() as connection:
        waiting = str(connection.execute(text("SELECT row FROM import_row")).scalars().all())
    assert "試" in waiting
    assert NUMBER not in waiting
    office.apply(plan, Person)
    row = office.clerk.row(Person, office.clerk.log()[-1]["row_id"])
    assert row is not None
    assert office.database.seal is not None
    assert office.database.seal.open("person.id_number", row["id"], row["id_number"]) == NUMBER


def test_what_waits_comes_under_a_new_key(office: Office) -> None:
    head = ("戶編號", "姓名", "性別", "證件號碼", "與戶主關係", "入戶日期")
    plan = office.plan(office.file((str(BASE + 1), "試", "男", NUMBER, "子女", "2015-02-01"), head=head), Person)
    new = Key("new", b"n" * 32)
    url = office.database.url.render_as_string(hide_password=False)
    both = Database(url, pool_size=2, seal=Seal(Keys((new, *SEAL.keys.seal), SEAL.keys.index)))
    reseal(both.engine)
    with both.engine.connect() as connection:
        assert connection.scalar(text("SELECT row->>'id_number' FROM import_row")).startswith("1.new.")
        assert not [each for each in noted_keys(connection) if each == SEAL.keys.seal[0].id]
    both.dispose()
    office.database = Database(url, pool_size=2, seal=Seal(Keys((new,), SEAL.keys.index)))
    assert (office.apply(plan, Person).refused, office.said()) == (0, [])
    assert office.count("id_number LIKE '1.new.%'", "person") > 0
    office.database.dispose()


def test_it_takes_the_right_to_write(office: Office) -> None:
    viewer = Policy(Viewer("小李", is_everywhere=True, permissions=frozenset({"industry:read"})))
    with pytest.raises(Forbidden):
        office.plan(office.file((str(BASE + 1), *ORCHARD)), policy=viewer)


def test_a_plan_that_was_broken_off_is_made_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = office.file(*[(str(BASE + 1 + n), *ORCHARD) for n in range(5)])
    monkeypatch.setattr("bangfu.bulk.planning._BLOCK", 2)

    def stop(rows: int) -> None:
        if rows >= 4:
            raise KeyboardInterrupt

    asked = office.asked(path, Planting)
    with pytest.raises(KeyboardInterrupt):
        plan_import(office.database.engine, asked, office.refused.append, on_rows=stop)
    with pytest.raises(UserError, match="broken off"):
        apply_import(
            *(office.database.engine, asked.id(), Planting, office.refused.append),
            author=asked.author,
            policy=EVERYTHING,
            today=TODAY,
        )
    plan = office.plan(path)
    assert counts(plan) == (5, 0, 0, 0)
    assert office.apply(plan).applied == 5
    assert len(office.clerk.log()) == 5
