"""graphql-ws and graphql-sse: queries and subscriptions over connections that stay open, as long as a token holds."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.app.sockets.talking import plant
from tests.clients.conftest import Script, Server, Serving, token
from tests.clients.telling import EVENTS, TOWNSHIP, check_progress, way

from bangfu.store import Database

pytestmark = pytest.mark.node

CHANGE = {"plugin": "industry", "record": "CropArea", "place": "620502100", "count": 1}


def brief(script: Script, name: str, server: Server, part: str) -> Any:
    """What a script tells that is given a token which soon ends, once it asks for one."""
    with script.talking(name, server.url, server.token, part) as talk:
        assert talk.hear() == "ready"
        talk.say(token(4))
        return talk.hear()


@pytest.fixture(scope="module")
def sockets(server: Server, script: Script) -> Any:
    """What graphql-ws has found, part by part."""
    return script("sockets.mjs", server.url, server.token)


class TestSockets:
    def test_it_queries(self, sockets: Any) -> None:
        assert sockets["query"] == [{"data": {"township": TOWNSHIP}}]

    def test_it_reads_errors(self, sockets: Any) -> None:
        (unknown,) = sockets["unknown"]
        assert unknown["data"] == {"township": None}
        assert [each["extensions"]["code"] for each in unknown["errors"]] == ["BAD_USER_INPUT"]
        assert sockets["wrong"] == {"codes": ["GRAPHQL_VALIDATION_FAILED"]}

    def test_it_subscribes(self, sockets: Any) -> None:
        (first,) = sockets["subscription"]
        check_progress(first["data"])

    def test_without_a_token_it_is_told_what_is_missing(self, sockets: Any) -> None:
        assert sockets["nobody"]["code"] == 4403
        assert "A token is needed" in sockets["nobody"]["reason"]

    def test_a_subscription_goes_on_with_a_new_token_when_the_first_one_has_expired(
        self, server: Server, script: Script
    ) -> None:
        told = brief(script, "sockets.mjs", server, "outlive")
        before, after = (check_progress(each["data"]) for each in told["results"])
        assert after == before
        (closed,) = told["closed"]
        assert closed["code"] == 4403
        assert "expired" in closed["reason"]
        assert told["connected"] == 2

    def test_a_subscription_ends_where_there_is_no_new_token(self, server: Server, script: Script) -> None:
        told = brief(script, "sockets.mjs", server, "expire")
        assert told["code"] == 4403
        assert "expired" in told["reason"]


@pytest.fixture(scope="module")
def streams(server: Server, script: Script) -> Any:
    """What graphql-sse has found, part by part."""
    return script("stream.mjs", server.url, server.token)


class TestStreams:
    def test_it_queries(self, streams: Any) -> None:
        assert streams["query"]["found"] == [{"data": {"township": TOWNSHIP}}]
        assert [each["type"] for each in streams["query"]["sent"]] == [EVENTS]

    def test_it_reads_errors(self, streams: Any) -> None:
        (unknown,), (wrong,) = streams["unknown"]["found"], streams["wrong"]["found"]
        assert unknown["data"] == {"township": None}
        assert [each["extensions"]["code"] for each in unknown["errors"]] == ["BAD_USER_INPUT"]
        assert [each["extensions"]["code"] for each in wrong["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]

    def test_it_subscribes(self, streams: Any) -> None:
        (first,) = streams["subscription"]["found"]
        check_progress(first["data"])

    def test_without_a_token_it_is_refused(self, streams: Any) -> None:
        assert streams["nobody"]["found"] == {"status": 401, "codes": ["UNAUTHENTICATED"]}
        assert way(streams["nobody"]) == [("POST", "query", 401)]

    def test_a_subscription_ends_with_its_token(self, server: Server, script: Script) -> None:
        first, last = brief(script, "stream.mjs", server, "expire")
        check_progress(first["data"])
        assert [each["extensions"]["code"] for each in last["errors"]] == ["UNAUTHENTICATED"]


@pytest.fixture(scope="class")
def changing(serving: Serving, demo_copy: Database) -> Iterator[Server]:
    """A server of rows that a test changes."""
    with serving(demo_copy) as served:
        yield served


class TestChanges:
    @pytest.mark.anyio
    @pytest.mark.parametrize("name", ["sockets.mjs", "stream.mjs"])
    async def test_it_is_told_of_a_change(
        self, changing: Server, demo_copy: Database, script: Script, name: str
    ) -> None:
        with script.talking(name, changing.url, changing.token, "hear") as talk:
            before = check_progress(talk.hear()["before"]["data"])
            await plant(demo_copy, area=7)
            told = talk.hear()
        assert told["change"]["data"]["changes"] == CHANGE
        assert check_progress(told["after"]["data"]) == before + 7
