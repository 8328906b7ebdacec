"""Documents that are named in place of being sent: those of a manifest, those alone, and those kept as they come."""

import json
from collections.abc import Callable
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.asking import ANSWER, GRAPHQL, JSON, NAME, code_of, serving

from bangfu.errors import OperationError
from bangfu.store import Database
from bangfu_app.http.documents import Documents, digest_of, read_manifest
from bangfu_app.opening import application_of
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

HASH = sha256(NAME.encode()).hexdigest()
BY_ID = {"documentId": f"sha256:{HASH}"}
VILLAGE = "query V($code: PlaceCode!) { village(code: $code) { name } }"
OLDER = sha1(VILLAGE.encode()).hexdigest()
SENT = "{ plugins { name } }"

Written = Callable[[Any], Path]


def apollo(digest: str = HASH, **more: Any) -> dict[str, Any]:
    """A request in Apollo's way."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}, **more}


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a manifest."""

    def write(content: Any) -> Path:
        file = tmp_path / "documents.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


async def ask(client: httpx.AsyncClient, asked: dict[str, Any], accept: str = JSON) -> httpx.Response:
    return await client.post("/graphql", json=asked, headers={"accept": accept})


async def test_a_document_of_the_manifest_is_run_by_its_name(
    graph: Graph, demo_database: Database, written: Written
) -> None:
    manifest = written({f"sha256:{HASH}": NAME, OLDER: VILLAGE})
    async with serving(graph, demo_database, documents=manifest) as client:
        for asked in (BY_ID, apollo(), {"query": "", **BY_ID}, apollo(query="")):
            assert (await ask(client, asked)).json() == ANSWER
        found = await ask(client, {"documentId": OLDER, "variables": {"code": "620502100200"}, "operationName": "V"})
        assert found.json()["data"]["village"]["name"]
        assert (await ask(client, apollo(OLDER, variables={"code": "620502100200"}))).json() == found.json()
        got = await client.get("/graphql", params=BY_ID)
        assert got.json() == ANSWER
        again = await client.get("/graphql", params=BY_ID, headers={"if-none-match": got.headers["etag"]})
        assert again.status_code == 304
        batch = await client.post("/graphql", json=[BY_ID, {"documentId": "other"}, {"query": SENT}])
        one, other, sent = batch.json()
        assert (one, code_of(other)) == (ANSWER, "PERSISTED_QUERY_NOT_FOUND")
        assert "errors" not in sent


@pytest.mark.parametrize(
    "content",
    [
        {HASH: NAME},
        {f"sha256:{HASH}": NAME},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{"id": HASH, "name": "", "type": "query", "body": NAME}],
        },
    ],
    ids=["graphql-codegen", "the standard's", "Apollo"],
)
async def test_what_tools_write_is_read(written: Written, content: Any) -> None:
    documents = Documents(read_manifest(written(content)))
    assert documents.named(f"sha256:{HASH}") == documents.hashed(HASH) == NAME


async def test_a_document_that_is_not_known_is_said_to_be_so(
    graph: Graph, demo_database: Database, written: Written
) -> None:
    """Apollo's and urql's clients send the document when they read these codes and words."""
    async with serving(graph, demo_database, documents=written({HASH: NAME})) as client:
        unknown = apollo("0" * 64)
        for asked, accept, status in ((unknown, JSON, 200), (unknown, GRAPHQL, 400), ({"documentId": "x"}, JSON, 200)):
            missed = await ask(client, asked, accept)
            assert (missed.status_code, code_of(missed.json())) == (status, "PERSISTED_QUERY_NOT_FOUND")
            assert "data" not in missed.json()
        assert (await ask(client, unknown)).json()["errors"][0]["message"] == "PersistedQueryNotFound"
    async with serving(graph, demo_database) as client:
        missed = await ask(client, unknown)
        assert code_of(missed.json()) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert missed.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert code_of((await ask(client, BY_ID)).json()) == "PERSISTED_QUERY_NOT_FOUND"


async def test_nothing_but_the_manifest_is_run_where_it_is_said(
    graph: Graph, demo_database: Database, written: Written
) -> None:
    manifest = written({f"sha256:{HASH}": NAME})
    async with serving(graph, demo_database, documents=manifest, documents_only=True) as client:
        for good in (BY_ID, apollo(), {"query": NAME}, apollo(query=NAME)):
            assert (await ask(client, good)).json() == ANSWER
        assert (await client.get("/graphql", params={"query": NAME})).json() == ANSWER
        refused = [
            await ask(client, asked, accept)
            for accept in (JSON, GRAPHQL)
            for asked in (
                {"query": SENT},
                {"query": f"{NAME} "},
                {"query": "{ __schema { types { name } } }"},
                {"documentId": f"sha256:{'0' * 64}"},
                apollo("0" * 64),
                apollo(digest_of(SENT), query=SENT),
                apollo(digest_of(SENT)),
            )
        ]
        refused.append(await client.get("/graphql", params={"query": SENT}))
        for each in refused:
            assert (each.status_code, code_of(each.json())) == (403, "DOCUMENT_NOT_TRUSTED")
        one, other = (await client.post("/graphql", json=[BY_ID, {"query": SENT}])).json()
        assert (one, code_of(other)) == (ANSWER, "DOCUMENT_NOT_TRUSTED")


