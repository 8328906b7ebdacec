"""Apollo Client: queries, its cache over connections, GET, batches, automatic persisted queries, subscriptions."""

from typing import Any

import pytest
from tests.clients.conftest import Script, Server
from tests.clients.telling import OTHER, TOWNSHIP, check_progress, check_villages, plain, way

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def told(server: Server, script: Script) -> Any:
    """What the script has found, part by part."""
    return script("apollo.mjs", server.url, server.token)


@pytest.mark.parametrize(("part", "method"), [("post", "POST"), ("get", "GET")])
def test_it_queries(told: Any, part: str, method: str) -> None:
    assert way(told[part]) == [(method, "query", 200)]
    check_villages(told[part]["found"])


def test_its_cache_joins_pages_of_a_connection(told: Any) -> None:
    """The first page is in the cache already, which knows rows by type and id; the second one is asked for."""
    codes = told["pages"]["found"]["codes"]
    assert codes == sorted(set(codes))
    assert len(codes) == 6
    assert told["pages"]["found"]["totalCount"] == 461
    assert way(told["pages"]) == [("GET", "query", 200)]


def test_it_sends_several_at_once_each_with_an_answer_of_its_own(told: Any) -> None:
    codes = [each["township"]["code"] for each in told["batch"]["found"]]
    assert codes == ["620502100", "620502101", "620502102"]
    assert way(told["batch"]) == [("POST", ["query", "query", "query"], 200)]
    good, unknown, wrong = told["batchWithMistakes"]["found"]
    assert plain(good) == {"data": {"township": TOWNSHIP}}
    assert unknown == {"codes": ["BAD_USER_INPUT"]}
    assert wrong == {"codes": ["GRAPHQL_VALIDATION_FAILED"]}
    assert way(told["batchWithMistakes"]) == [("POST", ["query", "query", "query"], 200)]


@pytest.mark.parametrize(("part", "named"), [("persisted", "POST"), ("persistedByGet", "GET")])
def test_it_sends_a_document_once_and_its_hash_from_then_on(told: Any, part: str, named: str) -> None:
    assert plain(told[part]["found"]) == [{"township": TOWNSHIP}, {"township": OTHER}]
    assert way(told[part]) == [(named, "hash", 400), ("POST", "query hash", 200), (named, "hash", 200)]


def test_it_throws_errors(told: Any) -> None:
    assert told["unknown"]["found"] == {"codes": ["BAD_USER_INPUT"]}
    assert told["wrong"]["found"] == {"codes": ["GRAPHQL_VALIDATION_FAILED"]}
    assert told["nobody"]["found"] == {"codes": ["UNAUTHENTICATED"]}


def test_it_subscribes(told: Any) -> None:
    assert told["socket"]["found"].keys() == {"data"}
    check_progress(told["socket"]["found"]["data"])
