"""Servers over the demo district, asked in this process, with the settings that a test gives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from bangfu.store import Database
from bangfu_app.opening import application_of
from bangfu_schema import Graph

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"

NAME = '{ district(code: "620502") { name } }'
ANSWER = {"data": {"district": {"name": "秦州区"}}}


@asynccontextmanager
async def serving(graph: Graph, database: Database, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the server with these settings, named as `Settings` names them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"BANGFU_{name.upper()}", str(value))
        app = application_of(graph, database)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu.example") as client,
    ):
        yield client


def code_of(answer: Any) -> str:
    """The code of the one error of an answer."""
    (error,) = answer["errors"]
    assert error["extensions"]["requestId"]
    return str(error["extensions"]["code"])
