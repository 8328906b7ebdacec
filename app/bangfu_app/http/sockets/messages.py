"""Messages of the protocol `graphql-transport-ws`: read strictly, written as it wants them."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

SUBPROTOCOL = "graphql-transport-ws"

_LONGEST_ID = 256  # characters
_LONGEST_REASON = 123  # bytes, in the frame that closes a socket


class Code(IntEnum):
    """Why the server closes a socket; those from 4000 on are the protocol's own."""

    GOING_AWAY = 1001
    INVALID_DATA = 1007
    TOO_BIG = 1009
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429
    INTERNAL_ERROR = 4500


class Close(Exception):  # noqa: N818 - reads as what it says
    """The socket is to be closed, for a reason that the client is told."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


@dataclass(frozen=True)
class Message:
    """One message of a client; `id` is there where the type has one, `payload` where one was sent."""

    type: str
    id: str
    payload: dict[str, Any] | None


def read_message(text: str) -> Message:
    """The message of a frame; raises Close for what is none."""
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _bad("it is not JSON") from None
    if not isinstance(given, dict):
        raise _bad("it is not an object")
    type_, id_, payload = given.get("type"), given.get("id", ""), given.get("payload")
    if type_ not in ("connection_init", "ping", "pong", "subscribe", "complete"):
        raise _bad("its type is none that a client sends")
    if payload is not None and not isinstance(payload, dict):
        raise _bad("its payload is not an object")
    if type_ in ("subscribe", "complete") and not _is_id(id_):
        raise _bad(f"its id is not a string of 1 to {_LONGEST_ID} characters")
    if type_ == "subscribe" and (payload is None or not isinstance(payload.get("query", ""), str)):
        raise _bad("its payload has no query")
    return Message(type_, id_, payload)


def ack() -> str:
    """The connection is accepted."""
    return '{"type":"connection_ack"}'


def ping() -> str:
    """Whether the client is there."""
    return '{"type":"ping"}'


def pong(payload: dict[str, Any] | None) -> str:
    """The server is there."""
    return '{"type":"pong"}' if payload is None else f'{{"type":"pong","payload":{orjson.dumps(payload).decode()}}}'


def next_(id_: str, response: bytes) -> str:
    """One response, whose JSON is taken as it is."""
    return f'{{"id":{_text(id_)},"type":"next","payload":{response.decode()}}}'


def error(id_: str, errors: list[dict[str, Any]]) -> str:
    """The operation is over, since it cannot be run, or run on."""
    return f'{{"id":{_text(id_)},"type":"error","payload":{orjson.dumps(errors).decode()}}}'


def complete(id_: str) -> str:
    """The operation is over."""
    return f'{{"id":{_text(id_)},"type":"complete"}}'


def _is_id(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given) <= _LONGEST_ID


def _text(given: str) -> str:
    return orjson.dumps(given).decode()


def _bad(why: str) -> Close:
    return Close(Code.BAD_REQUEST, f"Invalid message: {why}")
