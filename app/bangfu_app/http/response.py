"""Writes answers: JSON bytes, the right media type and status, and an id on every error."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bangfu.errors import OperationError, UserError
from bangfu_app.http.account import account_of
from bangfu_app.http.delivery import VARY, deliver
from bangfu_app.identity import Unauthenticated
from bangfu_schema import encoded

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

RETRY_AFTER = "2"
"""Seconds after which what was away may be back."""

_log = logging.getLogger("bangfu.http")


def respond(
    content: Mapping[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON in UTF-8."""
    return Response(
        encoded(content),
        status_code=status,
        headers=dict(headers or {}),
        media_type=f"{media_type}; charset=utf-8",
    )


async def answer(
    request: Request, result: dict[str, Any], *, media_type: str, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """The graph's own answer; a document that could not be run is a 400 for clients of the newer media type."""
    _identify(request, result)
    if "data" not in result and media_type == GRAPHQL and status is HTTPStatus.OK:
        status = HTTPStatus.BAD_REQUEST
    is_whole = "errors" not in result
    return await deliver(request, encoded(result), status=status, media_type=media_type, is_whole=is_whole)


async def answers(request: Request, results: Sequence[dict[str, Any]], *, media_type: str) -> Response:
    """The answers to a list of requests, in its order; which of them could not be run is told in each."""
    for result in results:
        _identify(request, result)
    body = b"[" + b",".join(map(encoded, results)) + b"]"
    return await deliver(request, body, status=HTTPStatus.OK, media_type=media_type, is_whole=False)


def told(error: UserError) -> dict[str, Any]:
    """The answer that a mistake of the caller stands for."""
    argument = {"argument": error.argument} if error.argument else {}
    return {"errors": [{"message": str(error), "extensions": {"code": error.code, **argument}}]}


def _identify(request: Request, result: dict[str, Any]) -> None:
    for error in result.get("errors", ()):
        extensions = error.setdefault("extensions", {})
        extensions["requestId"] = request.state.request_id
        account_of(request).note(extensions.get("code", "UNKNOWN"))


def refusal(
    request: Request,
    status: HTTPStatus,
    message: str,
    *,
    code: str,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One error in the form of a GraphQL answer, so that a client reads all of them alike."""
    account_of(request).note(code)
    error = {"message": message, "extensions": {"code": code, "requestId": request.state.request_id}}
    unkept = {"Cache-Control": "no-store", "Vary": VARY}
    return respond({"errors": [error]}, status=status, media_type=media_type, headers=unkept | dict(headers or {}))


def why_unavailable(error: OperationError) -> str:
    """What a client may know of a matter of the operator's, whose words are for the log."""
    if error.code == "DATABASE_UNAVAILABLE":
        return "The database is away at the moment. Try again shortly."
    return "The server cannot answer this as it is set up; its log says why. Its operator has to mend that."


def unauthenticated(request: Request, error: Unauthenticated, *, media_type: str) -> Response:
    """Nobody who may ask, with what a client's library needs to know."""
    challenge = 'Bearer realm="bangfu"' + (f', error="{error.reason}"' if error.reason else "")
    status, headers = HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": challenge}
    return refusal(request, status, str(error), code=error.code, media_type=media_type, headers=headers)


def unavailable(request: Request, message: str, *, media_type: str = JSON) -> Response:
    """Nothing is wrong with the request; the same may be answered shortly."""
    status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": RETRY_AFTER}
    return refusal(request, status, message, code="SERVICE_UNAVAILABLE", media_type=media_type, headers=headers)


def failed(request: Request, error: Exception, *, media_type: str = JSON) -> Response:
    """A defect of ours: everything goes to the log, nothing to the client but the id to find it by."""
    _log.error("request %s failed", request.state.request_id, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return refusal(request, status, "Internal error", code="INTERNAL_ERROR", media_type=media_type)
