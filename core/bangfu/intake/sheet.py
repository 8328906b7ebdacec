"""From a file to rows of a record: every row that can be read, and all that is wrong with every other one."""

from collections.abc import Iterator, Mapping
from operator import getitem
from pathlib import Path
from typing import Any

from sqlalchemy.schema import Column

from bangfu.declare.records import Dated
from bangfu.declare.text import Text
from bangfu.declare.units import Unit
from bangfu.intake.cells import BY_UNIT, may_be_missing, missing, reader_of
from bangfu.intake.files import open_table
from bangfu.intake.headers import Layout, read_headers
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.intake.table import ABSENT, Cells, Table, is_blank
from bangfu.intake.texts import Reader
from bangfu.intake.unreadable import Unreadable
from bangfu.write.outcome import Code, Rejection, Row

_REMEMBERED = 400_000
"""Values that are remembered in all columns together, so that it matters little how long or wide a file is."""

_MOST_OF_A_COLUMN = 32_768
_LONGEST_REMEMBERED = 64


def read_rows(
    path: Path,
    record: type[Dated],
    *,
    units: Mapping[str, Unit] = BY_UNIT,
    sheet: str | None = None,
    limits: FileLimits = LIMITS,
) -> Iterator[tuple[int, Row | list[Rejection]]]:
    """Rows of a record from a file, one by one, each with its line in the file; in place of a row, why there is none.

    A rejection's `row` counts what is given here, rows and rejected ones alike, from 0; blank lines do not count. A
    column in which nothing has to stand is None in the row where its cell is empty; one that has a value by itself, or
    one for the whole import, is left out of the row. `units` are those that the record may use, by name.

    Raises Refused, or BadColumns of it, for a file that is not read, mostly at once: misquoted CSV while rows are read.
    """
    return _rows(*open_rows(path, record, units=units, sheet=sheet, limits=limits))


def open_rows(
    path: Path,
    record: type[Dated],
    *,
    units: Mapping[str, Unit] = BY_UNIT,
    sheet: str | None = None,
    limits: FileLimits = LIMITS,
) -> tuple[Table, "Lines"]:
    """A file as a table, and how its lines are read as rows of a record. Raises as `read_rows` does."""
    table = open_table(path, sheet=sheet, limits=limits)
    return table, Lines(read_headers(record, table.headers, units), units)


def _rows(table: Table, lines: "Lines") -> Iterator[tuple[int, Row | list[Rejection]]]:
    read, width, count = lines.remembered, len(lines.columns), 0
    keys, usual, is_plain = lines.keys, lines.usual, lines.is_plain
    for number, cells in table.rows:
        if isinstance(cells, Unreadable):
            yield number, [rejection_of(count, None, cells)]
            count += 1
            continue
        if is_plain and len(cells) == width and not (table.has_gaps and ABSENT in cells):
            try:  # nearly all rows of nearly all files: every column has its reader, and all cells are right
                row = dict(zip(keys, map(getitem, read, cells), strict=True))
            except (Unreadable, TypeError):  # a value of JSON that is a list is no key of a dict
                pass
            else:
                for key in usual:
                    if row[key] is None:
                        del row[key]
                yield number, row
                count += 1
                continue
        if is_blank(cells):
            continue
        yield number, lines.slowly(count, cells)
        count += 1


class _Remembered(dict[Any, Any]):
    """A reader that looks up what it has read before, as `remembered[cell]`: columns repeat themselves.

    Only texts are kept: 1 and True are the same key, and not the same value.
    """

    def __init__(self, read: Reader, most: int) -> None:
        super().__init__()
        self._read, self._most = read, most

    def __missing__(self, cell: Any) -> Any:
        value = self._read(cell)
        if type(cell) is str and len(self) < self._most and len(cell) <= _LONGEST_REMEMBERED:
            self[cell] = value
        return value


class Lines:
    """How the lines of one file are read.

    `keys` are the columns it has by name, `remembered` how a cell of each is read, `usual` those of them that are left
    out of a row whose cell is empty. `is_plain` says that every column has a reader, and that rows bring no ids.
    """

    def __init__(self, layout: Layout, units: Mapping[str, Unit]) -> None:
        self.columns = layout.columns
        self._absent = layout.absent
        named = [column for column in layout.columns if column is not None]
        self._readers = {column.key: reader_of(column, units) for column in named}
        self.keys = [column.key for column in named]
        most = min(_MOST_OF_A_COLUMN, _REMEMBERED // len(named))
        self.remembered = [_Remembered(self._readers[key], most) for key in self.keys]
        self.usual = [column.key for column in named if may_be_missing(column) and not column.nullable]
        self._changes = "id" in self.keys
        # With ids, what a row has to have depends on whether it has one.
        self.is_plain = len(named) == len(layout.columns) and not self._changes

    def slowly(self, count: int, cells: Cells) -> Row | list[Rejection]:
        """One row, or all its rejections; `count` is its position."""
        row: dict[str, Any] = {}
        rejections: list[Rejection] = []
        for position, cell in enumerate(cells):
            column = self.columns[position] if position < len(self.columns) else None
            if column is None:
                if cell is not ABSENT and not is_blank([cell]):
                    rejections.append(rejection_of(count, None, _without_header(position)))
            elif cell is not ABSENT:
                self._read(column, cell, count, row, rejections)
        rejections += self._lacking(count, row, rejections)
        return rejections or row

    def _read(
        self, column: Column[Any], cell: Any, count: int, row: dict[str, Any], rejections: list[Rejection]
    ) -> None:
        try:
            value = self._readers[column.key](cell)
        except Unreadable as error:
            rejections.append(rejection_of(count, column.key, error))
            return
        if value is not None or column.key not in self.usual:
            row[column.key] = value

    def _lacking(self, count: int, row: Row, rejections: list[Rejection]) -> Iterator[Rejection]:
        """What a row leaves out and may not: of a new one all that it has to have, of one with an id the version."""
        told = {each.column for each in rejections}
        named = [column for column in self.columns if column is not None]
        if "id" in row or "id" in told:
            needed = [column for column in named if column.key == "version"]
        else:
            needed = [column for column in (*named, *self._absent) if not may_be_missing(column)]
        for column in needed:
            if column.key not in row and column.key not in told:
                yield rejection_of(count, column.key, missing(column))


def rejection_of(count: int, column: str | None, error: Unreadable) -> Rejection:
    """Why the row at a position cannot be read."""
    return Rejection(row=count, column=column, code=error.code, message=error.message, suggestion=error.suggestion)


def _without_header(position: int) -> Unreadable:
    return Unreadable(
        Code.UNKNOWN_COLUMN,
        Text(
            f"第 {position + 1} 列有內容，卻沒有表頭。",
            f"There is a value in column {position + 1}, which has no header.",
        ),
    )
