"""Who is on a connection, and for how long."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from bangfu.access import Viewer
from bangfu.errors import OperationError
from bangfu_app.identity import Identity, Unauthenticated


@dataclass(frozen=True, eq=False)
class Session:
    """One viewer on one connection; another token, or other rights, need another connection."""

    viewer: Viewer | None
    who: str
    """Whose share the connection is counted to."""
    _until: float
    _authorization: str | None
    _identity: Identity | None
    _now: Callable[[], float] = time.time

    @classmethod
    async def begun(cls, identity: Identity | None, authorization: str | None, address: str) -> "Session":
        """The session of who sends this header, from this address; raises what `Identity` raises."""
        if identity is None:
            return cls(None, f"address {address}", float("inf"), None, None)
        viewer, until = await identity.viewer_until(authorization)
        who = f"address {address}" if viewer is None else f"viewer {viewer.name}"
        return cls(viewer, who, until, authorization, identity)

    async def over(self, every: float) -> Unauthenticated:
        """Waits until the token counts no more, and says why; looks at it again every so many seconds."""
        if self._identity is None:
            await asyncio.Event().wait()
        while True:
            left = self._until - self._now()
            if left <= 0:
                return Unauthenticated("The token has expired. Connect again with a new one.", reason="invalid_token")
            await asyncio.sleep(min(left, every))
            if (ended := await self._ended()) is not None:
                return ended

    async def _ended(self) -> Unauthenticated | None:
        assert self._identity is not None, "who is not asked for a token has none that ends"
        try:
            viewer, _ = await self._identity.viewer_until(self._authorization)
        except Unauthenticated as error:
            return error
        except OperationError:
            return None  # keys that cannot be had now are no reason to throw anybody out
        if viewer != self.viewer:
            return Unauthenticated("What you may see has changed. Connect again.", reason="invalid_token")
        return None
