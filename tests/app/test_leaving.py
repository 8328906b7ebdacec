"""What is asked by a client that goes is stopped; nothing else is, and a quick answer is not watched at all."""

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from bangfu_app.http.leaving import AFTER, unless_left

pytestmark = pytest.mark.anyio


class Client:
    """Stays, or goes after some seconds."""

    def __init__(self, stays: float = 3600) -> None:
        self.request = Request({"type": "http"}, self._receive)
        self.looked = 0
        self._stays = stays

    async def _receive(self) -> dict[str, Any]:
        self.looked += 1
        await asyncio.sleep(self._stays)
        return {"type": "http.disconnect"}


class Work:
    """Gives 7 after some seconds, and knows whether it was stopped."""

    def __init__(self) -> None:
        self.is_stopped = False

    async def take(self, seconds: float) -> int:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.is_stopped = True
            raise
        return 7


async def test_a_quick_answer_is_not_watched() -> None:
    client = Client()
    assert await unless_left(client.request, Work().take(0)) == 7
    await asyncio.sleep(2 * AFTER)
    assert client.looked == 0


async def test_a_slow_answer_is_watched_until_it_is_there() -> None:
    client, others = Client(), asyncio.all_tasks()
    assert await unless_left(client.request, Work().take(2 * AFTER)) == 7
    assert client.looked == 1
    assert asyncio.all_tasks() == others


async def test_work_for_a_client_that_has_gone_is_stopped() -> None:
    client, work, others = Client(stays=0), Work(), asyncio.all_tasks()
    with pytest.raises(ClientDisconnect):
        await unless_left(client.request, work.take(3600))
    assert work.is_stopped
    assert asyncio.all_tasks() == others
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "what answers the client is not stopped itself"


async def test_whoever_stops_the_request_is_not_taken_for_the_client() -> None:
    work = Work()
    asked = asyncio.ensure_future(unless_left(Client().request, work.take(3600)))
    await asyncio.sleep(2 * AFTER)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert work.is_stopped


async def test_an_error_is_the_works_own() -> None:
    async def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await unless_left(Client().request, fail())
