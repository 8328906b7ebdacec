"""/graphql: one address for programs (POST, GET) and, as a page, for people."""

import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bangfu.access import SQL, Viewer
from bangfu.errors import OperationError, UserError
from bangfu_app.http.account import account_of
from bangfu_app.http.correlation import request_id
from bangfu_app.http.documents import DocumentError, Documents
from bangfu_app.http.health import Ready
from bangfu_app.http.leaving import unless_left
from bangfu_app.http.limits import Guard
from bangfu_app.http.negotiation import best_type
from bangfu_app.http.page import Page
from bangfu_app.http.request import MAX_BATCH, Asked, GraphQLRequest, Refusal, read_get, read_post
from bangfu_app.http.response import (
    GRAPHQL,
    JSON,
    answer,
    answers,
    failed,
    refusal,
    told,
    unauthenticated,
    unavailable,
    why_unavailable,
)
from bangfu_app.http.sites import check_site
from bangfu_app.identity import Identity, KeysUnavailable, Unauthenticated, only
from bangfu_schema import Explained, Observed, count_tokens

BODY_LIMIT = 2**20
"""The largest body read, in bytes; a query of this size is not one that a person wrote."""

HTML = "text/html"

_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
_ALLOW = ", ".join(_METHODS)
_OPTIONS = {"Allow": _ALLOW, "Accept-Post": JSON}
_MOST_REFUSED = 500  # tokens of a list's documents
_PER_TOKEN = 32  # characters that take as long to read as a token takes to validate
_LEFT = 499  # nobody reads it; the access log tells it from an answer

