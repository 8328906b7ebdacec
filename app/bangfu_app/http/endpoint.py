"""/graphql: one address for programs (POST, GET) and, as a page, for people."""

import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bangfu.access import Viewer
from bangfu.errors import OperationError
from bangfu_app.http.health import Ready
from bangfu_app.http.leaving import unless_left
from bangfu_app.http.page import Page
from bangfu_app.http.request import GraphQLRequest, Refusal, read_get, read_post
from bangfu_app.http.response import GRAPHQL, JSON, answer, failed, refusal, unauthenticated
from bangfu_app.identity import Bearer, KeysUnavailable, Unauthenticated
from bangfu_schema import Explained, Observed

BODY_LIMIT = 2**20
"""The largest body read, in bytes; a query of this size is not one that a person wrote."""

_METHODS = "GET, HEAD, POST, OPTIONS"
_RETRY_AFTER = "2"
_LEFT = 499  # nobody reads it; the access log tells it from an answer

_log = logging.getLogger("bangfu.http")


class Executor(Protocol):
    """What answers a GraphQL document; `bangfu_schema.Graph`, or a stand-in for it."""

    async def execute(
        self,
        database: Any,
        document: str,
        *,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        observed: Observed | None = None,
        viewer: Viewer | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """A complete answer; raises only for defects and while the database is away."""


ShowSql = Callable[[Observed], Awaitable[list[Explained]]]
"""Explains the statements of a request to whoever sent it."""


class Endpoint:
    """Answers /graphql."""

    def __init__(
        self,
        graph: Executor,
        database: Any,
        *,
        ready: Ready,
        page: Page,
        body_limit: int,
        show_sql: ShowSql | None = None,
        bearer: Bearer | None = None,
    ) -> None:
        self._graph = graph
        self._database = database
        self._ready = ready
        self._page = page
        self._body_limit = body_limit
        self._show_sql = show_sql
        self._bearer = bearer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        media_type = JSON
        try:
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": _METHODS})
            if request.method in ("GET", "HEAD") and _wants_page(request):
                return self._page.response()
            media_type = _media_type(request)
            viewer = await self._bearer.viewer(request.headers.get("authorization")) if self._bearer else None
            asked, observed = await self._read(request), Observed()
            result = await unless_left(request, self._execute(request, asked, observed, viewer))
            with observed.phase("send"):
                response = answer(request, result, media_type=media_type)
            response.raw_headers.append((b"server-timing", observed.server_timing().encode()))
            return response
        except ClientDisconnect:
            return Response(status_code=_LEFT)
        except Unauthenticated as error:
            return unauthenticated(request, error, media_type=media_type)
        except KeysUnavailable as error:
            return _unavailable(
                request, "Tokens cannot be checked at the moment. Try again shortly.", error, media_type=media_type
            )
        except Refusal as error:
            return refusal(
                request, error.status, str(error), code=error.code, media_type=media_type, headers=error.headers
            )
        except OperationError as error:
            return _unavailable(
                request, "The database is away at the moment. Try again shortly.", error, media_type=media_type
            )
        except Exception as error:  # noqa: BLE001 - the boundary: the text of a defect must not leave the server
            if _is_busy(error):
                return _unavailable(
                    request, "The server is busy at the moment. Try again shortly.", error, media_type=media_type
                )
            # What fails because tables are not there yet is no defect.
            if (reason := await self._ready.reason()) is not None:
                return _unavailable(request, reason, error, media_type=media_type)
            return failed(request, error, media_type=media_type)

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method == "POST":
            return await read_post(request, limit=self._body_limit)
        if request.method in ("GET", "HEAD"):
            return read_get(request)
        message = f"{request.method} is not possible here. Accepted: {_METHODS}."
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": _METHODS})

    async def _execute(
        self, request: Request, asked: GraphQLRequest, observed: Observed, viewer: Viewer | None
    ) -> dict[str, Any]:
        if "sql" in asked.show and self._show_sql is None:
            message = "This server shows no SQL. Its operator can let it: BANGFU_SHOW_SQL=1."
            raise Refusal(HTTPStatus.FORBIDDEN, message, argument="extensions.show")
        result = await self._graph.execute(
            self._database,
            asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
            observed=observed,
            viewer=viewer,
            request_id=request.state.request_id,
        )
        shown: dict[str, Any] = {}
        if "cost" in asked.show:
            shown["cost"] = {"cost": observed.demand.cost, "depth": observed.demand.depth}
        if "sql" in asked.show and self._show_sql is not None:
            statements = await self._show_sql(observed)
            shown["sql"] = [{"statement": each.sql, "plan": each.plan} for each in statements]
            shown["timings"] = {name: round(seconds * 1000, 3) for name, seconds in observed.seconds.items()}
        return {**result, "extensions": shown} if shown else result


def _unavailable(request: Request, message: str, error: Exception, *, media_type: str) -> Response:
    _log.warning("request %s: %s %s: %s", request.state.request_id, message, type(error).__name__, error)
    return refusal(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        message,
        code="SERVICE_UNAVAILABLE",
        media_type=media_type,
        headers={"Retry-After": _RETRY_AFTER},
    )


def _is_busy(error: BaseException | None) -> bool:
    """Whether all connections stayed in use for longer than a request may wait."""
    while error is not None:
        if isinstance(error, PoolTimeout):
            return True
        error = error.__cause__
    return False


def _accepted(request: Request) -> tuple[str, ...]:
    """Media types the client accepts, best first."""
    return _ranked(",".join(request.headers.getlist("accept")))


@lru_cache(maxsize=64)  # clients of one kind send the same at each request
def _ranked(accept: str) -> tuple[str, ...]:
    ranked = []
    for position, item in enumerate(accept.split(",")):
        kind, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            weight = 0.0
        if kind and weight > 0:
            ranked.append((-weight, position, kind))
    return tuple(kind for _, _, kind in sorted(ranked))


def _wants_page(request: Request) -> bool:
    first = next((kind for kind in _accepted(request) if kind in ("text/html", JSON, GRAPHQL)), "")
    return first == "text/html"


def _media_type(request: Request) -> str:
    accepted = _accepted(request)
    for kind in accepted:
        if kind in (JSON, GRAPHQL):
            return kind
        if kind in ("*/*", "application/*"):
            return JSON
    if accepted or request.headers.get("accept", "").strip():
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}. Accept one of them.")
    return JSON
