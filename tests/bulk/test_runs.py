"""Many rows that were created at once stand in the log as they were written, and are told one by one like others."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.bulk.office import ORCHARD, Office, counts
from tests.write.clerk import BASE, DISTRICT, TODAY

from bangfu.access import EVERYTHING
from bangfu.bulk import planning
from bangfu.store import Database
from bangfu.store.changes import LoggedChange, read_changes, read_histories
from bangfu.write import loading
from bangfu.write.batch import Batch
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Author
from bangfu_industry.records import CropArea, Planting

ROWS = 2_500
"""Of which a run has at most a thousand."""

PLACE = BASE + 900_000


@pytest.fixture
def imported(office: Office) -> Office:
    """A change before, an import in two entries of several runs, and changes of two of its rows."""
    office.clerk.create(Planting, planted())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "_BLOCK", 1_500)
        path = office.file(*((str(BASE + 1 + n % 700), *ORCHARD[:2], f"{n + 1}", *ORCHARD[3:]) for n in range(ROWS)))
        assert office.apply(office.plan(path)).applied == ROWS
    first, last = ids(office)[1], ids(office)[-1]
    office.clerk.change(Planting, Action.UPDATE, [{"id": first, "version": 1, "crop": "梨"}])
    office.clerk.change(Planting, Action.DELETE, [{"id": last, "version": 1}])
    return office


def planted() -> dict[str, Any]:
    kind = Planting.kind.type.enum_class["HERB"]
    return {
        "household_id": BASE + 5, "kind": kind, "crop": "黨參", "area": 3, "planted_on": TODAY, "is_new": True,
        "is_supported": False,
    }  # fmt: skip


def ids(office: Office) -> list[int]:
    return [each["row_id"] for each in office.clerk.log() if each["action"] == "create"]


def told(changes: list[LoggedChange]) -> list[tuple[Any, ...]]:
    return [(each.number, each.position, each.row_id, each.action, each.before, each.after) for each in changes]


def expected(office: Office) -> list[tuple[Any, ...]]:
    """The log as the database tells it, the newest first."""
    names = ("number", "position", "row_id", "action", "before", "after")
    return [tuple(row[name] for name in names) for row in reversed(office.clerk.log())]


def test_many_rows_take_few_places_in_the_log_and_are_told_as_they_stand(imported: Office) -> None:
    with imported.database.engine.connect() as connection:
        runs = connection.scalars(text("SELECT rows FROM change_run ORDER BY number, position")).all()
        assert runs == [1000, 500, 1000]
        assert connection.scalar(text("SELECT count(*) FROM change")) == 3
        rows = connection.execute(
            text("SELECT id, to_jsonb(p) AS row FROM industry_planting p WHERE version = 1")
        ).all()
    stands = {row.id: row.row for row in rows}
    created = [each for each in imported.clerk.log() if each["action"] == "create"]
    assert len(created) == ROWS + 1
    left = [each for each in created if each["row_id"] in stands]
    assert len(left) == ROWS - 1, "but for the two that were changed since"
    assert all(each["after"] == stands[each["row_id"]] for each in left)
    changed, gone = imported.clerk.log()[-2:]
    assert [each["after"] for each in created if each["row_id"] == changed["row_id"]] == [changed["before"]]
    assert [each["after"] for each in created if each["row_id"] == gone["row_id"]] == [gone["before"]]
    assert [chain.breaks for chain in imported.clerk.chains()] == [()]
    assert [chain.entries for chain in imported.clerk.chains()] == [5]


@pytest.mark.parametrize("most", [7, 400, 1_000])
def test_the_log_is_paged_through_runs(imported: Office, most: int) -> None:
    found: list[LoggedChange] = []
    with imported.database.engine.connect() as connection:
        while len(found) % most == 0:
            after = (found[-1].number, found[-1].position) if found else None
            page = read_changes(connection, district=DISTRICT, after=after, most=most)
            found += page
            if most == 7 and len(found) > 100:
                break
    assert told(found) == expected(imported)[: len(found)]
    assert most == 7 or len(found) == ROWS + 3


def test_what_is_asked_for_of_the_log_is_found_in_runs(imported: Office) -> None:
    whole = expected(imported)
    with imported.database.engine.connect() as connection:
        every = read_changes(connection, most=5_000)
        assert told(every) == whole
        assert {each.author for each in every} == {"王主任", "李會計"}
        own = read_changes(connection, author="李會計", most=5_000)
        assert told(own) == whole[2:-1]
        assert told(read_changes(connection, record=Planting.__tablename__, most=3)) == whole[:3]
        assert read_changes(connection, record=CropArea.__tablename__, most=3) == []
        assert read_changes(connection, since=datetime.now(UTC) + timedelta(days=1), most=3) == []
        for row_id in (whole[0][2], whole[1][2], whole[-2][2], whole[1_500][2]):
            one = read_changes(connection, row_id=row_id, most=3)
            assert told(one) == [each for each in whole if each[2] == row_id]


def test_histories_of_rows_of_runs(imported: Office) -> None:
    whole = expected(imported)
    keys = [whole[0][2], whole[1][2], whole[-3][2], whole[1_500][2], BASE + 999_999_999]
    asked: dict[str, Any] = {"record": Planting.__tablename__, "keys": [(DISTRICT, key) for key in keys]}
    with imported.database.engine.connect() as connection:
        found = read_histories(connection, **asked, most=5)
        assert {key: told(each) for key, each in found.items()} == {
            key: [each for each in whole if each[2] == key] for key in keys
        }
        newest = read_histories(connection, **asked, most=1)
        assert [len(each) for each in newest.values()] == [1, 1, 1, 1, 0]
        after = (found[keys[0]][0].number, found[keys[0]][0].position)
        older = read_histories(connection, **asked, after=after, most=5)
        assert told(older[keys[0]]) == [each for each in whole if each[2] == keys[0]][1:]
        assert not any(read_histories(connection, **asked, before="1999-01-01", most=5).values())


def test_of_a_record_that_is_no_longer_installed_the_texts_are_told(imported: Office) -> None:
    created = ids(imported)[5]
    with imported.database.engine.connect() as connection:
        connection.execute(text("ALTER TABLE industry_planting RENAME TO parked"))
        (one,) = read_changes(connection, row_id=created, most=3)
        assert one.after is not None
        assert (one.after["crop"], one.after["is_new"], one.after["id"]) == ("蘋果", "t", one.row_id)
        connection.rollback()


TAMPERING = {
    "a value": "UPDATE change_run SET lines = replace(lines, '蘋果', '梨') WHERE position = 1001",
    "what is usual": "UPDATE change_run SET usual = replace(usual, '李會計', '王主任') WHERE position = 1001",
    "an id": "UPDATE change_run SET row_id = row_id + 1 WHERE position = 1001",
    "a column's name": "UPDATE change_run SET columns[1] = 'person_id' WHERE position = 1001",
    "a run taken out": "DELETE FROM change_run WHERE position = 1001",
    "a run put in": "INSERT INTO change_run SELECT district_code, number, 5000, record, row_id, rows, columns, usual,"
    " lines FROM change_run WHERE position = 1001",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_tampering_with_a_run_is_found(imported: Office, statement: str) -> None:
    with imported.database.engine.begin() as connection:
        connection.execute(text("GRANT UPDATE, DELETE ON change_run TO CURRENT_USER"))
        assert connection.execute(text(statement)).rowcount == 1
    ((found,),) = [chain.breaks for chain in imported.clerk.chains()]
    assert found.number == 2


def test_nobody_changes_a_run(imported: Office) -> None:
    for statement in ("UPDATE change_run SET lines = ''", "DELETE FROM change_run", "TRUNCATE change_run"):
        with imported.database.engine.connect() as connection:
            connection.execute(text("SET ROLE pg_database_owner"))
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text(statement))


@contextmanager
def being_written(database: Database, *owners: int) -> Iterator[tuple[Connection, bool]]:
    """A transaction that has written many rows about some households, and whether it could."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        changes = Changes(connection, Author(name="李會計"), EVERYTHING, TODAY)
        columns = ("household_id", "kind", "crop", "area", "planted_on", "is_new", "is_supported")
        rows = (f"{owner}\tORCHARD\t梨\t1\t2015-03-05\tt\tf" for owner in owners)
        done = changes.load(Planting, Batch(district=DISTRICT, columns=columns, body="\n".join(rows)))
        yield connection, done
        transaction.rollback()


