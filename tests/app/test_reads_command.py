"""`bangfu reads`, and the server whose reads it shows: of people with tokens, over HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.store import Database
from bangfu.store.reads import READ_LOG
from bangfu_testing import Postgres

PEOPLE = """query Village { village(code: "620502100200") {
  households(first: 5) { nodes { id head { id name idNumber } } } } }"""
SEARCH = '{ households(within: "620502100", filter: { head: { name: { startsWith: "王" } } }) { totalCount } }'
WATCH = """subscription { progress(place: "620502100200") {
  ... on Village { households(first: 2) { nodes { head { health name } } } } } }"""


@pytest.fixture(scope="module")
def database(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district that is read in the tests of this module."""
    with postgres.fresh(demo_template) as made:
        yield made


def test_the_server_logs_what_people_read_before_it_answers(bangfu: Bangfu, demo_copy: Database) -> None:
    officer, analyst = bangfu.bearer(demo_copy), bangfu.bearer(demo_copy, "analyst")

    def logged() -> list[Any]:
        return list(json.loads(bangfu("reads", "--json", database=demo_copy).stdout))

    with bangfu.serving("serve", database=demo_copy) as address, httpx.Client(base_url=address) as client:

        def ask(document: str, headers: dict[str, str]) -> httpx.Response:
            return client.post("/graphql", json={"query": document}, headers=headers)

        shown = ask(PEOPLE, {**officer, "x-request-id": "page-7"}).json()["data"]["village"]["households"]["nodes"]
        assert ask(PEOPLE, analyst).json()["data"]["village"]["households"]["nodes"][0]["head"]["name"].endswith("**")
        assert ask(SEARCH, officer).json()["data"]["households"]["totalCount"] > 0
        events = {**officer, "accept": "text/event-stream"}
        with client.stream("POST", "/graphql", json={"query": WATCH}, headers=events) as stream:
            event = next(line for line in stream.iter_lines() if line.startswith("data:"))
        assert "households" in event

        watched, searched, people = logged()
        assert people == people | {
            "viewer": "a test",
            "shown": ["Person.id_number", "Person.name"],
            "filtered": [],
            "ordered": [],
            "rows": {"Person": len(shown)},
            "places": ["620502100200"],
            "district": 620502,
            "operation": "Village",
            "document": sha256(PEOPLE.encode()).hexdigest(),
            "request": "page-7",
            "succeeded": True,
        }
        ids = [each["id"] for each in json.loads(bangfu("token", "list", "--json", database=demo_copy).stdout)]
        assert people["token"] == searched["token"] == watched["token"]
        assert people["token"] in ids
        assert (searched["filtered"], searched["rows"]) == (["Person.name"], {})
        assert (watched["shown"], watched["places"]) == (["Person.health", "Person.name"], ["620502100200"])

        with demo_copy.engine.begin() as connection:
            connection.execute(text("REVOKE INSERT ON read_log FROM bangfu_reader, bangfu_district_reader"))
        refused = ask(PEOPLE, officer)
        assert refused.status_code == 503
        (error,) = refused.json()["errors"]
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert "data" not in refused.json()
        assert "read_log" not in refused.text, "what is wrong is told in the log"
        assert ask(PEOPLE, analyst).status_code == 200, "nothing is shown in full"
    assert "permission denied for table read_log" in bangfu.log.read_text()
    assert len(logged()) == 3


NOW = datetime.now(UTC)


def write(database: Database, number: int, **changed: Any) -> None:
    """An entry of so many days ago."""
    given = {
        "district_code": 620502,
        "viewer": "王專幹",
        "document": f"{number:064x}",
        "places": [],
        "shown": ["Person.name"],
        "filtered": [],
        "ordered": [],
        "counts": {"Person": number},
        "succeeded": True,
    }
    with database.engine.begin() as connection:
        connection.execute(READ_LOG.insert().values(given | changed))
        # PostgreSQL dates entries itself, whatever is given.
        connection.execute(text("GRANT UPDATE ON read_log TO CURRENT_USER"))
        dated = READ_LOG.update().where(READ_LOG.c.document == given["document"])
        connection.execute(dated.values(at=NOW - timedelta(days=number)))


