"""The page a browser gets at /graphql: write a query, run it, read the answer; works without any network."""

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
    """One HTML file with the examples put in, and with a field for a token where one is needed."""

    def __init__(self, *, needs_token: bool) -> None:
        examples = [{"title": each.title, "zh": each.title_zh, "query": each.document} for each in map(example, SHOWN)]
        # `<` is escaped so that no text of an example can end the script element.
        data = orjson.dumps(examples).decode().replace("<", "\\u003c")
        template = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
        self._html = template.replace("{{examples}}", data).replace("{{login}}", "" if needs_token else " hidden")

    def response(self) -> Response:
        """The page."""
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Vary": "Accept"}
        return HTMLResponse(self._html, headers=headers)
