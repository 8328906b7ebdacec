"""/imports: takes a file that is to be imported, and gives the reference under which the graph plans it.

The body is the file. It goes to the disk as it comes, and no more of it than may be; who sends it is known before.
"""

import asyncio
import logging
from collections.abc import Collection
from email.message import Message
from http import HTTPStatus
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bangfu.access import Policy, Viewer
from bangfu.bulk.desk import sender_of
from bangfu.errors import OperationError
from bangfu.store.uploads import Incoming, TooManyWaiting, Upload, Uploads
from bangfu_app.http.account import account_of
from bangfu_app.http.limits import Guard
from bangfu_app.http.request import Refusal
from bangfu_app.http.response import failed, refusal, respond, unauthenticated, unavailable, why_unavailable
from bangfu_app.http.sites import check_site
from bangfu_app.identity import Identity, KeysUnavailable, Unauthenticated, only

UPLOAD_LIMIT = 50 * 2**20
"""Bytes of a file, unless an operator says otherwise: a district's households with all columns have less."""

_METHODS = ("POST", "OPTIONS")
_ALLOW = ", ".join(_METHODS)
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_PIECE = 2**20  # bytes that are written at a time
_LEFT = 499  # nobody reads it; the access log tells it from an answer
_SWEPT_EVERY = 600.0  # seconds
_WRITES = ":write"

_log = logging.getLogger("bangfu.http")


class UploadDoor:
    """Answers /imports."""

    def __init__(
        self,
        uploads: Uploads,
        *,
        limit: int = UPLOAD_LIMIT,
        bearer: Identity | None = None,
        guard: Guard | None = None,
        origins: Collection[str] = (),
    ) -> None:
        self._uploads = uploads
        self._limit = limit
        self._bearer = bearer
        self._guard = guard or Guard()
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": _ALLOW})
            if request.method != "POST":
                message = f"{request.method} is not possible here. Accepted: {_ALLOW}."
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": _ALLOW})
            check_site(request.headers, self._origins)
            viewer = await self._viewer(request)
            who = self._guard.identity(request, viewer)
            self._guard.count(who)
            account_of(request).viewer = viewer.name if viewer is not None else None
            name = self._checked(request, viewer)
            async with self._guard.turn(who):
                made = await self._take(request, sender_of(Policy(viewer)), name)
            told = {"file": made.id, "name": made.name, "bytes": made.bytes, "sha256": made.sha256}
            return respond(told, status=HTTPStatus.CREATED, headers={"Cache-Control": "no-store"})
        except ClientDisconnect:
            return Response(status_code=_LEFT)
        except Unauthenticated as error:
            try:  # as at /graphql: whoever guesses is counted by the address
                self._guard.count(self._guard.identity(request, None))
            except Refusal as refused:
                return _refused(request, refused)
            return unauthenticated(request, error, media_type="application/json")
        except KeysUnavailable as error:
            return _unavailable(request, "Tokens cannot be checked at the moment. Try again shortly.", error)
        except Refusal as error:
            return _refused(request, error)
        except TooManyWaiting as error:
            return _refused(request, Refusal(HTTPStatus.TOO_MANY_REQUESTS, str(error), code=error.code))
        except OperationError as error:
            return _unavailable(request, why_unavailable(error), error)
        except OSError as error:  # the disk is full, or the folder may not be written to
            return _unavailable(request, "The server cannot keep files at the moment; its log says why.", error)
        except Exception as error:  # noqa: BLE001 - the boundary: the text of a defect must not leave the server
            return failed(request, error)

    async def _viewer(self, request: Request) -> Viewer | None:
        if self._bearer is None:
            return None
        return await self._bearer.viewer(only(request.headers.getlist("authorization")))

    def _checked(self, request: Request, viewer: Viewer | None) -> str:
        """What the file is called; raises Refusal for what is refused before anything of it is read."""
        if viewer is not None and not any(each.endswith(_WRITES) for each in viewer.permissions):
            message = "Files are for those who enter rows: this takes a permission such as `industry:write`."
            raise Refusal(HTTPStatus.FORBIDDEN, message)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _FORMS:
            message = (
                "The body is the file itself, and no form. Send it as application/octet-stream: `curl --data-binary "
                "@FILE -H 'content-type: application/octet-stream'`."
            )
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
        if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            message = "The body is compressed on its way. Send the file as it is; a workbook is compressed in itself."
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._limit:
            raise self._too_large()
        return _name_of(request)

    async def _take(self, request: Request, owner: str, name: str) -> Upload:
        incoming = await asyncio.to_thread(self._uploads.begin, owner, name)
        try:
            await self._write(request, incoming)
            return await asyncio.to_thread(incoming.finish)
        finally:
            # Not awaited in a thread: whoever is cancelled here would leave the file, and its place, taken.
            self._uploads.end(owner, incoming)

    async def _write(self, request: Request, incoming: Incoming) -> None:
        size, waiting = 0, bytearray()
        async for piece in request.stream():
            size += len(piece)
            if size > self._limit:
                raise self._too_large()
            waiting += piece
            if len(waiting) >= _PIECE:
                await asyncio.to_thread(incoming.write, bytes(waiting))
                waiting.clear()
        if not size:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The body is empty. Send the file as the body.")
        await asyncio.to_thread(incoming.write, bytes(waiting))

    def _too_large(self) -> Refusal:
        message = (
            f"The file is larger than {self._limit:,} bytes. Divide it, save it as XLSX, or have an operator import it "
            "(`bangfu import plan`)."
        )
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


async def sweep(uploads: Uploads) -> None:
    """Removes files that are over their time, again and again."""
    while True:
        try:
            await asyncio.to_thread(uploads.sweep)
        except OSError as error:
            _log.warning("files that were uploaded cannot be removed: %s", error)
        await asyncio.sleep(_SWEPT_EVERY)


def _name_of(request: Request) -> str:
    """What a client calls its file: `X-File-Name`, percent-encoded, or what `Content-Disposition` says."""
    told = request.headers.get("x-file-name")
    if told is not None:
        try:
            return unquote(_utf_8(told), errors="strict")
        except UnicodeDecodeError:
            message = "is not UTF-8, percent-encoded. Accepted: such as `%E7%A8%AE%E6%A4%8D.xlsx`."
            raise Refusal(HTTPStatus.BAD_REQUEST, message, argument="X-File-Name") from None
    header = Message()
    header["Content-Disposition"] = request.headers.get("content-disposition", "")
    return _utf_8(header.get_filename() or "")


def _utf_8(told: str) -> str:
    """A header's text, which comes byte by byte, as most clients mean it."""
    try:
        return told.encode("latin-1").decode()
    except UnicodeError:
        return told


def _refused(request: Request, error: Refusal) -> Response:
    return refusal(request, error.status, str(error), code=error.code, headers=error.headers)


def _unavailable(request: Request, message: str, error: Exception) -> Response:
    _log.warning("request %s: %s %s: %s", request.state.request_id, message, type(error).__name__, error)
    return unavailable(request, message)