async def test_a_document_is_kept_once_it_was_sent_with_its_hash(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database, documents_automatic=2) as client:

        async def code(asked: dict[str, Any]) -> str | None:
            answer = (await ask(client, asked)).json()
            return code_of(answer) if "errors" in answer else None

        assert await code(apollo()) == "PERSISTED_QUERY_NOT_FOUND"
        assert (await ask(client, apollo(query=NAME))).json() == ANSWER
        assert (await ask(client, apollo())).json() == ANSWER
        assert (await client.get("/graphql", params=BY_ID)).json() == ANSWER
        # What cannot be run is not kept.
        assert await code(apollo(digest_of("{ nothing }"), query="{ nothing }")) == "GRAPHQL_VALIDATION_FAILED"
        assert await code(apollo(digest_of("{ nothing }"))) == "PERSISTED_QUERY_NOT_FOUND"
        # Of three, the one that was not asked for the longest makes room.
        others = ["{ __typename }", "{ a: __typename }"]
        assert await code(apollo(digest_of(others[0]), query=others[0])) is None
        assert await code(apollo()) is None
        assert await code(apollo(digest_of(others[1]), query=others[1])) is None
        assert await code(apollo()) is None
        assert await code(apollo(digest_of(others[0]))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_long_document_is_answered_and_not_kept() -> None:
    documents, long = Documents(automatic=1), "{ __typename }" + " " * 20_000
    documents.keep(NAME)
    documents.keep(long)
    assert documents.hashed(HASH) == NAME


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (apollo("0" * 64, query=NAME), "extensions.persistedQuery.sha256Hash: is not the SHA-256"),
        (apollo(HASH.upper(), query=NAME), "extensions.persistedQuery.sha256Hash: is not the SHA-256"),
        ({"documentId": f"sha256:{'0' * 64}", "query": NAME}, "documentId: is not the SHA-256"),
        ({"documentId": 7}, "documentId: is a number"),
        ({"documentId": None}, "query: is missing"),
        ({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": HASH}}}, "extensions.persistedQuery: is of"),
        ({"extensions": {"persistedQuery": {"version": 1}}, "query": NAME}, "extensions.persistedQuery: is of"),
        ({"extensions": {"persistedQuery": HASH}, "query": NAME}, "extensions.persistedQuery: is of"),
    ],
)
async def test_a_name_that_is_wrong_is_said_to_be_so(
    graph: Graph, demo_database: Database, asked: dict[str, Any], named: str
) -> None:
    async with serving(graph, demo_database, documents_automatic=10) as client:
        refused = await ask(client, asked)
        assert (refused.status_code, code_of(refused.json())) == (400, "BAD_REQUEST")
        assert named in refused.json()["errors"][0]["message"]
        assert code_of((await ask(client, apollo())).json()) == "PERSISTED_QUERY_NOT_FOUND", "nothing was kept"


async def test_a_document_and_its_name_may_come_together(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database) as client:
        for asked in (apollo(query=NAME), {**BY_ID, "query": NAME}, {"documentId": "mine", "query": NAME}):
            assert (await ask(client, asked)).json() == ANSWER


async def test_a_mutation_is_not_run_by_its_name_in_a_get(
    graph: Graph, demo_database: Database, written: Written
) -> None:
    async with serving(graph, demo_database, documents=written({"m": "mutation { a }"})) as client:
        refused = await client.get("/graphql", params={"documentId": "m"})
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "is not JSON"),
        ("[]", "has no documents"),
        ({}, "has no documents"),
        ({"operations": [{"name": "a"}]}, "has no documents"),
        ({"a": 1}, "'a' does not stand for a document"),
        ({f"sha256:{'0' * 64}": NAME}, "is not the hash of its document"),
    ],
)
async def test_a_file_that_is_no_manifest_is_refused_at_start(
    graph: Graph, demo_database: Database, written: Written, monkeypatch: pytest.MonkeyPatch, content: Any, named: str
) -> None:
    monkeypatch.setenv("BANGFU_DOCUMENTS", str(written(content)))
    with pytest.raises(OperationError, match=named) as caught:
        application_of(graph, demo_database)
    assert caught.value.code == "BAD_SETTING"


@pytest.mark.parametrize(
    "settings",
    [
        {"documents_only": "1"},
        {"documents": "nowhere.json"},
        {"documents_only": "1", "documents": "d", "documents_automatic": "5"},
    ],
)
async def test_settings_that_do_not_go_together_are_refused_at_start(
    graph: Graph, demo_database: Database, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"BANGFU_{name.upper()}", value)
    with pytest.raises(OperationError, match="BANGFU_DOCUMENTS") as caught:
        application_of(graph, demo_database)
    assert caught.value.code == "BAD_SETTING"
