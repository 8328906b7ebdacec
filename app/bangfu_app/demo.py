"""Builds the demo district in an empty database: all of it, or nothing."""

from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, exists, func, or_, select, text

from bangfu.declare.demo import DemoDistrict, Rows
from bangfu.declare.plugin import Plugin
from bangfu.declare.records import Basis
from bangfu.domain.places import Place
from bangfu.errors import OperationError
from bangfu.store.setting import REPORTING_DATE, SETTING, write_setting
from bangfu.write.copy import copy_rows

Progress = Callable[[str], None]

_LOCK_KEY = 0x64656D6F  # "demo": of two builds at once, the second waits for the first


def has_demo(connection: Connection) -> bool:
    """Whether the demo district is there, told by places that say of themselves that they are made up."""
    return bool(connection.scalar(select(exists().where(Place.basis == Basis.SYNTHETIC))))


def build_demo(engine: Engine, plugins: Sequence[Plugin], *, on_progress: Progress = lambda step: None) -> None:
    """Fills a migrated, empty database; in one transaction, so that a build cut short leaves nothing."""
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))
        tables = _build(connection, plugins, on_progress)
    _settle(engine, tables, on_progress)


def ensure_demo(engine: Engine, plugins: Sequence[Plugin], *, on_progress: Progress = lambda step: None) -> bool:
    """Builds the demo district unless it is there; whether it was built now."""
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))
        if has_demo(connection):
            return False
        tables = _build(connection, plugins, on_progress)
    _settle(engine, tables, on_progress)
    return True


def left_out(engine: Engine, plugins: Sequence[Plugin]) -> list[Plugin]:
    """The plugins that have demo data of which nothing is there: they were not yet installed, or switched off."""
    told = [plugin for plugin in plugins if plugin.demo is not None and plugin.records]
    if not told:
        return []
    filled = [or_(*(exists().select_from(record) for record in plugin.records)) for plugin in told]
    with engine.connect() as connection:
        row = connection.execute(select(*(each.label(f"p{number}") for number, each in enumerate(filled)))).one()
    return [plugin for plugin, is_filled in zip(told, row, strict=True) if not is_filled]


def _settle(engine: Engine, tables: Sequence[str], on_progress: Progress) -> None:
    """Marks the new rows as seen by all, and counts them.

    Before that PostgreSQL looks into the table for each row that an index could answer alone, and plans by guessing.
    It is done outside the transaction, since VACUUM cannot be inside one; what is cut short here PostgreSQL makes up
    for by itself before long.
    """
    on_progress("Counting rows for the planner")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        quote = connection.dialect.identifier_preparer.quote
        connection.execute(text("VACUUM (ANALYZE) " + ", ".join(map(quote, tables))))


def _build(connection: Connection, plugins: Sequence[Plugin], on_progress: Progress) -> list[str]:
    if connection.scalar(select(exists().select_from(Place))):
        raise OperationError(
            "The database already holds a district, and the demo is not mixed with what is there.",
            code="DISTRICT_EXISTS",
            remedy="Give it an empty database, with BANGFU_DATABASE_URL or another BANGFU_HOME.",
        )
    # Half a second to import (a dictionary of Chinese), which a second start need not wait for.
    from bangfu.domain.demo import build_district

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
    return [*loader.counts, SETTING.name]


class _Loader:
    """Loads rows; knows how many of each table there are, so that no two plugins give the same id."""

    def __init__(self, connection: Connection, district: DemoDistrict, on_progress: Progress) -> None:
        self._connection = connection
        self._district = district
        self._on_progress = on_progress
        self.counts: Counter[str] = Counter()

    def load(self, rows: Rows) -> None:
        self._on_progress(f"Loading {len(rows.rows):,} × {rows.of.__title__.en.lower()}")
        self.counts[rows.of.__tablename__] += copy_rows(
            self._connection,
            rows.rows,
            rows.of,
            district_code=self._district.code,
            source=self._district.source,
            basis=Basis.SYNTHETIC,
            recorded_on=self._district.as_of,
            first=self.counts[rows.of.__tablename__] + 1,
        )
