"""Reads a GraphQL request out of an HTTP request, and says exactly what is wrong with one that cannot be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Message

from bangfu.errors import UserError
from bangfu_app.http.documents import DocumentError, Documents, digest_named, digest_of
from bangfu_schema import count_tokens, operations_of

MAX_BATCH = 10
"""How many requests a list may have, unless an operator says otherwise."""

SHOWABLE = ("cost", "sql")

_MOST_TOKENS = 10_000  # of a document in an address, which is looked through to know that it changes nothing
_MOST_NESTS = 50_000  # objects and lists of a body: each takes as long to make as twenty bytes take to read

_NOTHING: frozenset[str] = frozenset()
_NONE = Documents()


class Refusal(UserError):  # noqa: N818 - reads as what it says
    """An HTTP request that the graph never gets to see."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        argument: str = "",
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, argument=argument, code=code or status.name)
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
    is_to_keep: bool = False
    """Whether the document came with its hash, to be named by it later."""


@dataclass(frozen=True)
class Asked:
    """What one HTTP request asks: one request, or several in a list; in place of one, why its document is not run."""

    parts: tuple[GraphQLRequest | DocumentError, ...]
    is_batch: bool = False

    @property
    def only(self) -> GraphQLRequest:
        """The one request, where there is no list of them; raises DocumentError where it is not run."""
        (part,) = self.parts
        if isinstance(part, DocumentError):
            raise part
        return part

    @property
    def requests(self) -> Iterator[GraphQLRequest]:
        """Those that can be run."""
        return (part for part in self.parts if isinstance(part, GraphQLRequest))


async def read_post(
    request: Request, *, limit: int, documents: Documents | None = None, max_batch: int = MAX_BATCH
) -> Asked:
    """What a JSON body of at most `limit` bytes asks, in a list at most `max_batch` times."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind != "application/json" and kind.strip().lower() != "application/json":
        raise _unreadable(kind.strip().lower())
    _, _, charset = parameters.partition("charset=")
    if charset.strip(' "').lower() not in ("", "utf-8", "utf8"):
        message = f"The body is said to be in {charset.strip()}. Accepted: utf-8."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    body = await _body(request, limit)
    if body.count(b"{") + body.count(b"[") > _MOST_NESTS:
        raise _bad(f"The body has more than {_MOST_NESTS:,} objects and lists. Send several requests.")
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = f"The body is not JSON: {error}" if body else "The body is empty"
        raise _bad(f'{found}. Send an object such as {{"query": "{{ … }}"}}.') from None
    documents = documents or _NONE
    if isinstance(asked, list):
        return Asked(_batch(asked, documents, max_batch), is_batch=True)
    if not isinstance(asked, dict):
        raise _bad('The body is not an object. Send one such as {"query": "{ … }"}.')
    return Asked((_checked(asked, documents),))


def read_get(request: Request, *, documents: Documents | None = None, streaming: bool = False) -> Asked:
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
    found = _checked(asked, documents or _NONE)
    changing = ("mutation",) if streaming else ("mutation", "subscription")
    if isinstance(found, GraphQLRequest) and any(kind in changing for kind in _kinds(found)):
        message = "A GET can ask for queries only. Send this operation with POST."
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": "POST"})
    return Asked((found,))


def _unreadable(kind: str) -> Refusal:
    if kind == "multipart/form-data":
        message = (
            "Files cannot be uploaded to the graph; one that is to be imported goes to /imports, as it is. Send the "
            "operation as application/json, with what the file says as variables."
        )
    else:
        found = f"content-type {kind!r}" if kind else "no content-type"
        message = f"The request has {found}. Accepted: application/json."
    return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, headers={"Accept": "application/json"})


def _batch(given: list[Any], documents: Documents, most: int) -> tuple[GraphQLRequest | DocumentError, ...]:
    """The requests in a list; one that cannot be read is the whole list's mistake, and nothing of it is run."""
    if most < 2:
        raise _bad("The body is a list; several operations in one request are not accepted. Send one object.")
    if not given:
        raise _bad("The body is an empty list. Send an object, or a list of them.")
    if len(given) > most:
        message = f"The body is a list of {len(given)} requests. Accepted: up to {most}."
        raise Refusal(HTTPStatus.BAD_REQUEST, message, code="BATCH_TOO_LARGE")
    parts = []
    for place, each in enumerate(given):
        if not isinstance(each, dict):
            raise _bad(f'is {_kind(each)}. Accepted: an object such as {{"query": "{{ … }}"}}.', argument=f"[{place}]")
        parts.append(_checked(each, documents, f"[{place}]."))
    return tuple(parts)


