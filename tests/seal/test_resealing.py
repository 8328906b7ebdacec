"""Everything comes under the new key: after a run that was cut short, beside writers, and only once."""

import threading
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import text
from tests.seal.registry import CARDS, DISTRICT, FIRST, NUMBERS, WHOLE, Account, Asked

from bangfu import Basis
from bangfu.errors import OperationError
from bangfu.seal import DamagedValue, Key, Keys, Seal
from bangfu.store import Database
from bangfu.store.sealed import check_keys, noted_keys
from bangfu.write import resealing
from bangfu.write.copy import copy_rows
from bangfu.write.resealing import SealedColumn, count_sealed, reseal, sealed_columns, to_reseal
from bangfu_testing.keys import SEAL

NEW, NEW_INDEX = Key("new", b"n" * 32), Key("index-new", b"i" * 32)
OLD, OLD_INDEX = SEAL.keys.seal[0], SEAL.keys.index[0]
ROTATED = Seal(Keys((NEW, OLD), (OLD_INDEX,)))
REINDEXED = Seal(Keys((OLD,), (NEW_INDEX, OLD_INDEX)))
BOTH = Seal(Keys((NEW, OLD), (NEW_INDEX, OLD_INDEX)))
VALUES = 4 + 4 + 5 + 5
ACCOUNTS = '{ paying { accounts(within: "620502", first: 100) { nodes { phone card word person { idNumber } } } } }'
FIND = '{{ paying {{ accounts(within: "620502", filter: {{card: {{eq: "{0}"}}}}) {{ totalCount }} }} }}'


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)


def opened(own: Asked, seal: Seal) -> Database:
    """The same database with other keys."""
    return Database(own.database.url.render_as_string(hide_password=False), seal=seal)


@pytest.fixture
def with_keys(own: Asked) -> Iterator[Callable[[Seal], Database]]:
    """Opens the register's database with other keys; all are closed in the end."""
    made: list[Database] = []

    def give(seal: Seal) -> Database:
        made.append(opened(own, seal))
        return made[-1]

    yield give
    for each in made:
        each.dispose()


WithKeys = Callable[[Seal], Database]


def keys_of(database: Database) -> dict[str | None, int]:
    """How many values there are under each key; a column without any has none."""
    found: dict[str | None, int] = {}
    with database.engine.connect() as connection:
        for each in filter(lambda each: each.values, count_sealed(connection)):
            found[each.key] = found.get(each.key, 0) + each.values
    return found


