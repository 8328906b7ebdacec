"""Fixtures for the tests of a plugin: `pytest_plugins = ["bangfu_testing.fixtures"]` brings them in.

One real PostgreSQL serves a whole run and all its workers: that of BANGFU_DATABASE_URL, else an embedded one. The
demo district is built on it once, and copied for whoever wants to change rows.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bangfu import DemoDistrict
from bangfu.domain.demo import build_district
from bangfu.registry import Platform, discover
from bangfu.store import Database, EmbeddedServer, Settings
from bangfu_app.demo import build_demo
from bangfu_migrations import upgrade
from bangfu_schema import Graph
from bangfu_testing.server import Postgres

_DEMO = "bangfu_test_demo"


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
    with postgres.once(_DEMO) as database:
        if database is not None:
            upgrade(database.engine, platform.branches)
            build_demo(database.engine, [each.plugin for each in platform.plugins])
    return _DEMO


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
