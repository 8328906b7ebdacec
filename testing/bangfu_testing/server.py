"""A PostgreSQL server on which tests make databases, and drop them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url, text

from bangfu.store import Database
from bangfu.store.locks import SharedLock, alone
from bangfu_testing.keys import SEAL


class Postgres:
    """A server on which tests make and drop databases; `folder` is one for a whole run, and no other's."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = make_url(url)
        self._folder = folder
        self._maintenance = Database(url, pool_size=2)
        self._users = SharedLock(folder / "users.lock")
        self._users.hold()

    @contextmanager
    def fresh(self, template: str | None = None) -> Iterator[Database]:
        """A database of its own, empty or a copy of a template; it is dropped afterwards."""
        name = f"bangfu_test_{secrets.token_hex(6)}"
        self._run(f'create database "{name}"' + (f' template "{template}"' if template else ""))
        database = self.database(name)
        try:
            yield database
        finally:
            database.dispose()
            self._run(f'drop database "{name}" with (force)')

    @contextmanager
    def once(self, name: str, template: str | None = None) -> Iterator[tuple[str, Database | None]]:
        """Build something once for all workers of a run: gives its database's name, and to the first the database.

        The others wait until it is built; if building fails, the next one begins anew.
        """
        built = self._folder / f"{name}.built"
        with alone(self._folder / f"{name}.lock", patience=600):
            if built.exists():
                yield built.read_text(), None
                return
            full = f"bangfu_test_{name}_{secrets.token_hex(6)}"
            self._run(f'create database "{full}"' + (f' template "{template}"' if template else ""))
            database = self.database(full)
            try:
                yield full, database
            except BaseException:
                database.dispose()
                self._run(f'drop database "{full}" with (force)')
                raise
            database.dispose()  # a template must have no connections
            built.write_text(full)

    def database(self, name: str) -> Database:
        """A database of this server by name."""
        return Database(self._url.set(database=name).render_as_string(hide_password=False), seal=SEAL)

    def close(self) -> bool:
        """Close what this process has open; the last of a run drops what was built for all. True for that last one."""
        is_last = self._users.release()
        if is_last:
            for built in self._folder.glob("*.built"):
                self._run(f'drop database if exists "{built.read_text()}" with (force)')
        self._maintenance.dispose()
        return is_last

    def _run(self, statement: str) -> None:
        with self._maintenance.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
