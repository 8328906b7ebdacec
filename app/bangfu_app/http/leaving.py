"""Stops work for a client that has gone: in the server, and by that in the database."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

AFTER = 0.05
"""Seconds before watching begins: most answers are there sooner, and tasks for each took a tenth of their time."""

T = TypeVar("T")


async def unless_left(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; where the client goes before it is done, it is cancelled, and ClientDisconnect raised."""
    watch = _Watch(request)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.is_cause():
            raise ClientDisconnect from None
        raise
    finally:
        await watch.end()


class _Watch:
    """Cancels the present task when its client goes; in the manner of `asyncio.timeout`."""

    def __init__(self, request: Request) -> None:
        self._request = request
        task = asyncio.current_task()
        assert task is not None, "a request is answered in a task"
        self._task = task
        self._watching: asyncio.Task[None] | None = None
        self._has_cancelled = False
        self._begin = asyncio.get_running_loop().call_later(AFTER, self._watch)

    def is_cause(self) -> bool:
        """Whether the task was cancelled because the client has gone, and for nothing else beside."""
        return self._has_cancelled and self._task.uncancel() == 0

    async def end(self) -> None:
        """Watches no longer."""
        self._begin.cancel()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def _watch(self) -> None:
        self._watching = asyncio.create_task(self._until_left())

    async def _until_left(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass  # what is left of the body says nothing
        self._has_cancelled = True
        self._task.cancel()
