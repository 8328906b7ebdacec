"""Builds GraphiQL, the page for browsers, into a wheel; `make page` calls it for a checkout.

An editable install goes without, so that nobody needs Node to work on the server.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = ROOT / "app" / "web" / "graphiql"
PAGE = ROOT / "app" / "bangfu_app" / "http" / "graphiql"
EXAMPLES = ROOT / "examples"
NODE = (20, 19)
"""The oldest Node that Vite runs on."""


class Hook(BuildHookInterface[Any]):
    """Puts the page and the example files into what is built."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel or a source distribution is put together."""
        if version == "editable":
            return
        build_page(force=False)
        build_data["artifacts"].append(f"/{PAGE.relative_to(ROOT).as_posix()}/**")  # git ignores them
        if self.target_name == "wheel":
            # The report, the page and the demo show them. File by file: the folders beside are for checkouts.
            for file in sorted(each for each in EXAMPLES.iterdir() if each.is_file()):
                build_data["force_include"][str(file)] = f"bangfu_app/example_files/{file.name}"


def build_page(*, force: bool) -> None:
    """GraphiQL from its sources, unless it is there and newer than they are; ends the program in words if it cannot."""
    if not force and _is_fresh():
        return
    npm = _npm()
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    _run([npm, "run", "--silent", "build"])


def _is_fresh() -> bool:
    built = PAGE / "index.html"
    if not built.is_file():
        return False
    sources = (path for path in SOURCES.rglob("*") if "node_modules" not in path.parts and path.is_file())
    # In an unpacked source distribution all files are equally old.
    return built.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


def _npm() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    needed = ".".join(map(str, NODE))
    if node is None or npm is None:
        sys.exit(
            f"GraphiQL, the page for browsers, is built with Node {needed} or newer and npm, which are not here.\n"
            "Install them (https://nodejs.org). An editable install needs neither: pip install --editable ."
        )
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(int(part) for part in found.removeprefix("v").split(".")[:2]) < NODE:
        sys.exit(f"GraphiQL, the page for browsers, is built with Node {needed} or newer; {node} is {found}.")
    return npm


def _run(command: list[str]) -> None:
    # What npm tells goes to stderr: a build's stdout belongs to whoever has asked for it.
    done = subprocess.run(command, cwd=SOURCES, stdout=sys.stderr, env={**os.environ, "NO_UPDATE_NOTIFIER": "1"})
    if done.returncode != 0:
        sys.exit(f"GraphiQL could not be built: `{' '.join(['npm', *command[1:]])}` in {SOURCES} failed.")


if __name__ == "__main__":
    build_page(force=True)
