"""The documentation is true: its blocks run, its commands exist, its links lead somewhere, its lists are complete."""

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
from tests.docs.pages import HOUSE, PAGES, Block, anchors, blocks, links, prose

from bangfu.declare import plugin as surface
from bangfu.errors import BangfuError
from bangfu.store import Database, Settings
from bangfu_app.cli.application import application
from bangfu_schema import Change, Graph
from bangfu_testing import answer

SHIPPED = (
    *(HOUSE / top for top in ("core", "schema", "migrations", "app", "testing")),
    *HOUSE.glob("plugins/*/bangfu_*"),
)

QUERIES = [block for block in blocks("graphql") if "plugin" not in block.marks]
EXAMPLES = sorted((HOUSE / "examples").glob("*.graphql"))
PROGRAMS = [block for block in blocks("python") if "file" not in block.marks]
CONSOLES = blocks("sh", "console", "bash", "shell")


@pytest.mark.parametrize("block", QUERIES, ids=str)
def test_a_query_is_answered_as_the_page_says(block: Block, graph: Graph, request: pytest.FixtureRequest) -> None:
    # What changes rows has a district of its own.
    database = request.getfixturevalue("demo_copy" if block.text.startswith("mutation") else "demo_database")
    found = _first_answer(graph, database, block.text)
    codes = {error["extensions"]["code"] for error in found.get("errors", ())}
    assert codes == ({block.marks["error"]} if "error" in block.marks else set()), found
    if block.answer is not None and block.answer.language == "json":
        assert _shown(orjson.loads(block.answer.text), found) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_answered(path: Path, graph: Graph, demo_database: Database) -> None:
    assert "errors" not in _first_answer(graph, demo_database, path.read_text(encoding="utf-8"))


def test_the_first_page_shows_the_example_it_names() -> None:
    (shown,) = (block for block in QUERIES if block.page == "README.md" and "publicServices" in block.text)
    example = (HOUSE / "examples" / "cross_sector.graphql").read_text(encoding="utf-8")
    assert shown.text.strip() == re.sub(r"^#.*\n", "", example, flags=re.MULTILINE).strip()


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_runs_as_the_page_says(block: Block) -> None:
    # A module of its own, since declarations take the name of theirs.
    module = ModuleType(f"docs_{re.sub(r'[^a-z0-9]+', '_', str(block).lower())}")
    program = compile(block.text, str(block), "exec", dont_inherit=True)
    if "error" not in block.marks:
        exec(program, vars(module))
        return
    with pytest.raises(BangfuError) as caught:
        exec(program, vars(module))
    assert caught.value.code == block.marks["error"]
    if block.answer is not None and block.answer.language == "text":
        assert str(caught.value).strip() == block.answer.text.strip()


def test_every_command_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    known = {"make": targets, "bangfu": set(_commands())}
    named = [named for block in CONSOLES for line in block.text.splitlines() for named in _named(line)]
    named += [
        named
        for page in PAGES
        for text in re.findall(r"`((?:[A-Z_]+=\S+ )*(?:make|(?:\.venv/bin/)?bangfu) [^`]+)`", prose(page))
        for named in _named(text)
    ]
    assert len(named) > 10
    assert [(program, command) for program, command in named if command not in known[program]] == []


