"""Builds the demo district in an empty database: all of it, or nothing."""

from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, exists, func, select, text

from bangfu.declare.demo import DemoDistrict, Rows
from bangfu.declare.plugin import Plugin
from bangfu.declare.records import Basis
from bangfu.domain.demo import build_district
from bangfu.domain.places import Place
from bangfu.errors import OperationError
from bangfu.store.setting import REPORTING_DATE, write_setting
from bangfu.write.copy import copy_rows

Progress = Callable[[str], None]

_LOCK_KEY = 0x64656D6F  # "demo": of two builds at once, the second waits and is then refused


def has_demo(connection: Connection) -> bool:
    """Whether the database has places already, made up or real."""
    return bool(connection.scalar(select(exists().select_from(Place))))


def build_demo(engine: Engine, plugins: Sequence[Plugin], *, on_progress: Progress = lambda step: None) -> None:
    """Fills a migrated, empty database; in one transaction, so that a build cut short leaves nothing."""
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))
        if has_demo(connection):
            raise OperationError(
                "The database already holds a district, and the demo is not mixed with what is there.",
                remedy="Give it an empty database.",
            )
        on_progress("Making up the district")
        district, core = build_district()
        loader = _Loader(connection, district, on_progress)
        for rows in core:
            loader.load(rows)
        for plugin in plugins:
            if plugin.demo is not None:
                for rows in plugin.demo(district):
                    loader.load(rows)
        write_setting(connection, REPORTING_DATE, district.as_of.isoformat())
        on_progress("Counting rows for the planner")
        loader.analyze()


class _Loader:
    """Loads rows; knows how many of each table there are, so that no two plugins give the same id."""

    def __init__(self, connection: Connection, district: DemoDistrict, on_progress: Progress) -> None:
        self._connection = connection
        self._district = district
        self._on_progress = on_progress
        self._counts: Counter[str] = Counter()

    def load(self, rows: Rows) -> None:
        self._on_progress(f"Loading {len(rows.rows):,} × {rows.of.__title__.en.lower()}")
        self._counts[rows.of.__tablename__] += copy_rows(
            self._connection,
            rows.rows,
            rows.of,
            district_code=self._district.code,
            source=self._district.source,
            basis=Basis.SYNTHETIC,
            recorded_on=self._district.as_of,
            first=self._counts[rows.of.__tablename__] + 1,
        )

    def analyze(self) -> None:
        """Without it the planner guesses, and the first questions after a build are slow."""
        preparer = self._connection.dialect.identifier_preparer
        self._connection.execute(text("ANALYZE " + ", ".join(map(preparer.quote, [*self._counts, "setting"]))))
