"""Runs the application until someone ends it."""

import asyncio
import errno
import gc
import logging
import math
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from bangfu.errors import OperationError
from bangfu.store import Settings
from bangfu_app.http.log import log_to_stderr

if TYPE_CHECKING:
    import uvicorn

_log = logging.getLogger("bangfu.http")

_SPARE = 100  # files that are open beside connections
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


def run(
    app: Starlette,
    bound: socket.socket,
    *,
    announce: Callable[[str], None],
    settings: Settings | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM; `announce` is given the address as soon as whoever connects there is answered.

    When it ends, nobody new is let in, and open requests get a few seconds. A port for metrics that cannot be opened
    raises OperationError before anything is served.
    """
    settings = settings or Settings.load()
    log_to_stderr(settings.log_format)
    # uvicorn raises the signal again once it has stopped; by default SIGTERM would then end the process before
    # the embedded database is put away.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    metrics = None
    try:
        if settings.metrics_port is not None:
            metrics = reserve(bound.getsockname()[0], settings.metrics_port)
        _allow_files(settings.max_connections + _SPARE)
        bound.listen()
        announce(address_of(bound))
        gc.collect()
        gc.freeze()  # what was made at start is not looked through again, which takes as long as many a request
        # psycopg cannot wait on the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_serve(app, bound, metrics, settings))
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, previous)
        bound.close()
        if metrics is not None:
            metrics.close()


def server_of(app: Starlette, settings: Settings | None = None) -> "uvicorn.Server":
    """What serves an application, and tells it that it is to end before connections that stay open are closed."""
    import uvicorn  # not needed by any command that serves nothing

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            app.state.stopping.begin()
            super().handle_exit(sig, frame)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.stopping.begin()
            for server in self.servers:
                server.close()  # nobody new comes while those who are here are told
            await app.state.stop()
            await super().shutdown(sockets)

    return Server(configured(app, settings or Settings.load()))


async def _serve(app: Starlette, bound: socket.socket, metrics: socket.socket | None, settings: Settings) -> None:
    server = server_of(app, settings)
    if metrics is None:
        await server.serve(sockets=[bound])
        return
    import uvicorn

    class Beside(uvicorn.Server):
        """Ends when the other one does."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    beside = Beside(
        uvicorn.Config(app.state.metrics, log_config=None, access_log=False, server_header=False, lifespan="off")
    )
    _log.info("metrics for Prometheus at %s/metrics", address_of(metrics))
    telling = asyncio.create_task(beside.serve(sockets=[metrics]))
    try:
        await server.serve(sockets=[bound])
    finally:
        beside.should_exit = True
        await telling


def configured(app: Starlette, settings: Settings) -> "uvicorn.Config":
    """How uvicorn serves an application."""
    import uvicorn

    from bangfu_app.http.wire import wire

    return uvicorn.Config(
        app,
        http=wire(most=settings.max_connections, read_timeout=settings.read_timeout),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whom to believe is told by BANGFU_TRUSTED_PROXIES
        timeout_graceful_shutdown=math.ceil(settings.shutdown_grace),
        **_SOCKETS,
    )


def _allow_files(wanted: int) -> None:
    """Lets the process have as many connections as it may keep open, as far as its own limits go."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _unusable(host: str, port: int, error: OSError) -> OperationError:
    if error.errno == errno.EADDRINUSE:
        remedy = f"Stop the other one, or choose another port: --port {port + 1} (or PORT={port + 1})."
        return OperationError(f"Port {port} is in use by another program.", remedy=remedy)
    if error.errno == errno.EACCES:
        remedy = "Choose one above 1023, such as --port 8000."
        return OperationError(f"Port {port} may not be opened by this user.", remedy=remedy)
    remedy = "Choose another with --host or --port."
    return OperationError(f"{host}:{port} cannot be opened ({error.strerror}).", remedy=remedy)
