"""Plans what a file would change: what is new, what is other than before, and what cannot be taken.

New rows of which everything can be told by their columns, their owners and their keys are looked at many at a time.
All others are really written, so that all rules are kept that will be, and taken back at once. What can be taken waits
in the database until the plan is applied.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine

from bangfu.access import Policy
from bangfu.bulk.found import Finder
from bangfu.bulk.sorting import Sorter
from bangfu.bulk.staged import Staging
from bangfu.bulk.trying import Refusal, Trial
from bangfu.declare.codes import DISTRICT_SPAN, official_code
from bangfu.declare.records import Dated
from bangfu.declare.units import Unit
from bangfu.intake.blocks import Block, read_blocks
from bangfu.intake.cells import BY_UNIT
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.store.imports import StoredPlan, add_part, add_rows, begin_plan, find_plan, note_plan
from bangfu.store.reads import Read, note_read
from bangfu.store.sealed import given_seal, note_keys
from bangfu.write.batch import Batch, in_parts
from bangfu.write.changing import require_to_change
from bangfu.write.outcome import Author, Row

_BLOCK = 120_000
"""Lines of the file that are read and sorted at a time."""

_PART = 40_000
"""New rows that are written at once; whoever else writes in their district waits as long as that takes."""

_CHUNK = 2_000
"""Rows that are tried at a time."""

Told = Callable[[int], None]
"""Is told, now and then, how many rows were looked at."""


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

    name: str | None = None
    """What people call the file; by default its own name."""

    owner: str | None = None
    """Whose plan it is, who alone may see and apply it; None for the process itself."""

    def id(self) -> str:
        """By which its plan is known: the same file for the same record, of the same owner, makes the same plan."""
        digest = sha256(f"{self.record.__tablename__}|{self.within}|{self.sheet}|".encode())
        if self.owner is not None:
            digest.update(f"{len(self.owner)}|{self.owner}|".encode())
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()[:16]


def plan_import(
    engine: Engine, asked: Import, refuse: Callable[[Refusal], None], *, on_rows: Told = lambda _: None
) -> StoredPlan:
    """Reads a file, looks at all of its rows, and keeps those that can be taken; nothing else is changed.

    Each row that cannot be taken is told to `refuse`. A file whose plan has begun to be applied is not planned again:
    the plan is given as it stands. Raises UserError for a file that is not read, and Forbidden.
    """
    require_to_change(asked.policy, asked.record)
    id_ = asked.id()
    with engine.begin() as connection:
        known = find_plan(connection, id_, hold=True)
        if known is not None and (known.applied or known.applied_at is not None):
            return known
        begin_plan(
            *(connection, id_),
            record=asked.record.__tablename__,
            file=asked.name or asked.path.name,
            author=asked.author.name,
            today=asked.today,
            owner=asked.owner,
        )
    planning = _Planning(engine, asked, id_)
    for block in read_blocks(
        asked.path, asked.record, _BLOCK, units=asked.units, sheet=asked.sheet, limits=asked.limits
    ):
        for each in planning.add(block):
            refuse(each)
        with engine.begin() as connection:
            note_plan(connection, id_, **planning.counts)  # so that it can be told how far it is
        on_rows(planning.looked_at)
    with engine.begin() as connection:
        note_plan(connection, id_, is_whole=True, **planning.counts)
        made = find_plan(connection, id_)
    assert made is not None, "it was made above"
    return made


class _Planning:
    """What a plan has come to so far."""

    def __init__(self, engine: Engine, asked: Import, id_: str) -> None:
        self._engine = engine
        self._asked = asked
        self._id = id_
        self._sorter = Sorter(asked.record, asked.policy, asked.today)
        self.counts = Counter(creates=0, updates=0, unchanged=0, rejected=0)
        self.looked_at = 0
        self._trial = Trial(asked.record, author=asked.author, policy=asked.policy, today=asked.today)
        self._has_noted = False

    def add(self, block: Block) -> list[Refusal]:
        """Keeps the rows of a block that can be taken, and says why the others cannot, in the order of the file."""
        asked = self._asked
        refused = [Refusal(line=line, rejection=each) for line, wrong in block.refused for each in wrong]
        with self._engine.connect() as connection:
            with connection.begin():
                require_to_change(asked.policy, asked.record, block.given)
                finder = self._finder(connection)
                found = self._sorter.sort(connection, block, finder)
            self._note_look(connection, finder)
            for begin in range(0, len(found.doubtful), _CHUNK):
                finder = self._finder(connection)
                given = found.doubtful[begin : begin + _CHUNK]
                taken, wrong = self._trial.tried(connection, finder, given, self.counts)
                self._note_look(connection, finder)
                refused += wrong
                self._keep_rows(connection, taken)
            for lines, batch in found.batches:
                for some, part in in_parts(lines, batch, _PART):
                    self._keep_batch(connection, some, part)
        self.looked_at += block.read
        self.counts["rejected"] += len({each.line for each in refused})
        return sorted(refused, key=lambda each: each.line)

    def _finder(self, connection: Connection) -> Finder:
        asked = self._asked
        return Finder(connection, asked.record, asked.within, given_seal(connection), asked.today, asked.policy)

    def _note_look(self, connection: Connection, finder: Finder) -> None:
        """Enters in the log of reads, once for a file, that a viewer has people looked up by their ID numbers."""
        viewer = self._asked.policy.viewer
        if self._has_noted or viewer is None or not finder.has_looked_people_up:
            return
        assert self._asked.within is not None, "else nobody is looked up"
        with connection.begin():
            note_read(
                connection,
                Read(
                    district_code=self._asked.within // DISTRICT_SPAN,
                    request_id=self._asked.author.request_id,
                    viewer=viewer.name,
                    token_id=viewer.token_id,
                    operation=f"import {self._id}",
                    document=sha256(f"import {self._id}".encode()).hexdigest(),
                    places=(official_code(self._asked.within),),
                    shown=(),
                    filtered=("Person.id_number",),
                    ordered=(),
                    counts={},
                    succeeded=True,
                ),
            )
        self._has_noted = True

    def _keep_rows(self, connection: Connection, taken: Sequence[tuple[int, Row]]) -> None:
        """Those are counted already."""
        if not taken:
            return
        with connection.begin():
            first = self._next() - len(taken)
            seal = given_seal(connection)
            staging = Staging(self._asked.record, self._id, seal)
            if staging.seals and seal is not None:
                note_keys(connection, seal)
            packed = [(line, staging.pack(first + n, row)) for n, (line, row) in enumerate(taken)]
            add_rows(connection, self._id, first, packed)

    def _keep_batch(self, connection: Connection, lines: Sequence[int], batch: Batch) -> None:
        with connection.begin():
            add_part(connection, self._id, self._next(), batch.district, batch.columns, lines, batch.body)
        self.counts["creates"] += len(lines)

    def _next(self) -> int:
        """The position after the last row that is counted."""
        return self.counts["creates"] + self.counts["updates"] + 1
