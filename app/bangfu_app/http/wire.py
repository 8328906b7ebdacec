"""A connection as the server speaks HTTP on it: how long it waits, how much it reads, and what it says to nonsense."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from bangfu_app.http.front import CROWDED
from bangfu_app.http.headers import careful
from bangfu_app.http.limits.reading import READ_TIMEOUT

HEAD_LIMIT = 65_536
"""Bytes of the address and the headers of a request: room for a GET with a document of its own."""
HEADERS_LIMIT = 100
HALF_CLOSED = 1.0
"""Seconds for the answer to a client that has said it sends nothing more; most that say so have gone altogether."""


@dataclass(frozen=True)
class _Fault:
    """What can be wrong on a connection."""

    status: HTTPStatus
    code: str


_NO_HTTP = _Fault(HTTPStatus.BAD_REQUEST, code="BAD_REQUEST")
_TOO_SLOW = _Fault(HTTPStatus.REQUEST_TIMEOUT, code="REQUEST_TIMEOUT")
_TOO_LARGE = _Fault(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, code="REQUEST_HEADER_FIELDS_TOO_LARGE")


class Wire(HttpToolsProtocol):
    """One connection. Whatever is wrong with it is answered before it is closed, if a request has begun."""

    read_timeout = READ_TIMEOUT
    most: int | None = None
    """How many connections there may be; requests on those beyond are refused."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head = 0
        self._headers_read = 0
        self._has_begun = False
        """Whether a part of a request has come whose rest is still to come."""
        self._is_in_head = True
        self._is_over = False
        """Whether the last word has been said; what still comes is not looked at."""
        self._fault = _NO_HTTP
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its parent has it
        """Counts the connection, and begins to wait for its first request."""
        super().connection_made(transport)
        if self.most is not None and len(self.connections) > self.most:
            self.app_state = {**self.app_state, CROWDED: True}
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on; the time for a request's head, and for what is left of a refused body, does not begin anew."""
        if self._is_over or self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.get_protocol() is self:  # and not a WebSocket by now
            self._wait_for_client()

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio keeps the connection open where this is true
        """Answers a client that has closed its own half after a request, and tells one that closed it in the middle."""
        if self._is_over or self.transport.is_closing():
            return False
        cycle = self.cycle
        if self._has_begun and not (self._is_active() and cycle.response_started):
            self.send_400_response("The connection ended before the request was complete.")
            return True
        if not self._is_active():
            return False
        cycle.keep_alive = False
        self.loop.call_later(HALF_CLOSED, self._give_up)
        return True

    def on_message_begin(self) -> None:
        """A new request."""
        super().on_message_begin()
        self._head = self._headers_read = 0
        self._has_begun = self._is_in_head = True

    def on_url(self, url: bytes) -> None:
        """Reads the address, up to a limit."""
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Reads a header, up to a limit of all."""
        self._headers_read += 1
        self._weigh(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request is handed on; whoever reads its body takes the time for that."""
        self._is_in_head = False
        self._wait_no_longer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Nothing of it is still to come."""
        self._has_begun = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Waits for the next request, or, where one was refused before it was read, for its end."""
        super().on_response_complete()
        self._wait_for_client()

    def send_400_response(self, msg: str) -> None:
        """What is wrong, in the form of an answer of the graph."""
        self._wait_no_longer()
        self._is_over = True
        is_answering = self._is_active() and self.cycle.response_started
        is_answered = not self._is_active() and self._has_begun and not self._is_in_head
        if is_answering or is_answered or self.pipeline:
            self.transport.close()  # another answer in the middle of one, or a second one, would be worse than none
            return
        if self._fault is _TOO_LARGE:
            msg = f"The head has more than {HEAD_LIMIT:,} bytes or {HEADERS_LIMIT} headers. Send less, or send a POST."
        elif msg.startswith("Invalid HTTP"):
            msg = "This is not HTTP/1.1 as the server understands it. Send a request as curl or a browser does."
        status = self._fault.status
        id_ = token_hex(16)
        error = {"message": msg, "extensions": {"code": self._fault.code, "requestId": id_}}
        body = orjson.dumps({"errors": [error]})
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            (b"x-request-id", id_.encode()),
            *careful(),
        ]
        head = b"".join(b"%s: %s\r\n" % header for header in (*self.server_state.default_headers, *headers))
        self.transport.write(b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), head, body))
        self._close_gently()

    def _weigh(self, size: int) -> None:
        self._head += size
        if self._head > HEAD_LIMIT or self._headers_read > HEADERS_LIMIT:
            self._fault = _TOO_LARGE
            raise ValueError("too large")  # the parser stops here, and what is said follows from the fault

    def _is_active(self) -> bool:
        """Whether a request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # which it is before the first request
        return cycle is not None and not cycle.response_complete

    def _wait_for_client(self) -> None:
        """Waits, where nothing can be done before more is sent."""
        if not (self._is_active() or self._is_over or self.transport.is_closing()):
            self._wait()

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.read_timeout, self._waited)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _waited(self) -> None:
        self._waiting = None
        if self._is_active() or self.transport.is_closing():
            return
        if self._has_begun and self._is_in_head:
            self._fault = _TOO_SLOW
            self.send_400_response(f"The request was not complete after {self.read_timeout:g} seconds. Send it faster.")
        else:
            self.transport.close()

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _close_gently(self) -> None:
        """Says that nothing more comes, and closes when the client has had time to read it.

        Closed at once, with bytes of the client's that nobody has read, the connection would be reset, and what was
        said be lost.
        """
        if self._is_active():
            self.cycle.disconnected = True  # whoever answers it is told, and writes nothing more
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(HALF_CLOSED, self._give_up)


def wire(*, most: int | None, read_timeout: float) -> type[Wire]:
    """Connections, at most so many at a time, on which a client has so many seconds to send a request's head."""
    return type("LimitedWire", (Wire,), {"most": most, "read_timeout": read_timeout})
