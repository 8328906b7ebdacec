"""The two data sets: the demo district, and 52 districts made from it with about a million households."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, exists, func, select, text

from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place
from bangfu.registry import Platform
from bangfu.seal import FILE, Seal, keys_file
from bangfu.store import Database, EmbeddedServer
from bangfu.store.sealed import seal_of_file
from bangfu_app.demo import ensure_demo
from bangfu_migrations import make_ready
from bench.districts import multiply, settle

BASE = 620502
"""The demo district."""

_FIRST_COPY = 700001
_COPIES = 51

Say = Callable[[str], None]


class Set(StrEnum):
    """A data set."""

    DEMO = "demo"
    MILLION = "million"


@dataclass(frozen=True)
class Filled:
    """A data set that is there: its database, and how much is in it."""

    name: Set
    url: str
    keys: Path
    """The file with the keys of its sealed columns."""

    district: int
    """The district that questions are asked about."""

    districts: int
    households: int
    people: int


class Sets:
    """The data sets of one embedded server; each is made when it is first asked for, and stays."""

    def __init__(self, server: EmbeddedServer, platform: Platform, keys: Path, say: Say) -> None:
        self._server = server
        self._keys = keys
        self._seal = seal_of_file(keys)
        self._platform = platform
        self._say = say

    def get(self, name: Set) -> Filled:
        """A data set; making the large one takes minutes."""
        demo = self._server.url(self._named(Set.DEMO))
        self._make_demo(demo)
        if name is Set.DEMO:
            return self._told(name, demo, BASE)
        self._make_million()
        # One in the midst of the others, so that nothing is near the edge of an index.
        return self._told(name, self._server.url(self._named(Set.MILLION)), _FIRST_COPY + _COPIES // 2)

    def copy(self, name: str) -> Filled:
        """A copy of the demo district under a name, as it was left by whoever used it before."""
        self.get(Set.DEMO)
        copied = f"{self._named(Set.DEMO)}_{name}"
        self._create(copied, self._named(Set.DEMO))
        return self._told(Set.DEMO, self._server.url(copied), BASE)

    def settle(self, data: Filled) -> None:
        """Leaves a data set as it would be after a while in use."""
        with _opened(data.url) as database:
            self._settle(database)

    def _make_demo(self, url: str) -> None:
        self._create(self._named(Set.DEMO), "template1")
        with _opened(url, self._seal) as database:
            self._make_ready(database)
            plugins = [each.plugin for each in self._platform.plugins]
            if ensure_demo(database.engine, plugins, on_progress=self._say):
                self._settle(database)

    def _make_million(self) -> None:
        self._create(self._named(Set.MILLION), self._named(Set.DEMO))
        with _opened(self._server.url(self._named(Set.MILLION)), self._seal) as database:
            self._make_ready(database)
            districts = list(range(_FIRST_COPY, _FIRST_COPY + _COPIES))
            with database.engine.begin() as connection:
                if connection.scalar(select(exists().where(Place.district_code == districts[-1]))):
                    return
                multiply(connection, self._platform.metadata(), BASE, districts, self._say)
            self._settle(database)

    def _make_ready(self, database: Database) -> None:
        """Brings up a set that an older version has left, too."""
        # What that changes in a table of millions leaves it as it would be after a while in use.
        if make_ready(database.engine, self._platform, on_step=lambda _, revision: self._say(revision)):
            self._settle(database)

    def _settle(self, database: Database) -> None:
        self._say("vacuum and analyze")
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            settle(connection, self._platform.metadata())

    def _create(self, name: str, template: str) -> None:
        with _opened(self._server.url("postgres")) as database:
            plain = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            with plain as connection:
                if connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}) is None:
                    connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))

    def _told(self, name: Set, url: str, district: int) -> Filled:
        with _opened(url) as database, database.engine.connect() as connection:
            districts = select(func.count()).where(Place.level == 1)
            return Filled(name, url, self._keys, district, connection.scalar(districts) or 0, *_counted(connection))

    @staticmethod
    def _named(name: Set) -> str:
        return f"bench_{name}"


@contextmanager
def opened_sets(home: Path, platform: Platform, say: Say) -> Iterator[Sets]:
    """The data sets under `home`, while their server runs; they can be made again, so a crash may take them."""
    home.mkdir(parents=True, exist_ok=True)
    keys_file(home / FILE)
    with EmbeddedServer(home, durable=False) as server:
        yield Sets(server, platform, home.absolute() / FILE, say)


def _counted(connection: Connection) -> tuple[int, int]:
    households, people = (
        connection.scalar(select(func.count()).select_from(table)) or 0 for table in (Household, Person)
    )
    return households, people


@contextmanager
def _opened(url: str, seal: Seal | None = None) -> Iterator[Database]:
    database = Database(url, pool_size=2, seal=seal)
    try:
        yield database
    finally:
        database.dispose()
