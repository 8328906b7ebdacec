"""Fixtures for the tests of a plugin: `pytest_plugins = ["bangfu_testing.fixtures"]` brings them in.

One real PostgreSQL serves a whole run and all its workers: that of BANGFU_DATABASE_URL, else an embedded one. The
demo district is built on it once, and copied for whoever wants to change rows.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bangfu import DemoDistrict
from bangfu.domain.demo import build_district
from bangfu.registry import Platform, discover
from bangfu.store import Database, EmbeddedServer, Settings
from bangfu_app.demo import build_demo
from bangfu_migrations import make_ready
from bangfu_schema import Graph
from bangfu_testing.server import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of the run: that of BANGFU_DATABASE_URL, else an embedded one that all workers share."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    # Not inside pytest's own folders: the next run closes those to other accounts, and PostgreSQL does not run as root.
    home = Path(tempfile.gettempdir()) / f"bangfu-test-{run}"
    home.mkdir(mode=0o755, exist_ok=True)
    given = os.environ.get("BANGFU_DATABASE_URL")
    if given:
        server = Postgres(given, home)
        yield server
        is_last = server.close()
    else:
        embedded = EmbeddedServer(home, durable=False)
        embedded.start()
        try:
            server = Postgres(embedded.url("postgres"), home)
            yield server
            server.close()
        finally:
            is_last = embedded.stop()
    if is_last:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[Database]:
    """A database with nothing in it."""
    with postgres.fresh() as database:
        yield database


@pytest.fixture(scope="session")
def platform() -> Platform:
    """All installed plugins but those that BANGFU_DISABLED switches off."""
    return discover(Settings.load().disabled)


@pytest.fixture(scope="session")
def graph(platform: Platform) -> Graph:
    """The schema of the installed plugins, ready to be asked."""
    return Graph(platform)


@pytest.fixture(scope="session")
def demo_template(postgres: Postgres, platform: Platform) -> str:
    """The name of a database with the demo district, migrated and built once for all workers; nobody connects to it."""
    with postgres.once("demo") as (name, database):
        if database is not None:
            make_ready(database.engine, platform)
            build_demo(database.engine, [each.plugin for each in platform.plugins])
    return name


@pytest.fixture(scope="session")
def demo_database(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """The demo district to read from; whoever changes rows takes `demo_copy`."""
    with postgres.fresh(demo_template) as database:
        yield database


@pytest.fixture(scope="class")
def demo_copy(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district of a test class's own, to change and throw away."""
    with postgres.fresh(demo_template) as database:
        yield database


@pytest.fixture(scope="session")
def district() -> DemoDistrict:
    """The demo district as a plugin's `demo` is given it."""
    return build_district()[0]
