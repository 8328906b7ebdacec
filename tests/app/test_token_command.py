"""`bangfu token`: what may be given to whom, and what is refused before anything is kept."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.app.command import Bangfu

from bangfu.access import permissions
from bangfu.registry import Platform
from bangfu.store import Database
from bangfu.store.tokens import StoredToken, read_tokens
from bangfu_app.identity.form import read_token_text
from bangfu_testing import Postgres


@pytest.fixture(scope="module")
def database(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district for which the tests of this module issue tokens."""
    with postgres.fresh(demo_template) as made:
        yield made


def kept(database: Database) -> list[StoredToken]:
    with database.engine.connect() as connection:
        return read_tokens(connection)


def issued(bangfu: Bangfu, database: Database, *arguments: str) -> StoredToken:
    """What is kept of a token that is issued so."""
    done = bangfu("token", "issue", *arguments, "--json", database=database)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    (stored,) = (each for each in kept(database) if each.id == told["id"])
    return stored


def test_a_token_is_shown_once_and_alone_on_stdout(bangfu: Bangfu, database: Database) -> None:
    given = ("--role", "survey", "--place", "620502100", "--place", "620502101", "--permission", "industry:read")
    done = bangfu("token", "issue", "王專幹", *given, "--days", "7", database=database)
    assert done.exit_code == 0
    token = read_token_text(done.stdout.strip())
    assert token is not None
    for word in ("王專幹", token.id, "survey", "620502100 玉泉镇", "620502101", "industry:read", "not shown again"):
        assert word in done.stderr
    assert token.text not in done.stderr
    (stored,) = (each for each in kept(database) if each.id == token.id)
    assert stored.hash == token.hash
    assert (stored.name, stored.roles) == ("王專幹", ("survey",))
    assert (stored.places, stored.permissions) == (("620502100", "620502101"), ("industry:read",))
    assert abs(stored.expires_on - datetime.now(UTC) - timedelta(days=7)) < timedelta(hours=1)
    listed = bangfu("token", "list", database=database).stdout
    assert token.id in listed
    assert token.text[18:] not in listed + bangfu("token", "list", "--json", database=database).stdout


def test_offices_are_given_what_they_need(bangfu: Bangfu, database: Database, platform: Platform) -> None:
    reading = {f"{each.plugin.name}:read" for each in platform.plugins}
    entering = {f"{each.plugin.name}:write" for each in platform.plugins} | reading | {"personal:read"}
    expected: dict[tuple[str, ...], tuple[tuple[str, ...], set[str]]] = {
        ("village", "--place", "620502100200"): (("620502100200",), entering),
        ("township", "--place", "620502100"): (("620502100",), entering),
        ("township", "--place", "620502100200"): (("620502100200",), entering),
        ("sector:industry", "--everywhere"): (("*",), {"industry:read", "industry:write"}),
        ("analyst",): (("*",), reading),
        ("analyst", "--place", "620502100"): (("620502100",), reading),
        ("analyst", "--permission", "sql:read"): (("*",), reading | {"sql:read"}),
        ("district",): (("*",), set(permissions(platform))),
    }
    for arguments, (places, permitted) in expected.items():
        stored = issued(bangfu, database, "somebody", "--as", *arguments)
        assert stored.places == places
        assert set(stored.permissions) == permitted
        assert stored.roles == (arguments[0],)
        assert not stored.is_demo


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--everywhere", "--permission", "industy:read"), "'industy:read' is no permission. Did you mean 'industry:r"),
        (("--place", "620502999", "--permission", "industry:read"), "There is no place '620502999'. Did you mean"),
        (("--place", "62", "--permission", "industry:read"), "'62' is not a place code"),
        (("--as", "vilage", "--place", "620502100200"), "'vilage' is no office. Did you mean 'village'?"),
        (("--as", "sector", "--everywhere"), "sector:PLUGIN"),
        (("--as", "sector:industri", "--everywhere"), "'industri' is no plugin. Did you mean 'industry'?"),
        (("--as", "analyst:industry"), "'analyst:industry' is no office"),
        (("--as", "village", "--place", "620502100"), "620502100 is more than a village officer is given"),
        (("--as", "township", "--everywhere"), "All places are more than a township officer is given"),
    ],
)
def test_what_is_not_known_is_refused_and_nothing_kept(
    bangfu: Bangfu, database: Database, arguments: tuple[str, ...], told: str
) -> None:
    before = kept(database)
    done = bangfu("token", "issue", "somebody", *arguments, database=database)
    assert done.exit_code == 3
    assert told in done.stderr
    assert not done.stdout
    assert kept(database) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--everywhere",), "permit nothing"),
        (("--permission", "industry:read"), "show no place"),
        (("--as", "village"), "show no place"),
        (("--as", "analyst", "--everywhere", "--place", "620502"), "all places are meant already"),
        (("--as", "analyst", "--days", "0"), "--days"),
    ],
)
def test_what_goes_not_together_is_mistyped(bangfu: Bangfu, arguments: tuple[str, ...], told: str) -> None:
    done = bangfu("token", "issue", "somebody", *arguments)
    assert done.exit_code == 2
    assert told in re.sub(r"[\s│]+", " ", done.stderr)


@pytest.mark.parametrize("name", [" ", "x" * 101, "two\nlines"])
def test_a_name_that_is_none_is_refused(bangfu: Bangfu, database: Database, name: str) -> None:
    done = bangfu("token", "issue", name, "--as", "analyst", database=database)
    assert done.exit_code == 3
    assert "is no name" in done.stderr


def test_a_token_is_revoked_by_its_id_or_by_itself(bangfu: Bangfu, database: Database) -> None:
    def state(token_id: str, *arguments: str) -> str | None:
        listed = json.loads(bangfu("token", "list", "--json", *arguments, database=database).stdout)
        return next((each["state"] for each in listed if each["id"] == token_id), None)

    by_id = issued(bangfu, database, "somebody", "--as", "analyst").id
    whole = bangfu("token", "issue", "somebody", "--as", "analyst", database=database).stdout.strip()
    found = read_token_text(whole)
    assert found is not None
    for shown, token_id in ((by_id, by_id), (whole, found.id)):
        assert state(token_id) == "valid"
        done = bangfu("token", "revoke", shown, database=database)
        assert (done.exit_code, done.stdout) == (0, f"Token {token_id} of somebody revoked. 已撤銷\n")
        again = bangfu("token", "revoke", shown, database=database)
        assert again.exit_code == 0
        assert "was revoked before" in again.stdout
        assert state(token_id) is None
        assert state(token_id, "--all") == "revoked"
        assert "revoked 已撤銷" in bangfu("token", "list", "--all", database=database).stdout


def test_an_id_that_is_not_known_is_told(bangfu: Bangfu, database: Database) -> None:
    known = issued(bangfu, database, "somebody", "--as", "analyst").id
    done = bangfu("token", "revoke", known[:-1], database=database)
    assert done.exit_code == 3
    assert f"No token '{known[:-1]}' was issued here. Did you mean '{known}'?" in done.stderr
    assert "bangfu token list" in done.stderr


def test_without_tables_it_is_told_how_they_are_made(bangfu: Bangfu, empty_database: Database) -> None:
    for arguments in (("list",), ("issue", "somebody", "--as", "analyst"), ("revoke", "abc")):
        done = bangfu("token", *arguments, database=empty_database)
        assert done.exit_code == 3
        assert "`bangfu migrate`" in done.stderr
