"""`bangfu seal`, from outside: keys are made, what stands under which is told, a killed run is gone on with."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.app.command import NOWHERE, Bangfu

from bangfu.seal import read_keys
from bangfu.store import Database
from bangfu_testing import Postgres
from bangfu_testing.keys import KEYS

PEOPLE = '{ households(within: "620502", first: 50) { nodes { members { nodes { idNumber } } } } }'


@pytest.fixture
def copied(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district of a test's own."""
    with postgres.fresh(demo_template) as database:
        yield database


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The keys of that district in a file."""
    path = tmp_path / "the.keys"
    path.write_text(KEYS)
    path.chmod(0o600)
    return path


def filled(told: str) -> list[dict[str, Any]]:
    """The columns that have values, of those that `status` tells."""
    return [row for row in json.loads(told) if row["values"]]


def state(bangfu: Bangfu, database: Database, keys: Path) -> tuple[int, dict[str, tuple[int, str]]]:
    """How `status` ends, and what it tells of each key."""
    told = bangfu("seal", "status", "--json", database=database, BANGFU_SEAL_KEY="", BANGFU_SEAL_KEYS=str(keys))
    return told.exit_code, {row["key"]: (row["values"], row["state"]) for row in filled(told.stdout)}


def test_a_new_key_is_added_told_and_rotated_to(bangfu: Bangfu, copied: Database, keys: Path) -> None:
    options = {"BANGFU_SEAL_KEY": "", "BANGFU_SEAL_KEYS": str(keys)}
    ending, before = state(bangfu, copied, keys)
    assert ending == 0
    ((values, _),) = before.values()
    assert before == {"test": (values, "seals")}
    assert values > 80_000

    made = bangfu("seal", "new-key", database=copied, **options)
    assert made.exit_code == 0
    new = read_keys(keys).seal[0].id
    assert new in made.stderr
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert state(bangfu, copied, keys) == (1, {"test": (values, "to rotate")})
    assert "to rotate 待輪換" in bangfu("seal", "status", database=copied, **options).stdout

    rotated = bangfu("seal", "rotate", database=copied, **options)
    assert rotated.exit_code == 0, rotated.output
    assert f"{values:,} values are sealed under key {new} now" in rotated.stderr
    assert "Nothing here needs test any more" in rotated.stderr
    assert state(bangfu, copied, keys) == (0, {new: (values, "seals")})
    again = bangfu("seal", "rotate", database=copied, **options)
    assert again.exit_code == 0
    assert "0 values" in again.stderr
    _says_nothing_secret(keys, made.output, rotated.output, again.output)


def _says_nothing_secret(keys: Path, *told: str) -> None:
    packed = [line.partition(":")[2] for line in read_keys(keys).lines.splitlines()]
    assert [each for each in packed if any(each in one for one in told)] == []


def test_a_run_that_is_killed_is_gone_on_with_beside_a_server(bangfu: Bangfu, copied: Database, keys: Path) -> None:
    """The server was started with the old key alone, and is asked all the while."""
    options = {"BANGFU_SEAL_KEY": "", "BANGFU_SEAL_KEYS": str(keys)}
    known = bangfu.bearer(copied)
    with (
        bangfu.serving("serve", database=copied, **options) as address,
        httpx.Client(base_url=address, headers=known) as client,
    ):
        before = client.post("/graphql", json={"query": PEOPLE}).json()
        assert "errors" not in before
        assert "*" not in str(before)
        assert bangfu("seal", "new-key", database=copied, **options).exit_code == 0
        _kill_half_way(bangfu, copied, options)
        ending, half = state(bangfu, copied, keys)
        assert ending == 1
        assert sorted(told for _, told in half.values()) == ["seals", "to rotate"]
        assert client.post("/graphql", json={"query": PEOPLE}).json() == before

        stop = threading.Event()
        answers: list[bool] = []

        def ask() -> None:
            with httpx.Client(base_url=address, headers=known) as another:
                while not stop.wait(0.2):  # a client has so many requests a minute
                    answers.append(another.post("/graphql", json={"query": PEOPLE}).json() == before)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            rotated = bangfu("seal", "rotate", database=copied, **options)
        finally:
            stop.set()
            asking.join()
        assert rotated.exit_code == 0, rotated.output
        assert answers
        assert all(answers)
        ending, whole = state(bangfu, copied, keys)
        assert ending == 0
        assert whole == {read_keys(keys).seal[0].id: (sum(values for values, _ in half.values()), "seals")}
        assert client.post("/graphql", json={"query": PEOPLE}).json() == before
        assert client.get("/readyz").status_code == 200
    _says_nothing_secret(keys, bangfu.log.read_text(), rotated.output)
    assert "idNumber" not in bangfu.log.read_text()


def _kill_half_way(bangfu: Bangfu, database: Database, options: dict[str, str]) -> None:
    """Kills `rotate` as soon as it has come to something, and before it has come to everything."""
    environment = os.environ | bangfu._settings(database, options)
    new = "SELECT count(*) FROM person WHERE id_number NOT LIKE '1.test.%'"
    program: list[Path | str] = [Path(sys.executable).with_name("bangfu"), "seal", "rotate"]
    with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE) as process:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.scalar(text(new)):
                assert process.poll() is None, process.stderr and process.stderr.read()
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    assert process.returncode == -signal.SIGKILL


def test_values_whose_key_is_gone_are_told(bangfu: Bangfu, demo_database: Database, tmp_path: Path) -> None:
    other = tmp_path / "other.keys"
    options = {"BANGFU_SEAL_KEY": "", "BANGFU_SEAL_KEYS": str(other)}
    assert bangfu("seal", "new-key", **options).exit_code == 0
    told = bangfu("seal", "status", "--json", database=demo_database, **options)
    assert told.exit_code == 1
    (row,) = filled(told.stdout)
    assert (row["table"], row["column"], row["key"], row["state"]) == ("person", "id_number", "test", "key missing")
    for command in (("seal", "rotate"), ("migrate",), ("serve", "--port", "0"), ("demo", "--no-serve")):
        refused = bangfu(*command, database=demo_database, **options)
        assert refused.exit_code == 3, command
        assert "sealed under key 'index-test', which is not among those set" in refused.stderr
        assert "BANGFU_SEAL_KEYS" in refused.stderr


def test_a_key_of_the_same_id_is_told_from_the_right_one(bangfu: Bangfu, demo_database: Database) -> None:
    wrong = KEYS.replace(KEYS.partition(":")[2].partition(",")[0], "A" * 43 + "=")
    assert wrong != KEYS
    refused = bangfu("serve", "--port", "0", database=demo_database, BANGFU_SEAL_KEY=wrong)
    assert refused.exit_code == 3
    assert "Key 'test' is another one" in refused.stderr


@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("migrate",), ("seal", "rotate"), ("demo", "--no-serve")]
)
def test_nothing_is_begun_without_keys(bangfu: Bangfu, demo_database: Database, command: tuple[str, ...]) -> None:
    refused = bangfu(*command, database=demo_database, BANGFU_SEAL_KEY="")
    assert refused.exit_code == 3
    assert "BANGFU_SEAL_KEYS" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_keys_are_needed_also_while_the_database_is_away(bangfu: Bangfu) -> None:
    refused = bangfu("serve", "--port", "0", database=NOWHERE, BANGFU_SEAL_KEY="")
    assert refused.exit_code == 3
    assert "No keys are set for sealed columns" in refused.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BANGFU_SEAL_KEY": "x:secret"}, "BANGFU_SEAL_KEY, line 1"),
        ({"BANGFU_SEAL_KEY": "", "BANGFU_SEAL_KEYS": "/nowhere/at/all"}, "/nowhere/at/all cannot be read"),
        ({"BANGFU_SEAL_KEYS": "/nowhere"}, "are both set"),
    ],
)
def test_keys_that_cannot_be_used_are_told(
    bangfu: Bangfu, demo_database: Database, settings: dict[str, str], told: str
) -> None:
    refused = bangfu("migrate", database=demo_database, **settings)
    assert refused.exit_code == 3
    assert told in refused.stderr
    assert "secret" not in refused.stderr


def test_keys_that_stand_in_the_environment_are_printed_to_be_put_there(
    bangfu: Bangfu, demo_database: Database, tmp_path: Path
) -> None:
    more = bangfu("seal", "new-key", database=demo_database)
    assert more.exit_code == 0
    (line,) = more.stdout.splitlines()
    both = f"{line},{KEYS}"
    status = bangfu("seal", "status", "--json", database=demo_database, BANGFU_SEAL_KEY=both)
    assert [row["state"] for row in filled(status.stdout)] == ["to rotate"]
    begun = bangfu("seal", "new-key", database=NOWHERE, BANGFU_SEAL_KEY="")
    kinds = [each.partition("-")[0] == "index" for each in begun.stdout.strip().split(",")]
    assert kinds == [False, True]
    assert list(tmp_path.glob("*.keys")) == []


def test_the_embedded_database_makes_its_own(bangfu: Bangfu, tmp_path: Path) -> None:
    """And says so, once."""
    first = bangfu("seal", "new-key")
    assert first.exit_code == 0
    path = tmp_path / "seal.keys"
    assert len(read_keys(path).seal) == 1
    assert bangfu("seal", "new-key", "--index").exit_code == 0
    assert [len(each) for each in (read_keys(path).seal, read_keys(path).index)] == [1, 2]
