"""Hears what PostgreSQL is asked to notify: one connection, opened anew as often as it is lost."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql
from sqlalchemy.engine import URL

LOOK = 20.0
"""Seconds of silence after which the server is asked whether it is still there: a dead network says nothing."""

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 15.0
_PATIENCE = 10.0  # seconds for the answer to such a question

_log = logging.getLogger("bangfu.listening")


class Listener:
    """Listens to one channel while it runs.

    `heard` is given each payload; `resumed` is called each time listening begins, since what was notified before is
    lost: whoever shows something has to read it anew. A transaction's notifications come in order, once it commits.
    """

    def __init__(
        self, url: URL, channel: str, *, heard: Callable[[str], None], resumed: Callable[[], None], look: float = LOOK
    ) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._shown = url.set(drivername="postgresql").render_as_string(hide_password=True)
        self._channel = channel
        self._heard = heard
        self._resumed = resumed
        self._look = look
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    def start(self) -> None:
        """Begins, unless it has begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def wait(self, patience: float) -> bool:
        """Whether what is notified now is heard; waits some seconds for it."""
        if not self._listening.is_set():
            try:
                async with asyncio.timeout(patience):
                    await self._listening.wait()
            except TimeoutError:
                return False
        return True

    async def aclose(self) -> None:
        """Listens no longer."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self._listening.is_set():
                    pause = _FIRST_PAUSE
                _log.warning("does not hear of changes: %s: %s", self._shown, _first_line(error))
            finally:
                self._listening.clear()
            # Not all processes at once when a server comes back.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        connection = await AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=5, application_name="bangfu listening"
        )
        try:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
            self._listening.set()
            _log.info("hears of changes")
            self._resumed()
            while True:
                await self._hear(connection)
                async with asyncio.timeout(_PATIENCE):
                    await connection.execute("select 1")
        finally:
            await connection.close()

    async def _hear(self, connection: AsyncConnection[Any]) -> None:
        async for notified in connection.notifies(timeout=self._look):
            self._heard(notified.payload)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