@pytest.mark.parametrize("may_leave_out", [True, False])
def test_what_rows_are_about_stays_until_they_are_in(
    office: Office, monkeypatch: pytest.MonkeyPatch, may_leave_out: bool
) -> None:
    """Whoever looks, PostgreSQL or we: nobody takes a household away meanwhile, and what is gone is seen."""
    if not may_leave_out:
        monkeypatch.setattr(loading, "_MAY_LEAVE_OUT", text("SELECT false"))
    with office.database.engine.connect() as other:
        other.execute(text("INSERT INTO household SELECT (jsonb_populate_record(h, jsonb_build_object('id', :id))).*"
                           " FROM household h WHERE id = :like"), {"id": PLACE, "like": BASE + 1})  # fmt: skip
        other.commit()
        other.execute(text("SET lock_timeout = '100ms'"))
        delete = text("DELETE FROM household WHERE id = :id")
        with being_written(office.database, PLACE, BASE + 1) as (connection, done):
            assert done
            assert connection.scalar(text("SHOW session_replication_role")) == "origin"
            with pytest.raises(DBAPIError, match="lock timeout"):
                other.execute(delete, {"id": PLACE})
            other.rollback()
        other.execute(delete, {"id": PLACE})
        other.commit()
    with being_written(office.database, PLACE, BASE + 1) as (connection, done):
        assert not done
        assert connection.scalar(text("SHOW session_replication_role")) == "origin"
    path = office.file((str(PLACE), *ORCHARD), (str(BASE + 1), *ORCHARD))
    assert counts(office.plan(path)) == (1, 0, 0, 1)


