"""Runs the application until someone ends it."""

import asyncio
import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from bangfu.errors import OperationError
from bangfu_app.http.correlation import RequestIdFilter

if TYPE_CHECKING:
    import uvicorn

_FORMAT = "%(asctime)s %(levelname)-7s %(requestId)s %(name)s: %(message)s"
_GRACE = 5
_SOCKETS: dict[str, Any] = {
    "ws_max_size": 2**20,
    "ws_per_message_deflate": False,  # tens of kilobytes for each connection, and messages are small
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
}
"""What uvicorn does for WebSockets: it ends one whose client does not answer pings, or sends too much at once."""


def reserve(host: str, port: int) -> socket.socket:
    """A socket bound to the address, so that a port in use is told before any work is done; 0 takes a free port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        message = f"{host!r} is no address of this machine."
        raise OperationError(message, remedy="Give one with --host, such as 127.0.0.1.") from None
    bound = socket.socket(family, kind, protocol)
    if sys.platform != "win32":  # there it would let two servers share a port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _unusable(host, port, error) from None
    return bound


def address_of(bound: socket.socket) -> str:
    """The URL at which a reserved socket will answer."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server_of(app: Starlette) -> "uvicorn.Server":
    """What serves an application, and tells those whose connections stay open before it closes them."""
    import uvicorn  # not needed by any command that serves nothing

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await app.state.stop()
            await super().shutdown(sockets)

    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE, **_SOCKETS)
    return Server(config)


def run(app: Starlette, bound: socket.socket, *, announce: Callable[[str], None]) -> None:
    """Serves until Ctrl-C or SIGTERM; `announce` is given the address as soon as whoever connects there is answered.

    When it ends, open requests get a few seconds.
    """
    _log_to_stderr()
    # uvicorn raises the signal again once it has stopped; by default SIGTERM would then end the process before
    # the embedded database is put away.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        bound.listen()
        announce(address_of(bound))
        # psycopg cannot wait on the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(server_of(app).serve(sockets=[bound]))
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, previous)
        bound.close()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # that it starts and ends is told already


def _unusable(host: str, port: int, error: OSError) -> OperationError:
    if error.errno == errno.EADDRINUSE:
        remedy = f"Stop the other one, or choose another port: --port {port + 1} (or PORT={port + 1})."
        return OperationError(f"Port {port} is in use by another program.", remedy=remedy)
    if error.errno == errno.EACCES:
        remedy = "Choose one above 1023, such as --port 8000."
        return OperationError(f"Port {port} may not be opened by this user.", remedy=remedy)
    remedy = "Choose another with --host or --port."
    return OperationError(f"{host}:{port} cannot be opened ({error.strerror}).", remedy=remedy)
