"""urql: queries by POST and GET, documents by their hashes, subscriptions over both transports."""

from typing import Any

import pytest
from tests.clients.conftest import Script, Server
from tests.clients.telling import EVENTS, OTHER, TOWNSHIP, check_progress, check_villages, way

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def told(server: Server, script: Script) -> Any:
    """What the script has found, part by part."""
    return script("urql.mjs", server.url, server.token)


@pytest.mark.parametrize(("part", "method"), [("post", "POST"), ("get", "GET"), ("usual", "GET")])
def test_it_queries(told: Any, part: str, method: str) -> None:
    assert way(told[part]) == [(method, "query", 200)]
    assert told[part]["found"].keys() == {"data"}
    check_villages(told[part]["found"]["data"])


def test_it_reads_errors(told: Any) -> None:
    assert told["unknown"]["found"] == {"data": {"township": None}, "codes": ["BAD_USER_INPUT"]}
    assert told["wrong"]["found"] == {"codes": ["GRAPHQL_VALIDATION_FAILED"]}
    assert told["nobody"]["found"] == {"codes": ["UNAUTHENTICATED"]}
    assert [each[2] for part in ("unknown", "wrong", "nobody") for each in way(told[part])] == [200, 400, 401]


def test_it_sends_a_document_once_and_its_hash_from_then_on(told: Any) -> None:
    assert told["persisted"]["found"] == [{"data": {"township": TOWNSHIP}}, {"data": {"township": OTHER}}]
    assert way(told["persisted"]) == [("GET", "hash", 400), ("GET", "query hash", 200), ("GET", "hash", 200)]


def test_it_subscribes_over_both_transports(told: Any) -> None:
    for part in ("stream", "socket"):
        assert told[part]["found"].keys() == {"data"}
        check_progress(told[part]["found"]["data"])
    assert [each["type"] for each in told["stream"]["sent"]] == [EVENTS]
    assert told["socket"]["sent"] == []
