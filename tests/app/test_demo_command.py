"""`bangfu demo`: builds the district once, serves what is there, and leaves other people's data alone."""

import socket
from datetime import date

import httpx
import pytest
from sqlalchemy import inspect, text
from tests.app.command import Bangfu

from bangfu import Basis, Place
from bangfu.domain.places import PlaceKind
from bangfu.registry import Platform
from bangfu.store import Database
from bangfu.write.copy import copy_rows
from bangfu_app.examples import SHOWN, example
from bangfu_migrations import upgrade


def test_it_is_built_once(bangfu: Bangfu, empty_database: Database) -> None:
    first = bangfu("demo", "--no-serve", database=empty_database)
    assert first.exit_code == 0, first.output
    assert "migrations run" in first.stderr
    assert "Demo district 示範區: built" in first.stderr
    assert "bangfu serve" in first.stdout
    with empty_database.engine.connect() as connection:
        people = connection.scalar(text("select count(*) from person"))
    second = bangfu("demo", "--no-serve", database=empty_database)
    assert second.exit_code == 0
    assert "up to date" in second.stderr
    assert "already there" in second.stderr
    assert "without" not in second.stderr
    with empty_database.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from person")) == people == 87_900


def test_a_demo_of_fewer_plugins_is_migrated_and_says_what_it_lacks(
    bangfu: Bangfu, demo_copy: Database, platform: Platform
) -> None:
    assert bangfu("migrate", "--yes", "--down", "capacity", database=demo_copy).exit_code == 0
    done = bangfu("demo", "--no-serve", database=demo_copy)
    assert done.exit_code == 0
    assert "1 migration run" in done.stderr
    assert "already there" in done.stderr
    assert "built without capacity." in done.stderr


def test_the_district_of_somebody_else_is_left_alone(
    bangfu: Bangfu, empty_database: Database, platform: Platform
) -> None:
    upgrade(empty_database.engine, platform.branches)
    place = {"code": 110101000000000, "name": "東城區", "pinyin": "dongcheng", "kind": PlaceKind.DISTRICT}
    with empty_database.engine.begin() as connection:
        copy_rows(
            connection,
            [place],
            Place,
            district_code=110101,
            source="a register",
            basis=Basis.ADMINISTRATIVE,
            recorded_on=date(2015, 12, 31),
        )
    done = bangfu("demo", "--no-serve", database=empty_database)
    assert done.exit_code == 3
    assert "already holds a district" in done.stderr
    assert "✗ Demo district" in done.stderr
    with empty_database.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from place")) == 1


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_port_in_use_is_told_before_any_work(bangfu: Bangfu, empty_database: Database, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for done in (
            bangfu(command, "--port", str(port), database=empty_database),
            bangfu(command, database=empty_database, PORT=str(port)),
        ):
            assert done.exit_code == 3
            assert f"Port {port} is in use" in done.stderr
            assert f"--port {port + 1}" in done.stderr
    assert inspect(empty_database.engine).get_table_names() == []


def test_an_address_of_another_machine_is_refused(bangfu: Bangfu, empty_database: Database) -> None:
    done = bangfu("serve", "--host", "192.0.2.1", database=empty_database)
    assert done.exit_code == 3
    assert "--host" in done.stderr


def test_it_serves_and_shows_what_to_ask(bangfu: Bangfu, demo_database: Database) -> None:
    with bangfu.serving("demo", database=demo_database) as address:
        for each in map(example, SHOWN):
            # What the command line that is shown asks for, with the file as it is.
            asked = {"query": each.path.read_text(encoding="utf-8")}
            answer = httpx.get(f"{address}/graphql", params=asked).json()
            assert "errors" not in answer, each.name
            assert answer["data"]
    shown = bangfu.told
    for each in map(example, SHOWN):
        assert each.title in shown
        assert each.title_zh in shown
        assert f"curl -sG {address}/graphql --data-urlencode query@" in shown
        assert all(line in shown for line in each.document.splitlines())
