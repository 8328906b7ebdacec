"""What is no WebSocket, too much of one, or never read: it is told so where it listens, and the server goes on."""

import asyncio
import json
import struct
from contextlib import AsyncExitStack

import pytest
from tests.app.sockets.talking import CHANGES, DISTRICT, ORCHARDS, Served, plant, serving, until
from tests.app.sockets.wire import BINARY, CLOSE, PING, TEXT, masked, wire

from bangfu.store import Database
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

INIT = masked(TEXT, b'{"type": "connection_init"}')


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (masked(TEXT, b"\xff\xfe"), 1007),
        (masked(TEXT, b'{"type": "ping", "payload": {"x": "\xc3\x28"}}'), 1007),
        (masked(BINARY, b"\x00\x01"), 4400),
        (masked(TEXT, b"\x00"), 4400),
        (masked(TEXT, b'{"type":', first=0) + masked(0, b' "nothing"}'), 4400),  # in two parts
        (struct.pack("!BB", 0x81, 2) + b"{}", 1002),  # not masked
        (masked(3, b""), 1002),  # a kind that there is not
        (masked(TEXT, b"{}", first=0xF0), 1002),  # bits that nobody has agreed upon
        (masked(PING, b"x" * 126), 1002),
        (masked(0, b"{}"), 1002),  # the rest of nothing
        (masked(CLOSE, b"\x00"), 1002),
        (masked(CLOSE, struct.pack("!H", 999)), 1002),
        (struct.pack("!BBQ", 0x81, 0x80 | 127, 2**62), 1009),
        (masked(TEXT, b'"' + b"x" * 2**20 + b'"'), 1009),
        (b"".join(masked(TEXT if n == 0 else 0, b" " * 2**18, first=0) for n in range(6)), 1009),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
    ],
    ids=range(16),
)
@pytest.mark.parametrize("begun", [b"", INIT], ids=["at once", "begun"])
async def test_a_broken_frame_closes_its_socket_and_no_other(
    reading: Served, sent: bytes, code: int, begun: bytes
) -> None:
    async with reading.talk() as bystander:
        async with wire(reading.socket) as broken:
            await broken.send(begun + sent)
            assert await broken.closed() == code
        await bystander.listening("1", DISTRICT)


async def test_a_message_may_come_byte_by_byte_and_in_parts(reading: Served) -> None:
    async with wire(reading.socket) as slow:
        parts = masked(TEXT, b'{"type": "conne', first=0) + masked(PING, b"?") + masked(0, b'ction_init"}')
        for place in range(len(parts)):
            await slow.send(parts[place : place + 1])
        assert [await slow.frame() for _ in range(2)] == [(10, b"?"), (TEXT, b'{"type":"connection_ack"}')]


async def test_a_socket_that_breaks_off_leaves_nothing_behind(reading: Served) -> None:
    async with wire(reading.socket) as broken:
        asked = {"id": "1", "type": "subscribe", "payload": {"query": ORCHARDS, "variables": {"place": DISTRICT}}}
        await broken.send(INIT + masked(TEXT, json.dumps(asked).encode()))
        assert await broken.frame() == (TEXT, b'{"type":"connection_ack"}')
        assert b'"next"' in (await broken.frame())[1]
        broken.writer.transport.abort()
    await until(lambda: reading.feed.subscribers == 0)


class TestSlowReaders:
    async def test_who_does_not_read_is_let_go_and_costs_others_nothing(
        self, graph: Graph, demo_copy: Database
    ) -> None:
        """It asks for far more than fits between the two, and takes none of it."""
        asked = {"type": "subscribe", "payload": {"query": LARGE}}
        async with serving(graph, demo_copy, send_wait=0.5) as server, server.talk() as bystander:
            before = await bystander.listening("1", DISTRICT)
            async with wire(server.socket, buffer=4096, limit=1024) as deaf:
                await deaf.send(INIT)
                for number in range(60):
                    await deaf.send(masked(TEXT, json.dumps({"id": f"{number}", **asked}).encode()))
                await until(lambda: server.door.connections == 1)
            await plant(demo_copy, area=1)
            assert (await bystander.next("1"))["data"]["progress"]["industry"]["orchardArea"]["value"] == before + 1

    async def test_who_reads_too_slowly_is_told_that_changes_were_missed(
        self, graph: Graph, demo_copy: Database
    ) -> None:
        """What waits for it is bounded, whatever is written meanwhile."""
        villages = [f"620502{township}200" for township in range(100, 112)]
        async with serving(graph, demo_copy, queue=10) as server, server.talk() as talk:
            await talk.subscribe("few", CHANGES, place=DISTRICT)
            await until(lambda: server.feed.subscribers == 1)
            await plant(demo_copy, villages)
            change = (await talk.next("few"))["data"]["changes"]
            assert (change["plugin"], change["record"], change["place"], change["count"]) == (
                None,
                None,
                DISTRICT,
                None,
            )
            await plant(demo_copy, villages[:1])
            assert (await talk.next("few"))["data"]["changes"]["count"] == 1


class TestManySubscriptions:
    async def test_a_thousand_are_told_and_others_are_answered_meanwhile(
        self, graph: Graph, demo_copy: Database
    ) -> None:
        """A thousand subscriptions of four kinds on fifty connections; each is told, once and rightly."""
        kinds = [(ORCHARDS, "620502"), (ORCHARDS, "620502100"), (ORCHARDS, "620502100200"), (CHANGES, "620502")]
        async with serving(graph, demo_copy, subscriptions=1_000) as server, AsyncExitStack() as stack:
            talks = [await stack.enter_async_context(server.talk()) for _ in range(50)]
            for number in range(20):
                query, place = kinds[number % 4]
                for talk in talks:
                    await talk.subscribe(f"{number}", query, place=place)
            for talk in talks:
                for _ in range(15):
                    assert (await talk.hear())["type"] == "next"
            await until(lambda: server.feed.subscribers == 1_000)
            tasks = len(asyncio.all_tasks())

            async with server.talk() as other:
                await plant(demo_copy, area=7)
                for number in range(20):
                    await other.subscribe(f"{number}", '{ district(code: "620502") { name } }')
                    assert await other.next(f"{number}") == {"data": {"district": {"name": "秦州区"}}}
                    assert (await other.hear())["type"] == "complete"
            for talk in talks:
                heard = [await talk.hear() for _ in range(20)]
                assert sorted(int(each["id"]) for each in heard) == list(range(20))
                assert all("errors" not in each["payload"] for each in heard)
            assert len(asyncio.all_tasks()) == tasks, "nothing is left over from telling"

            await talks[0].subscribe("one more", ORCHARDS, place=DISTRICT)
            refused = await talks[0].hear()
            assert refused["type"] == "error"
            assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
            for number in range(20):
                await talks[1].say({"id": f"{number}", "type": "complete"})
            await until(lambda: server.feed.subscribers == 980)
            await talks[0].listening("one more", DISTRICT)


LARGE = """{ a: villages(within: "620502", first: 1000) { nodes { id name pinyin kind code source basis recordedOn
  township { name pinyin } district { name } } } }"""
