"""A PostgreSQL server on which tests make databases, and drop them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url, text

from bangfu.store import Database
from bangfu.store.locks import alone


class Postgres:
    """A server on which tests make and drop databases."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = make_url(url)
        self._folder = folder
        self._maintenance = Database(url, pool_size=2)

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
    def once(self, name: str) -> Iterator[Database | None]:
        """Build something once for all workers of a run: gives a new database to the first to come, None to the rest.

        The others wait until it is built; if building fails, the next one begins anew.
        """
        built = self._folder / f"{name}.built"
        with alone(self._folder / f"{name}.lock", patience=600):
            if built.exists():
                yield None
                return
            self._run(f'drop database if exists "{name}" with (force)')
            self._run(f'create database "{name}"')
            database = self.database(name)
            try:
                yield database
            finally:
                database.dispose()  # a template must have no connections
            built.touch()

    def database(self, name: str) -> Database:
        """A database of this server by name."""
        return Database(self._url.set(database=name).render_as_string(hide_password=False))

    def close(self) -> None:
        """Close what this process has open."""
        self._maintenance.dispose()

    def _run(self, statement: str) -> None:
        with self._maintenance.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
