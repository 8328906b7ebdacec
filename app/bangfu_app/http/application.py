"""The ASGI application: which address answers what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from bangfu.store.uploads import Uploads
from bangfu_app.http.assets import Assets
from bangfu_app.http.documents import Documents
from bangfu_app.http.endpoint import BODY_LIMIT, Endpoint, Executor, ShowSql
from bangfu_app.http.front import UPLOADS, Front
from bangfu_app.http.health import Readiness, Ready, alive
from bangfu_app.http.limits import Guard
from bangfu_app.http.limits.reading import READ_TIMEOUT
from bangfu_app.http.log import RequestLog
from bangfu_app.http.metrics import Metrics
from bangfu_app.http.page import BUILT, Login, Page
from bangfu_app.http.request import MAX_BATCH
from bangfu_app.http.response import refusal
from bangfu_app.http.sites import letting_in
from bangfu_app.http.sockets import EventStreams, Streaming, Streams, WebSockets, wants_events
from bangfu_app.http.stopping import Stopping
from bangfu_app.http.uploads import UPLOAD_LIMIT, UploadDoor, sweep
from bangfu_app.identity import Identity

Closing = Callable[[], Awaitable[None]]


def create_app(
    graph: Executor,
    database: Any,  # handed on to the graph as it is; this floor never looks inside
    *,
    readiness: Readiness,
    close: Closing | None = None,
    body_limit: int = BODY_LIMIT,
    show_sql: ShowSql | None = None,
    bearer: Identity | None = None,
    guard: Guard | None = None,
    metrics: Metrics | None = None,
    read_timeout: float = READ_TIMEOUT,
    hsts: int = 0,
    documents: Documents | None = None,
    max_batch: int = MAX_BATCH,
    origins: Collection[str] = (),
    logins: Sequence[Login] = (),
    streaming: Streaming | None = None,
    uploads: Uploads | None = None,
    upload_limit: int = UPLOAD_LIMIT,
) -> Starlette:
    """The server of one graph over one database; `readiness` says why it is not ready, `close` ends what was opened.

    With `show_sql` a request may ask to see its own statements and their plans; with `bearer` it needs a token.
    `documents` may be named in place of being sent; a list may have `max_batch` requests; pages of `origins` may ask.
    The people of `logins` are offered on the page with their tokens: for a demo only.
    With `uploads` files of up to `upload_limit` bytes are taken, to be imported.
    With `streaming` connections may stay open; pages of `origins` may open them, as those of the server itself.
    The `guard` gives each client its share. Whoever runs the application begins its `state.stopping` when it is to end,
    and calls its `state.stop` before it closes connections; `state.door` counts those open, `state.metrics` all.
    """

    stopping, metrics, guard, documents = Stopping(), metrics or Metrics(), guard or Guard(), documents or Documents()
    ready = Ready(readiness, stopping)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # Looked at once, so that the log says from the start why nothing is answered; nobody waits for it.
        look = asyncio.create_task(ready.reason())
        sweeping = None if uploads is None else asyncio.create_task(sweep(uploads))
        try:
            yield
        finally:
            if sweeping is not None:
                sweeping.cancel()
            await asyncio.wait([look])  # it is over in seconds; stopped half-way, it would leave a connection open
            await stop()
            if close is not None:
                await close()

    streams = None
    if streaming is not None:
        streams = Streams(
            streaming,
            database,
            ready=ready,
            identity=bearer,
            origins=origins,
            documents=documents,
            guard=guard,
        )

    async def stop() -> None:
        if streams is not None:
            await streams.stop()

    page = Page(needs_token=bearer is not None, logins=logins)
    endpoint = Endpoint(
        graph,
        database,
        ready=ready,
        page=page,
        body_limit=body_limit,
        show_sql=show_sql,
        bearer=bearer,
        documents=documents,
        max_batch=max_batch,
        origins=origins,
        guard=guard,
    )
    front = Middleware(
        Front, observers=(metrics, RequestLog()), stopping=stopping, read_timeout=read_timeout, hsts=hsts
    )
    app = Starlette(
        routes=[
            *_graphql(endpoint, streams, body_limit),  # first, since routes are tried one after the other
            *_uploads(uploads, upload_limit, bearer=bearer, guard=guard, origins=origins),
            Route("/", _to_graphql, methods=["GET"]),
            Route("/graphql/assets/{name}", Assets(BUILT / "assets").respond, methods=["GET"]),
            Route("/healthz", alive, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
        ],
        middleware=[front, *letting_in(origins)],
        exception_handlers={HTTPException: _not_here},
        lifespan=lifespan,
    )
    app.state.stopping, app.state.metrics = stopping, metrics
    app.state.stop = stop
    app.state.door = streams.door if streams is not None else None
    if streams is not None:
        metrics.subscriptions.set_function(lambda: streams.door.subscriptions)
    return app


def _graphql(endpoint: Endpoint, streams: Streams | None, body_limit: int) -> list[Route | WebSocketRoute]:
    if streams is None:
        return [Route("/graphql", endpoint)]
    events = EventStreams(streams, body_limit=body_limit)
    return [Route("/graphql", _Either(endpoint, events)), WebSocketRoute("/graphql", WebSockets(streams))]


def _uploads(uploads: Uploads | None, limit: int, **how: Any) -> list[Route]:  # what the door is made with
    return [] if uploads is None else [Route(UPLOADS, UploadDoor(uploads, limit=limit, **how))]


class _Either:
    """Answers at once, or with events where a client would rather have those."""

    def __init__(self, endpoint: ASGIApp, events: ASGIApp) -> None:
        self._endpoint = endpoint
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["method"] in ("GET", "POST") and wants_events(Headers(scope=scope))
        await (self._events if is_stream else self._endpoint)(scope, receive, send)


async def _to_graphql(_: Request) -> Response:
    return RedirectResponse("/graphql", status_code=HTTPStatus.TEMPORARY_REDIRECT)


async def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if status is HTTPStatus.NOT_FOUND:
        message = f"Nothing is at {request.url.path}. The graph answers at /graphql."
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        message = f"{request.method} is not possible here. Accepted: {headers.get('Allow', '')}."
    else:
        message = error.detail
    return refusal(request, status, message, code=status.name, headers=headers)
