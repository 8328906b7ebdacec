"""A database from before has its ID numbers sealed by the migrations, and clear again where they are taken back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bangfu.errors import OperationError
from bangfu.registry import Platform, assemble
from bangfu.store import Database
from bangfu.store.tables import add_own_tables
from bangfu.write.resealing import seal_clear
from bangfu_migrations import downgrade, drift, make_ready, upgrade
from bangfu_migrations.wall import lacks_wall
from bangfu_schema import Graph
from bangfu_testing import Postgres, ask

CORE: dict[str, Path] = {}
NUMBERS = {1: "62050219800101123X", 2: "620502198001011234", 3: None, 4: ""}
DATED = "'test', 'SYNTHETIC', '2015-01-01', '2015-01-01'"
COLUMNS = "source, basis, recorded_on, valid_from"


@pytest.fixture(scope="module")
def small() -> Platform:
    """The core alone."""
    return assemble([])


@pytest.fixture
def before(postgres: Postgres) -> Iterator[Database]:
    """A database as it was before anything was sealed, with a few people."""
    with postgres.fresh() as database:
        upgrade(database.engine, CORE)
        downgrade(database.engine, CORE, "core", "core_0001")
        with database.engine.begin() as connection:
            for statement in (
                f"INSERT INTO place (district_code, code, name, pinyin, kind, {COLUMNS})"
                f" VALUES (620502, 620502000000000, '區', 'qu', 'DISTRICT', {DATED})",
                f"INSERT INTO household (district_code, id, place_code, category, status, {COLUMNS})"
                f" VALUES (620502, 620502000000001, 620502000000000, 'DESTITUTE', 'EXITED', {DATED})",
            ):
                connection.execute(text(statement))
            for number, value in NUMBERS.items():
                add(connection, number, value)
        yield database


def add(connection: Any, number: int, value: str | None) -> None:
    statement = (
        f"INSERT INTO person (district_code, id, household_id, name, sex, relation, joined_on, id_number, {COLUMNS})"
        f" VALUES (620502, 620502000000000 + {number}, 620502000000001, '王', 'MALE', 'OTHER', '2015-01-01',"
        f" :v, {DATED})"
    )
    connection.execute(text(statement), {"v": value})


def stored(database: Database) -> dict[int, str | None]:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT id % 1000, id_number FROM person"))
        return {row[0]: row[1] for row in rows}


def on_disk(database: Database, needle: str) -> bool:
    """Whether a text stands in the file of the table."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
            pytest.skip("only a superuser may read the server's files")
        connection.execute(text("CHECKPOINT"))
        content = connection.scalar(text("SELECT pg_read_binary_file(pg_relation_filepath('person'))"))
        return needle.encode() in bytes(content or b"")


def test_what_somebody_may_still_look_at_is_waited_for(before: Database, small: Platform) -> None:
    """Rows as they were stay in the file as long as a snapshot from before is open, whatever it looks at."""
    upgrade(before.engine, small.branches)
    old = before.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    old.execute(text("SELECT 1"))
    with ThreadPoolExecutor(1) as threads:
        sealing = threads.submit(seal_clear, before.engine)
        with suppress(TimeoutError):
            sealing.result(timeout=2)
        assert not sealing.done()
        old.close()
        assert sealing.result(timeout=60) == len(NUMBERS) - 1
    assert not on_disk(before, "62050219800101123X")


def test_numbers_are_sealed_before_anybody_is_served(before: Database, small: Platform) -> None:
    assert on_disk(before, "62050219800101123X")
    make_ready(before.engine, small)
    sealed = stored(before)
    assert {number for number, value in sealed.items() if value is None} == {3}
    assert all(value is None or value.startswith("1.test.") for value in sealed.values())
    assert not on_disk(before, "62050219800101123X")
    assert not on_disk(before, "620502198001011234")
    document = '{ households(within: "620502") { nodes { members { nodes { id idNumber } } } } }'
    (home,) = ask(Graph(small), before, document)["households"]["nodes"]
    shown = {int(each["id"][-3:]): each["idNumber"] for each in home["members"]["nodes"]}
    assert shown == NUMBERS
    metadata = add_own_tables(small.metadata())
    assert drift(before.engine, metadata) == []
    assert make_ready(before.engine, small) == ()
    assert stored(before) == sealed


def test_going_down_puts_the_clear_numbers_back_and_up_seals_them_again(before: Database, small: Platform) -> None:
    make_ready(before.engine, small)
    downgrade(before.engine, CORE, "core", "core_0001")
    assert stored(before) == NUMBERS
    with before.engine.begin() as connection, pytest.raises(Exception, match="uq_person_district_code_id_number"):
        add(connection, 9, "62050219800101123X")
    make_ready(before.engine, small)
    assert all(value is None or value.startswith("1.test.") for value in stored(before).values())


def test_without_keys_nothing_is_migrated(before: Database, small: Platform) -> None:
    bare = Database(before.url.render_as_string(hide_password=False))
    with pytest.raises(OperationError) as caught:
        make_ready(bare.engine, small)
    bare.dispose()
    assert caught.value.code == "SEAL_KEY_MISSING"
    assert "BANGFU_SEAL_KEYS" in str(caught.value)
    assert stored(before) == NUMBERS


def test_without_the_key_going_down_changes_nothing(before: Database, small: Platform) -> None:
    make_ready(before.engine, small)
    sealed = stored(before)
    bare = Database(before.url.render_as_string(hide_password=False))
    with pytest.raises(OperationError) as caught:
        downgrade(bare.engine, CORE, "core", "core_0001")
    bare.dispose()
    assert caught.value.code == "SEAL_KEY_MISSING"
    assert stored(before) == sealed


def test_a_number_that_is_there_twice_is_told_and_the_rest_goes_on_when_it_is_mended(
    before: Database, small: Platform
) -> None:
    with before.engine.begin() as connection:
        add(connection, 5, " 62050219800101123x"[1:])
    with pytest.raises(OperationError, match="rows 620502000000001 and 620502000000005") as caught:
        make_ready(before.engine, small)
    assert caught.value.code == "SAME_VALUE"
    with before.engine.connect() as connection:
        assert lacks_wall(connection, small), "nobody is served meanwhile"
    with before.engine.begin() as connection:
        connection.execute(text("UPDATE person SET id_number = NULL WHERE id = 620502000000005"))
    make_ready(before.engine, small)
    assert {number: value is None for number, value in stored(before).items()} == {
        1: False, 2: False, 3: True, 4: False, 5: True
    }  # fmt: skip
    with before.engine.connect() as connection:
        assert not lacks_wall(connection, small)
