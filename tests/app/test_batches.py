"""Several requests in one: answered in order, with one account of what they cost, or refused before anything is run."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from graphql import validate
from tests.app.asking import ANSWER, GRAPHQL, NAME, code_of, serving

from bangfu.store import Database
from bangfu_schema import Graph, Limits
from bangfu_schema.execute import documents

pytestmark = pytest.mark.anyio

VILLAGES = 'query ($first: Int) { villages(within: "620502", first: $first) { nodes { code } } }'


@pytest.fixture
async def client(graph: Graph, demo_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(graph, demo_database) as client:
        yield client


async def ask(client: httpx.AsyncClient, asked: Any) -> httpx.Response:
    return await client.post("/graphql", json=asked)


async def test_each_is_answered_in_its_place(client: httpx.AsyncClient) -> None:
    response = await ask(client, [{"query": NAME}, {"query": "{"}, {"query": VILLAGES, "variables": {"first": 2}}])
    assert response.status_code == 200
    named, wrong, villages = response.json()
    assert named == ANSWER
    assert code_of(wrong) == "GRAPHQL_PARSE_FAILED"
    assert len(villages["data"]["villages"]["nodes"]) == 2
    assert response.headers["cache-control"] == "no-store"
    assert {part.partition(";")[0] for part in response.headers["server-timing"].split(", ")} >= {
        "parse",
        "sql",
        "send",
    }


async def test_a_list_of_one_is_answered_with_a_list(client: httpx.AsyncClient) -> None:
    assert (await ask(client, [{"query": NAME}])).json() == [ANSWER]


async def test_more_than_the_cap_are_refused(client: httpx.AsyncClient) -> None:
    assert (await ask(client, [{"query": NAME}] * 10)).json() == [ANSWER] * 10
    refused = await ask(client, [{"query": NAME}] * 11)
    assert (refused.status_code, code_of(refused.json())) == (400, "BATCH_TOO_LARGE")
    assert "up to 10" in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize("cap", [0, 1])
async def test_an_operator_can_have_lists_refused(graph: Graph, demo_database: Database, cap: int) -> None:
    async with serving(graph, demo_database, max_batch=cap) as client:
        refused = await ask(client, [{"query": NAME}])
        assert (refused.status_code, code_of(refused.json())) == (400, "BAD_REQUEST")
        assert (await ask(client, {"query": NAME})).json() == ANSWER


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ([], "empty list"),
        ([{"query": NAME}, 7], "[1]: is a number"),
        ([{"query": NAME}, [{"query": NAME}]], "[1]: is a list"),
        ([{"query": NAME}, {}], "[1].query: is missing"),
        ([{"query": NAME, "variables": []}], "[0].variables: is a list"),
        ([{"query": NAME, "extensions": {"show": ["all"]}}], "[0].extensions.show: "),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused_as_a_whole(
    client: httpx.AsyncClient, asked: Any, named: str
) -> None:
    refused = await ask(client, asked)
    assert (refused.status_code, code_of(refused.json())) == (400, "BAD_REQUEST")
    assert named in refused.json()["errors"][0]["message"]


async def test_sql_that_is_not_shown_is_refused_before_anything_is_run(client: httpx.AsyncClient) -> None:
    refused = await ask(client, [{"query": NAME}, {"query": NAME, "extensions": {"show": ["sql"]}}])
    assert (refused.status_code, code_of(refused.json())) == (403, "FORBIDDEN")


async def test_the_cost_is_counted_for_all(
    graph: Graph, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 rows and what is around them cost 101; 250 leave room for two, and for something small beside."""
    monkeypatch.setattr(graph, "limits", Limits(cost=250))
    asked = {"query": VILLAGES, "variables": {"first": 100}}
    async with serving(graph, demo_database) as client:
        assert "errors" not in (await ask(client, asked)).json()
        one, two, three, small = (await ask(client, [asked, asked, asked, {"query": NAME}])).json()
        assert "errors" not in one | two | small
        assert code_of(three) == "TOO_COSTLY"
        alone = await ask(client, asked)
        assert "errors" not in alone.json(), "what others have asked is not on its account"


async def test_the_newer_media_type_is_answered_with_it(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=[{"query": "{"}], headers={"accept": GRAPHQL})
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, GRAPHQL)
    assert code_of(response.json()[0]) == "GRAPHQL_PARSE_FAILED"


async def test_a_list_of_bad_documents_is_not_read_to_its_end(client: httpx.AsyncClient, graph: Graph) -> None:
    """A list costs no more to refuse than one document does; what nobody can mean is not read ten times over."""
    wrong = "{" + "wrong " * 900 + "}"
    with patch.object(documents, "validate", wraps=validate) as validated:
        answers = (await ask(client, [{"query": NAME}, *[{"query": wrong}] * 7, {"query": NAME}])).json()
    assert validated.call_count <= 2
    assert answers[0] == ANSWER
    assert "data" not in answers[1]
    assert {code_of(answer) for answer in answers[2:]} == {"TOO_LONG"}
    few = await ask(client, [*[{"query": "{ wrong }"}] * 9, {"query": NAME}])
    assert few.json()[-1] == ANSWER, "a few mistakes spoil nothing"