@pytest.fixture(scope="module")
def filled(database: Database) -> Database:
    """With entries of five days, the newest not written last."""
    write(database, 4, viewer="[bold]李[/]", token_id="7k2m9x4c1p", places=["620502100"], operation="Page")
    write(database, 3, district_code=0, succeeded=False, request_id="r-3")
    write(database, 2, shown=["Gone.secret"])
    write(database, 1, ordered=["Person.id_number"])
    write(database, 5, filtered=["Person.id_number"], shown=[])
    return database


def numbers(bangfu: Bangfu, database: Database, *arguments: str) -> list[int]:
    done = bangfu("reads", "--json", *arguments, database=database)
    assert done.exit_code == 0, done.output
    return [int(each["document"], 16) for each in json.loads(done.stdout)]


def test_entries_are_found_by_who_when_and_what(bangfu: Bangfu, filled: Database) -> None:
    assert numbers(bangfu, filled) == [1, 2, 3, 4, 5]
    assert numbers(bangfu, filled, "--viewer", "[bold]李[/]") == [4]
    assert numbers(bangfu, filled, "--viewer", "王") == []
    moment = (NOW - timedelta(days=2, hours=12)).astimezone().strftime("%Y-%m-%dT%H:%M")
    assert numbers(bangfu, filled, "--since", moment) == [1, 2]
    assert numbers(bangfu, filled, "--since", f"{NOW.astimezone() + timedelta(days=1):%Y-%m-%d}") == []
    assert numbers(bangfu, filled, "--field", "Person.id_number") == [1, 5]
    assert numbers(bangfu, filled, "--field", "Person.idNumber", "--viewer", "王專幹") == [1, 5]
    assert numbers(bangfu, filled, "--field", "Gone.secret") == [2]
    assert numbers(bangfu, filled, "--field", "Person.health") == []


def test_they_come_page_by_page(bangfu: Bangfu, filled: Database) -> None:
    first = bangfu("reads", "--limit", "2", "--json", database=filled)
    page = json.loads(first.stdout)
    assert [int(each["document"], 16) for each in page] == [1, 2]
    assert f"--before {page[-1]['id']}" in first.stderr
    assert numbers(bangfu, filled, "--limit", "3", "--before", str(page[-1]["id"])) == [3, 4, 5]


def test_a_table_for_people(bangfu: Bangfu, filled: Database) -> None:
    done = bangfu("reads", database=filled)
    assert done.exit_code == 0
    for word in ("[bold]李[/]", "7k2m9x4c1p", "Person.name", "4 Person", "in 620502100", "Page", "r-3", "有錯誤"):
        assert word in done.stdout
    nobody = bangfu("reads", "--viewer", "nobody", database=filled)
    assert nobody.exit_code == 0
    assert "Nobody has read any of it" in nobody.stderr
    assert nobody.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--field", "Person.id_numbr"), "Did you mean 'Person.id_number'?"),
        (("--field", "Person.sex"), "is no personal data"),
        (("--since", "yesterday"), "does not match"),
        (("--limit", "0"), "greater than or equal to 1"),
    ],
)
def test_what_was_mistyped_is_told(bangfu: Bangfu, filled: Database, arguments: tuple[str, ...], said: str) -> None:
    """Lest a slip look as if nobody had read anything."""
    done = bangfu("reads", *arguments, database=filled)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_without_tables_it_says_what_is_missing(bangfu: Bangfu, empty_database: Database) -> None:
    done = bangfu("reads", database=empty_database)
    assert done.exit_code == 3
    assert "`bangfu migrate`" in done.stderr