def read_object(asked: dict[str, Any], documents: Documents) -> GraphQLRequest:
    """The request that an object stands for, such as a message of a socket brings; raises DocumentError too."""
    return Asked((_checked(asked, documents),)).only


async def _body(request: Request, limit: int) -> bytes:
    message = await request.receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or len(body) > limit or message["type"] == "http.disconnect":
        return await _long_body(request, message, limit)
    return body


async def _long_body(request: Request, message: Message, limit: int) -> bytes:
    """A body of which a first part is there."""
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise _bad("The connection ended before the body was complete.")
        body += message.get("body", b"")
        if len(body) > limit:
            found = f"The body is larger than {limit} bytes. Send a shorter query, or its values as variables."
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, found)
        if not message.get("more_body"):
            return bytes(body)
        message = await request.receive()


def _checked(asked: dict[str, Any], documents: Documents, place: str = "") -> GraphQLRequest | DocumentError:
    """The request that an object stands for; `place` is where it stands in a list, for messages."""
    name = asked.get("operationName")
    if name is not None and not isinstance(name, str):
        raise _bad(f"is {_kind(name)}. Accepted: a string, or null.", argument=f"{place}operationName")
    for argument in ("variables", "extensions"):
        value = asked.get(argument)
        if value is not None and not isinstance(value, dict):
            raise _bad(f"is {_kind(value)}. Accepted: an object, or null.", argument=place + argument)
    extensions = asked.get("extensions") or {}
    show = _shown(extensions["show"], place) if "show" in extensions else _NOTHING
    try:
        query, is_to_keep = _document(asked, extensions, documents, place)
    except DocumentError as error:
        return error
    return GraphQLRequest(
        query=query, variables=asked.get("variables"), operation_name=name, show=show, is_to_keep=is_to_keep
    )


def _document(asked: dict[str, Any], extensions: dict[str, Any], documents: Documents, place: str) -> tuple[str, bool]:
    """The document that is sent or named, and whether it is sent to be named later; raises DocumentError."""
    query, name = asked.get("query"), asked.get("documentId")
    for argument, value in (("query", query), ("documentId", name)):
        if value is not None and not isinstance(value, str):
            what = "the GraphQL document as a string" if argument == "query" else "a string, or null"
            raise _bad(f"is {_kind(value)}. Accepted: {what}.", argument=place + argument)
    digest = _digest(extensions["persistedQuery"], place) if "persistedQuery" in extensions else None
    if not query:  # graphql-ws has to send a query, so that its clients leave it empty beside a name
        if name is not None:
            return documents.named(name), False
        if digest is not None:
            return documents.hashed(digest), False
    if query is None:
        raise _bad("is missing. Send the GraphQL document as a string.", argument=f"{place}query")
    for argument, given in (("extensions.persistedQuery.sha256Hash", digest), ("documentId", digest_named(name))):
        if given is not None and given != digest_of(query):
            raise _bad("is not the SHA-256 of the query beside it.", argument=place + argument)
    return documents.sent(query), digest is not None


def _digest(given: object, place: str) -> str:
    """The hash in Apollo's extension of a request."""
    if isinstance(given, dict) and given.get("version") == 1:
        digest = given.get("sha256Hash")
        if isinstance(digest, str) and digest:
            return digest
    raise _bad(
        'is of another form. Accepted: {"version": 1, "sha256Hash": "…"}.', argument=f"{place}extensions.persistedQuery"
    )


def _shown(names: object, place: str) -> frozenset[str]:
    if not isinstance(names, list) or not all(name in SHOWABLE for name in names):
        raise _bad(
            f"is not a list of what can be shown. Accepted: any of {list(SHOWABLE)}.",
            argument=f"{place}extensions.show",
        )
    return frozenset(names)


def _kinds(asked: GraphQLRequest) -> Iterator[str]:
    """The kinds of the operations that may be meant; where there is not one, the graph will say what is wrong."""
    if count_tokens(asked.query, _MOST_TOKENS) > _MOST_TOKENS:
        raise _bad(f"has more than {_MOST_TOKENS:,} tokens. Send it with POST.", argument="query")
    found = operations_of(asked.query, _MOST_TOKENS)
    return (kind for kind, name in found if asked.operation_name in (None, name))


def _kind(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")


def _bad(message: str, *, argument: str = "") -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message, argument=argument)
