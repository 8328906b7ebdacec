"""The ASGI application: which address answers what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bangfu_app.http.correlation import Correlation
from bangfu_app.http.endpoint import BODY_LIMIT, Endpoint, Executor, ShowSql
from bangfu_app.http.health import Readiness, Ready, alive
from bangfu_app.http.page import Login, Page
from bangfu_app.http.response import failed, refusal
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
    logins: Sequence[Login] = (),
) -> Starlette:
    """The server of one graph over one database; `readiness` says why it is not ready, `close` ends what was opened.

    With `show_sql` a request may ask to see its own statements and their plans; with `bearer` it needs a token.
    The people of `logins` are offered on the page with their tokens: for a demo only.
    """

    ready = Ready(readiness)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # Looked at once, so that the log says from the start why nothing is answered; nobody waits for it.
        look = asyncio.create_task(ready.reason())
        try:
            yield
        finally:
            look.cancel()
            if close is not None:
                await close()

    page = Page(needs_token=bearer is not None, logins=logins)
    endpoint = Endpoint(
        graph, database, ready=ready, page=page, body_limit=body_limit, show_sql=show_sql, bearer=bearer
    )
    return Starlette(
        routes=[
            Route("/", _to_graphql, methods=["GET"]),
            Route("/graphql", endpoint),
            Route("/healthz", alive, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
        ],
        middleware=[Middleware(Correlation)],
        exception_handlers={HTTPException: _not_here, Exception: _broken},
        lifespan=lifespan,
    )


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


async def _broken(request: Request, error: Exception) -> Response:
    return failed(request, error)
