"""Rows are entered over HTTP by somebody whose token was issued here, and by nobody else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.schema.desk import BASE, PLANTING, asked
from tests.write.test_telling import Ear

from bangfu.registry import Platform
from bangfu.store import Database, Settings
from bangfu_app.identity import open_door
from bangfu_app.identity.issuing import issue_token
from bangfu_app.identity.offices import Grant
from bangfu_app.opening import application_of
from bangfu_schema import Graph
from bangfu_testing import Postgres

pytestmark = pytest.mark.anyio

CREATE, ROWS = asked("industryPlantingCreate", [PLANTING], "id version household { id }")


@pytest.fixture
async def database(postgres: Postgres, demo_template: str) -> AsyncIterator[Database]:
    with postgres.fresh(demo_template) as made:
        yield made
        await made.aclose()


@pytest.fixture
async def client(graph: Graph, database: Database, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A client that shows the token of a clerk in one village."""
    with database.engine.begin() as connection:
        place = connection.execute(text(f"SELECT place_code / 1000 FROM household WHERE id = {BASE + 1}")).scalar_one()
        permissions = ("industry:read", "industry:write", "register:read")
        grant = Grant(roles=("village",), places=(str(place),), permissions=permissions)
        token = issue_token(connection, platform, "王專幹", grant, days=90, is_demo=False).token
    app = application_of(graph, database, door=open_door(Settings(), database, is_production=True))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://bangfu",
            headers={"Authorization": f"Bearer {token.text}", "X-Request-Id": "entered-1"},
        ) as made,
    ):
        yield made


def told(answer: httpx.Response) -> Any:
    """The payload of the one mutation."""
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]["industryPlantingCreate"]


def entries(database: Database) -> list[dict[str, Any]]:
    """The log of changes."""
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT author, request_id, reason, token_id FROM change_set ORDER BY number"))
        return [dict(row) for row in found.mappings()]


async def test_what_is_entered_is_written_and_told_once(client: httpx.AsyncClient, database: Database) -> None:
    ear = Ear(database)
    body = {"query": CREATE, "variables": ROWS | {"key": "first"}}
    first = told(await client.post("/graphql", json=body))
    assert (first["written"], first["entries"], first["rows"][0]["version"]) == (1, [1], 1)
    assert told(await client.post("/graphql", json=body)) == first
    (entry,) = entries(database)
    assert entry["token_id"]
    assert (entry["author"], entry["request_id"], entry["reason"]) == (
        "王專幹",
        "entered-1",
        "industryPlantingCreate",
    )
    (heard,) = ear.heard()
    ear.close()
    assert (heard.plugin, heard.record, sum(heard.places.values())) == ("industry", "Planting", 1)


async def test_a_get_enters_nothing(client: httpx.AsyncClient, database: Database) -> None:
    row = '{household: "household:620502000000001", kind: HERB, crop: "x", area: 1, plantedOn: "2015-01-01", '
    document = f"mutation {{ industryPlantingCreate(rows: {row} isNew: true, isSupported: true}}) {{ written }} }}"
    answer = await client.get("/graphql", params={"query": document})
    assert answer.status_code == 405
    assert entries(database) == []
    assert told(await client.post("/graphql", json={"query": document})) == {"written": 1}


async def test_who_shows_no_token_enters_nothing(client: httpx.AsyncClient, database: Database) -> None:
    del client.headers["Authorization"]
    answer = await client.post("/graphql", json={"query": CREATE, "variables": ROWS})
    assert answer.status_code == 401
    assert entries(database) == []


async def test_what_the_token_does_not_give_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    document = 'mutation { householdDelete(rows: {id: "household:620502000000001", version: 1}) { written } }'
    body = (await client.post("/graphql", json={"query": document})).json()
    assert body["data"] == {"householdDelete": None}
    (error,) = body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["requestId"]) == ("FORBIDDEN", "entered-1")
    assert entries(database) == []


async def test_several_in_a_list_are_entered_one_after_the_other(client: httpx.AsyncClient, database: Database) -> None:
    body = {"query": CREATE, "variables": ROWS}
    answers = (await client.post("/graphql", json=[body, body, body])).json()
    assert [each["data"]["industryPlantingCreate"]["entries"] for each in answers] == [[1], [2], [3]]
