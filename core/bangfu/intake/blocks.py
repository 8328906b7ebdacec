"""From a file to rows of a record, many at a time: what a column holds is read together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import getitem
from pathlib import Path
from typing import Any

from bangfu.declare.records import Dated
from bangfu.declare.units import Unit
from bangfu.intake.cells import BY_UNIT
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.intake.sheet import Lines, open_rows, rejection_of
from bangfu.intake.table import ABSENT, Cells, Table, is_blank
from bangfu.intake.unreadable import Unreadable
from bangfu.write.outcome import Rejection, Row

_PIECE = 500
"""Lines that are read at a time: what a piece is made of is still at hand when its columns are read."""

_Numbered = tuple[int, Cells | Unreadable]


@dataclass(kw_only=True)
class Block:
    """Some rows of a file, in three sorts; each with its line, and each sort in the order of the file."""

    lines: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    """Rows by columns, each as long as `lines`. None in a column that has a value by itself is no value given."""

    usual: frozenset[str] = frozenset()
    """The columns that have a value by themselves, or one for the whole import."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    """Rows of another shape than the file's headers have."""

    refused: list[tuple[int, list[Rejection]]] = field(default_factory=list)
    """All that is wrong with each line of which there is no row."""

    @property
    def read(self) -> int:
        """How many lines were looked at, blank ones left out."""
        return len(self.lines) + len(self.rows) + len(self.refused)

    @property
    def given(self) -> set[str]:
        """The columns of which any row has something."""
        names = {name for name, values in self.columns.items() if any(value is not None for value in values)}
        return names | {name for _, row in self.rows for name, value in row.items() if value is not None}

    def row(self, position: int) -> dict[str, Any]:
        """One of the rows by columns, as `read_rows` has it."""
        found = {name: values[position] for name, values in self.columns.items()}
        return {name: value for name, value in found.items() if value is not None or name not in self.usual}


def read_blocks(
    path: Path,
    record: type[Dated],
    most: int,
    *,
    units: Mapping[str, Unit] = BY_UNIT,
    sheet: str | None = None,
    limits: FileLimits = LIMITS,
) -> Iterator[Block]:
    """The rows of a file as `read_rows` has them, up to `most` lines of it at a time. Raises as that does."""
    table, lines = open_rows(path, record, units=units, sheet=sheet, limits=limits)
    return _blocks(table, lines, most)


def _blocks(table: Table, lines: Lines, most: int) -> Iterator[Block]:
    count = 0
    while True:
        block, left = Block(usual=frozenset(lines.usual)), most
        while left and (some := list(islice(table.rows, min(left, _PIECE)))):
            _read(some, table, lines, count + block.read, block)
            left -= len(some)
        if left == most:
            return
        count += block.read
        if block.read:
            yield block


def _read(some: list[_Numbered], table: Table, lines: Lines, count: int, block: Block) -> None:
    """Reads some lines, the first of which is at a position in the file, into a block."""
    numbers, rows = zip(*some, strict=True)
    plain = _plain(rows, table, lines)
    read, bad = _columns(rows if len(plain) == len(rows) else [rows[position] for position in plain], lines)
    if bad:
        read = [[value for position, value in enumerate(values) if position not in bad] for values in read]
        plain = [each for position, each in enumerate(plain) if position not in bad]
    if plain:
        for key, values in zip(lines.keys, read, strict=True):
            block.columns.setdefault(key, []).extend(values)
        block.lines += [numbers[position] for position in plain]
    if len(plain) < len(some):
        _read_slowly(some, set(plain), lines, count, block)


def _plain(rows: Sequence[Cells | Unreadable], table: Table, lines: Lines) -> Sequence[int]:
    """The positions of rows that have a cell for each header."""
    if not lines.is_plain:
        return []
    width = len(lines.columns)
    if not table.has_gaps and set(map(type, rows)) == {list} and set(map(len, rows)) == {width}:  # type: ignore[arg-type]
        return range(len(rows))
    return [
        position
        for position, cells in enumerate(rows)
        if not isinstance(cells, Unreadable) and len(cells) == width and not (table.has_gaps and ABSENT in cells)
    ]


def _columns(rows: Sequence[Any], lines: Lines) -> tuple[list[list[Any]], set[int]]:
    """The values of rows, by columns; and the positions of those in which one cannot be read."""
    found: list[list[Any]] = []
    bad: set[int] = set()
    for read, cells in zip(lines.remembered, zip(*rows, strict=True), strict=True) if rows else ():
        try:
            found.append(list(map(read.__getitem__, cells)))
        except (Unreadable, TypeError):  # a value of JSON that is a list is no key of a dict
            found.append([_one(read, cell, position, bad) for position, cell in enumerate(cells)])
    return found, bad


def _one(read: Mapping[Any, Any], cell: Any, position: int, bad: set[int]) -> Any:
    try:
        return getitem(read, cell)
    except (Unreadable, TypeError):
        bad.add(position)
        return None


def _read_slowly(some: list[_Numbered], plain: set[int], lines: Lines, count: int, block: Block) -> None:
    """Reads what is left, row by row; `count` is the position of the first row in the whole file."""
    for position, (number, cells) in enumerate(some):
        if position in plain:
            count += 1
            continue
        if isinstance(cells, Unreadable):
            block.refused.append((number, [rejection_of(count, None, cells)]))
        elif is_blank(cells):
            continue
        else:
            read = lines.slowly(count, cells)
            if isinstance(read, list):
                block.refused.append((number, read))
            else:
                block.rows.append((number, read))
        count += 1
