"""/graphql as a stream of server-sent events: each operation has a request of its own (graphql-sse, distinct mode)."""

import asyncio
import logging
from contextlib import aclosing, suppress
from http import HTTPStatus

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bangfu.errors import OperationError
from bangfu_app.http.account import account_of
from bangfu_app.http.correlation import request_id
from bangfu_app.http.documents import DocumentError
from bangfu_app.http.negotiation import best_type
from bangfu_app.http.request import GraphQLRequest, Refusal, read_get, read_post
from bangfu_app.http.response import GRAPHQL, JSON, refusal, unauthenticated
from bangfu_app.http.sites import check_site
from bangfu_app.http.sockets.answers import Failed
from bangfu_app.http.sockets.limits import TooMany
from bangfu_app.http.sockets.session import Session
from bangfu_app.http.sockets.streams import Streams
from bangfu_app.identity import Unauthenticated, only

EVENTS = "text/event-stream"

_OFFERED = (JSON, GRAPHQL, EVENTS)

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect events before it passes them on
]
_LIFE = b":\n\n"
# Browsers hear of an event only where it has data.
_COMPLETE = b"event: complete\ndata:\n\n"

_log = logging.getLogger("bangfu.sockets")


def wants_events(headers: Headers) -> bool:
    """Whether a client would rather have a stream of events than anything else."""
    return best_type(",".join(headers.getlist("accept")), _OFFERED) == EVENTS


class EventStreams:
    """Answers requests that accept events."""

    def __init__(self, streams: Streams, *, body_limit: int) -> None:
        self._streams = streams
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        stream = _Stream(send, self._streams.limits.send_wait)
        try:
            with self._streams.connection(stream.end):
                session, asked = await self._begun(request)
                await self._serve(request, stream, asked, session)
            return
        except ClientDisconnect:
            return
        except Unauthenticated as error:
            response = unauthenticated(request, error, media_type="application/json")
        except Refusal as error:
            response = refusal(request, error.status, str(error), code=error.code, headers=error.headers)
        except DocumentError as error:
            status = HTTPStatus.BAD_REQUEST if error.status is HTTPStatus.OK else error.status
            response = refusal(request, status, str(error), code=error.code)
        except TooMany as error:
            response = _later(request, str(error), code=error.code)
        except OperationError as error:
            _log.warning("request %s: tokens cannot be checked: %s", request_id(), error)
            text = "Tokens cannot be checked at the moment. Try again shortly."
            response = _later(request, text, code="SERVICE_UNAVAILABLE")
        await response(scope, receive, send)

    async def _begun(self, request: Request) -> tuple[Session, GraphQLRequest]:
        check_site(request.headers, self._streams.origins)
        address = self._streams.guard.address(request.scope)
        authorization = only(request.headers.getlist("authorization"))
        session = await Session.begun(self._streams.identity, authorization, address)
        documents = self._streams.documents
        if request.method == "POST":
            asked = await read_post(request, limit=self._body_limit, documents=documents, max_batch=1)
        else:
            asked = read_get(request, documents=documents, streaming=True)
        account = account_of(request)
        account.viewer = session.viewer.name if session.viewer is not None else None
        return session, asked.only

    async def _serve(self, request: Request, stream: "_Stream", asked: GraphQLRequest, session: Session) -> None:
        await stream.begin()
        work = [
            asyncio.create_task(self._answer(stream, asked, session)),
            asyncio.create_task(self._until_expired(stream, session)),
            asyncio.create_task(_until_left(request, stream)),
            asyncio.create_task(self._show_life(stream)),
        ]
        for task in work:
            task.add_done_callback(stream.note)
        try:
            await stream.over
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        if not stream.is_left:
            with suppress(ClientDisconnect):
                await stream.send(_COMPLETE, more=False)

    async def _answer(self, stream: "_Stream", asked: GraphQLRequest, session: Session) -> None:
        try:
            async with aclosing(self._streams.answers.each(asked, session)) as responses:
                async for response in responses:
                    await stream.send(_next(response))
        except Failed as failed:
            await stream.send(_next(orjson.dumps({"errors": failed.errors})))
        stream.end()

    async def _until_expired(self, stream: "_Stream", session: Session) -> None:
        error = await session.over(self._streams.limits.check)
        told = {"message": str(error), "extensions": {"code": error.code, "requestId": request_id()}}
        await stream.send(_next(orjson.dumps({"errors": [told]})))
        stream.end()

    async def _show_life(self, stream: "_Stream") -> None:
        while True:
            await asyncio.sleep(self._streams.limits.idle)
            await stream.send(_LIFE)


class _Stream:
    """The response to one request, as long as it is open."""

    def __init__(self, send: Send, patience: float) -> None:
        self._send = send
        self._patience = patience
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_left = False
        """Whether nobody reads any more."""

    def end(self) -> None:
        """Nothing follows."""
        if not self.over.done():
            self.over.set_result(None)

    def leave(self) -> None:
        """The client has gone, or reads nothing."""
        self.is_left = True
        self.end()

    def note(self, task: "asyncio.Task[None]") -> None:
        """Ends the stream with the first of its tasks that fails."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, ClientDisconnect):
            _log.error("request %s failed", request_id(), exc_info=error)
        self.leave()

    async def begin(self) -> None:
        """Sends the headers, and shows the client that it is heard."""
        await self._send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": [*_HEADERS]})
        await self.send(_LIFE)

    async def send(self, data: bytes, *, more: bool = True) -> None:
        """Sends a part; raises ClientDisconnect where nobody reads for too long."""
        try:
            async with asyncio.timeout(self._patience):
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise ClientDisconnect from None


async def _until_left(request: Request, stream: _Stream) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass  # what is left of the body says nothing
    stream.leave()


def _next(response: bytes) -> bytes:
    # PostgreSQL breaks lines between the rows of a list, where they mean nothing; an event would end there.
    return b"event: next\ndata: " + response.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n\n"


def _later(request: Request, message: str, *, code: str) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return refusal(request, status, message, code=code, headers={"Retry-After": "2"})
