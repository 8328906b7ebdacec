"""Reads a GraphQL request out of an HTTP request, and says exactly what is wrong with one that cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from graphql import GraphQLError, OperationType, get_operation_ast, parse
from starlette.requests import ClientDisconnect, Request

from bangfu.errors import UserError

SHOWABLE = ("cost", "sql")


class Refusal(UserError):  # noqa: N818 - reads as what it says
    """An HTTP request that the graph never gets to see."""

    def __init__(
        self, status: HTTPStatus, message: str, *, argument: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, argument=argument, code=status.name)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, kw_only=True)
class GraphQLRequest:
    """What a client asks: a document, its variables and, where it holds several, the operation's name."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    show: frozenset[str] = frozenset()
    """What the answer is to tell of itself: `cost`, `sql`."""


async def read_post(request: Request, *, limit: int) -> GraphQLRequest:
    """The request in a JSON body of at most `limit` bytes."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        found = f"content-type {kind.strip()!r}" if kind.strip() else "no content-type"
        message = f"The request has {found}. Accepted: application/json."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, headers={"Accept": "application/json"})
    _, _, charset = parameters.partition("charset=")
    if charset.strip(' "').lower() not in ("", "utf-8", "utf8"):
        message = f"The body is said to be in {charset.strip()}. Accepted: utf-8."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    body = await _body(request, limit)
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = f"The body is not JSON: {error}" if body else "The body is empty"
        raise _bad(f'{found}. Send an object such as {{"query": "{{ … }}"}}.') from None
    if isinstance(asked, list):
        raise _bad("The body is a list; several operations in one request are not accepted. Send one object.")
    if not isinstance(asked, dict):
        raise _bad('The body is not an object. Send one such as {"query": "{ … }"}.')
    return _checked(asked)


def read_get(request: Request, *, streaming: bool = False) -> GraphQLRequest:
    """The request in the address of a GET; only queries, and subscriptions to a stream: a GET changes nothing."""
    asked: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if asked.get(name):
            try:
                asked[name] = orjson.loads(asked[name])
            except orjson.JSONDecodeError as error:
                raise _bad(f"is not JSON: {error}", argument=name) from None
        else:
            asked.pop(name, None)
    if not asked.get("operationName"):
        asked.pop("operationName", None)
    found = _checked(asked)
    readable = (OperationType.QUERY, None, *((OperationType.SUBSCRIPTION,) if streaming else ()))
    if _operation(found) not in readable:
        message = "A GET can ask for queries only. Send this operation with POST."
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": "POST"})
    return found


def read_object(asked: dict[str, Any]) -> GraphQLRequest:
    """The request that an object stands for, such as a message of a socket brings."""
    return _checked(asked)


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                message = f"The body is larger than {limit} bytes. Send a shorter query, or its values as variables."
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
    except ClientDisconnect:
        raise _bad("The connection ended before the body was complete.") from None
    return bytes(body)


def _checked(asked: dict[str, Any]) -> GraphQLRequest:
    query = asked.get("query")
    if query is None:
        raise _bad("is missing. Send the GraphQL document as a string.", argument="query")
    if not isinstance(query, str):
        raise _bad(f"is {_kind(query)}. Accepted: the GraphQL document as a string.", argument="query")
    name = asked.get("operationName")
    if name is not None and not isinstance(name, str):
        raise _bad(f"is {_kind(name)}. Accepted: a string, or null.", argument="operationName")
    for argument in ("variables", "extensions"):
        value = asked.get(argument)
        if value is not None and not isinstance(value, dict):
            raise _bad(f"is {_kind(value)}. Accepted: an object, or null.", argument=argument)
    show = _shown((asked.get("extensions") or {}).get("show", []))
    return GraphQLRequest(query=query, variables=asked.get("variables"), operation_name=name, show=show)


def _shown(names: object) -> frozenset[str]:
    if not isinstance(names, list) or not all(name in SHOWABLE for name in names):
        raise _bad(
            f"is not a list of what can be shown. Accepted: any of {list(SHOWABLE)}.", argument="extensions.show"
        )
    return frozenset(names)


def _operation(asked: GraphQLRequest) -> OperationType | None:
    """The kind of operation; None where the graph itself will say what is wrong with the document."""
    try:
        operation = get_operation_ast(parse(asked.query), asked.operation_name)
    except (GraphQLError, RecursionError):
        return None
    return operation.operation if operation else None


def _kind(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")


def _bad(message: str, *, argument: str = "") -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message, argument=argument)