def test_one_that_goes_between_the_look_and_the_lock_is_seen(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "hold_owners", lambda *_: 1)
    with being_written(office.database, BASE + 1, BASE + 2) as (connection, done):
        assert not done
        assert connection.scalar(text("SELECT count(*) FROM industry_planting WHERE crop = '梨'")) == 0


def test_a_table_with_triggers_keeps_them(office: Office) -> None:
    """Somebody has added one: it is run for each row, and the log has what it makes of them."""
    with office.database.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN NEW.crop := NEW.crop || '!'; RETURN NEW; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER louder BEFORE INSERT ON industry_planting FOR EACH ROW EXECUTE FUNCTION louder()")
        )
    with being_written(office.database, BASE + 1, BASE + 2) as (connection, done):
        assert done
        assert connection.scalar(text("SELECT count(*) FROM industry_planting WHERE crop = '梨!'")) == 2
        logged = connection.scalars(text("SELECT after ->> 'crop' FROM change ORDER BY position")).all()
        assert logged == ["梨!", "梨!"]


def test_a_foreign_key_that_nobody_declared_is_kept(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE season (began date PRIMARY KEY)"))
        connection.execute(
            text("ALTER TABLE industry_planting ADD FOREIGN KEY (planted_on) REFERENCES season NOT VALID")
        )
    with being_written(office.database, BASE + 1) as (connection, done):
        assert not done
        assert connection.scalar(text("SELECT count(*) FROM industry_planting WHERE crop = '梨'")) == 0


def test_a_value_of_the_table_itself_stands_in_the_log(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE industry_planting ALTER valid_to SET DEFAULT '2099-12-31'"))
    with being_written(office.database, BASE + 1) as (connection, done):
        assert done
        assert connection.scalar(text("SELECT after ->> 'valid_to' FROM change")) == "2099-12-31"
