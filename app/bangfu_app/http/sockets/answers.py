"""From an operation to its responses: one for a query, for a subscription one after the other."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol

import orjson
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bangfu.access import Viewer
from bangfu.errors import OperationError, UserError
from bangfu_app.http.correlation import request_id
from bangfu_app.http.health import Ready
from bangfu_app.http.limits import Guard
from bangfu_app.http.request import GraphQLRequest
from bangfu_app.http.response import why_unavailable
from bangfu_app.http.sockets.feed import Feed, Subscriber
from bangfu_app.http.sockets.limits import Doorkeeper
from bangfu_app.http.sockets.session import Session
from bangfu_schema import Change, Subscription, encoded

_AGAIN = 5.0
"""Seconds after which what could not be read is read again."""

_log = logging.getLogger("bangfu.sockets")


class Subscribing(Protocol):
    """What answers a document of any kind; `bangfu_schema.Graph`."""

    async def subscribe(
        self,
        database: Any,
        document: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        viewer: Viewer | None = None,
        request_id: str | None = None,
    ) -> Subscription | dict[str, Any]:
        """What a document subscribes to, or the response to a query."""


class Failed(Exception):  # noqa: N818 - reads as what it says
    """An operation that is over, with errors in the form in which a client reads them."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@dataclass(frozen=True)
class _Read:
    """A response that was read, for all who asked for the same."""

    response: dict[str, Any]
    json: bytes
    digest: bytes


class Answers:
    """Answers operations; after a change a few are read at a time, and those that ask alike are read once."""

    def __init__(
        self,
        graph: Subscribing,
        database: Any,
        feed: Feed,
        door: Doorkeeper,
        ready: Ready,
        guard: Guard,
        *,
        readers: int,
    ) -> None:
        self._graph = graph
        self._database = database
        self._feed = feed
        self._door = door
        self._ready = ready
        self._guard = guard
        # Others ask too, and have no thousand subscribers behind them.
        self._turns = asyncio.Semaphore(readers)
        self._reading: dict[Hashable, asyncio.Task[_Read]] = {}

    async def each(self, asked: GraphQLRequest, session: Session) -> AsyncGenerator[bytes]:
        """The responses as JSON; raises Failed where the operation cannot be run, or run on."""
        try:
            self._guard.count(session.who)
            async with self._guard.turn(session.who):
                found = await self._graph.subscribe(
                    self._database,
                    asked.query,
                    asked.variables,
                    asked.operation_name,
                    viewer=session.viewer,
                    request_id=request_id(),
                )
            if isinstance(found, dict):
                yield _written(_ran(found))
                return
            if not await self._feed.is_listening():
                raise Failed(
                    [_error("SERVICE_UNAVAILABLE", "Changes cannot be told at the moment. Try again shortly.")]
                )
            with self._door.subscription(session.who), self._feed.open(found.interest, session.viewer) as subscriber:
                follow = self._listed if found.interest.is_listed else self._anew
                async with aclosing(follow(found, subscriber, asked, session)) as responses:
                    async for response in responses:
                        yield response
        except UserError as error:
            raise Failed([_error(error.code, str(error))]) from None
        except Failed:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary: the text of a defect must not leave the server
            raise Failed([await self._told(error)]) from None

    async def aclose(self) -> None:
        """Stops what is being read."""
        for task in self._reading.values():
            task.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)

    async def _listed(
        self, found: Subscription, subscriber: Subscriber, _: GraphQLRequest, __: Session
    ) -> AsyncGenerator[bytes]:
        while True:
            yield _written(await found.answer(await subscriber.next()))

    async def _anew(
        self, found: Subscription, subscriber: Subscriber, asked: GraphQLRequest, session: Session
    ) -> AsyncGenerator[bytes]:
        """What there is now, and again whenever it has changed; not where it is still the same."""
        same = (asked.query, asked.operation_name, orjson.dumps(asked.variables), session.viewer)
        shown, change = None, Change(at=datetime.now(UTC))
        while True:
            try:
                read = await self._read((self._feed.round, same), partial(found.answer, change))
            except Exception as error:
                if shown is None:
                    raise
                yield _written({"errors": [await self._told(error)]})
                shown = b""  # the same as before is news after that
                asyncio.get_running_loop().call_later(_AGAIN, subscriber.miss, change.at)
            else:
                if shown is None and read.response.get("data") is None:
                    raise Failed(_marked(read.response["errors"]))
                if read.digest != shown:
                    shown = read.digest
                    yield _written(read.response) if "errors" in read.response else read.json
            change = await subscriber.next()

    async def _read(self, key: Hashable, answer: Callable[[], Awaitable[dict[str, Any]]]) -> _Read:
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(self._in_turn(answer))
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)  # others may wait for it too

    async def _in_turn(self, answer: Callable[[], Awaitable[dict[str, Any]]]) -> _Read:
        async with self._turns:
            response = await answer()
        json = encoded(response)
        return _Read(response, json, blake2b(json, digest_size=16).digest())

    def _forget(self, key: Hashable, done: "asyncio.Task[_Read]") -> None:
        self._reading.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited for it has been told; perhaps nobody did any more

    async def _told(self, error: Exception) -> dict[str, Any]:
        """What a client may know of something that went wrong."""
        if isinstance(error, OperationError):
            reason: str | None = why_unavailable(error)
        elif _is_busy(error):
            reason = "The server is busy at the moment. Try again shortly."
        else:
            reason = await self._ready.reason()  # what fails because tables are not there yet is no defect
        if reason is not None:
            _log.warning("request %s: %s %s: %s", request_id(), reason, type(error).__name__, error)
            return _error("SERVICE_UNAVAILABLE", reason)
        _log.error("request %s failed", request_id(), exc_info=error)
        return _error("INTERNAL_ERROR", "Internal error")


def _ran(response: dict[str, Any]) -> dict[str, Any]:
    if "data" not in response:
        raise Failed(_marked(response["errors"]))
    return response


def _written(response: dict[str, Any]) -> bytes:
    if "errors" in response:
        response = {**response, "errors": _marked(response["errors"])}
    return encoded(response)


def _marked(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**error, "extensions": {**error.get("extensions", {}), "requestId": request_id()}} for error in errors]


def _error(code: str, message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, "requestId": request_id()}}


def _is_busy(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, PoolTimeout):
            return True
        error = error.__cause__
    return False
