"""Divisions change in one transaction, with all that lies in them; what was before can be had back."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.divisions.county import DISTRICT, ONE, SINCE, TODAY, TWO, County, said, village
from tests.query import world

from bangfu.access import Forbidden, Policy, Viewer
from bangfu.divisions.plan import Merge, Move, Recode, Rename, Split
from bangfu.domain.households import Household
from bangfu.write.outcome import Action

A, B, C = village(ONE, 201), village(ONE, 202), village(ONE, 203)
ON = TODAY - timedelta(days=100)


def test_what_lay_in_a_place_that_is_merged_lies_in_the_other(county: County) -> None:
    homes, works = county.lying("household"), county.lying("beta_work")
    done = county.reorganise(ON, Merge(places=(A, B), into=B))
    assert said(done) == []
    assert county.lying("household") == {id_: B if code == A else code for id_, code in homes.items()}
    assert county.lying("beta_work") == {id_: B if code == A else code for id_, code in works.items()}
    assert {(each.record, each.from_code, each.to_code, each.rows) for each in done.moves} == {
        ("household", A, B, list(homes.values()).count(A)),
        ("beta_work", A, B, list(works.values()).count(A)),
    }
    assert county.rows("SELECT valid_to FROM place WHERE code = :a", a=A) == [(ON,)]
    lineage = "SELECT predecessor_code, successor_code, kind, happened_on, former_name FROM place_succession"
    assert county.rows(lineage) == [
        (A, B, "MERGED", ON, county.rows("SELECT name FROM place WHERE code = :a", a=A)[0][0])
    ]


def test_every_measure_is_what_it_was(county: County) -> None:
    done = county.reorganise(ON, Merge(places=(A, B), into=B), Move(place=C, to=TWO))
    told = {each.name: each for each in done.figures}
    assert told["beta.road_length"].before is not None
    assert {"alpha.plot_area", "beta.trained", "register.people"} <= set(told)
    assert all(each.before == each.after and each.is_conserved for each in told.values())


def test_a_dry_run_tells_all_and_leaves_nothing(county: County) -> None:
    before = county.contents()
    steps = (Merge(places=(A, B), into=B), Rename(place=C, name="新名"))
    dry = county.reorganise(ON, *steps, dry=True)
    assert (dry.number, dict(dry.change_sets)) == (None, {})
    assert county.contents() == before
    done = county.reorganise(ON, *steps)
    assert (dry.moves, dry.lineage, dry.figures) == (done.moves, done.lineage, done.figures)
    assert (done.number, dict(done.change_sets)) == (1, {620502: 1})


def test_all_steps_are_one_entry_in_the_log(county: County) -> None:
    done = county.reorganise(ON, Merge(places=(A, B), into=B), Rename(place=C, name="新名"))
    logged = county.rows("SELECT record, action, count(*) FROM change GROUP BY 1, 2 ORDER BY 1, 2")
    rows = {each.record: each.rows for each in done.moves}
    assert logged == [
        ("beta_work", "update", rows["beta_work"]),
        ("household", "update", rows["household"]),
        ("place", "update", 2),
        ("place_succession", "create", 2),
    ]
    assert [(each.entries, each.breaks) for each in county.chains()] == [(1, ())]


def test_households_are_split_off(county: County) -> None:
    homes = [id_ for id_, code in sorted(county.lying("household").items()) if code == A]
    works = county.lying("beta_work")
    done = county.reorganise(ON, Split(place=A, name="分村", households=tuple(homes[:2])))
    (new,) = done.begun
    lying = county.lying("household")
    assert [lying[id_] for id_ in homes] == [new.code, new.code, *[A] * (len(homes) - 2)]
    assert county.lying("beta_work") == works


def test_households_of_elsewhere_are_not_split_off(county: County) -> None:
    before = county.contents()
    elsewhere = next(id_ for id_, code in county.lying("household").items() if not A <= code < A + 1000)
    done = county.reorganise(ON, Rename(place=C, name="先"), Split(place=A, name="分村", households=(elsewhere, 7)))
    assert said(done) == [(1, "households", "UNKNOWN_HOUSEHOLD")]
    assert str(elsewhere) in done.rejections[0].message.en
    assert county.contents() == before


def test_it_can_be_undone(county: County) -> None:
    before = county.contents()
    home = next(id_ for id_, code in county.lying("household").items() if code == A)
    done = county.reorganise(
        ON,
        *(Rename(place=DISTRICT, name="新區"), Recode(place=B, code=village(ONE, 250)), Move(place=C, to=TWO)),
        Split(place=A, name="分村", households=(home,)),
    )
    assert said(done) == []
    assert county.contents() != before
    undone = county.undo(1)
    assert said(undone) == []
    assert county.contents() == before
    assert sorted((each.record, each.to_code, each.from_code, each.rows) for each in undone.moves) == sorted(
        (each.record, each.from_code, each.to_code, each.rows) for each in done.moves
    )
    assert [(each.entries, each.breaks) for each in county.chains()] == [(2, ())]
    assert said(county.undo(1)) == [(-1, "number", "NOT_FOUND")]
    assert county.reorganise(ON, Recode(place=B, code=village(ONE, 250))).number == 2


def test_the_last_one_is_undone_first(county: County) -> None:
    county.reorganise(ON, Recode(place=B, code=village(ONE, 250)))
    county.reorganise(TODAY, Merge(places=(A,), into=village(ONE, 250)))
    told = county.undo(1)
    assert said(told) == [(-1, "number", "CHECK_FAILED")]
    assert "reorganisation 2" in told.rejections[0].message.en.lower()
    assert said(county.undo(2)) == said(county.undo(1)) == []


def test_what_was_entered_since_goes_back_where_it_is_clear_to_where(county: County) -> None:
    county.reorganise(ON, Recode(place=B, code=village(ONE, 250)))
    with county.database.engine.begin() as connection:
        moved = (
            "UPDATE beta_work SET place_code = :to WHERE id IN (SELECT id FROM beta_work WHERE place_code = :a LIMIT 1)"
        )
        connection.execute(text(moved), {"to": village(ONE, 250), "a": A})
    count = list(county.lying("beta_work").values()).count(village(ONE, 250))
    assert said(county.undo(1)) == []
    assert list(county.lying("beta_work").values()).count(B) == count


def test_what_was_entered_since_is_not_guessed_at(county: County) -> None:
    county.reorganise(ON, Merge(places=(A, B), into=village(ONE, 260), name="新村"))
    with county.database.engine.begin() as connection:
        moved = (
            "UPDATE beta_work SET place_code = :to WHERE id IN (SELECT id FROM beta_work WHERE place_code = :a LIMIT 1)"
        )
        connection.execute(text(moved), {"to": village(ONE, 260), "a": C})
    before = county.contents()
    told = county.undo(1)
    assert said(told) == [(-1, None, "IN_USE")]
    assert "620502101260: 1" in told.rejections[0].message.en
    assert county.contents() == before


def test_changes_come_one_after_the_other(county: County) -> None:
    county.reorganise(ON, Rename(place=A, name="甲"))
    assert said(county.reorganise(ON - timedelta(1), Rename(place=B, name="乙"))) == [(-1, "on", "OUT_OF_RANGE")]
    assert said(county.reorganise(ON, Rename(place=B, name="乙"))) == []


def test_a_day_to_come_is_told(county: County) -> None:
    told = county.reorganise(TODAY + timedelta(1), Rename(place=A, name="甲"))
    assert said(told) == [(-1, "on", "OUT_OF_RANGE")]
    assert str(TODAY) in told.rejections[0].message.zh


def test_what_lies_in_places_that_had_ended_before_has_to_be_given_a_place_first(county: County) -> None:
    hamlet = next(code for code in county.lying("household").values() if B < code < B + 1000)
    with county.database.engine.begin() as connection:
        connection.execute(text("UPDATE place SET valid_to = :on WHERE code = :code"), {"on": SINCE, "code": hamlet})
    before = county.contents()
    told = county.reorganise(ON, Recode(place=B, code=village(ONE, 250)))
    assert said(told) == [(-1, None, "IN_USE")]
    assert str(hamlet) in told.rejections[0].message.zh
    assert county.contents() == before


def test_rows_of_a_plugin_that_is_off_are_not_left_behind(county: County) -> None:
    with county.database.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE gamma_thing (district_code int, id bigint, place_code bigint,"
                " FOREIGN KEY (district_code, place_code) REFERENCES place (district_code, code))"
            )
        )
        connection.execute(text("INSERT INTO gamma_thing VALUES (620502, 1, :a)"), {"a": A})
    told = county.reorganise(ON, Merge(places=(A, B), into=B))
    assert said(told) == [(-1, None, "IN_USE")]
    assert "gamma_thing" in told.rejections[0].message.en
    assert said(county.reorganise(ON, Merge(places=(B, C), into=C))) == []


def test_targets_go_along_where_a_place_goes_on(county: County) -> None:
    with county.database.engine.begin() as connection:
        for number, code in enumerate((A, B), 1):
            connection.execute(
                text(
                    "INSERT INTO target (district_code, id, place_code, indicator, starts_on, ends_on, value, source,"
                    " basis, recorded_on, valid_from) VALUES (620502, :id, :code, 'beta.road_length', '2015-01-01',"
                    " '2015-12-31', 7, 'x', 'SYNTHETIC', '2015-01-01', '2015-01-01')"
                ),
                {"id": DISTRICT + number, "code": code},
            )
    done = county.reorganise(ON, Recode(place=B, code=village(ONE, 250)), Merge(places=(A,), into=C))
    assert done.targets_left == 1
    assert sorted(county.lying("target").values()) == [A, village(ONE, 250)]
    assert said(county.undo(1)) == []
    assert sorted(county.lying("target").values()) == [A, B]


@pytest.mark.parametrize("places", [(ONE,), (ONE, TWO)])
def test_it_takes_the_whole_district(county: County, places: tuple[int, ...]) -> None:
    viewer = Viewer(name="x", places=places, permissions=frozenset({"register:reorganise"}))
    told = county.reorganise(ON, Rename(place=A, name="甲"), policy=Policy(viewer))
    assert said(told) == [(-1, "district", "UNKNOWN_PLACE")]


def test_it_takes_a_permission(county: County) -> None:
    viewer = Viewer(name="x", places=(DISTRICT,), permissions=frozenset({"register:write"}))
    with pytest.raises(Forbidden, match="register:reorganise"):
        county.reorganise(ON, Rename(place=A, name="甲"), policy=Policy(viewer))


def test_nothing_is_entered_for_a_place_that_is_no_more(county: County) -> None:
    county.reorganise(ON, Merge(places=(A, B), into=B))
    told = county.enter(world.Work, {"place_code": A, "name": "路"}, {"place_code": B, "name": "路"})
    assert [(each.row, each.column, each.code.value) for each in told.rejections] == [(0, "place_code", "NOT_IN_FORCE")]
    assert f"於{ON}撤銷，現為620502101202" in told.rejections[0].message.zh
    assert "620502101202" in told.rejections[0].message.en
    home = next(iter(sorted(county.lying("household"))))
    ((version,),) = county.rows("SELECT version FROM household WHERE id = :id", id=home)
    moved = county.enter(Household, {"id": home, "version": version, "place_code": A}, action=Action.UPDATE)
    assert [each.code.value for each in moved.rejections] == ["NOT_IN_FORCE"]


def test_a_row_that_still_lies_there_may_be_mended(county: County) -> None:
    (work,) = county.enter(world.Work, {"place_code": A, "name": "路"}).ids
    with county.database.engine.begin() as connection:
        connection.execute(text("UPDATE place SET valid_to = :on WHERE code = :a"), {"on": ON, "a": A})
    done = county.enter(world.Work, {"id": work, "version": 1, "place_code": A, "name": "橋"}, action=Action.UPDATE)
    assert (list(done.rejections), done.written) == ([], 1)
