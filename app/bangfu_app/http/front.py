"""What every request passes first and every answer last: its id, its account, its headers, the time it may take."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bangfu_app.http import correlation
from bangfu_app.http.account import Account, Observer
from bangfu_app.http.headers import Header, careful, completed
from bangfu_app.http.limits.reading import PACE, READ_TIMEOUT, in_time
from bangfu_app.http.response import failed, unavailable
from bangfu_app.http.stopping import Stopping

CROWDED = "is_crowded"
"""Set in the state of requests on a connection that is one too many."""

UPLOADS = "/imports"
"""Where files are sent to, which are larger than other bodies and take longer."""

_CLOSE: Header = (b"connection", b"close")
_HEALTH = ("/healthz", "/readyz")  # answered also where nothing else is, to whoever starts and balances servers


class Front:
    """Middleware around all the others."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        observers: Sequence[Observer] = (),
        stopping: Stopping | None = None,
        read_timeout: float = READ_TIMEOUT,
        hsts: int = 0,
    ) -> None:
        self.app = app
        self._observers = observers
        self._stopping = stopping or Stopping()
        self._read_timeout = read_timeout
        self._headers = careful(hsts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        token = correlation.begin(scope["headers"])
        state = scope.setdefault("state", {})
        account = Account(correlation.request_id(), scope["method"], scope["path"])
        state["request_id"], state["account"] = account.id, account
        id_ = (correlation.HEADER, account.id.encode())
        last = (id_, _CLOSE) if CROWDED in state else (id_,)

        async def send_whole(message: Message) -> None:
            if message["type"] == "http.response.start":
                account.status = message["status"]
                message["headers"] = completed(message.get("headers", ()), self._headers, *last)
            elif message["type"] == "http.response.body":
                account.size += len(message.get("body", b""))
            await send(message)

        started = time.perf_counter()
        for observer in self._observers:
            observer.began(account)
        try:
            pace = PACE if scope["path"] == UPLOADS else None
            await self._answer(scope, in_time(receive, self._read_timeout, pace=pace), send_whole, account)
        finally:
            account.seconds = time.perf_counter() - started
            for observer in self._observers:
                observer.ended(account)
            correlation.end(token)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, account: Account) -> None:
        try:
            if CROWDED in scope["state"] and scope["path"] not in _HEALTH:
                message = "Too many connections are open. Try again shortly, and use one connection for many requests."
                await unavailable(Request(scope), message)(scope, receive, send)
                return
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._stopping.has_begun or account.status:
                raise
            # The time for what was in flight is over; whoever asked is told, and may ask another server.
            task: asyncio.Task[Any] | None = asyncio.current_task()
            if task is not None:
                task.uncancel()
            await unavailable(Request(scope), "The server is stopping. Try again shortly.")(scope, receive, send)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - the boundary: the text of a defect must not leave the server
            response = failed(Request(scope), error)
            if not account.status:
                await response(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and CROWDED in scope.get("state", {}):
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "Too many connections are open."})
            return
        await self.app(scope, receive, send)
