"""`bangfu serve`, from outside: answers, starts without its database, and recovers by itself."""

import re
import secrets
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.registry import Platform
from bangfu.store import Database
from bangfu_migrations import make_ready
from bangfu_testing import Postgres

NAME = {"query": '{ district(code: "620502") { name } }'}


@pytest.fixture
def later(postgres: Postgres) -> Iterator[Database]:
    """A database that does not exist yet."""
    name = f"bangfu_test_{secrets.token_hex(6)}"
    database = postgres.database(name)
    yield database
    database.dispose()
    run(postgres, f'drop database if exists "{name}" with (force)')


def run(postgres: Postgres, statement: str) -> None:
    server = postgres.database("postgres")
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    server.dispose()


def test_it_answers(bangfu: Bangfu, demo_database: Database) -> None:
    with bangfu.serving("serve", database=demo_database) as address, httpx.Client(base_url=address) as client:
        assert client.get("/readyz").json() == {"ready": True}
        assert client.post("/graphql", json=NAME).json() == {"data": {"district": {"name": "秦州区"}}}
        kept = client.get("/graphql", params=NAME, headers={"x-request-id": "page-7"})
        assert kept.json()["data"]
        assert re.search(
            r"INFO +page-7 bangfu.access: GET /graphql 200 in \d+ ms$", bangfu.log.read_text(), re.MULTILINE
        )
        assert "620502" not in bangfu.log.read_text(), "what is asked belongs in no log"
        assert client.get("/", headers={"accept": "text/html"}, follow_redirects=True).status_code == 200


def test_it_starts_without_its_database_and_recovers(
    bangfu: Bangfu, postgres: Postgres, later: Database, platform: Platform
) -> None:
    def refused(client: httpx.Client, reason: str) -> None:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert reason in ready.json()["reason"]
        answer = client.post("/graphql", json=NAME)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert later.url.database is not None
        assert later.url.database not in ready.text + answer.text

    with bangfu.serving("serve", database=later) as address, httpx.Client(base_url=address) as client:
        refused(client, "cannot be reached")
        run(postgres, f'create database "{later.url.database}"')
        refused(client, "no tables yet")
        make_ready(later.engine, platform)
        assert client.get("/readyz").json() == {"ready": True}
        answer = client.post("/graphql", json={"query": "{ plugins { name } }"})
        assert "errors" not in answer.json()
        assert client.post("/graphql", json=NAME).status_code == 200
