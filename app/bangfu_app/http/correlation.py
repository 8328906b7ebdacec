"""Gives each request an id that stands in its answer, in each of its errors and in the log."""

import logging
import re
from collections.abc import Iterable
from contextvars import ContextVar, Token
from secrets import token_hex

HEADER = b"x-request-id"

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


class RequestIdFilter(logging.Filter):
    """Puts `requestId` on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Adds the id and lets every line through."""
        record.requestId = request_id()
        return True
