"""Branches go up, down and up again, one run at a time, and finish what was interrupted."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, inspect, text

from bangfu.errors import DeclarationError, OperationError
from bangfu.store import Database
from bangfu_migrations import downgrade, drift, status, upgrade

Branches = dict[str, Path]


def _revision(folder: Path, name: str, *, after: str | None = None, needs: str | None = None, up: str = "") -> None:
    """Write a revision that makes a table of its own name."""
    folder.mkdir(parents=True, exist_ok=True)
    label = (folder.name,) if after is None else None
    up = up or f'op.create_table("{name}_table", sa.Column("id", sa.Integer(), primary_key=True))'
    (folder / f"{name}.py").write_text(
        f'"""Makes a table."""\n\nimport time\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f"revision = {name!r}\ndown_revision = {after!r}\nbranch_labels = {label!r}\ndepends_on = {needs!r}\n\n\n"
        f"def upgrade() -> None:\n    {up}\n\n\n"
        f'def downgrade() -> None:\n    op.drop_table("{name}_table")\n'
    )


@pytest.fixture
def branches(tmp_path: Path) -> Branches:
    """A core of two revisions, and two plugins that build on it."""
    core, farming, water = (tmp_path / name for name in ("core", "farming", "water"))
    _revision(core, "core_0001")
    _revision(core, "core_0002", after="core_0001")
    _revision(farming, "farming_0001", needs="core_0001")
    _revision(farming, "farming_0002", after="farming_0001", needs="core_0002")
    _revision(water, "water_0001", needs="core_0001")
    return {"core": core, "water": water, "farming": farming}


ALL = ("core_0001", "core_0002", "farming_0001", "farming_0002", "water_0001")


def _tables(database: Database) -> set[str]:
    found = inspect(database.engine).get_table_names()
    return {name.removesuffix("_table") for name in found if name.endswith("_table")}


def _current(database: Database, branches: Mapping[str, Path]) -> dict[str, str | None]:
    return {one.branch: one.current for one in status(database.engine, branches)}


def test_everything_goes_up_the_core_first(empty_database: Database, branches: Branches) -> None:
    steps: list[tuple[str, str]] = []
    done = upgrade(empty_database.engine, branches, on_step=lambda branch, revision: steps.append((branch, revision)))
    assert done == ALL
    assert steps == [(revision.split("_")[0], revision) for revision in ALL]
    assert _tables(empty_database) == set(ALL)
    assert upgrade(empty_database.engine, branches) == ()


def test_status_tells_what_is_pending_and_changes_nothing(empty_database: Database, branches: Branches) -> None:
    core, farming, water = status(empty_database.engine, branches)
    assert (core.branch, core.current, core.head, core.pending) == ("core", None, "core_0002", ALL[:2])
    assert (farming.branch, farming.pending) == ("farming", ALL[2:4])
    assert (water.branch, water.pending, water.parked) == ("water", ALL[4:], False)
    assert inspect(empty_database.engine).get_table_names() == []


def test_a_branch_goes_down_and_up_again(empty_database: Database, branches: Branches) -> None:
    upgrade(empty_database.engine, branches)
    assert downgrade(empty_database.engine, branches, "farming", "farming_0001") == ("farming_0002",)
    assert downgrade(empty_database.engine, branches, "farming") == ("farming_0001",)
    assert _tables(empty_database) == {"core_0001", "core_0002", "water_0001"}
    assert _current(empty_database, branches) == {"core": "core_0002", "farming": None, "water": "water_0001"}
    assert upgrade(empty_database.engine, branches) == ("farming_0001", "farming_0002")
    assert _tables(empty_database) == set(ALL)


def test_all_the_way_down(empty_database: Database, branches: Branches) -> None:
    upgrade(empty_database.engine, branches)
    for branch in ("water", "farming", "core"):
        downgrade(empty_database.engine, branches, branch)
    assert _tables(empty_database) == set()
    assert upgrade(empty_database.engine, branches) == ALL


def test_the_core_stays_while_something_stands_on_it(empty_database: Database, branches: Branches) -> None:
    upgrade(empty_database.engine, branches)
    with pytest.raises(OperationError, match="needed by: farming, water"):
        downgrade(empty_database.engine, branches, "core")
    with pytest.raises(OperationError, match=r"needed by: farming\."):
        downgrade(empty_database.engine, branches, "core", "core_0001")
    del branches["farming"]  # what is not installed stands there all the same
    with pytest.raises(OperationError, match=r"needed by: farming\."):
        downgrade(empty_database.engine, branches, "core", "core_0001")
    assert _tables(empty_database) == set(ALL)


def test_a_misspelt_target_is_named(empty_database: Database, branches: Branches) -> None:
    with pytest.raises(OperationError, match="no branch 'watre'. Did you mean 'water'"):
        downgrade(empty_database.engine, branches, "watre")
    with pytest.raises(OperationError, match="no revision 'water_001' .* Did you mean 'water_0001'"):
        downgrade(empty_database.engine, branches, "water", "water_001")


def test_a_plugin_that_leaves_keeps_its_data(empty_database: Database, branches: Branches) -> None:
    upgrade(empty_database.engine, branches)
    with empty_database.engine.begin() as connection:
        connection.execute(text("insert into farming_0001_table values (7)"))
    folder = branches.pop("farming")
    assert upgrade(empty_database.engine, branches) == ()
    parked = status(empty_database.engine, branches)[-1]
    assert (parked.branch, parked.current, parked.parked) == ("farming", "farming_0002", True)

    _revision(branches["core"], "core_0003", after="core_0002")
    assert upgrade(empty_database.engine, branches) == ("core_0003",)
    _revision(folder, "farming_0003", after="farming_0002")
    assert upgrade(empty_database.engine, branches | {"farming": folder}) == ("farming_0003",)
    with empty_database.engine.connect() as connection:
        assert connection.execute(text("select id from farming_0001_table")).scalar_one() == 7


def test_what_was_interrupted_is_finished(empty_database: Database, branches: Branches) -> None:
    good = (branches["farming"] / "farming_0002.py").read_text()
    _revision(
        branches["farming"],
        "farming_0002",
        after="farming_0001",
        up='op.create_table("half_made_table", sa.Column("id", sa.Integer())); raise KeyboardInterrupt',
    )
    with pytest.raises(KeyboardInterrupt):
        upgrade(empty_database.engine, branches)
    assert _tables(empty_database) == {"core_0001", "core_0002", "farming_0001"}
    (branches["farming"] / "farming_0002.py").write_text(good)
    assert upgrade(empty_database.engine, branches) == ("farming_0002", "water_0001")
    assert _tables(empty_database) == set(ALL)


def test_a_lost_connection_leaves_what_was_finished(empty_database: Database, branches: Branches) -> None:
    good = (branches["water"] / "water_0001.py").read_text()
    _revision(branches["water"], "water_0001", up='op.execute("select pg_terminate_backend(pg_backend_pid())")')
    with pytest.raises(OperationError):
        upgrade(empty_database.engine, branches)
    (branches["water"] / "water_0001.py").write_text(good)
    assert upgrade(empty_database.engine, branches) == ("water_0001",)


def test_a_revision_that_fails_is_named_and_undone(empty_database: Database, branches: Branches) -> None:
    _revision(branches["water"], "water_0001", up='op.drop_table("nothing_table")')
    with pytest.raises(OperationError, match=r"upgrade of revision water_0001 failed.*nothing_table") as caught:
        upgrade(empty_database.engine, branches)
    assert caught.value.code == "MIGRATION_FAILED"
    assert _tables(empty_database) == set(ALL[:4])


def test_two_runs_wait_for_each_other(empty_database: Database, branches: Branches, postgres: object) -> None:
    _revision(branches["core"], "core_0001", up='op.execute("select pg_sleep(0.3)")')
    url = empty_database.url.render_as_string(hide_password=False)
    done: list[tuple[str, ...]] = []

    def run() -> None:
        database = Database(url)
        done.append(upgrade(database.engine, branches))
        database.dispose()

    runs = [threading.Thread(target=run) for _ in range(3)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert sorted(done) == [(), (), ALL]


def test_a_database_that_is_newer_is_left_alone(empty_database: Database, branches: Branches) -> None:
    upgrade(empty_database.engine, branches)
    (branches["farming"] / "farming_0002.py").unlink()
    with pytest.raises(OperationError, match="'farming_0002' of branch 'farming', which is not installed") as caught:
        upgrade(empty_database.engine, branches)
    assert caught.value.code == "DATABASE_NEWER"


def test_a_plugin_without_tables_has_no_branch(empty_database: Database, branches: Branches, tmp_path: Path) -> None:
    branches["talk"] = tmp_path / "talk"
    assert upgrade(empty_database.engine, branches) == ALL
    assert _current(empty_database, branches)["talk"] is None


def test_wrong_branches_are_refused_all_at_once(empty_database: Database, branches: Branches) -> None:
    water, farming = branches["water"], branches["farming"]
    _revision(water, "wells_0002", after="water_0001", needs="farming_0001")
    _revision(farming, "farming_0003", after="farming_0001")
    with pytest.raises(DeclarationError) as caught:
        upgrade(empty_database.engine, branches)
    told = {(problem.plugin, problem.thing, problem.found) for problem in caught.value.problems}
    assert told == {
        ("farming", "revision farming_0002 and farming_0003", "both follow farming_0001"),
        ("water", "revision wells_0002", "its name has another prefix"),
        ("water", "revision wells_0002", "it depends on farming_0001, which is no revision of the core"),
    }
    assert _tables(empty_database) == set()


def test_a_lost_or_unlabelled_revision_is_refused(empty_database: Database, branches: Branches) -> None:
    (branches["farming"] / "farming_0001.py").unlink()
    first = branches["water"] / "water_0001.py"
    first.write_text(first.read_text().replace("branch_labels = ('water',)", "branch_labels = None"))
    with pytest.raises(DeclarationError, match="follows farming_0001, which is not in this branch") as caught:
        upgrade(empty_database.engine, branches)
    assert "branch_labels = ('water',)" in caught.value.message


def test_a_file_that_is_no_python_names_its_plugin(empty_database: Database, branches: Branches) -> None:
    (branches["water"] / "water_0001.py").write_text("revision = ")
    with pytest.raises(DeclarationError, match="plugin 'water'.*cannot be read"):
        upgrade(empty_database.engine, branches)


def test_drift_tells_the_differences(empty_database: Database, branches: Branches) -> None:
    upgrade(empty_database.engine, branches)
    declared = MetaData()
    for name in ALL:
        Table(f"{name}_table", declared, Column("id", Integer, primary_key=True))
    assert drift(empty_database.engine, declared) == []

    changed = MetaData()
    Table("core_0001_table", changed, Column("id", Text, primary_key=True), Column("name", Text, index=True))
    Table("water_0001_table", changed, Column("id", Integer, primary_key=True))
    Table("water_wells", changed, Column("id", Integer, primary_key=True))
    assert drift(empty_database.engine, changed) == [
        "column core_0001_table.id: its type is INTEGER() in the database and Text() as declared",
        "column core_0001_table.name is declared, but not in the database",
        "index ix_core_0001_table_name of table core_0001_table is declared, but not in the database",
        "table core_0002_table is in the database, but not declared",
        "table water_wells is declared, but not in the database",
    ]
