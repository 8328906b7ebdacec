"""The TypeScript example does what its page says: types from the schema, a program that asks the graph."""

import shutil
from pathlib import Path

import pytest
from tests.clients.conftest import HOUSE, Server, Serving
from tests.npm import run_npm

from bangfu.store import Database

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example beside a copy of the schema, with its packages and what is generated."""
    folder = tmp_path_factory.mktemp("typescript")
    source, copy = HOUSE / "examples" / "typescript", folder / "examples" / "typescript"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "gql"))
    (folder / "schema").mkdir()
    shutil.copy(HOUSE / "schema" / "schema.graphql", folder / "schema")
    for arguments in (("ci", "--ignore-scripts", "--no-audit", "--no-fund"), ("run", "build"), ("run", "check")):
        done = run_npm(copy, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    return copy


def test_it_asks_the_graph(example: Path, server: Server) -> None:
    done = run_npm(example, "start", "--silent", "--", "620502", BANGFU_URL=server.url, BANGFU_TOKEN=server.token)
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first == "The first 5 of 461 villages"
    assert len(lines) == 5
    assert all(line.startswith("620502") and line.endswith(" mu") for line in lines)


@pytest.mark.parametrize(
    ("place", "given", "told"),
    [("620502", "", "UNAUTHENTICATED"), ("9", None, "BAD_USER_INPUT"), ("620502", "not-a-token", "UNAUTHENTICATED")],
)
def test_it_tells_what_the_server_refuses(
    example: Path, server: Server, place: str, given: str | None, told: str
) -> None:
    shown = server.token if given is None else given
    done = run_npm(example, "start", "--silent", "--", place, BANGFU_URL=server.url, BANGFU_TOKEN=shown)
    assert done.returncode == 1
    assert told in done.stderr


def test_a_field_that_the_schema_does_not_have_is_found_before_it_runs(example: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "examples" / "typescript"
    shutil.copytree(example, wrong, symlinks=True)
    shutil.copytree(example.parent.parent / "schema", tmp_path / "schema")
    villages = wrong / "src" / "villages.ts"
    villages.write_text(villages.read_text(encoding="utf-8").replace("totalCount", "totalNumber"), encoding="utf-8")
    done = run_npm(wrong, "run", "generate")
    assert done.returncode != 0
    assert "totalNumber" in done.stdout + done.stderr


def test_the_server_is_sent_no_text_of_documents_that_it_knows(
    example: Path, serving: Serving, demo_database: Database
) -> None:
    documents = example / "src" / "gql" / "persisted-documents.json"
    with serving(demo_database, BANGFU_DOCUMENTS=str(documents), BANGFU_DOCUMENTS_ONLY="true") as server:
        known = {"BANGFU_URL": server.url, "BANGFU_TOKEN": server.token}
        done = run_npm(example, "start", "--silent", "--", "--persisted", **known)
        assert done.returncode == 0, done.stderr
        assert "461 villages" in done.stdout
        # The same document as a text of another form is not one of them.
        assert run_npm(example, "start", "--silent", "--", **known).returncode == 1
