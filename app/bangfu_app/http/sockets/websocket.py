"""/graphql over WebSocket: who may open a socket, before a word is spoken."""

from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from bangfu_app.http.correlation import HEADER, begin, end, request_id
from bangfu_app.http.sockets.connection import Connection
from bangfu_app.http.sockets.limits import TooMany
from bangfu_app.http.sockets.messages import SUBPROTOCOL, Close, Code
from bangfu_app.http.sockets.streams import Streams


class WebSockets:
    """Accepts sockets and serves each until it is over."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        token = begin(scope["headers"])
        try:
            await self._serve(socket)
        finally:
            end(token)

    async def _serve(self, socket: WebSocket) -> None:
        # A browser opens sockets for pages of any site, without asking; only the header says whose page it is.
        if not is_welcome(socket.headers.get("origin"), socket.headers.get("host"), self._streams.origins):
            await socket.send_denial_response(_refusal())
            return
        headers = [(HEADER, request_id().encode())]
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept(headers=headers)
            await socket.close(Code.SUBPROTOCOL_NOT_ACCEPTABLE, f"Subprotocol not acceptable: use {SUBPROTOCOL}")
            return
        await socket.accept(SUBPROTOCOL, headers)
        connection = Connection(socket, self._streams, self._streams.guard.address(socket.scope))
        try:
            with self._streams.connection(connection.stop):
                await connection.serve()
        except TooMany as error:
            close = Close(Code.TRY_AGAIN_LATER, str(error))
            await socket.close(close.code, close.reason)


def is_welcome(origin: str | None, host: str | None, named: Collection[str]) -> bool:
    """Whether a page of this origin may open a socket: it is of this server, or an operator has named it.

    Programs send no origin.
    """
    return origin is None or origin in named or urlsplit(origin).netloc == host


def _refusal() -> Response:
    told = {
        "message": "Pages of another site may not open sockets here. Its operator can let them: BANGFU_CORS_ORIGINS.",
        "extensions": {"code": "FORBIDDEN", "requestId": request_id()},
    }
    return Response(orjson.dumps({"errors": [told]}), HTTPStatus.FORBIDDEN, media_type="application/json")
