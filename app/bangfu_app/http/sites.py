"""Which web pages may ask: pages of other sites only where an operator has named them, and never in silence.

A browser asks a server before it sends what a page of another site wants to send (a preflight), but for requests
that a plain link or form could make as well. Those could be made without any page being allowed anything, so that
they are answered only where it is plain that no other site is behind them.
"""

from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from bangfu_app.http.request import Refusal

PROOFS = (
    "authorization",
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "x-requested-with",
)
"""Headers that a page of another site cannot send without a preflight."""

_SIMPLE = ("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_EXPOSED = ("ETag", "Retry-After", "Server-Timing", "X-Request-Id")
_KEPT_FOR = 7200  # seconds; no browser keeps what a preflight found for longer


def letting_in(origins: Collection[str]) -> list[Middleware]:
    """What answers preflights and lets pages of these origins read answers; nothing where there are none.

    No answer allows credentials: who asks is told by a bearer token alone, which a page has to know to send it.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=sorted(origins),
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=("*",),
            allow_credentials=False,
            expose_headers=_EXPOSED,
            max_age=_KEPT_FOR,
        )
    ]


def check_site(headers: Headers, origins: Collection[str]) -> None:
    """Refuses what a page of a site that is not named may have had a browser send without a preflight."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _SIMPLE or any(headers.get(name) for name in PROOFS):
        return
    if _may_be_foreign(headers, origins):
        message = "A page of another site may be behind this request. Send the header `GraphQL-Require-Preflight: 1`."
        raise Refusal(HTTPStatus.FORBIDDEN, message, code="PREFLIGHT_REQUIRED")


def _may_be_foreign(headers: Headers, origins: Collection[str]) -> bool:
    origin = headers.get("origin")
    if origin in origins:
        return False
    site = headers.get("sec-fetch-site")  # a browser's own word, which no page can change
    if site is not None:
        return site not in ("same-origin", "none")
    if origin is not None:
        return urlsplit(origin).netloc != headers.get("host")
    # A browser that says neither: an old one, or one that is not asked over https. All of them call themselves so.
    return headers.get("user-agent", "").startswith("Mozilla/")
