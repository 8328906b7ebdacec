"""The page a browser gets at /graphql: write a query, run it, read the answer; works without any network."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
from starlette.responses import HTMLResponse, Response

from bangfu_app.examples import SHOWN, example

# The page loads nothing from anywhere and talks to its own server only.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Page:
    """One HTML file with the examples put in, and with a field for a token where one is needed.

    `logins` are people who can be chosen in place of typing a token: title, zh, token. Whoever reaches the page has
    their tokens, so they are for the demo alone.
    """

    def __init__(self, *, needs_token: bool, logins: Sequence[Mapping[str, str]] = ()) -> None:
        examples = [{"title": each.title, "zh": each.title_zh, "query": each.document} for each in map(example, SHOWN)]
        data = _embedded({"examples": examples, "logins": list(logins)})
        template = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
        self._html = template.replace("{{data}}", data).replace("{{login}}", "" if needs_token else " hidden")

    def response(self) -> Response:
        """The page."""
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Vary": "Accept"}
        return HTMLResponse(self._html, headers=headers)


def _embedded(data: object) -> str:
    """JSON for a script element; `<` is escaped so that no text in it can end the element."""
    return orjson.dumps(data).decode().replace("<", "\\u003c")
