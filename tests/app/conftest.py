"""The command line, for the tests of it, and a database with tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.command import Bangfu

from bangfu.registry import Platform
from bangfu.store import Database
from bangfu_migrations import make_ready
from bangfu_testing import Postgres


@pytest.fixture
def bangfu(tmp_path: Path) -> Bangfu:
    """The command line, with a home of its own."""
    return Bangfu(tmp_path)


@pytest.fixture(scope="session")
def tables_template(postgres: Postgres, platform: Platform) -> str:
    """The name of a database with all tables and no rows, made once for all workers."""
    with postgres.once("tables") as (name, database):
        if database is not None:
            make_ready(database.engine, platform)
    return name


@pytest.fixture
def tables(postgres: Postgres, tables_template: str) -> Iterator[Database]:
    """A database with all tables and no rows, of a test's own."""
    with postgres.fresh(tables_template) as database:
        yield database