def test_every_command_is_documented() -> None:
    page = (HOUSE / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [command for command in _commands() if f"bangfu {command}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


def test_every_code_of_an_error_has_its_entry_and_every_entry_its_code() -> None:
    listed = re.findall(r"^### ([A-Z_]+)$", (HOUSE / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == set(_codes())


def test_every_hook_is_documented_with_its_signature() -> None:
    page = (HOUSE / "docs" / "plugins.md").read_text(encoding="utf-8")
    hooks = {name: hook for name, hook in vars(surface).items() if hasattr(hook, "bangfu_spec")}
    assert hooks
    for name, hook in hooks.items():
        signature = f"{name}{inspect.signature(hook)}".replace("bangfu.declare.plugin.", "")
        row = rf"\| `{re.escape(signature)}` \| {re.escape(' '.join((hook.__doc__ or '').split()))} \|"
        assert re.search(row, page), signature


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_every_setting_is_documented(name: str) -> None:
    page = (HOUSE / name).read_text(encoding="utf-8")
    known = {f"BANGFU_{field.upper()}" for field in Settings.model_fields} | {"BANGFU_DEBUG", "PORT"}
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)) == known


def test_every_page_is_reached_from_the_first() -> None:
    reached = {(HOUSE / link.partition("#")[0]).resolve() for link in links(HOUSE / "README.md")}
    assert [page.name for page in PAGES[1:] if page not in reached] == []


def _first_answer(graph: Graph, database: Database, document: str) -> dict[str, Any]:
    """The answer to a query, or the first one that a subscription is told."""
    is_subscription = re.search(r"^subscription\b", document, re.MULTILINE) is not None
    return answer(graph, database, document, event=Change(at=datetime.now(UTC)) if is_subscription else None)


def _shown(shown: Any, found: Any, path: str = "answer") -> list[str]:
    """Where what a page shows differs from what was found; an object on a page may leave fields out."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return [line for key, value in shown.items() for line in _shown(value, found.get(key), f"{path}.{key}")]
    if isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found):
        pairs = enumerate(zip(shown, found, strict=True))
        return [line for index, (one, other) in pairs for line in _shown(one, other, f"{path}[{index}]")]
    return [] if shown == found else [f"{path} is {found!r}, and not {shown!r}"]


def _named(line: str) -> Iterator[tuple[str, str]]:
    """The targets of make and the commands of bangfu in a line of a shell."""
    words = line.removeprefix("$ ").split()
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words.pop(0)
    if words[:1] == ["make"]:
        yield from (("make", word) for word in words[1:] if re.fullmatch(r"[a-z-]+", word))
    elif words and words[0] in ("bangfu", ".venv/bin/bangfu"):
        command = [word for word in words[1:] if word[0] not in "-…"]
        if command:
            is_group = command[0] in {each.name for each in application.registered_groups}
            yield "bangfu", " ".join(command[: 2 if is_group else 1])


def _commands() -> Iterator[str]:
    """The commands of the command line, those of a group after its name."""
    for command in application.registered_commands:
        assert command.callback is not None
        yield command.name or command.callback.__name__
    for group in application.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            assert command.callback is not None
            yield f"{group.name} {command.name or command.callback.__name__}"


def _codes() -> Iterator[str]:
    """The codes with which the shipped packages raise errors or answer, by their text."""
    modules = [
        ast.parse(path.read_text(encoding="utf-8"))
        for folder in SHIPPED
        for path in folder.rglob("*.py")
        if "tests" not in path.relative_to(HOUSE).parts
    ]
    called = {
        node.func.id
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for module in modules:
        of_classes = {each for node in ast.walk(module) if isinstance(node, ast.ClassDef) for each in node.body}
        by_status = any(isinstance(node, ast.Call) and _takes_a_status(node) for node in ast.walk(module))
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and node.name in called:
                yield from (code for each in node.body for code in _assigned(each))
            elif isinstance(node, ast.Call):
                yield from (code for word in node.keywords if word.arg == "code" for code in _words(word.value))
            elif isinstance(node, ast.Dict):
                yield from (
                    code
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "code"
                    for code in _words(value)
                )
            elif isinstance(node, ast.Assign) and node not in of_classes:
                yield from _assigned(node)
            elif by_status and isinstance(node, ast.Attribute) and _is_a_refusal(node):
                yield node.attr  # as it is written: newer versions of Python give some statuses another name


def _takes_a_status(call: ast.Call) -> bool:
    """Whether a call turns a status of HTTP into a code: a refusal, or `code=status.name`."""
    named = any(word.arg == "code" and ast.unparse(word.value) == "status.name" for word in call.keywords)
    return named or ast.unparse(call.func) == "Refusal"


def _is_a_refusal(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) == "HTTPStatus" and HTTPStatus[node.attr] >= HTTPStatus.BAD_REQUEST


def _assigned(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["code"]:
        yield from _words(node.value)


def _words(node: ast.expr) -> Iterator[str]:
    """The codes an expression can be: one, or one of two."""
    if isinstance(node, ast.IfExp):
        yield from (*_words(node.body), *_words(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Z_]{4,}", node.value):
        yield node.value
