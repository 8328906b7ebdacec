"""The protocol `graphql-transport-ws`, message by message, and each way of breaking it."""

import asyncio
from typing import Any

import pytest
from tests.app.sockets.talking import CHANGES, DISTRICT, ORCHARDS, PROTOCOL, Served, serving, until
from websockets.exceptions import InvalidStatus

from bangfu.store import Database
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

NAME = '{ district(code: "620502") { name } }'
ANSWER = {"data": {"district": {"name": "秦州区"}}}


async def test_a_query_is_answered_once(reading: Served) -> None:
    async with reading.talk() as talk:
        for _ in range(2):  # the id is free again once it is complete
            await talk.subscribe("q", NAME)
            assert await talk.hear() == {"id": "q", "type": "next", "payload": ANSWER}
            assert await talk.hear() == {"id": "q", "type": "complete"}


async def test_variables_and_the_name_of_an_operation_are_heeded(reading: Served) -> None:
    query = "query A($c: PlaceCode!) { township(code: $c) { name } } query B { viewer { name } }"
    payload = {"query": query, "operationName": "A", "variables": {"c": "620502101"}, "extensions": None}
    async with reading.talk() as talk:
        await talk.say({"id": "1", "type": "subscribe", "payload": payload})
        assert (await talk.next("1")) == {"data": {"township": {"name": "太京镇"}}}


async def test_operations_are_answered_side_by_side(reading: Served) -> None:
    async with reading.talk() as talk:
        for number in range(30):
            await talk.subscribe(f"{number}", NAME)
        heard = [await talk.hear() for _ in range(60)]
        assert sorted(each["id"] for each in heard if each["type"] == "next") == sorted(map(str, range(30)))
        assert sum(each["type"] == "complete" for each in heard) == 30


