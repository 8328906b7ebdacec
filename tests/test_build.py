"""What is built and what is not: an editable install needs no Node, a wheel says that it does."""

import subprocess
import sys
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

HOUSE = Path(__file__).parent.parent
LOCKS = [*HOUSE.glob("*/*/package-lock.json"), *HOUSE.glob("*/*/*/package-lock.json")]


def test_an_editable_install_is_built_without_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (made,) = WheelBuilder(str(HOUSE)).build(directory=str(tmp_path), versions=["editable"])
    assert Path(made).stat().st_size < 100_000


def test_what_needs_node_says_so_where_it_is_missing() -> None:
    done = subprocess.run([sys.executable, HOUSE / "hatch_build.py"], env={"PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Node 20.19 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_node_that_is_too_old_is_refused(tmp_path: Path) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.20.1\n")
        program.chmod(0o755)
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run([sys.executable, HOUSE / "hatch_build.py"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "v18.20.1" in done.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_of_npm_names_no_registry(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert '"integrity"' in text
    assert '"resolved"' not in text
