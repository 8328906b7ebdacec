"""Plans what a file would change: what is new, what is other than before, and what cannot be taken.

Each part of the file is really written, so that all rules are kept that will be, and taken back at once. What can be
taken waits in the database until the plan is applied.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, UniqueConstraint, select
from sqlalchemy.schema import Column

from bangfu.access import Policy
from bangfu.bulk.found import Finder
from bangfu.bulk.staged import Staging
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import is_index
from bangfu.declare.records import Dated
from bangfu.declare.units import Unit
from bangfu.intake.cells import BY_UNIT
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.intake.sheet import read_rows
from bangfu.store.imports import StoredPlan, add_rows, begin_plan, find_plan, note_plan
from bangfu.store.sealed import given_seal
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Author, Rejection, Row
from bangfu.write.owners import owner_column

_CHUNK = 2_000

_Read = tuple[int, Row | list[Rejection]]

Told = Callable[[int], None]
"""Is told, now and then, how many rows were looked at."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a row of the file is not taken, with its line as people count them."""

    line: int
    rejection: Rejection


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is to be imported, by whom, and as what."""

    path: Path
    record: type[Dated]
    author: Author
    policy: Policy
    today: date
    within: int | None = None
    """The place in which names are looked up."""

    sheet: str | None = None
    limits: FileLimits = LIMITS
    units: Mapping[str, Unit] = field(default_factory=lambda: BY_UNIT)
    """The units that may stand in its headers and cells, by name: those of the core, and of plugins."""

    def id(self) -> str:
        """By which its plan is known: the same file for the same record makes the same plan."""
        digest = sha256(f"{self.record.__tablename__}|{self.within}|{self.sheet}|".encode())
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()[:16]


def plan_import(
    engine: Engine, asked: Import, refuse: Callable[[Refusal], None], *, on_rows: Told = lambda _: None
) -> StoredPlan:
    """Reads a file, tries all of its rows, and keeps those that can be taken; nothing else is changed.

    Each row that cannot be taken is told to `refuse`. A file whose plan has begun to be applied is not planned again:
    the plan is given as it stands. Raises UserError for a file that is not read, and Forbidden.
    """
    id_ = asked.id()
    with engine.begin() as connection:
        known = find_plan(connection, id_, hold=True)
        if known is not None and (known.applied or known.applied_at is not None):
            return known
        begin_plan(
            *(connection, id_),
            record=asked.record.__tablename__,
            file=asked.path.name,
            author=asked.author.name,
            today=asked.today,
        )
    counts = Counter(creates=0, updates=0, unchanged=0, rejected=0)
    looked_at = 0
    for chunk in _chunks(
        read_rows(asked.path, asked.record, units=asked.units, sheet=asked.sheet, limits=asked.limits)
    ):
        looked_at += len(chunk)
        with engine.connect() as connection:
            taken, refused = _tried(connection, asked, chunk, counts)
        with engine.begin() as connection:
            first = counts["creates"] + counts["updates"] - len(taken) + 1
            staging = Staging(asked.record, id_, given_seal(connection))
            packed = [(line, staging.pack(first + n, row)) for n, (line, row) in enumerate(taken)]
            if packed:
                add_rows(connection, id_, first, packed)
        counts["rejected"] += len({each.line for each in refused})
        for each in refused:
            refuse(each)
        on_rows(looked_at)
    with engine.begin() as connection:
        note_plan(connection, id_, is_whole=True, **counts)
        made = find_plan(connection, id_)
    assert made is not None, "it was made above"
    return made


def _tried(
    connection: Connection, asked: Import, chunk: Sequence[_Read], counts: Counter[str]
) -> tuple[list[tuple[int, Row]], list[Refusal]]:
    """The rows of a chunk that can be taken, by their lines, and why others cannot; nothing stays of the trial."""
    refused = [Refusal(line=line, rejection=each) for line, read in chunk if isinstance(read, list) for each in read]
    lines = [line for line, read in chunk if not isinstance(read, list)]
    rows = [read for _, read in chunk if not isinstance(read, list)]
    with connection.begin() as transaction:
        finder = Finder(connection, asked.record, asked.within, given_seal(connection), asked.today)
        settled, unknown = finder.settle(rows)
        refused += [Refusal(line=lines[each.row], rejection=each) for each in unknown]
        named = [(line, row) for line, row in zip(lines, settled, strict=True) if row is not None]
        known = _known(connection, asked.record, [row for _, row in named])
        changes = Changes(connection, asked.author, asked.policy, asked.today)
        taken: list[tuple[int, Row]] = []
        for action in (Action.UPDATE, Action.CREATE):
            given = [
                (line, {**row, **has})
                for (line, row), has in zip(named, known, strict=True)
                if ("id" in row or "id" in has) == (action is Action.UPDATE)
            ]
            if not given:
                continue
            ids, rejections, unchanged = changes.apply(asked.record, action, [row for _, row in given])
            refused += [Refusal(line=given[each.row][0], rejection=each) for each in rejections]
            counts["unchanged"] += len(unchanged)
            written = [each for n, each in enumerate(given) if ids[n] is not None and n not in unchanged]
            counts["updates" if action is Action.UPDATE else "creates"] += len(written)
            taken += written
        transaction.rollback()
    return sorted(taken, key=lambda each: each[0]), sorted(refused, key=lambda each: each.line)


def _known(connection: Connection, record: type[Dated], rows: Sequence[Row]) -> list[dict[str, int]]:
    """The id and version of the row that there is already for each, by what there may be only one of."""
    table = record.__table__
    assert isinstance(table, Table), "a record stands in a table"
    found: list[dict[str, int]] = [{} for _ in rows]
    owner = owner_column(record)
    districts = sorted({row[owner] // DISTRICT_SPAN for row in rows if owner in row})
    for columns in _keys(table):
        wanted: dict[tuple[object, ...], list[int]] = {}
        for position, row in enumerate(rows):
            key = tuple(row.get(column.key) for column in columns)
            if "id" not in row and None not in key:
                wanted.setdefault(key, []).append(position)
        if not wanted:
            continue
        first = columns[0]
        statement = select(table.c.id, table.c.version, *columns).where(
            table.c.district_code.in_(districts), first.in_(sorted({key[0] for key in wanted}, key=str))
        )
        for id_, version, *values in connection.execute(statement):
            for position in wanted.get(tuple(values), ()):
                found[position] = {"id": id_, "version": version}
    return found


def _keys(table: Table) -> Iterator[list[Column[object]]]:
    """The columns by which there may be one row only, besides its id; those that are sealed cannot be compared."""
    for each in table.constraints:
        if isinstance(each, UniqueConstraint):
            columns = [column for column in each.columns if column.key != "district_code"]
            if not any(map(is_index, columns)):
                yield columns


def _chunks(rows: Iterator[_Read]) -> Iterator[list[_Read]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk
