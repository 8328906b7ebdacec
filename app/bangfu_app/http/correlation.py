"""Gives each request an id that stands in its answer, in each of its errors and in the log."""

import logging
import re
import time
from collections.abc import Iterable
from contextvars import ContextVar, Token
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"

_log = logging.getLogger("bangfu.access")

_current: ContextVar[str] = ContextVar("bangfu_request_id", default="-")
# What a caller sends is written to the log, so it must not be able to forge a line of it.
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def request_id() -> str:
    """The id of the request that is being answered; '-' outside of one."""
    return _current.get()


def begin(headers: Iterable[tuple[bytes, bytes]]) -> Token[str]:
    """Takes over the id that a caller sends, or makes one up; `end` is given the token."""
    given: bytes = next((value for name, value in headers if name == HEADER), b"")
    return _current.set(given.decode() if _ACCEPTED.fullmatch(given) else token_hex(16))


def end(token: Token[str]) -> None:
    """The request has been answered."""
    _current.reset(token)


class Correlation:
    """Middleware that takes over a caller's `x-request-id`, or makes one up, and returns it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given: bytes = next((value for name, value in scope["headers"] if name == HEADER), b"")
        identity = given.decode() if _ACCEPTED.fullmatch(given) else token_hex(16)
        scope.setdefault("state", {})["request_id"] = identity

        started = time.monotonic()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, identity.encode())]
                took = 1000 * (time.monotonic() - started)
                # Without what a GET asks: a query may hold what belongs in no log.
                _log.info("%s %s %d in %.0f ms", scope["method"], scope["path"], message["status"], took)
            await send(message)

        token = _current.set(identity)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            _current.reset(token)


class RequestIdFilter(logging.Filter):
    """Puts `requestId` on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Adds the id and lets every line through."""
        record.requestId = request_id()
        return True
