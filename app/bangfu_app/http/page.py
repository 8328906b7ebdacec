"""The page a browser gets at /graphql: GraphiQL where it is built, else a plain one; both work without any network."""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

import orjson
from starlette.responses import HTMLResponse, Response

from bangfu_app.examples import SHOWN, example

BUILT = Path(__file__).parent / "graphiql"
"""Where the build puts GraphiQL; in a wheel it is there, in a checkout after `make page`."""

_PLAIN = Path(__file__).parent / "page.html"

# A page loads from its own server and talks to it only. Monaco, GraphiQL's editor, lays out its lines with inline
# styles; scripts are never inline, and those of the plain page are named by their hashes.
_GRAPHIQL = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'"
)
_NOWHERE_ELSE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Login(TypedDict):
    """A made-up person of a demo, offered on the page to log in as: two titles and a token."""

    title: str
    zh: str
    token: str


class Page:
    """One HTML file with what the server knows put in: the examples, the demo's people, whether it asks for a token."""

    def __init__(self, *, needs_token: bool, logins: Sequence[Login] = (), built: Path = BUILT) -> None:
        shown = {
            "needsToken": needs_token,
            "examples": [
                {"name": each.name, "title": each.title, "zh": each.title_zh, "query": each.document}
                for each in map(example, SHOWN)
            ],
            "logins": list(logins),
        }
        # `<` is escaped so that no text of an example can end the script element.
        data = orjson.dumps(shown).decode().replace("<", "\\u003c")
        whole = built / "index.html"
        template = (whole if whole.is_file() else _PLAIN).read_text(encoding="utf-8")
        policy = _GRAPHIQL if whole.is_file() else _policy_of(template)
        self._html = template.replace("{{data}}", data)
        self._headers = {
            "Content-Security-Policy": f"{policy}; {_NOWHERE_ELSE}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",  # the demo's tokens are in it, and the names of assets change with a version
            "Vary": "Accept",
        }

    def response(self) -> Response:
        """The page."""
        return HTMLResponse(self._html, headers=self._headers)


def _policy_of(html: str) -> str:
    """The policy of a page that brings its one script and its one style along."""
    script, style = (
        f"'sha256-{b64encode(sha256(found[1].encode()).digest()).decode()}'"
        for element in ("script", "style")
        if (found := re.search(rf"<{element}>(.*?)</{element}>", html, re.DOTALL))
    )
    return f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; connect-src 'self'"
