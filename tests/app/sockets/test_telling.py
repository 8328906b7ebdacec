"""What subscribers are told: of progress at once and again, of changes once for each transaction, record and place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import make_url
from tests.app.command import NOWHERE
from tests.app.sockets.talking import (
    CHANGES,
    DISTRICT,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    VILLAGE,
    Served,
    Talk,
    area_of,
    plant,
    run,
    serving,
    until,
)

from bangfu.store import Database
from bangfu_app.http.sockets import Feed
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio


class TestTelling:
    async def test_progress_is_told_at_once_and_again_when_it_has_changed(
        self, served: Served, demo_copy: Database
    ) -> None:
        async with served.talk() as talk:
            before = {place: await talk.listening(place, place) for place in (DISTRICT, TOWNSHIP, VILLAGE)}
            await plant(demo_copy, area=3)
            told = {}
            for _ in before:
                message = await talk.hear()
                told[message["id"]] = area_of(message["payload"])
            assert told == {place: area + 3 for place, area in before.items()}

    async def test_what_stays_the_same_is_not_told_again(self, served: Served, demo_copy: Database) -> None:
        """A change elsewhere, and one in the same place that alters nothing that was asked for."""
        async with served.talk() as talk:
            await talk.listening("there", OTHER_TOWNSHIP)
            here = await talk.listening("here", TOWNSHIP)
            await plant(demo_copy, area=0)
            await plant(demo_copy, area=2)
            assert area_of(await talk.next("here")) == here + 2

    async def test_changes_are_told_by_transaction_record_and_township(
        self, served: Served, demo_copy: Database
    ) -> None:
        others = [str(VILLAGE), "620502100201"]
        async with served.talk() as talk:
            await talk.subscribe("all", CHANGES)
            await talk.subscribe("there", CHANGES, place=OTHER_TOWNSHIP)
            await talk.subscribe("funding", CHANGES, plugin="funding")
            await talk.subscribe("village", CHANGES, place=VILLAGE)
            await settled(served, 4)
            began = datetime.now(UTC)
            await plant(demo_copy, [*others, "620502101200"])
            told: dict[str, list[tuple[str, int]]] = {}
            for _ in range(4):
                message = await talk.hear()
                change = message["payload"]["data"]["changes"]
                assert (change["plugin"], change["record"]) == ("industry", "CropArea")
                assert abs(datetime.fromisoformat(change["at"]) - began) < timedelta(minutes=1)
                told.setdefault(message["id"], []).append((change["place"], change["count"]))
            assert {name: sorted(each) for name, each in told.items()} == {
                "all": [(TOWNSHIP, 2), (OTHER_TOWNSHIP, 1)],
                "there": [(OTHER_TOWNSHIP, 1)],
                "village": [(VILLAGE, 1)],
            }

    async def test_what_is_rolled_back_is_not_told(self, served: Served, demo_copy: Database) -> None:
        async with served.talk() as talk:
            await talk.subscribe("all", CHANGES)
            await settled(served, 1)
            with pytest.raises(Exception, match="fk_industry_crop_area"):
                await plant(demo_copy, [VILLAGE, "620502999999"])
            await plant(demo_copy)
            change = (await talk.next("all"))["data"]["changes"]
            assert change["count"] == 1

    async def test_somebody_elses_notifications_are_left_alone(self, served: Served, demo_copy: Database) -> None:
        async with served.talk() as talk:
            await talk.subscribe("all", CHANGES)
            await settled(served, 1)
            for payload in (
                "",
                "hello",
                "1 2 3 4 5 6 7",
                "1 a b c d e f",
                "1 9 1e400 a b 620502 0:1",
                "2 1 1 a b 1 1:1",
            ):
                await run(demo_copy, "select pg_notify('bangfu_changes', :payload)", payload=payload)
            await plant(demo_copy)
            assert (await talk.next("all"))["data"]["changes"]["plugin"] == "industry"

    async def test_a_lost_connection_is_opened_again_and_subscribers_read_anew(
        self, served: Served, demo_copy: Database
    ) -> None:
        async with served.talk() as talk:
            before = await talk.listening("progress", TOWNSHIP)
            await talk.subscribe("changes", CHANGES, place=TOWNSHIP)
            await settled(served, 2)
            killed = await run(
                demo_copy,
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                "where application_name = 'bangfu listening' and datname = current_database()",
            )
            assert killed == 1
            # Whether it is heard, or made up for afterwards, depends on who is faster.
            await plant(demo_copy, area=5)
            area = missed = None
            while area is None or missed is None:
                message = await talk.hear()
                if message["id"] == "progress":
                    area = area_of(message["payload"])
                else:
                    change = message["payload"]["data"]["changes"]
                    missed = change if change["plugin"] is None else missed
            assert area == before + 5
            assert (missed["record"], missed["place"], missed["count"]) == (None, TOWNSHIP, None)
            await plant(demo_copy)
            assert area_of(await one_of(talk, "progress")) == before + 6

    async def test_one_connection_listens_for_all(self, served: Served, demo_copy: Database) -> None:
        async with served.talk() as one, served.talk() as other:
            for number in range(20):
                await one.listening(f"{number}", TOWNSHIP)
                await other.listening(f"{number}", DISTRICT)
            listening = await run(
                demo_copy,
                "select count(*) from pg_stat_activity "
                "where application_name = 'bangfu listening' and datname = current_database()",
            )
            assert listening == 1

    async def test_a_reading_that_fails_is_told_and_is_not_the_end(self, served: Served, demo_copy: Database) -> None:
        async with served.talk() as talk:
            before = await talk.listening("1", TOWNSHIP)
            await run(demo_copy, "alter table place rename to hidden")
            await run(demo_copy, "select pg_notify('bangfu_changes', '1 1 1 industry CropArea 620502 100200:1')")
            told = await talk.next("1")
            (error,) = told["errors"]
            assert error["message"] == "Internal error"
            assert error["extensions"]["code"] == "INTERNAL_ERROR"
            await run(demo_copy, "alter table hidden rename to place")
            await plant(demo_copy, area=4)
            assert area_of(await talk.next("1")) == before + 4

    async def test_where_changes_cannot_be_heard_nobody_waits_for_them(self, graph: Graph, demo_copy: Database) -> None:
        deaf = Feed(make_url(NOWHERE), patience=0.05)
        async with serving(graph, demo_copy, feed=deaf) as server, server.talk() as talk:
            await talk.subscribe("1", CHANGES)
            heard = await talk.hear()
            assert heard["type"] == "error"
            assert heard["payload"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def settled(served: Served, subscribers: int) -> None:
    """Waits until the server has so many subscribers; `changes` tell nothing when they begin."""
    await until(lambda: served.feed.subscribers == subscribers)


async def one_of(talk: Talk, id_: str) -> dict[str, Any]:
    """The next response of an operation, whatever others say."""
    while True:
        message = await talk.hear()
        if message["id"] == id_:
            payload: dict[str, Any] = message["payload"]
            return payload