def noted(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return noted_keys(connection)


def test_all_values_come_under_the_new_key_and_say_the_same(own: Asked, with_keys: WithKeys) -> None:
    before, indexes = own(ACCOUNTS, WHOLE), own.rows("SELECT card_index FROM paying_account ORDER BY id")
    assert noted(own.database) == ["index-test", "test"]
    new = with_keys(ROTATED)
    with new.engine.connect() as connection:
        assert to_reseal(connection, ROTATED) == VALUES
    told: list[int] = []
    assert reseal(new.engine, on_batch=told.append) == VALUES
    assert sum(told) == VALUES
    assert keys_of(new) == {"new": VALUES}
    assert noted(new) == ["index-test", "new"]
    assert own.rows("SELECT card_index FROM paying_account ORDER BY id") == indexes
    own.database.seal = Seal(Keys((NEW,), (OLD_INDEX,)))
    assert own(ACCOUNTS, WHOLE) == before
    assert own.rows("SELECT DISTINCT version FROM paying_account") == [(1,)]


def test_a_second_run_changes_nothing(own: Asked, with_keys: WithKeys) -> None:
    new = with_keys(ROTATED)
    assert reseal(new.engine) == VALUES
    stored = own.rows("SELECT id, card, phone FROM paying_account ORDER BY id")
    assert reseal(new.engine) == 0
    assert own.rows("SELECT id, card, phone FROM paying_account ORDER BY id") == stored
    with new.engine.connect() as connection:
        assert to_reseal(connection, ROTATED) == 0


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("seal", [ROTATED, REINDEXED, BOTH], ids=["key", "index", "both"])
def test_what_was_cut_short_is_gone_on_with(own: Asked, with_keys: WithKeys, seal: Seal) -> None:
    """And meanwhile all is shown and found, whichever key it stands under."""
    before = own(ACCOUNTS, WHOLE)
    new = with_keys(seal)
    left = [3]

    def stop(_: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal(new.engine, on_batch=stop)
    assert set(noted(new)) >= {OLD.id, OLD_INDEX.id}
    own.database.seal = seal
    assert own(ACCOUNTS, WHOLE) == before
    assert all(own(FIND.format(card), WHOLE)["data"]["paying"]["accounts"]["totalCount"] == 1 for card in CARDS)
    done = reseal(new.engine)
    assert 0 < done < VALUES
    assert noted(new) == sorted((seal.keys.seal[0].id, seal.keys.index[0].id))
    assert keys_of(new) == {seal.keys.seal[0].id: VALUES}
    own.database.seal = Seal(Keys(seal.keys.seal[:1], seal.keys.index[:1]))
    assert own(ACCOUNTS, WHOLE) == before
    assert all(own(FIND.format(card), WHOLE)["data"]["paying"]["accounts"]["totalCount"] == 1 for card in CARDS)


def test_a_key_is_not_called_unused_while_somebody_still_writes_under_it(own: Asked, with_keys: WithKeys) -> None:
    new = with_keys(ROTATED)
    ended: list[int] = []
    with own.database.engine.begin() as writer:
        copy_rows(
            writer,
            [{"person_id": FIRST, "card": "6222 9999"}],
            Account,
            district_code=DISTRICT,
            source="test",
            basis=Basis.SYNTHETIC,
            recorded_on=date(2015, 1, 1),
            first=100,
        )
        running = threading.Thread(target=lambda: ended.append(reseal(new.engine)))
        running.start()
        _until_somebody_waits(own)
        assert not ended
        assert "test" in noted(own.database)
    running.join(60)
    assert ended == [VALUES + 1]
    assert keys_of(new) == {"new": VALUES + 1}
    assert noted(new) == ["index-test", "new"]


def _until_somebody_waits(own: Asked) -> None:
    """For the writer, which holds the key; that is told by the locks."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    pause = threading.Event()
    for _ in range(600):
        if own.rows(waiting) != [(0,)]:
            return
        pause.wait(0.1)
    pytest.fail("nobody waits")


def test_two_runs_at_once_do_it_once(own: Asked, with_keys: WithKeys) -> None:
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(reseal(with_keys(ROTATED).engine))) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(done) == [0, 0, VALUES]


def test_what_stands_in_clear_is_sealed(own: Asked) -> None:
    own.run("UPDATE paying_account SET card = 'clear ' || id, card_index = NULL")
    assert keys_of(own.database)[None] == 5
    assert reseal(own.database.engine) == 5
    rows = own(ACCOUNTS, WHOLE)["data"]["paying"]["accounts"]["nodes"]
    assert [row["card"] for row in rows] == [f"clear {FIRST + place}" for place in range(5)]


def test_two_rows_that_were_different_only_in_writing_are_told_by_their_ids(own: Asked) -> None:
    own.run("UPDATE paying_account SET card = CASE id WHEN :id THEN '62x' ELSE ' ６２X' END, card_index = NULL"
            " WHERE id IN (:id, :other)", id=FIRST, other=FIRST + 3)  # fmt: skip
    with pytest.raises(OperationError, match=f"paying_account.card .* rows {FIRST} and {FIRST + 3}") as caught:
        reseal(own.database.engine)
    assert caught.value.code == "SAME_VALUE"
    assert "62x" not in str(caught.value)
    own.run("UPDATE paying_account SET card = '63' WHERE id = :id", id=FIRST)
    assert reseal(own.database.engine) == 2


@pytest.mark.usefixtures("small_batches")
def test_a_damaged_value_stops_the_run_and_keeps_its_key(own: Asked, with_keys: WithKeys) -> None:
    own.run("UPDATE paying_account SET card = card || 'AA' WHERE id = :id", id=FIRST + 4)
    new = with_keys(ROTATED)
    with pytest.raises(DamagedValue, match=f"paying_account.card of row {FIRST + 4}"):
        reseal(new.engine)
    assert "test" in noted(new)
    assert keys_of(new)["new"] >= 4


@pytest.mark.parametrize(
    ("seal", "code", "named"),
    [
        (None, "SEAL_KEY_MISSING", "no keys are set"),
        (Seal(Keys((NEW,), (OLD_INDEX,))), "SEAL_KEY_MISSING", "'test'"),
        (Seal(Keys((OLD,), (NEW_INDEX,))), "SEAL_KEY_MISSING", "'index-test'"),
        (Seal(Keys((Key(OLD.id, b"x" * 32),), (OLD_INDEX,))), "SEAL_KEY_WRONG", "'test'"),
        (Seal(Keys((OLD,), (Key(OLD_INDEX.id, b"x" * 32),))), "SEAL_KEY_WRONG", "'index-test'"),
    ],
)
def test_keys_that_do_not_fit_the_database_are_refused(own: Asked, seal: Seal | None, code: str, named: str) -> None:
    with own.database.engine.connect() as connection, pytest.raises(OperationError, match=named) as caught:
        check_keys(connection, seal)
    assert caught.value.code == code
    if seal is None:
        return
    wrong = opened(own, seal)
    before = own.rows("SELECT id, card FROM paying_account ORDER BY id")
    with pytest.raises(OperationError) as caught:
        reseal(wrong.engine)
    assert caught.value.code == code
    with wrong.engine.connect() as connection, pytest.raises(OperationError) as caught:
        copy_rows(connection, [{"person_id": FIRST, "card": "1"}], Account, district_code=DISTRICT, source="test",
                  basis=Basis.SYNTHETIC, recorded_on=date(2015, 1, 1), first=100)  # fmt: skip
    assert caught.value.code == code
    wrong.dispose()
    assert own.rows("SELECT id, card FROM paying_account ORDER BY id") == before


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"card": "6" * 20}, f"paying_account.card of row {FIRST + 99} has 20 characters; at most 19"),
        ({"card": "1", "card_index": b"1"}, "has no column card_index"),
        ({"id": FIRST + 500, "card": "1", "phone": "1" * 12}, f"paying_account.phone of row {FIRST + 500}"),
    ],
)
def test_what_cannot_be_sealed_is_not_loaded(own: Asked, row: dict[str, object], told: str) -> None:
    with own.database.engine.connect() as connection, pytest.raises(ValueError, match=told):
        copy_rows(connection, [row | {"person_id": FIRST}], Account, district_code=DISTRICT, source="test",
                  basis=Basis.SYNTHETIC, recorded_on=date(2015, 1, 1), first=100)  # fmt: skip
    assert own.rows("SELECT count(*) FROM paying_account") == [(5,)]


def test_without_keys_nothing_is_loaded_in_clear(own: Asked) -> None:
    bare = Database(own.database.url.render_as_string(hide_password=False))
    with bare.engine.connect() as connection, pytest.raises(OperationError) as caught:
        copy_rows(connection, [{"person_id": FIRST, "card": "1"}], Account, district_code=DISTRICT, source="test",
                  basis=Basis.SYNTHETIC, recorded_on=date(2015, 1, 1), first=100)  # fmt: skip
    bare.dispose()
    assert caught.value.code == "SEAL_KEY_MISSING"
    assert own.rows("SELECT count(*) FROM paying_account") == [(5,)]


def test_the_tables_tell_which_columns_are_sealed(own: Asked) -> None:
    """Also those of plugins that are not there now: their values are not left under a key that is thrown away."""
    with own.database.engine.connect() as connection:
        assert sealed_columns(connection) == [
            SealedColumn("comparison_item", "said"),
            SealedColumn("paying_account", "card"),
            SealedColumn("paying_account", "phone"),
            SealedColumn("paying_account", "word"),
            SealedColumn("person", "id_number"),
        ]
        assert connection.scalar(text("SELECT count(*) FROM person WHERE id_number IS NOT NULL")) == len(NUMBERS) - 1
