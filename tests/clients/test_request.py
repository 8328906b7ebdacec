"""graphql-request: queries by POST and GET, several at once, errors that are thrown."""

from typing import Any

import pytest
from tests.clients.conftest import Script, Server
from tests.clients.telling import OTHER, TOWNSHIP, check_villages, way

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def told(server: Server, script: Script) -> Any:
    """What the script has found, part by part."""
    return script("request.mjs", server.url, server.token)


@pytest.mark.parametrize(("part", "method"), [("post", "POST"), ("get", "GET")])
def test_it_queries(told: Any, part: str, method: str) -> None:
    assert way(told[part]) == [(method, "query", 200)]
    check_villages(told[part]["found"])


def test_it_reads_headers(told: Any) -> None:
    assert told["raw"]["found"] == {"data": {"township": TOWNSHIP}, "status": 200, "hasId": True}


def test_it_asks_several_at_once(told: Any) -> None:
    assert told["batch"]["found"] == [{"data": {"township": TOWNSHIP}}, {"data": {"township": OTHER}}]
    assert way(told["batch"]) == [("POST", ["query", "query"], 200)]


def test_it_throws_errors(told: Any) -> None:
    assert told["unknown"]["found"] == {"codes": ["BAD_USER_INPUT"], "status": 200}
    assert told["wrong"]["found"] == {"codes": ["GRAPHQL_VALIDATION_FAILED"], "status": 400}
    assert told["nobody"]["found"] == {"codes": ["UNAUTHENTICATED"], "status": 401}
