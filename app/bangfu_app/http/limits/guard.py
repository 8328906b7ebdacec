"""Lets each client have its share: so many requests a minute, so many at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from math import ceil

from starlette.requests import Request
from starlette.types import Scope

from bangfu.access import Viewer
from bangfu_app.http.limits.clients import Clients
from bangfu_app.http.limits.rate import Rate
from bangfu_app.http.limits.turns import Crowded, Turns
from bangfu_app.http.request import Refusal


class Guard:
    """Tells clients apart by who they are, or, where nobody says so, by their addresses."""

    def __init__(self, *, rate: int = 0, concurrency: int = 0, clients: Clients | None = None) -> None:
        self._rate = Rate(rate)
        self._per_minute = rate
        self._clients = clients or Clients()
        self.turns = Turns(concurrency)

    def identity(self, request: Request, viewer: Viewer | None) -> str:
        """Whose share a request is counted to."""
        return f"viewer {viewer.name}" if viewer is not None else f"address {self.address(request.scope)}"

    def address(self, scope: Scope) -> str:
        """The address of whoever opened a connection, as a trusted proxy tells it."""
        return self._clients.address(scope)

    def count(self, who: str, requests: int = 1) -> None:
        """Counts requests before anything of them is read; raises Refusal with 429 where they are too many."""
        if not requests:
            return
        wait = self._rate.take(who, requests)
        if wait:
            message = f"More than {self._per_minute:,} requests a minute. Wait {ceil(wait)} s, or ask for more in one."
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, message, headers={"Retry-After": str(ceil(wait))})

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Waits until not too much is done for the same client; raises Refusal with 429 where that lasts."""
        try:
            await self.turns.take(who)
        except Crowded:
            message = "Too many requests at the same time. Wait for the answers of some before sending more."
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, message, headers={"Retry-After": "1"}) from None
        try:
            yield
        finally:
            self.turns.give_back(who)