async def test_the_server_says_under_which_id_it_is_found_in_the_log(reading: Served) -> None:
    async with reading.talk(additional_headers={"x-request-id": "page-7"}) as talk:
        assert talk.socket.response is not None
        assert talk.socket.response.headers["x-request-id"] == "page-7"
        await talk.subscribe("1", "{ nothing }")
        (error,) = (await talk.hear())["payload"]
        assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED", "requestId": "page-7"}


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("mutation { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { changes { at } progress(place: 1) { __typename } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (ORCHARDS, {}, "BAD_USER_INPUT"),
        (ORCHARDS, {"place": 3}, "BAD_USER_INPUT"),
        (ORCHARDS, {"place": "62"}, "BAD_USER_INPUT"),
        (ORCHARDS, {"place": "620502999"}, "BAD_USER_INPUT"),
        (CHANGES, {"place": "620502999"}, "BAD_USER_INPUT"),
        (CHANGES, {"plugin": "industri"}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_run_is_an_error_and_ends_nothing_else(
    reading: Served, query: str, variables: dict[str, Any], code: str
) -> None:
    async with reading.talk() as talk:
        await talk.subscribe("wrong", query, **variables)
        heard = await talk.hear()
        assert (heard["id"], heard["type"]) == ("wrong", "error")
        assert {error["extensions"]["code"] for error in heard["payload"]} == {code}
        await talk.subscribe("wrong", NAME)
        assert await talk.next("wrong") == ANSWER


async def test_a_query_that_fails_while_it_runs_is_a_response(reading: Served) -> None:
    async with reading.talk() as talk:
        await talk.subscribe("1", '{ households(within: "620502", first: 5000) { totalCount } }')
        told = await talk.next("1")
        assert told["data"] is None
        assert told["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await talk.hear() == {"id": "1", "type": "complete"}


async def test_an_operation_ends_when_the_client_says_so(reading: Served) -> None:
    async with reading.talk() as talk:
        await talk.listening("1", DISTRICT)
        assert reading.feed.subscribers == 1
        await talk.say({"id": "1", "type": "complete"})
        await talk.say({"id": "1", "type": "complete"})  # as if it had crossed the server's own
        await talk.say({"id": "unknown", "type": "complete"})
        await talk.listening("1", DISTRICT)
        await talk.answers()
        assert reading.feed.subscribers == 1
        assert not [each for each in talk.heard if each["type"] == "complete"]


async def test_operations_end_with_their_socket(reading: Served) -> None:
    async with reading.talk() as talk:
        await talk.listening("1", DISTRICT)
    async with reading.talk() as talk:
        await talk.listening("1", DISTRICT)
        await until(lambda: reading.feed.subscribers == 1)


async def test_pings_are_answered_at_any_time(reading: Served) -> None:
    async with reading.opened() as talk:
        await talk.say({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}
        await talk.say({"type": "ping", "payload": {"at": "之前"}})
        assert await talk.hear() == {"type": "pong", "payload": {"at": "之前"}}
        await talk.say({"type": "pong", "payload": None})
        await talk.say({"type": "connection_init", "payload": None})
        assert await talk.hear() == {"type": "connection_ack"}


async def test_a_silent_connection_is_shown_that_the_server_is_there(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database, idle=0.05) as server, server.talk() as talk:
        await talk.listening("1", DISTRICT)
        assert '"ping"' in str(await talk.socket.recv())


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "[]",
        "null",
        '"connection_init"',
        "{}",
        '{"type": 1}',
        '{"type": "start", "id": "1", "payload": {"query": "{ a }"}}',
        '{"type": "connection_ack"}',
        '{"type": "next", "id": "1", "payload": {}}',
        '{"type": "ping", "payload": "x"}',
        '{"type": "connection_init", "payload": []}',
        '{"type": "subscribe", "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}',
        f'{{"type": "subscribe", "id": "{"x" * 257}", "payload": {{"query": "{{ a }}"}}}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "complete"}',
        '{"type": "ping"',
        '{"type": "ping", "payload": ' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"type": "ping", "payload": {"x": ' + '{"x":' * 20_000 + "1" + "}" * 20_002,
        '{"type": "pi\x00ng"}',
        '{"type": "ping", "payload": {"x": "\ud83d"}}'.encode("utf-8", "surrogatepass"),
        b'{"type": "connection_init"}',
    ],
    ids=range(26),
)
@pytest.mark.parametrize("is_begun", [True, False])
async def test_a_message_that_is_none_closes_the_socket_and_nothing_else(
    reading: Served, frame: str | bytes, is_begun: bool
) -> None:
    async with reading.talk() as bystander:
        await bystander.listening("1", DISTRICT)
        async with reading.talk() if is_begun else reading.opened() as talk:
            await talk.say(frame)
            code, reason = await talk.closed()
            assert code == 4400
            assert reason.startswith("Invalid message")
        await bystander.subscribe("2", NAME)
        assert await bystander.next("2") == ANSWER


@pytest.mark.parametrize("payload", [{}, {"query": "{ a }", "variables": []}, {"query": "{ a }", "operationName": 1}])
async def test_a_payload_that_is_no_request_is_told_as_over_http(reading: Served, payload: dict[str, Any]) -> None:
    async with reading.talk() as talk:
        await talk.say({"id": "1", "type": "subscribe", "payload": payload})
        heard = await talk.hear()
        assert heard["type"] == "error"
        assert heard["payload"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_nothing_is_run_before_the_connection_is_acknowledged(reading: Served) -> None:
    async with reading.opened() as talk:
        await talk.subscribe("1", NAME)
        assert await talk.closed() == (4401, "Unauthorized")
        assert talk.heard == []


async def test_a_connection_is_initialised_once(reading: Served) -> None:
    async with reading.talk() as talk:
        await talk.say({"type": "connection_init"})
        assert await talk.closed() == (4429, "Too many initialisation requests")


async def test_a_connection_is_initialised_in_time(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database, init_wait=0.05) as server:
        async with server.opened() as talk:
            assert await talk.closed() == (4408, "Connection initialisation timeout")
        async with server.talk() as talk:
            await asyncio.sleep(0.1)
            await talk.answers()


async def test_an_id_has_one_operation(reading: Served) -> None:
    async with reading.talk() as talk:
        await talk.listening("名", DISTRICT)
        await talk.subscribe("名", NAME)
        assert await talk.closed() == (4409, "Subscriber for 名 already exists")


async def test_a_long_reason_fits_its_frame(reading: Served) -> None:
    id_ = "名" * 200
    async with reading.talk() as talk:
        await talk.listening(id_, DISTRICT)
        await talk.subscribe(id_, NAME)
        code, reason = await talk.closed()
        assert code == 4409
        assert reason.startswith("Subscriber for 名名")


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["soap"]])
async def test_another_protocol_is_not_spoken(reading: Served, offered: Any) -> None:
    async with reading.opened(subprotocols=offered) as talk:
        code, reason = await talk.closed()
        assert code == 4406
        assert PROTOCOL in reason


async def test_the_protocol_is_chosen_among_several(reading: Served) -> None:
    async with reading.talk(subprotocols=["graphql-ws", PROTOCOL]) as talk:
        assert talk.socket.subprotocol == PROTOCOL


async def test_pages_of_other_sites_open_no_socket(graph: Graph, demo_database: Database) -> None:
    async with serving(graph, demo_database, origins=["https://office.example"]) as server:
        for origin in (server.address, "https://office.example", None):
            async with server.talk(origin=origin) as talk:
                await talk.answers()
        for origin in ("https://elsewhere.example", "http://127.0.0.1:1", "null", "https://office.example.evil"):
            with pytest.raises(InvalidStatus) as refused:
                async with server.opened(origin=origin):
                    pass
            assert refused.value.response.status_code == 403
            assert b"FORBIDDEN" in refused.value.response.body
