"""/graphql/assets/…: the files of GraphiQL, whose names change with their content."""

from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

# Not asked of the system, which on some machines calls scripts plain text; then no browser runs them.
_KINDS = {".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf"}


class Assets:
    """The files of a folder by their names, as they were at the start; one with `.gz` beside goes out compressed."""

    def __init__(self, folder: Path) -> None:
        # Looked up and not opened by name, so that no name leads out of the folder.
        self._files = {file.name: file for file in folder.iterdir()} if folder.is_dir() else {}

    async def respond(self, request: Request) -> Response:
        """The file that is asked for, to be kept for good."""
        file = self._files.get(request.path_params["name"])
        kind = _KINDS.get(file.suffix) if file else None
        if file is None or kind is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        zipped = self._files.get(f"{file.name}.gz") if _takes_gzip(request) else None
        sent = zipped or file
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Cross-Origin-Resource-Policy": "same-origin",
            "ETag": f'"{sent.name}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if zipped:
            headers["Content-Encoding"] = "gzip"
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return FileResponse(sent, media_type=kind, headers=headers)


def _takes_gzip(request: Request) -> bool:
    for item in request.headers.get("accept-encoding", "").lower().replace(" ", "").split(","):
        coding, _, quality = item.partition(";q=")
        if coding == "gzip":
            return not quality or bool(quality.strip("0."))
    return False
