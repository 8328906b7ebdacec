"""What a person types in a terminal: help, the commands that need no database, and how errors are told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.app.command import NOWHERE, Bangfu

from bangfu.registry import Platform
from bangfu.store import Database
from bangfu_app import opening
from bangfu_schema import Graph


def test_help_names_every_command_and_what_exit_codes_mean(bangfu: Bangfu) -> None:
    told = bangfu("--help")
    assert told.exit_code == 0
    for word in ("demo", "serve", "migrate", "report", "plugin", "schema", "BANGFU_DATABASE_URL", "Exit codes"):
        assert word in told.stdout


def test_help_is_light() -> None:
    heavy = "sorted({'sqlalchemy', 'strawberry', 'alembic', 'uvicorn', 'pypinyin'} & set(sys.modules))"
    script = f"import sys, bangfu_app.cli; print({heavy})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_told(bangfu: Bangfu) -> None:
    assert bangfu("--version").stdout.startswith("bangfu ")


@pytest.mark.parametrize(
    "mistyped", [("reprot",), ("report", "--jsn"), ("serve", "--port", "99999"), ("schema", "export", "--check")]
)
def test_a_mistyped_command_is_2(bangfu: Bangfu, mistyped: tuple[str, ...]) -> None:
    done = bangfu(*mistyped)
    assert done.exit_code == 2
    assert "Usage" in done.stderr
    assert not done.stdout


def test_plugins_are_listed(bangfu: Bangfu, platform: Platform) -> None:
    done = bangfu("plugin", "list")
    assert done.exit_code == 0
    for each in platform.plugins:
        assert each.plugin.name in done.stdout
        assert each.plugin.title.zh in done.stdout


def test_plugins_as_json(bangfu: Bangfu, platform: Platform) -> None:
    listed = {each["name"]: each for each in json.loads(bangfu("plugin", "list", "--json").stdout)}
    assert list(listed) == [each.plugin.name for each in platform.plugins]
    for each in platform.plugins:
        told = listed[each.plugin.name]
        assert told["title"] == {"zh": each.plugin.title.zh, "en": each.plugin.title.en}
        assert told["version"] == each.version
        assert told["measures"] == [measure.name for measure in each.plugin.measures]


def test_a_plugin_that_is_switched_off_is_not_listed(bangfu: Bangfu) -> None:
    listed = json.loads(bangfu("plugin", "list", "--json", BANGFU_DISABLED="capacity").stdout)
    assert "capacity" not in [each["name"] for each in listed]


def test_the_schema_is_exported_and_compared(
    bangfu: Bangfu, graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "open_graph", lambda: graph)  # the same one, made once
    file = tmp_path / "schema.graphql"
    assert bangfu("schema", "export", "--check", "-o", str(file)).exit_code == 1
    assert bangfu("schema", "export", "-o", str(file)).exit_code == 0
    assert file.read_text() == bangfu("schema", "export").stdout == graph.sdl().rstrip() + "\n"
    assert bangfu("schema", "export", "--check", "-o", str(file)).exit_code == 0
    file.write_text(file.read_text().replace("type Village", "type Hamlet"))
    differs = bangfu("schema", "export", "--check", "-o", str(file))
    assert differs.exit_code == 1
    assert f"bangfu schema export -o {file}" in differs.stderr
    lost = bangfu("schema", "export", "-o", str(tmp_path / "no" / "folder"))
    assert lost.exit_code == 3
    assert "cannot be written (No such file or directory)" in lost.stderr


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("BANGFU_POOL_SIZE", "many", "BANGFU_POOL_SIZE"),
        ("BANGFU_DATABASE_URL", "mysql://host/db", "postgresql://user"),
        ("BANGFU_DATABASE_URL", "nonsense", "It is not a URL"),
    ],
)
def test_a_wrong_setting_is_named(bangfu: Bangfu, setting: str, value: str, told: str) -> None:
    done = bangfu("migrate", "--status", **{setting: value})
    assert done.exit_code == 3
    assert told in done.stderr


@pytest.mark.parametrize("command", [("report",), ("migrate",), ("migrate", "--status"), ("demo", "--no-serve")])
def test_a_database_that_is_away_is_told_in_words(bangfu: Bangfu, command: tuple[str, ...]) -> None:
    done = bangfu(*command, database=NOWHERE)
    assert done.exit_code == 3
    assert "cannot be reached" in done.stderr
    assert "Check BANGFU_DATABASE_URL" in done.stderr
    assert "secret" not in done.stderr
    assert not done.stdout


def test_what_the_database_refuses_is_told_in_words(bangfu: Bangfu, empty_database: Database) -> None:
    read_only = empty_database.url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    done = bangfu("migrate", database=read_only.render_as_string(hide_password=False))
    assert done.exit_code == 3
    assert "read-only transaction" in done.stderr
    assert "--debug" in done.stderr


def test_a_defect_says_how_to_report_it(bangfu: Bangfu, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Platform:
        raise RuntimeError("a detail")

    monkeypatch.setattr(opening, "open_platform", broken)
    done = bangfu("plugin", "list")
    assert done.exit_code == 3
    assert "a defect of bangfu" in done.stderr
    assert "a detail" not in done.stderr
    shown = bangfu("--debug", "plugin", "list")
    assert isinstance(shown.exception, RuntimeError)


def test_ctrl_c_is_130(bangfu: Bangfu, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> Platform:
        raise KeyboardInterrupt

    monkeypatch.setattr(opening, "open_platform", stopped)
    done = bangfu("plugin", "list")
    assert done.exit_code == 130
    assert "Stopped" in done.stderr
