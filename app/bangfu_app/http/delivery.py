"""Sends the body of an answer: not again where the client has it, smaller where it can read that, kept by nobody else.

Only bodies that are complete come here. A stream of events is never held back to be compressed.
"""

import asyncio
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from http import HTTPStatus

import brotli  # type: ignore[import-untyped]  # it has no stubs
from starlette.requests import Request
from starlette.responses import Response

from bangfu_app.http.negotiation import best_coding

VARY = "Accept, Authorization, Accept-Encoding"
"""What decides about an answer beside its address."""

SMALLEST = 1_400
"""Bytes from which a body is compressed: a smaller one fits into one packet as it is."""

_ASIDE = 128 * 1024  # bytes from which it takes longer than other requests should wait
_CODINGS = ("br", "gzip")
_READING = ("GET", "HEAD")

# Measured on answers of a kilobyte to a megabyte: more work than this takes several times as long, and saves a
# twentieth (brotli) or a tenth (gzip).
_BROTLI_QUALITY = 1
_GZIP_LEVEL = 3

_VARY = (b"vary", VARY.encode())
_UNKEPT = (b"cache-control", b"no-store")
_ASKED_AGAIN = (b"cache-control", b"private, no-cache")

Headers = Sequence[tuple[bytes, bytes]]


class Delivered(Response):
    """A response whose headers are given as they are sent."""

    def __init__(self, body: bytes, status: HTTPStatus, headers: Headers) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = list(headers)


async def deliver(request: Request, body: bytes, *, status: HTTPStatus, media_type: str, is_whole: bool) -> Response:
    """The response with a body; `is_whole` where it has no errors, and may be kept by the client who asked.

    What is read with GET has a strong validator over its bytes, type and coding, and is answered with 304 to a
    client that has them.
    """
    chosen = None
    if len(body) >= SMALLEST:
        chosen = best_coding(",".join(request.headers.getlist("accept-encoding")), _CODINGS)
    kept: list[tuple[bytes, bytes]] = [_VARY, _UNKEPT]
    if is_whole and status is HTTPStatus.OK and request.method in _READING:
        tag = _tag(body, media_type, chosen)
        kept = [_VARY, _ASKED_AGAIN, (b"etag", tag)]
        if _has(request, tag):
            return Delivered(b"", HTTPStatus.NOT_MODIFIED, kept)
    if chosen is not None:
        small = asyncio.to_thread(_compressed, body, chosen) if len(body) >= _ASIDE else None
        body = _compressed(body, chosen) if small is None else await small
        kept.append((b"content-encoding", chosen.encode()))
    head = [
        (b"content-length", b"%d" % len(body)),
        (b"content-type", b"%s; charset=utf-8" % media_type.encode()),
        *kept,
    ]
    return Delivered(b"" if request.method == "HEAD" else body, status, head)


def _compressed(body: bytes, name: str) -> bytes:
    if name == "br":
        return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
    return zlib.compress(body, level=_GZIP_LEVEL, wbits=31)


def _tag(body: bytes, media_type: str, name: str | None) -> bytes:
    """Differs wherever a single byte does, the type or the coding."""
    digest = blake2b(body, digest_size=16, person=media_type.encode()[-16:]).hexdigest()
    return f'"{digest}-{name}"'.encode() if name else f'"{digest}"'.encode()


def _has(request: Request, tag: bytes) -> bool:
    """Whether the client says that it has this very answer."""
    given = ",".join(request.headers.getlist("if-none-match"))
    named = [each.strip().removeprefix("W/") for each in given.split(",")]
    return tag.decode() in named or "*" in named
