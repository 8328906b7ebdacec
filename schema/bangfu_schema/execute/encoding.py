"""Writes responses as JSON, in one piece; what PostgreSQL has written is put in as it is, and copied once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from psycopg.abc import Buffer

Parts = Iterable[Buffer]


@dataclass(frozen=True, slots=True)
class Written:
    """A field of the root as PostgreSQL has written it: bytes, or a view of them where the driver holds them."""

    json: Buffer


def encoded(response: Mapping[str, Any]) -> bytes:
    """The JSON of a response; in its `data`, values may be `Written`."""
    data = response.get("data")
    if not isinstance(data, dict) or not any(isinstance(each, Written) for each in data.values()):
        return orjson.dumps(response)
    return b"".join(_object(response, _member))


def decoded(response: Mapping[str, Any]) -> dict[str, Any]:
    """A response as plain values, for whoever reads it in Python."""
    plain: dict[str, Any] = orjson.loads(encoded(response))
    return plain


def _member(name: str, value: Any) -> Parts:
    return _object(value, _field) if name == "data" and isinstance(value, dict) else (orjson.dumps(value),)


def _field(_: str, value: Any) -> Parts:
    return (value.json,) if isinstance(value, Written) else (orjson.dumps(value),)


def _object(members: Mapping[str, Any], parts: Callable[[str, Any], Parts]) -> Iterator[Buffer]:
    before = b"{"
    for name, value in members.items():
        yield before + orjson.dumps(name) + b":"
        yield from parts(name, value)
        before = b","
    yield b"}" if members else b"{}"
