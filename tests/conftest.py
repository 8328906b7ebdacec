"""Databases for the tests: one real PostgreSQL for a whole run, and a fresh database for whoever asks."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from bangfu.store import Database, EmbeddedServer
from bangfu.store.locks import alone


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the server does."""
    return "asyncio"


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


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for a whole run, the same for all its workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgres(run_folder: Path) -> Iterator[Postgres]:
    """The server of the run: that of BANGFU_DATABASE_URL, else an embedded one that all workers share."""
    given = os.environ.get("BANGFU_DATABASE_URL")
    if given:
        server = Postgres(given, run_folder)
        yield server
        server.close()
        return
    with EmbeddedServer(run_folder, durable=False) as embedded:
        server = Postgres(embedded.url("postgres"), run_folder)
        yield server
        server.close()


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[Database]:
    """A database with nothing in it."""
    with postgres.fresh() as database:
        yield database
