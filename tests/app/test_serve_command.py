"""`bangfu serve`, from outside: whom it lets in, that it starts without its database, and recovers by itself."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import func, inspect, text, update
from tests.app.command import Bangfu

from bangfu.store import Database, EmbeddedServer
from bangfu.store.tokens import TOKEN
from bangfu_app.identity.form import make_token
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


def test_it_answers(bangfu: Bangfu, demo_copy: Database) -> None:
    known = bangfu.bearer(demo_copy)
    with (
        bangfu.serving("serve", database=demo_copy) as address,
        httpx.Client(base_url=address, headers=known) as client,
    ):
        assert "Every request needs a token, issued here (1 valid)." in bangfu.log.read_text()
        assert client.get("/readyz").json() == {"ready": True}
        assert client.post("/graphql", json=NAME).json() == {"data": {"district": {"name": "秦州区"}}}
        kept = client.get("/graphql", params=NAME, headers={"x-request-id": "page-7"})
        assert kept.json()["data"]
        assert client.get("/", headers={"accept": "text/html"}, follow_redirects=True).status_code == 200
    (line,) = (each for each in bangfu.log_lines() if each["requestId"] == "page-7")
    assert (line["logger"], line["event"], line["status"]) == ("bangfu.access", "GET /graphql 200", 200)
    assert line["statements"] == 1
    assert len(line["document"]) == 16
    assert "620502" not in bangfu.log.read_text(), "what is asked belongs in no log"


def test_it_starts_without_its_database_and_recovers(bangfu: Bangfu, postgres: Postgres, later: Database) -> None:
    # One that could have been issued: without a token nobody is told more than that one is needed.
    made_up = {"Authorization": f"Bearer {make_token().text}"}

    def refused(client: httpx.Client, reason: str) -> None:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert reason in ready.json()["reason"]
        assert client.post("/graphql", json=NAME).status_code == 401
        answer = client.post("/graphql", json=NAME, headers=made_up)
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
        assert bangfu("migrate", database=later).exit_code == 0
        assert client.get("/readyz").json() == {"ready": True}
        assert client.post("/graphql", json=NAME, headers=made_up).status_code == 401
        client.headers.update(bangfu.bearer(later))
        answer = client.post("/graphql", json={"query": "{ plugins { name } }"})
        assert "errors" not in answer.json()
        assert client.post("/graphql", json=NAME).status_code == 200


NEEDED = ("BANGFU_JWT_ISSUER", "BANGFU_JWT_KEYS", "BANGFU_JWT_AUDIENCE", "bangfu token issue")


def refusal(bangfu: Bangfu, *arguments: str, database: Database | None) -> str:
    """What a start says that refuses; it has not begun to serve."""
    done = bangfu("serve", "--port", "0", *arguments, database=database)
    assert done.exit_code == 3, done.output
    assert not done.stdout
    for word in NEEDED:
        assert word in done.stderr
    return done.stderr


def test_a_database_by_url_is_not_served_to_everybody(bangfu: Bangfu, empty_database: Database) -> None:
    told = refusal(bangfu, database=empty_database)
    assert "its database is not the embedded one" in told
    assert "listens on" not in told
    assert inspect(empty_database.engine).get_table_names() == []


@pytest.mark.parametrize(
    "change",
    [{"revoked_on": func.now()}, {"expires_on": func.now()}, {"is_demo": True}],
    ids=["revoked", "expired", "of the demo, known to everybody"],
)
def test_a_token_that_counts_for_nothing_lets_no_server_start(
    bangfu: Bangfu, tables: Database, change: dict[str, Any]
) -> None:
    bangfu.bearer(tables)
    with tables.engine.begin() as connection:
        connection.execute(update(TOKEN).values(**change))
    refusal(bangfu, database=tables)


def test_with_keys_no_token_has_to_be_issued(bangfu: Bangfu, demo_database: Database, tmp_path: Path) -> None:
    key = OctKey.import_key("a secret of more than thirty-two characters")
    file = tmp_path / "secret.json"
    file.write_text(json.dumps(key.as_dict(private=True)))
    settings = {"JWT_KEYS": str(file), "JWT_AUDIENCE": "bangfu", "JWT_ALGORITHMS": "HS256"}
    claims = {"sub": "u1", "aud": "bangfu", "exp": int(time.time()) + 600}
    signed = jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])
    given = {f"BANGFU_{name}": value for name, value in settings.items()}
    with bangfu.serving("serve", database=demo_database, **given) as address:
        assert "Every request needs a token, signed by the keys in BANGFU_JWT_KEYS." in bangfu.log.read_text()
        asked = {"query": "{ viewer { name } }"}
        assert httpx.post(f"{address}/graphql", json=asked).status_code == 401
        let_in = httpx.post(f"{address}/graphql", json=asked, headers={"Authorization": f"Bearer {signed}"})
        assert let_in.json() == {"data": {"viewer": {"name": "u1"}}}


def test_wrong_keys_are_told_before_missing_ones(bangfu: Bangfu, empty_database: Database) -> None:
    done = bangfu("serve", "--port", "0", database=empty_database, BANGFU_JWT_ISSUER="https://id.example")
    assert done.exit_code == 3
    assert "BANGFU_JWT_AUDIENCE is not set" in done.stderr


@pytest.mark.skipif("BANGFU_DATABASE_URL" in os.environ, reason="another server is given")
def test_the_embedded_database_is_open_on_this_machine_until_a_token_is_issued(bangfu: Bangfu) -> None:
    asked = {"query": "{ viewer { name isEverywhere } }"}
    with EmbeddedServer(bangfu.home, durable=False):
        assert bangfu("migrate").exit_code == 0
        told = refusal(bangfu, "--host", "0.0.0.0", database=None)
        assert "it listens on 0.0.0.0, which other machines reach" in told
        with bangfu.serving("serve") as address, httpx.Client(base_url=address) as client:
            assert "Everybody on this machine is let in" in bangfu.log.read_text()
            assert client.post("/graphql", json=asked).json() == {"data": {"viewer": None}}
            known = bangfu.bearer()
            told_once = client.post("/graphql", json=asked, headers=known)
            assert told_once.json() == {"data": {"viewer": {"name": "a test", "isEverywhere": True}}}
            assert client.post("/graphql", json=asked).status_code == 401
        (issued,) = json.loads(bangfu("token", "list", "--json").stdout)
        assert issued["last_used"] is not None
        assert bangfu("token", "revoke", issued["id"]).exit_code == 0
        with bangfu.serving("serve") as address:
            assert "none that was issued here is valid any more" in bangfu.log.read_text()
            assert httpx.post(f"{address}/graphql", json=asked, headers=known).status_code == 401
            assert httpx.post(f"{address}/graphql", json=asked).status_code == 401
