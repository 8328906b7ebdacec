"""Seals what stands in clear or under a key from before, batch by batch, beside whoever reads and writes.

Which columns are sealed is told by the tables themselves, so that those of a plugin that is switched off are not left
behind under a key that is then thrown away. What is left to do is told by the rows: a run that was cut short is gone on
with by the next one, and one where nothing is left does nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import sleep

from sqlalchemy import Connection, Engine, RowMapping, func, select, text
from sqlalchemy.exc import IntegrityError

from bangfu.errors import OperationError
from bangfu.query.names import quote_name
from bangfu.seal import Seal
from bangfu.seal.seal import VERSION
from bangfu.store.sealed import forget_key, hold_key, note_keys, noted_keys, seal_of
from bangfu.write.waiting import count_waiting, reseal_waiting

BATCH = 2_000
"""Rows of a transaction: few enough that nobody waits long for one of them."""

_LOOKING = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) > age(CAST(CAST(:now AS text) AS xid)))"
)
OnBatch = Callable[[int], None]
_Written = tuple[int, int, str, bytes | None]  # district, id, value and index
_LOCK_KEY = 0x7365616C  # "seal": of two runs at once, the second waits for the first


@dataclass(frozen=True)
class SealedColumn:
    """A column whose values are sealed, as the database has it."""

    table: str
    column: str

    @property
    def name(self) -> str:
        """As its values are bound to it: `person.id_number`."""
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Counted:
    """How many values of a column are sealed under a key; under none, those that still stand in clear."""

    column: SealedColumn
    key: str | None
    values: int


def sealed_columns(connection: Connection) -> list[SealedColumn]:
    """The sealed columns of all tables: those that have a column of indexes beside them."""
    rows = connection.execute(
        text(
            "SELECT c.relname, a.attname FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = 'text'::regtype"
            " JOIN pg_attribute i ON i.attrelid = c.oid AND i.atttypid = 'bytea'::regtype"
            " AND i.attname = a.attname || '_index'"
            " WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2"
        )
    )
    return [SealedColumn(table, column) for table, column in rows]


def count_sealed(connection: Connection) -> list[Counted]:
    """How many values there are under which key; a column without any is there with none."""
    found = []
    for column in sealed_columns(connection):
        table, value, index = _names(column)
        key = f"CASE WHEN {index} IS NOT NULL THEN split_part({value}, '.', 2) END"
        here = f"{table} WHERE {value} IS NOT NULL"
        statement = f"SELECT {key}, count(*) FROM {here} GROUP BY 1 ORDER BY 1"  # noqa: S608 - quoted names
        rows = [Counted(column, key_id, number) for key_id, number in connection.execute(text(statement))]
        found += rows or [Counted(column, None, 0)]
    return found


def seal_clear(engine: Engine, *, on_batch: OnBatch = lambda _: None) -> int:
    """Seals all that still stands in clear, and rewrites its tables, so that it stands nowhere in them; how much.

    For tables that nobody else is using. Raises OperationError where two rows have the same value in a column that lets
    no two have it; whatever was sealed before stays so.
    """
    seal = seal_of(engine)
    done = 0
    with engine.connect() as connection:
        columns = sealed_columns(connection)
    for column in columns:
        sealed = sum(_batches(engine, column, seal, _in_clear(column), on_batch))
        done += sealed
        if sealed:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                _wait_for_others(connection)
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {quote_name(column.table)}"))
    return done


def _wait_for_others(connection: Connection) -> None:
    """Waits for whoever may still look at rows as they were, a minute at most: until then these stay in the file."""
    now = connection.scalar(text("SELECT pg_current_xact_id()::text"))
    for _ in range(600):
        if not connection.scalar(_LOOKING, {"now": now}):
            return
        sleep(0.1)


def reseal(engine: Engine, *, on_batch: OnBatch = lambda _: None) -> int:
    """Seals everything under the first keys, and takes the others off the list of those in use; how much was changed.

    Runs beside servers and writers. What somebody writes meanwhile under a key from before is found before that key is
    called unused. Raises DamagedValue, or OperationError where a key is missing.
    """
    seal, done = seal_of(engine), 0
    with engine.connect() as alone:
        alone.execute(select(func.pg_advisory_lock(_LOCK_KEY)))
        alone.commit()  # the lock belongs to the session, not to a transaction
        try:
            with engine.begin() as connection:
                note_keys(connection, seal)
                old = [key for key in noted_keys(connection) if key not in _first(seal)]
                columns = sealed_columns(connection)
            by_index = any(key.startswith("index") for key in old)
            for column in columns:
                done += sum(_batches(engine, column, seal, None if by_index else _under_others(column, seal), on_batch))
            with engine.begin() as connection:
                note_keys(connection, seal)
                done += reseal_waiting(connection, _pairs(columns), seal)
            for key in old:
                done += _retire(engine, key, columns, seal, on_batch)
        finally:
            alone.execute(select(func.pg_advisory_unlock(_LOCK_KEY)))
            alone.commit()
    return done


def to_reseal(connection: Connection, seal: Seal) -> int:
    """How many values a run has to look at."""
    by_index = any(key.startswith("index") and key not in _first(seal) for key in noted_keys(connection))
    total = 0
    for column in sealed_columns(connection):
        table, value, _ = _names(column)
        which = "true" if by_index else _under_others(column, seal)
        statement = f"SELECT count(*) FROM {table} WHERE {value} IS NOT NULL AND {which}"  # noqa: S608 - quoted names
        total += connection.scalar(text(statement)) or 0
    return total + count_waiting(connection, _pairs(sealed_columns(connection)), seal)


def unsealed(connection: Connection, table: str, column: str) -> None:
    """Puts the clear text back in place of all sealed values of a column; for a migration that takes sealing back."""
    sealed = SealedColumn(table, column)
    name, value, index = _names(sealed)
    statement = f"SELECT district_code, id, {value} FROM {name} WHERE {index} IS NOT NULL"  # noqa: S608 - quoted names
    rows = connection.execute(text(statement)).all()
    for begin in range(0, len(rows), BATCH):
        seal = seal_of(connection)
        clear = [(*row[:2], seal.open(sealed.name, row[1], row[2]), None) for row in rows[begin : begin + BATCH]]
        _write(connection, sealed, clear)


def _retire(engine: Engine, key: str, columns: Sequence[SealedColumn], seal: Seal, on_batch: OnBatch) -> int:
    """Takes a key off the list, after all that was written under it since; whoever would go on with it waits."""
    done = 0
    with engine.begin() as connection:
        hold_key(connection, key)
        by_index = key.startswith("index")
        for column in columns:
            which = None if by_index else _under_others(column, seal)
            done += sum(_passes(connection, column, seal, which, on_batch))
        done += reseal_waiting(connection, _pairs(columns), seal)
        forget_key(connection, key)
    return done


def _batches(engine: Engine, column: SealedColumn, seal: Seal, which: str | None, on_batch: OnBatch) -> Iterator[int]:
    """Seals the rows that a condition names, or, without one, those of another index; a transaction each batch."""
    after: tuple[int, int] | None = (0, 0)
    while after is not None:
        with engine.begin() as connection:
            note_keys(connection, seal)
            changed, after = _batch(connection, column, seal, which, after, on_batch)
        yield changed


def _passes(
    connection: Connection, column: SealedColumn, seal: Seal, which: str | None, on_batch: OnBatch
) -> Iterator[int]:
    """The same in one transaction."""
    after: tuple[int, int] | None = (0, 0)
    while after is not None:
        changed, after = _batch(connection, column, seal, which, after, on_batch)
        yield changed


def _batch(
    connection: Connection,
    column: SealedColumn,
    seal: Seal,
    which: str | None,
    after: tuple[int, int],
    on_batch: OnBatch,
) -> tuple[int, tuple[int, int] | None]:
    """One batch after a row; how much was changed, and the last row, if there may be more."""
    table, value, index = _names(column)
    statement = (
        f"SELECT district_code, id, {value} AS value, {index} AS looked_up FROM {table}"  # noqa: S608 - quoted names
        f" WHERE (district_code, id) > (:district, :id) AND {value} IS NOT NULL AND {which or 'true'}"
        f" ORDER BY district_code, id LIMIT {BATCH} FOR NO KEY UPDATE"
    )
    rows = connection.execute(text(statement), {"district": after[0], "id": after[1]}).mappings().all()
    changed = [row for row in (_sealed_anew(column, seal, row) for row in rows) if row is not None]
    _write(connection, column, changed)
    on_batch(len(rows))
    return len(changed), (rows[-1]["district_code"], rows[-1]["id"]) if len(rows) == BATCH else None


def _sealed_anew(column: SealedColumn, seal: Seal, row: RowMapping) -> _Written | None:
    """A row as it has to be; None where it is so."""
    clear = row["value"]
    if row["looked_up"] is not None:
        clear = seal.open(column.name, row["id"], row["value"])
    index = seal.index(column.name, clear)
    if row["looked_up"] == index and seal.is_current(row["value"]):
        return None
    return row["district_code"], row["id"], seal.seal(column.name, row["id"], clear), index


def _write(connection: Connection, column: SealedColumn, rows: Sequence[_Written]) -> None:
    if not rows:
        return
    table, value, index = _names(column)
    statement = (
        f"UPDATE {table} t SET {value} = n.value, {index} = n.looked_up"  # noqa: S608 - quoted names
        " FROM unnest(CAST(:districts AS int[]), CAST(:ids AS bigint[]), CAST(:texts AS text[]),"
        " CAST(:indexes AS bytea[])) AS n (district_code, id, value, looked_up)"
        " WHERE t.district_code = n.district_code AND t.id = n.id"
    )
    columns = [list(each) for each in zip(*rows, strict=True)]
    given = dict(zip(("districts", "ids", "texts", "indexes"), columns, strict=True))
    try:
        with connection.begin_nested():
            connection.execute(text(statement), given)
    except IntegrityError as error:
        raise _same(connection, column, rows) from error


def _same(connection: Connection, column: SealedColumn, rows: Sequence[_Written]) -> OperationError:
    """Says which two rows have the same value, by their ids alone."""
    table, _, index = _names(column)
    seen: dict[tuple[int, bytes | None], int] = {}
    pair: tuple[int, int] | None = None
    for district, row_id, _, looked_up in rows:
        other = seen.setdefault((district, looked_up), row_id)
        if other != row_id:
            pair = other, row_id
            break
        here = f"district_code = :district AND {index} = :index AND id <> :id"
        statement = f"SELECT id FROM {table} WHERE {here}"  # noqa: S608 - quoted names
        there = connection.scalar(text(statement), {"district": district, "index": looked_up, "id": row_id})
        if there is not None:
            pair = there, row_id
            break
    which = "two rows" if pair is None else f"rows {min(pair)} and {max(pair)}"
    return OperationError(
        f"{column.name} is the same in {which}, written in two ways; no two rows of a district may have the same.",
        code="SAME_VALUE",
        remedy="Mend one of the rows, then run this again; what was sealed stays so.",
    )


def _first(seal: Seal) -> set[str]:
    return {seal.keys.seal[0].id, seal.keys.index[0].id}


def _in_clear(column: SealedColumn) -> str:
    return f"{_names(column)[2]} IS NULL"


def _under_others(column: SealedColumn, seal: Seal) -> str:
    """Not under the first key, or in clear; ids of keys are words."""
    _, value, index = _names(column)
    return f"({index} IS NULL OR NOT starts_with({value}, '{VERSION}.{seal.keys.seal[0].id}.'))"


def _pairs(columns: Sequence[SealedColumn]) -> list[tuple[str, str]]:
    return [(each.table, each.column) for each in columns]


def _names(column: SealedColumn) -> tuple[str, str, str]:
    return quote_name(column.table), quote_name(column.column), quote_name(f"{column.column}_index")
