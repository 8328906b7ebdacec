"""`bangfu migrate`: what is pending is shown, run, finished after an interruption, and undone only when it is meant."""

import json

import pytest
from sqlalchemy import inspect, text
from tests.app.command import Bangfu

from bangfu.registry import Platform
from bangfu.store import Database
from bangfu_migrations import downgrade, status, upgrade


@pytest.fixture
def migrated(empty_database: Database, platform: Platform) -> Database:
    """A database with all tables and no rows."""
    upgrade(empty_database.engine, platform.branches)
    return empty_database


def test_status_of_a_new_database(bangfu: Bangfu, empty_database: Database, platform: Platform) -> None:
    done = bangfu("migrate", "--status", "--json", database=empty_database)
    assert done.exit_code == 1
    branches = json.loads(done.stdout)
    assert [branch["branch"] for branch in branches] == ["core", *sorted(platform.branches)]
    for branch in branches:
        assert list(branch) == ["branch", "current", "head", "pending", "parked"]
        assert branch["current"] is None
        assert branch["pending"][-1] == branch["head"]
    table = bangfu("migrate", "--status", database=empty_database)
    assert table.exit_code == 1
    assert "1 pending" in table.stdout
    assert inspect(empty_database.engine).get_table_names() == []


def test_each_revision_is_shown_while_it_is_run(bangfu: Bangfu, empty_database: Database) -> None:
    done = bangfu("migrate", database=empty_database)
    assert done.exit_code == 0
    pending = json.loads(bangfu("migrate", "--status", "--json", database=empty_database).stdout)
    for branch in pending:
        assert branch["current"] == branch["head"]
        assert f"✓ {branch['head']}" in done.stderr
    assert not done.stdout
    assert bangfu("migrate", "--status", database=empty_database).exit_code == 0
    again = bangfu("migrate", "--json", database=empty_database)
    assert again.exit_code == 0
    assert "Nothing is pending" in again.stderr
    assert json.loads(again.stdout) == pending


def test_what_was_interrupted_is_finished(bangfu: Bangfu, empty_database: Database, platform: Platform) -> None:
    def stop_at(branch: str, _revision: str) -> None:
        if branch == "funding":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(empty_database.engine, platform.branches, on_step=stop_at)
    pending = [each.branch for each in status(empty_database.engine, platform.branches) if each.pending]
    assert pending[0] == "funding"
    assert bangfu("migrate", "--status", database=empty_database).exit_code == 1
    done = bangfu("migrate", database=empty_database)
    assert done.exit_code == 0
    assert f"{len(pending)} migrations run" in done.stderr
    assert bangfu("migrate", "--status", database=empty_database).exit_code == 0


def test_a_parked_branch_is_not_pending(bangfu: Bangfu, migrated: Database) -> None:
    with migrated.engine.begin() as connection:
        connection.execute(text("insert into bangfu_migration (branch, revision) values ('forestry', 'forestry_0001')"))
    done = bangfu("migrate", "--status", database=migrated)
    assert done.exit_code == 0
    assert "parked" in done.stdout


def test_data_is_not_deleted_unasked(bangfu: Bangfu, migrated: Database) -> None:
    for typed in ("n\n", ""):
        done = bangfu("migrate", "--down", "industry", database=migrated, typed=typed)
        assert done.exit_code == 1
        assert "deletes its data for good" in done.stderr
    assert inspect(migrated.engine).has_table("industry_planting")


@pytest.mark.parametrize(("down", "typed", "yes"), [("industry", "y\n", ()), ("industry@base", "", ("--yes",))])
def test_a_branch_goes_down_and_up_again(
    bangfu: Bangfu, migrated: Database, down: str, typed: str, yes: tuple[str, ...]
) -> None:
    done = bangfu("migrate", "--down", down, *yes, database=migrated, typed=typed)
    assert done.exit_code == 0
    assert "✓ industry_0001 undone" in done.stderr
    assert not inspect(migrated.engine).has_table("industry_planting")
    assert bangfu("migrate", "--status", database=migrated).exit_code == 1
    assert "1 migration run" in bangfu("migrate", database=migrated).stderr


@pytest.mark.parametrize(
    ("down", "told"),
    [("core", "needed by: capacity"), ("industri", "Did you mean 'industry'"), ("industry@x", "no revision 'x'")],
)
def test_what_cannot_go_down_is_refused(bangfu: Bangfu, migrated: Database, down: str, told: str) -> None:
    done = bangfu("migrate", "--yes", "--down", down, database=migrated)
    assert done.exit_code == 3
    assert told in done.stderr


def test_status_and_down_contradict(bangfu: Bangfu, migrated: Database) -> None:
    assert bangfu("migrate", "--status", "--down", "industry", database=migrated).exit_code == 2


def test_a_database_that_is_newer_is_left_alone(bangfu: Bangfu, migrated: Database, platform: Platform) -> None:
    downgrade(migrated.engine, platform.branches, "industry")
    with migrated.engine.begin() as connection:
        connection.execute(text("update bangfu_migration set revision = 'core_9999' where branch = 'core'"))
    done = bangfu("migrate", database=migrated)
    assert done.exit_code == 3
    assert "'core_9999'" in done.stderr
    assert not inspect(migrated.engine).has_table("industry_planting")
