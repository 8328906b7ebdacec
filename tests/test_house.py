"""The house is in order: every plugin is packaged, declared and complete, every package typed, the front door exact."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import bangfu

HOUSE = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
TOOL: dict[str, Any] = PROJECT["tool"]

PLUGINS = sorted(path for path in (HOUSE / "plugins").iterdir() if path.is_dir() and not path.name.startswith("_"))
FLOORS = {"core": "bangfu"} | {top: f"bangfu_{top}" for top in ("schema", "migrations", "app", "testing")}
PACKAGES = {
    **FLOORS,
    **{f"plugins/{path.name}": f"bangfu_{path.name}" for path in PLUGINS},
}
"""Packages by the folder they are in."""

FILES = (
    "README.md",
    "bangfu_{name}/__init__.py",
    "bangfu_{name}/records.py",
    "bangfu_{name}/measures.py",
    "bangfu_{name}/demo.py",
    "bangfu_{name}/migrations/{name}_0001.py",
    "bangfu_{name}/py.typed",
    "tests/test_conformance.py",
    "tests/test_figures.py",
)
"""What every plugin has, in the order in which it is read."""

MAY_HAVE = {"types.py", "requirements.py"}
"""What a plugin may have beside, its README saying why."""

LISTS = {
    "the wheel": (TOOL["hatch"]["build"]["targets"]["wheel"]["packages"], [f"{f}/{p}" for f, p in PACKAGES.items()]),
    "the editable install": (TOOL["hatch"]["build"]["dev-mode-dirs"], list(PACKAGES)),
    "ruff's sources": (TOOL["ruff"]["src"], list(PACKAGES)),
    "mypy's path": (TOOL["mypy"]["mypy_path"], list(PACKAGES)),
    "import-linter's roots": (TOOL["importlinter"]["root_packages"], list(PACKAGES.values())),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_package_is_in_every_list(name: str) -> None:
    found, expected = LISTS[name]
    assert sorted(found) == sorted(expected)


def test_every_plugin_is_an_entry_point() -> None:
    expected = {path.name: f"bangfu_{path.name}" for path in PLUGINS}
    assert PROJECT["project"]["entry-points"]["bangfu.plugins"] == expected


@pytest.mark.parametrize("contract", ["front-door", "no-neighbours", "core-knows-no-plugin"])
def test_every_plugin_is_under_contract(contract: str) -> None:
    (found,) = (each for each in TOOL["importlinter"]["contracts"] if each["id"] == contract)
    named = {module for key in ("source_modules", "forbidden_modules", "modules") for module in found.get(key, ())}
    assert {f"bangfu_{path.name}" for path in PLUGINS} <= named


def test_no_room_of_the_core_is_open_to_plugins() -> None:
    (door,) = (each for each in TOOL["importlinter"]["contracts"] if each["id"] == "front-door")
    rooms = {
        f"bangfu.{path.stem}"
        for path in (HOUSE / "core" / "bangfu").iterdir()
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__")
    }
    floors = set(FLOORS.values()) - {"bangfu", "bangfu_testing"}
    assert set(door["forbidden_modules"]) == rooms | floors


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_has_the_same_files_as_the_others(plugin: Path) -> None:
    expected = [file.format(name=plugin.name) for file in FILES]
    assert [file for file in expected if not (plugin / file).is_file()] == []
    package = plugin / f"bangfu_{plugin.name}"
    known = {Path(file).name for file in expected} | MAY_HAVE
    assert {path.name for path in package.glob("*.py")} <= known
    beside = {path.name for path in package.glob("*.py")} & MAY_HAVE
    page = (plugin / "README.md").read_text(encoding="utf-8")
    assert [name for name in beside if name not in page] == [], "its README does not say why it has them"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_s_page_names_every_record(plugin: Path) -> None:
    page = (plugin / "README.md").read_text(encoding="utf-8")
    tree = ast.parse((plugin / f"bangfu_{plugin.name}" / "__init__.py").read_text(encoding="utf-8"))
    (declared,) = (
        word.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Plugin"
        for word in node.keywords
        if word.arg == "records"
    )
    assert isinstance(declared, ast.Tuple)
    names = [ast.unparse(record) for record in declared.elts]
    assert [name for name in names if f"| `{name}`" not in page] == []


@pytest.mark.parametrize("folder", PACKAGES)
def test_a_package_is_typed_and_says_what_it_is_for(folder: str) -> None:
    package = HOUSE / folder / PACKAGES[folder]
    assert (package / "py.typed").is_file()
    silent = [path for path in package.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


def test_the_front_door_is_sorted_and_opens() -> None:
    names = bangfu.__all__
    constants, classes = [n for n in names if n.isupper()], [n for n in names if n[0].isupper() and not n.isupper()]
    assert names == [*sorted(constants), *sorted(classes), *sorted(name for name in names if name[0].islower())]
    assert [name for name in names if not hasattr(bangfu, name)] == []


def test_the_front_door_has_everything_it_imports() -> None:
    tree = ast.parse((HOUSE / "core" / "bangfu" / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    assert imported == set(bangfu.__all__)


def test_plugins_use_only_names_of_the_front_door() -> None:
    used = {
        alias.name
        for plugin in PLUGINS
        for path in plugin.glob("bangfu_*/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "bangfu"
        for alias in node.names
    }
    assert used - set(bangfu.__all__) == set()


def test_the_typescript_example_knows_every_scalar() -> None:
    """What only `make test-clients` would find otherwise, which needs Node: its generator stops at a new one."""
    schema = (HOUSE / "schema" / "schema.graphql").read_text(encoding="utf-8")
    (listed,) = re.findall(
        r"scalars: \{(.*?)\}", (HOUSE / "examples" / "typescript" / "codegen.ts").read_text(encoding="utf-8"), re.DOTALL
    )
    assert set(re.findall(r"(\w+):", listed)) == set(re.findall(r"^scalar (\w+)", schema, re.MULTILINE))
