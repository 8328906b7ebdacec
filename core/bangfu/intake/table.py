"""A file as a table: what all kinds of files are made into."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bangfu.declare.text import Text
from bangfu.intake.limits import FileLimits
from bangfu.intake.refused import Refused
from bangfu.intake.unreadable import Unreadable
from bangfu.intake.words import BLANKS

Cells = list[Any]
"""Raw cells of a row, in the order of the headers: as many as there are, and no more than the file has."""


class Absent:
    """The type of ABSENT."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()
"""Stands where a line of JSON leaves a key out, which is not the same as saying null."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Headers, and rows with the number of the line, or of the sheet's row, in which each begins, counted from 1."""

    headers: Sequence[Any]
    rows: Iterator[tuple[int, Cells | Unreadable]]
    """Each row once; Unreadable in the place of one that could not be read as a whole."""

    has_gaps: bool = False
    """Whether ABSENT may stand among the cells."""


def is_blank(cells: Sequence[Any]) -> bool:
    """Whether nothing stands in any cell; 0 and False are something."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip(BLANKS)) for cell in cells)


def with_headers(rows: Iterator[tuple[int, Cells]], limits: FileLimits) -> Table:
    """A table whose headers are its first row in which anything stands. Raises Refused where there is none."""
    for _, cells in rows:
        if not is_blank(cells):
            check_columns(len(cells), limits)
            return Table(headers=cells, rows=rows)
    raise empty()


def check_columns(count: int, limits: FileLimits) -> None:
    """Raises Refused for more columns than a table may have."""
    if count > limits.columns:
        raise Refused(
            Text(
                f"列數過多：最多 {limits.columns:,} 列。",
                f"The file has too many columns. Accepted: up to {limits.columns:,}.",
            ),
            code="FILE_TOO_LARGE",
        )


def empty() -> Refused:
    """The refusal of a file in which nothing stands."""
    return Refused(Text("此文件沒有內容。", "There is nothing in the file."), code="FILE_EMPTY")
