"""The page of an installed wheel, used by a real Chromium: what people do there, under its own policy."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.npm import run_npm
from tests.page.conftest import HOUSE, serving

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
PLAIN, OFFERED = "the plain page runs a query", "one of the demo's people is chosen and logged in"
SCENARIOS = re.findall(r'^  async "(.+)"\(\)', (HERE / "scenarios.mjs").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def chromium(node: str) -> str:
    """Where the browser is, once what drives it is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert found, "These tests need Chromium: install it (apt-get install chromium), or name it with CHROMIUM=path."
    done = run_npm(HERE, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    assert done.returncode == 0, done.stderr
    return found


def use(scenario: str, address: str, token: str, chromium: str) -> None:
    """Does what a scenario says."""
    environment = {**os.environ, "ADDRESS": address, "TOKEN": token, "CHROMIUM": chromium}
    done = subprocess.run(["node", HERE / "scenarios.mjs", scenario], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each not in (PLAIN, OFFERED)])
def test_the_page_works(scenario: str, address: str, token: str, chromium: str) -> None:
    use(scenario, address, token, chromium)


def test_one_of_the_demos_people_logs_in(installed: Path, settings: dict[str, str], token: str, chromium: str) -> None:
    with serving([str(installed / "python"), str(HERE / "offering.py"), token], settings) as address:
        use(OFFERED, address, token, chromium)


def test_without_a_build_the_plain_page_works(
    installed: Path, settings: dict[str, str], token: str, chromium: str
) -> None:
    (page,) = (installed.parent / "lib").glob("python*/site-packages/bangfu_app/http/graphiql")
    aside = page.rename(page.with_name("aside"))
    try:
        with serving([str(installed / "bangfu"), "serve", "--port", "0"], settings) as address:
            use(PLAIN, address, token, chromium)
    finally:
        aside.rename(page)


def test_a_wheel_of_the_source_distribution_needs_no_node(installed: Path, tmp_path: Path) -> None:
    run: list[str | Path] = [installed / "python", "-m", "hatchling", "build", "--directory", tmp_path]
    assert subprocess.run([*run, "--target", "sdist"], cwd=HOUSE, capture_output=True).returncode == 0
    (archive,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path, filter="data")
    source = archive.with_name(archive.name.removesuffix(".tar.gz"))
    done = subprocess.run([*run, "--target", "wheel"], cwd=source, env={"PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = subprocess.run([installed / "python", "-m", "zipfile", "-l", wheel], capture_output=True, text=True).stdout
    assert "bangfu_app/http/graphiql/index.html" in names
    assert "bangfu_app/example_files/figures.csv" in names
    assert "node_modules" not in names
