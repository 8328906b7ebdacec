"""One WebSocket that speaks `graphql-transport-ws`: its states, its operations, its end."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bangfu.errors import OperationError
from bangfu_app.http.correlation import request_id
from bangfu_app.http.documents import DocumentError
from bangfu_app.http.request import Refusal, read_object
from bangfu_app.http.sockets import messages
from bangfu_app.http.sockets.answers import Failed
from bangfu_app.http.sockets.messages import Close, Code, Message, read_message
from bangfu_app.http.sockets.session import Session
from bangfu_app.http.sockets.streams import Streams
from bangfu_app.identity import Unauthenticated, only

_log = logging.getLogger("bangfu.sockets")


class Connection:
    """Serves one accepted socket, until the client goes, breaks the protocol, or may stay no more."""

    def __init__(self, socket: WebSocket, streams: Streams, address: str) -> None:
        self._socket = socket
        self._streams = streams
        self._limits = streams.limits
        self._address = address
        self._session: Session | None = None
        self._is_begun = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()

    def end(self, close: Close | None = None) -> None:
        """Ends it, with the first reason that is given; None where the client has gone."""
        if not self._over.done():
            self._over.set_result(close)

    def stop(self) -> None:
        """The server stops."""
        self.end(Close(Code.GOING_AWAY, "The server stops"))

    async def serve(self) -> None:
        """Returns when it is over, and closed."""
        loop = asyncio.get_running_loop()
        waiting = loop.call_later(self._limits.init_wait, self._require_init)
        self._start(self._read())
        self._start(self._show_life())
        close: Close | None = None
        try:
            close = await self._over
        finally:
            waiting.cancel()
            running = [*self._operations.values(), *self._others]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if close is not None:
            await self._close(close)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Turns whatever ends a task of the connection into the end of the connection."""
        try:
            await work
        except Close as close:
            self.end(close)
        except WebSocketDisconnect:
            self.end()
        except Exception as error:  # noqa: BLE001 - the boundary: nobody waits for this task
            _log.error("connection %s failed", request_id(), exc_info=error)
            self.end(Close(Code.INTERNAL_ERROR, "Internal error"))

    async def _read(self) -> None:
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                self.end()
                return
            text = received.get("text")
            if text is None:
                raise Close(Code.BAD_REQUEST, "Invalid message: it is binary")
            if len(text) > self._limits.message:
                raise Close(Code.TOO_BIG, f"A message may have {self._limits.message} bytes")
            await self._take(read_message(text))

    async def _take(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._begin(message.payload or {})
            case "ping":
                await self._send(messages.pong(message.payload))
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                operation = self._operations.pop(message.id, None)
                if operation is not None:
                    operation.cancel()

    async def _begin(self, payload: dict[str, Any]) -> None:
        if self._is_begun:
            raise Close(Code.TOO_MANY_INITS, "Too many initialisation requests")
        self._is_begun = True
        try:
            authorization = _authorization(payload) or only(self._socket.headers.getlist("authorization"))
            session = await Session.begun(self._streams.identity, authorization, self._address)
        except Unauthenticated as error:
            raise Close(Code.FORBIDDEN, f"Forbidden: {error}") from None
        except OperationError as error:
            _log.warning("connection %s: tokens cannot be checked: %s", request_id(), error)
            raise Close(Code.TRY_AGAIN_LATER, "Tokens cannot be checked at the moment") from None
        await self._send(messages.ack())
        self._session = session
        self._start(self._until_expired(session))

    async def _until_expired(self, session: Session) -> None:
        error = await session.over(self._limits.check)
        # Operations are not ended one by one: after an error, no client would take them up again with a new token.
        raise Close(Code.FORBIDDEN, f"Forbidden: {error}")

    def _require_init(self) -> None:
        if not self._is_begun:
            self.end(Close(Code.INIT_TIMEOUT, "Connection initialisation timeout"))

    async def _subscribe(self, message: Message) -> None:
        if self._session is None:
            raise Close(Code.UNAUTHORIZED, "Unauthorized")
        if message.id in self._operations:
            raise Close(Code.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        if len(self._operations) >= self._limits.operations:
            text = (
                f"This connection has {self._limits.operations} operations under way already. End some of them first."
            )
            await self._refuse(message.id, text, code="TOO_MANY_SUBSCRIPTIONS")
            return
        task = asyncio.create_task(self._guarded(self._operate(message, self._session)))
        self._operations[message.id] = task
        task.add_done_callback(lambda done: self._forget(message.id, done))

    def _forget(self, id_: str, done: "asyncio.Task[None]") -> None:
        if self._operations.get(id_) is done:  # the id may be another one's by now
            del self._operations[id_]

    async def _operate(self, message: Message, session: Session) -> None:
        assert message.payload is not None, "a message to subscribe has a payload"
        try:
            asked = read_object(message.payload, self._streams.documents)
            async with aclosing(self._streams.answers.each(asked, session)) as responses:
                async for response in responses:
                    await self._send(messages.next_(message.id, response))
        except (Refusal, DocumentError) as error:
            await self._refuse(message.id, str(error), code=error.code)
            return
        except Failed as failed:
            await self._send(messages.error(message.id, failed.errors))
            return
        await self._send(messages.complete(message.id))

    async def _refuse(self, id_: str, text: str, *, code: str) -> None:
        told = {"message": text, "extensions": {"code": code, "requestId": request_id()}}
        await self._send(messages.error(id_, [told]))

    async def _show_life(self) -> None:
        while True:
            await asyncio.sleep(self._limits.idle)
            await self._send(messages.ping())

    async def _send(self, text: str) -> None:
        """Sends; waits until the client has read enough of what came before, but not for ever."""
        try:
            async with asyncio.timeout(self._limits.send_wait):
                await self._socket.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise Close(Code.TRY_AGAIN_LATER, "The client does not read") from None
        except RuntimeError:
            raise WebSocketDisconnect from None  # Starlette's word for a socket that has been closed

    async def _close(self, close: Close) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                async with asyncio.timeout(self._limits.send_wait):
                    await self._socket.close(close.code, close.reason)


def _authorization(payload: dict[str, Any]) -> str | None:
    """The header that the payload of `connection_init` brings, or the one that its token would have made."""
    for name, value in payload.items():
        if name.lower() == "authorization" and isinstance(value, str):
            return value
    token = payload.get("token")
    return f"Bearer {token}" if isinstance(token, str) else None
