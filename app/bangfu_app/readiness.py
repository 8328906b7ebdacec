"""Whether a database can be asked: it answers, and it has the tables that the code expects."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bangfu.errors import OperationError
from bangfu.registry import Platform
from bangfu.store import Database, DatabaseUnavailable
from bangfu.store.sealed import check_keys
from bangfu_migrations import ledger
from bangfu_migrations.branches import Branch, load_branches
from bangfu_migrations.wall import lacks_wall

_PATIENCE = 3.0  # seconds for a look under way, which leaves its connection open where it is cut off

_log = logging.getLogger("bangfu.readiness")


def lack(connection: Connection, platform: Platform, branches: Sequence[Branch]) -> str | None:
    """What a database lacks and how it gets it; None where it lacks nothing."""
    entries = ledger.read(connection)
    pending: list[str] = []
    for branch in branches:
        entry = entries.get(branch.name)
        if entry is not None and entry.revision not in branch.ids:
            return f"The database is newer than this bangfu: it is at {entry.revision}. Install what made it."
        pending += branch.ids if entry is None else branch.ids[branch.ids.index(entry.revision) + 1 :]
    if not pending:
        if lacks_wall(connection, platform):
            return "What rows a viewer may see is not set up as the plugins declare it. `bangfu migrate` does that."
        return None
    if not entries:
        return "The database has no tables yet. `bangfu migrate` makes them."
    return f"Migrations are pending: {', '.join(pending)}. `bangfu migrate` runs them."


class DatabaseReadiness:
    """Says why the database cannot be asked now; None when it can. The details go to the log, once at each change."""

    def __init__(self, database: Database, platform: Platform) -> None:
        # A connection of its own: when all others are busy answering, the database is not away.
        url = database.url.render_as_string(hide_password=False)
        self._database = Database(url, pool_size=1, seal=database.seal)
        self._platform = platform
        self._branches = load_branches(platform.branches)
        self._told: str | None = None
        self._looking: asyncio.Task[str | None] | None = None

    async def __call__(self) -> str | None:
        """Looks anew each time; whoever asks while somebody looks already is told the same.

        There is one connection: the pool would let a second wait for it, and not tell it that it came to nothing.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._looked())
        return await asyncio.shield(self._looking)

    async def _looked(self) -> str | None:
        reason, detail = await self._look()
        if reason != self._told:
            if reason is None:
                _log.info("ready again")
            else:
                _log.warning("not ready: %s", detail)
            self._told = reason
        return reason

    async def aclose(self) -> None:
        """Closes the connection, when it is not needed any more."""
        if self._looking is not None:
            await asyncio.wait([self._looking], timeout=_PATIENCE)
            self._looking.cancel()
        await self._database.aclose()

    async def _look(self) -> tuple[str | None, str]:
        """The reason for anybody, which names no host, and the one for the log."""
        try:
            async with self._database.async_engine.connect() as connection:
                reason = await connection.run_sync(lack, self._platform, self._branches)
                await connection.run_sync(check_keys, self._database.seal)
        except DatabaseUnavailable as error:
            return "The database cannot be reached. The server goes on trying; its log says more.", str(error)
        except (OperationError, DBAPIError) as error:
            return "The database cannot be used as it is; the server's log says why.", str(error)
        return reason, reason or ""
