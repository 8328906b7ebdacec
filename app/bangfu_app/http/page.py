"""The page a browser gets at /graphql: write a query, run it, read the answer; works without any network."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import orjson
from starlette.responses import HTMLResponse, Response

from bangfu_app.examples import SHOWN, example

# The page loads nothing from anywhere and talks to its own server only.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Login(TypedDict):
    """A made-up person of a demo, offered on the page to log in as: two titles and a token."""

    title: str
    zh: str
    token: str


class Page:
    """One HTML file with the examples and the demo's people put in, and a field for a token where one is needed."""

    def __init__(self, *, needs_token: bool, logins: Sequence[Login] = ()) -> None:
        examples = [{"title": each.title, "zh": each.title_zh, "query": each.document} for each in map(example, SHOWN)]
        template = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
        template = template.replace("{{examples}}", _embedded(examples)).replace("{{logins}}", _embedded(list(logins)))
        self._html = template.replace("{{login}}", "" if needs_token else " hidden")

    def response(self) -> Response:
        """The page."""
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Vary": "Accept"}
        return HTMLResponse(self._html, headers=headers)


def _embedded(data: object) -> str:
    """JSON for a script element; `<` is escaped so that no text in it can end the element."""
    return orjson.dumps(data).decode().replace("<", "\\u003c")
