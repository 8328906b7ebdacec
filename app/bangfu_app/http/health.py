"""Whether the process lives, and whether it can answer: for whoever starts, stops and balances servers."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bangfu_app.http.response import respond
from bangfu_app.http.stopping import Stopping

Readiness = Callable[[], Awaitable[str | None]]
"""Says why requests cannot be answered now; None when they can."""

PATIENCE = 3.0
"""Seconds after which a database that says nothing counts as away."""


async def alive(_: Request) -> Response:
    """The process answers; says nothing about the database."""
    return respond({"alive": True}, headers={"Cache-Control": "no-store"})


class Ready:
    """Asks anew each time, so that a server whose database comes back is ready again without help."""

    def __init__(self, readiness: Readiness, stopping: Stopping | None = None) -> None:
        self._readiness = readiness
        self._stopping = stopping or Stopping()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond()
        await response(scope, receive, send)

    async def reason(self) -> str | None:
        """Why requests cannot be answered now; None when they can."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._readiness()
        except TimeoutError:
            return "The database does not answer."

    async def _respond(self) -> Response:
        reason = "The server is stopping." if self._stopping.has_begun else await self.reason()
        headers = {"Cache-Control": "no-store"}
        if reason is None:
            return respond({"ready": True}, headers=headers)
        return respond({"ready": False, "reason": reason}, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
