"""Relay: its compiler reads the schema that is in git, and what it makes is run by name, and nothing else."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clients.conftest import HERE, HOUSE, Script, Server, Serving
from tests.clients.telling import way

from bangfu.store import Database

pytestmark = pytest.mark.node


def compile_relay(folder: Path) -> subprocess.CompletedProcess[str]:
    """Compiles a copy of `relay/`, with the package's own program."""
    node = shutil.which("node")
    assert node, "Run these tests with `make test-clients`, which needs Node 20."
    program = HERE / "node_modules" / "relay-compiler" / "cli.js"
    return subprocess.run([node, program, "relay.config.json"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the compiler is given."""
    folder = tmp_path_factory.mktemp("relay") / "page"
    shutil.copytree(HERE / "relay", folder)
    shutil.copy(HOUSE / "schema" / "schema.graphql", folder)
    (folder / "documents.json").write_text("{}")
    (folder / "__generated__").mkdir()
    return folder


@pytest.fixture(scope="module")
def compiled(sources: Path) -> Path:
    """What it has made."""
    done = compile_relay(sources)
    assert done.returncode == 0, done.stdout + done.stderr
    return sources


@pytest.fixture(scope="module")
def trusting(compiled: Path, serving: Serving, demo_database: Database) -> Iterator[Server]:
    """A server that runs nothing but these documents."""
    documents = str(compiled / "documents.json")
    with serving(demo_database, BANGFU_DOCUMENTS=documents, BANGFU_DOCUMENTS_ONLY="true") as served:
        yield served


@pytest.fixture(scope="module")
def told(trusting: Server, compiled: Path, script: Script) -> Any:
    """What the script has found, part by part."""
    return script("relay.mjs", trusting.url, trusting.token, str(compiled))


def test_a_connection_is_shown_page_by_page(told: Any) -> None:
    """The second page is found from the node, and Relay joins it to the first one by its cursors."""
    before, after = told["pages"]["found"]["before"]["villages"], told["pages"]["found"]["after"]["villages"]
    codes = [edge["node"]["code"] for edge in after["edges"]]
    assert codes == sorted(set(codes))
    assert len(codes) == 4
    assert after["edges"][:2] == before["edges"]
    assert all(code.startswith("620502100") for code in codes)
    assert after["totalCount"] == 30
    assert after["pageInfo"]["hasNextPage"] is True
    assert way(told["pages"]) == [("POST", "documentId", 200)] * 2


def test_a_subscription_is_named_too(told: Any) -> None:
    progress = told["subscription"]["found"]["progress"]
    assert progress["name"] == "玉泉镇"
    assert progress["industry"]["orchardArea"]["value"] > 0


def test_the_text_of_another_document_is_refused(trusting: Server, compiled: Path) -> None:
    headers = {"Authorization": f"Bearer {trusting.token}"}
    (known, *_) = json.loads((compiled / "documents.json").read_text()).values()
    for query, status in ((known, 400), ("{ districts { nodes { name } } }", 403)):
        # 400, since its variables are missing: it has been let through to the graph.
        accept = {"Accept": "application/graphql-response+json"}
        assert httpx.post(trusting.url, json={"query": query}, headers=headers | accept).status_code == status


def test_a_field_that_the_schema_does_not_have_is_found_by_the_compiler(sources: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "page"
    shutil.copytree(sources, wrong)
    villages = wrong / "src" / "villages.js"
    villages.write_text(villages.read_text(encoding="utf-8").replace("totalCount", "totalNumber"), encoding="utf-8")
    done = compile_relay(wrong)
    assert done.returncode != 0
    assert "totalNumber" in done.stdout + done.stderr