T = TypeVar("T")

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
        bearer: Identity | None = None,
        documents: Documents | None = None,
        max_batch: int = MAX_BATCH,
        origins: Collection[str] = (),
        guard: Guard | None = None,
    ) -> None:
        self._graph = graph
        self._database = database
        self._ready = ready
        self._page = page
        self._body_limit = body_limit
        self._show_sql = show_sql
        self._bearer = bearer
        self._documents = documents or Documents()
        self._max_batch = max_batch
        self._origins = origins
        self._guard = guard or Guard()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        media_type = JSON
        try:
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers=_OPTIONS)
            if request.method not in _METHODS:
                message = f"{request.method} is not possible here. Accepted: {_ALLOW}."
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": _ALLOW})
            if request.method in ("GET", "HEAD") and _wants_page(request):
                return self._page.response()
            media_type = _media_type(request)
            check_site(request.headers, self._origins)
            viewer = await self._viewer(request)
            who = self._guard.identity(request, viewer)
            self._guard.count(who)
            account = account_of(request)
            account.viewer = viewer.name if viewer is not None else None
            asked, observed = await self._read(request), Observed()
            self._guard.count(who, len(asked.parts) - 1)
            account.note_document("\n".join(part.query for part in asked.requests), observed)
            response = await self._answer(request, asked, observed, viewer, media_type, who)
            response.raw_headers.append((b"server-timing", observed.server_timing().encode()))
            return response
        except ClientDisconnect:
            return Response(status_code=_LEFT)
        except Unauthenticated as error:
            try:  # whoever guesses is counted by the address; whoever has a good token is never kept out by that
                self._guard.count(self._guard.identity(request, None))
            except Refusal as refused:
                return _refused(request, refused, media_type=media_type)
            return unauthenticated(request, error, media_type=media_type)
        except KeysUnavailable as error:
            return _unavailable(
                request, "Tokens cannot be checked at the moment. Try again shortly.", error, media_type=media_type
            )
        except Refusal as error:
            return _refused(request, error, media_type=media_type)
        except OperationError as error:
            return _unavailable(request, why_unavailable(error), error, media_type=media_type)
        except Exception as error:  # noqa: BLE001 - the boundary: the text of a defect must not leave the server
            if _is_busy(error):
                return _unavailable(
                    request, "The server is busy at the moment. Try again shortly.", error, media_type=media_type
                )
            # What fails because tables are not there yet is no defect.
            if (reason := await self._ready.reason()) is not None:
                return _unavailable(request, reason, error, media_type=media_type)
            return failed(request, error, media_type=media_type)

    async def _viewer(self, request: Request) -> Viewer | None:
        """Who asks; None where nobody is asked for a token."""
        if self._bearer is None:
            return None
        return await self._bearer.viewer(only(request.headers.getlist("authorization")))

    async def _read(self, request: Request) -> Asked:
        if request.method == "POST":
            return await read_post(
                request, limit=self._body_limit, documents=self._documents, max_batch=self._max_batch
            )
        return read_get(request, documents=self._documents)

    async def _answer(
        self, request: Request, asked: Asked, observed: Observed, viewer: Viewer | None, media_type: str, who: str
    ) -> Response:
        if any("sql" in part.show for part in asked.requests):
            self._check_sql(viewer)
        if asked.is_batch:
            results = await unless_left(request, self._in_turn(who, self._execute_each(asked, observed, viewer)))
            with observed.phase("send"):
                return await answers(request, results, media_type=media_type)
        (part,) = asked.parts
        if isinstance(part, DocumentError):
            return await answer(request, told(part), media_type=media_type, status=part.status)
        result = await unless_left(request, self._in_turn(who, self._execute(part, observed, viewer)))
        with observed.phase("send"):
            return await answer(request, result, media_type=media_type)

    def _check_sql(self, viewer: Viewer | None) -> None:
        """Refuses to show statements and plans, which tell of rows that nobody is shown."""
        if self._show_sql is None:
            message = "This server shows no SQL. Its operator can let it: BANGFU_SHOW_SQL=1."
        elif viewer is not None and SQL not in viewer.permissions:
            message = f"This needs the permission {SQL}."
        else:
            return
        raise Refusal(HTTPStatus.FORBIDDEN, message, argument="extensions.show")

    async def _execute_each(self, asked: Asked, observed: Observed, viewer: Viewer | None) -> list[dict[str, Any]]:
        """The requests of a list, one after the other, with one account of what they cost and take.

        After some that were refused no more are read, so that a list costs no more to refuse than one of them.
        """
        results, refused = [], 0
        for part in asked.parts:
            if refused > _MOST_REFUSED:
                text = "This was not read: too much of what stands before it in the list was refused."
                results.append(told(UserError(text, code="TOO_LONG")))
                continue
            if isinstance(part, DocumentError):
                results.append(told(part))
                continue
            own = Observed(spent=observed.demand, seconds=observed.seconds)
            result = await self._execute(part, own, viewer)
            if "data" in result:  # what was refused has taken nothing from the others
                observed.demand = own.demand_in_all
            else:
                refused += max(count_tokens(part.query, _MOST_REFUSED), len(part.query) // _PER_TOKEN)
            observed.statements += own.statements
            results.append(result)
        return results

    async def _in_turn(self, who: str, work: Coroutine[Any, Any, T]) -> T:
        try:
            async with self._guard.turn(who):
                return await work
        finally:
            work.close()  # which was not begun, where there was no turn

    async def _execute(self, asked: GraphQLRequest, observed: Observed, viewer: Viewer | None) -> dict[str, Any]:
        result = await self._graph.execute(
            self._database,
            asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
            observed=observed,
            viewer=viewer,
            request_id=request_id(),
        )
        if asked.is_to_keep and "data" in result:
            self._documents.keep(asked.query)
        shown: dict[str, Any] = {}
        if "cost" in asked.show:
            shown["cost"] = {"cost": observed.demand.cost, "depth": observed.demand.depth}
        if "sql" in asked.show and self._show_sql is not None:
            statements = await self._show_sql(observed)
            shown["sql"] = [{"statement": each.sql, "plan": each.plan} for each in statements]
            shown["timings"] = {name: round(seconds * 1000, 3) for name, seconds in observed.seconds.items()}
        return {**result, "extensions": shown} if shown else result


def _refused(request: Request, error: Refusal, *, media_type: str) -> Response:
    return refusal(request, error.status, str(error), code=error.code, media_type=media_type, headers=error.headers)


def _unavailable(request: Request, message: str, error: Exception, *, media_type: str) -> Response:
    _log.warning("request %s: %s %s: %s", request.state.request_id, message, type(error).__name__, error)
    return unavailable(request, message, media_type=media_type)


def _is_busy(error: BaseException | None) -> bool:
    """Whether all connections stayed in use for longer than a request may wait."""
    while error is not None:
        if isinstance(error, PoolTimeout):
            return True
        error = error.__cause__
    return False


def _wants_page(request: Request) -> bool:
    return best_type(_accept(request), (JSON, GRAPHQL, HTML)) == HTML


def _media_type(request: Request) -> str:
    found = best_type(_accept(request), (JSON, GRAPHQL))
    if found is None:
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}. Accept one of them.")
    return found


def _accept(request: Request) -> str:
    return ",".join(request.headers.getlist("accept"))
