"""Checks tokens that were issued here, against what the database keeps of them.

All that count are held in memory and read anew at most once a second, by the first request that comes after it: whoever
is revoked is out within a second, and no request but that one waits for a statement. A token that is not held is looked
for in the database before it is refused, so that a new one counts at once; those looks are shared, and a tenth of a
second apart, so that made-up tokens are no way to keep the database busy.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bangfu.access import Viewer
from bangfu.errors import OperationError
from bangfu.store import Database
from bangfu.store.tokens import COARSE, StoredToken, has_tokens, note_use, read_tokens
from bangfu_app.identity.bearer import invalid
from bangfu_app.identity.claims import ClaimsError, viewer_of
from bangfu_app.identity.form import read_token_text
from bangfu_app.identity.keys import KeysUnavailable

_FRESH = 1.0
"""Seconds for which what was read is used without looking again."""
_PAUSE = 0.1
"""Seconds between two looks, whoever wants them."""
_TOLD = timedelta(days=30)
"""For how long the holder of a token that has ended is told so; later it is as unknown as any other."""

_NOBODYS = bytes(32)

_log = logging.getLogger("bangfu.identity")


@dataclass(frozen=True, kw_only=True)
class _Held:
    """A token that was issued, and the viewer that it tells of."""

    token: StoredToken
    viewer: Viewer


class LocalTokens:
    """The tokens of one database; with `accepts_demo` also those of the demo, which everybody here can see."""

    def __init__(
        self,
        database: Database,
        *,
        accepts_demo: bool,
        tick: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._accepts_demo = accepts_demo
        self._tick = tick
        self._now = now
        self._held: dict[str, _Held] = {}
        self._has_any = False
        self._looked = float("-inf")
        self._failure: tuple[float, OperationError] | None = None
        self._lock = asyncio.Lock()
        self._notes: set[asyncio.Task[None]] = set()
        self._noted: dict[str, datetime] = {}

    async def exist(self) -> bool:
        """Whether a token was ever issued; one that has ended counts, since nobody meant to open the door by it."""
        if not self._has_any:
            await self._look(self._tick(), patience=_FRESH)
        return self._has_any

    async def viewer_until(self, text: str) -> tuple[Viewer, float]:
        """The viewer of a token, and the second of the epoch at which it expires; raises Unauthenticated."""
        token = read_token_text(text)
        if token is None:
            raise invalid("it was mistyped or cut off: its checksum is not right")
        found = await self._find(token.id)
        # Compared also where there is nothing to compare with: the time it takes tells nothing of the ids there are.
        is_right = compare_digest(token.hash, found.token.hash if found is not None else _NOBODYS)
        if found is None or not is_right:
            raise invalid("it is not known here")
        # Only who has the whole of it is told more.
        if found.token.is_demo and not self._accepts_demo:
            raise invalid("it is one of the demo's, which count on the demo's own machine only")
        if found.token.revoked_on is not None:
            raise invalid("it was revoked")
        now = datetime.fromtimestamp(self._now(), UTC)
        if now >= found.token.expires_on:
            raise invalid("it has expired")
        self._note(found.token, now)
        return found.viewer, found.token.expires_on.timestamp()

    async def aclose(self) -> None:
        """Waits for what is being noted."""
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def _find(self, token_id: str) -> _Held | None:
        came = self._tick()
        await self._look(came, patience=_FRESH)
        if token_id not in self._held:
            await self._look(came)
        return self._held.get(token_id)

    async def _look(self, came: float, *, patience: float = 0.0) -> None:
        """Reads the tokens, unless that was begun after a request came, or `patience` seconds before it.

        Who comes while somebody looks waits for that, and is told the same if it fails.
        """
        if self._looked > came - patience:
            return
        async with self._lock:
            if self._looked > came - patience:
                return
            if self._failure is not None and self._failure[0] >= came:
                raise self._failure[1].with_traceback(None)
            await asyncio.sleep(max(0.0, self._looked + _PAUSE - self._tick()))
            began = self._tick()
            try:
                async with self._database.async_engine.connect() as connection:
                    found, self._has_any = await connection.run_sync(_read)
            except OperationError as error:
                self._failure = self._tick(), error
                raise
            except DBAPIError as error:  # there is no table yet, or no right to read it
                raise KeysUnavailable(f"The tokens that were issued here cannot be read: {error.orig}.") from error
            self._held = {each.id: held for each in found if (held := _hold(each)) is not None}
            self._looked, self._failure = began, None

    def _note(self, token: StoredToken, now: datetime) -> None:
        """Has it noted that a token is in use, beside the request and at most once an hour."""
        last = self._noted.get(token.id, token.last_used)
        if last is not None and now - last < COARSE:
            return
        self._noted[token.id] = now
        task = asyncio.get_running_loop().create_task(self._write_use(token.id))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _write_use(self, token_id: str) -> None:
        try:
            async with self._database.async_engine.begin() as connection:
                await connection.run_sync(note_use, [token_id])
        except (OperationError, DBAPIError) as error:
            # A database that is read only, or away: nobody is kept out for a note.
            _log.warning("the use of token %s could not be noted: %s", token_id, error)


def _read(connection: Connection) -> tuple[list[StoredToken], bool]:
    found = read_tokens(connection, ended_after=datetime.now(UTC) - _TOLD)
    return found, bool(found) or has_tokens(connection)


def _hold(token: StoredToken) -> _Held | None:
    """A token that somebody has written by hand may tell of no viewer; it then lets nobody in."""
    claims = {
        "name": token.name,
        "roles": list(token.roles),
        "places": list(token.places),
        "permissions": list(token.permissions),
        "jti": token.id,
    }
    try:
        # Not `sub` as an issuer would have it, so that no issuer can name one of ours. A token that follows on another
        # is somebody else as far as we know: nothing but a name connects the two.
        return _Held(token=token, viewer=replace(viewer_of(claims), subject=f"token:{token.id}"))
    except ClaimsError as error:
        _log.warning("token %s is left out: %s", token.id, error)
        return None
