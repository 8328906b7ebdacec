"""`bangfu demo`: builds the district once, serves what is there, and leaves other people's data alone."""

import json
import os
import re
import socket
from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import inspect, text
from tests.app.command import Bangfu

from bangfu import Basis, Place
from bangfu.domain.places import PlaceKind
from bangfu.registry import Platform
from bangfu.store import Database, EmbeddedServer
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


@pytest.mark.skipif("BANGFU_DATABASE_URL" in os.environ, reason="another server is given")
def test_it_serves_and_shows_whom_to_be_and_what_to_ask(bangfu: Bangfu, platform: Platform) -> None:
    asked = {"query": "{ viewer { roles places isEverywhere } }"}
    with EmbeddedServer(bangfu.home, durable=False):
        with bangfu.serving("demo") as address:
            tokens = re.findall(r"bangfu_[0-9a-z]{10}_\w{49}", bangfu.told)
            assert tokens[-1] == tokens[4], "the last one is taken for the queries"
            shown = bangfu.told
            assert httpx.post(f"{address}/graphql", json=asked).status_code == 401
            viewers = [_viewer(address, token) for token in tokens[:5]]
            assert [viewer["roles"][0].partition(":")[0] for viewer in viewers] == [
                "village",
                "township",
                "sector",
                "analyst",
                "district",
            ]
            for viewer in viewers[:2]:
                assert viewer["places"][0] in shown
            for each in map(example, SHOWN):
                # What the command line that is shown asks for, with the file as it is.
                answer = httpx.get(
                    f"{address}/graphql",
                    params={"query": each.path.read_text(encoding="utf-8")},
                    headers={"Authorization": f"Bearer {tokens[4]}"},
                ).json()
                assert "errors" not in answer, each.name
                assert answer["data"]
            page = httpx.get(f"{address}/graphql", headers={"accept": "text/html"}).text
            assert all(token in page for token in tokens)
        for each in map(example, SHOWN):
            assert each.title in shown
            assert each.title_zh in shown
            command = f'curl -sG {address}/graphql -H "Authorization: Bearer $TOKEN" --data-urlencode query@'
            assert command in shown
            assert all(line in shown for line in each.document.splitlines())

        with bangfu.serving("demo", "--json") as address:
            told = json.loads(bangfu.told)
            assert told["address"] == f"{address}/graphql"
            assert all(login["title"] and login["zh"] and login["permissions"] for login in told["logins"])
            again = [login["token"] for login in told["logins"]]
            assert not set(again) & set(tokens)
            assert [_viewer(address, token) for token in again] == viewers
            ended = httpx.post(f"{address}/graphql", json=asked, headers={"Authorization": f"Bearer {tokens[0]}"})
            assert ended.status_code == 401
            assert "it was revoked" in ended.text

        # Where others reach it, tokens that everybody can see on the page are none.
        beyond = bangfu("demo", "--host", "0.0.0.0", "--port", "0")
        assert beyond.exit_code == 3
        assert "it listens on 0.0.0.0" in beyond.stderr
        assert not beyond.stdout
        listed = json.loads(bangfu("token", "list", "--json").stdout)
        assert [each["demo"] for each in listed] == [True] * 5, "nothing was issued or revoked by that"


def _viewer(address: str, token: str) -> dict[str, Any]:
    asked = {"query": "{ viewer { roles places isEverywhere } }"}
    answer = httpx.post(f"{address}/graphql", json=asked, headers={"Authorization": f"Bearer {token}"}).json()
    viewer: dict[str, Any] = answer["data"]["viewer"]
    return viewer


def test_on_a_database_by_url_there_are_no_tokens_of_the_demo(bangfu: Bangfu, demo_copy: Database) -> None:
    refused = bangfu("demo", "--port", "0", database=demo_copy)
    assert refused.exit_code == 3
    assert "its database is not the embedded one" in refused.stderr
    known = bangfu.bearer(demo_copy)
    with bangfu.serving("demo", database=demo_copy) as address:
        assert "People to be" not in bangfu.told
        assert httpx.post(f"{address}/graphql", json={"query": "{ __typename }"}).status_code == 401
        answer = httpx.post(f"{address}/graphql", json={"query": "{ __typename }"}, headers=known)
        assert answer.json() == {"data": {"__typename": "Query"}}
    assert [each["demo"] for each in json.loads(bangfu("token", "list", "--json", database=demo_copy).stdout)] == [
        False
    ]


def test_json_goes_with_serving(bangfu: Bangfu) -> None:
    assert bangfu("demo", "--no-serve", "--json").exit_code == 2
