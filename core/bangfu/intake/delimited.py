"""Reads CSV: in the encodings and with the delimiters that spreadsheets here write."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from bangfu.declare.text import Text
from bangfu.intake.limits import FileLimits
from bangfu.intake.refused import Refused
from bangfu.intake.table import Cells, Table, empty, is_blank, with_headers

_PIECE = 1 << 17
_ENDLESS = 8
"""Pieces without the end of a line; a table has no such line."""

_DELIMITERS = ",\t;"


def open_delimited(path: Path, limits: FileLimits) -> Table:
    """A file of CSV as a table, read line by line.

    Raises Refused for one in no known encoding, or with quotation marks that do not pair; the latter may be found only
    while rows are read.
    """
    encoding = _encoding(path)
    return with_headers(_rows(path, encoding, _delimiter(path, encoding)), limits)


def _encoding(path: Path) -> str:
    """UTF-16 where the file begins with its mark, else UTF-8 if all of it is that, else GB18030."""
    with path.open("rb") as file:
        head = file.read(2)
    if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        tried = ["utf-16"]
    else:
        tried = ["utf-8-sig", "gb18030"]
    for encoding in tried:
        if _is_all(path, encoding):
            return encoding
    raise Refused(
        Text(
            "無法識別此文件的文字編碼。可用：UTF-8、GB18030、帶標記的 UTF-16。",
            "The file's encoding is not known. Accepted: UTF-8, GB18030, UTF-16 with its mark.",
        ),
        code="FILE_NOT_A_TABLE",
    )


def _is_all(path: Path, encoding: str) -> bool:
    """Whether all of a file is in an encoding; refuses, by the way, lines that would not fit into memory."""
    decoder, without = codecs.getincrementaldecoder(encoding)(), 0
    with path.open("rb") as file:
        try:
            while piece := file.read(_PIECE):
                without = 0 if b"\n" in piece or b"\r" in piece else without + 1
                if without == _ENDLESS:
                    raise _endless_line()
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter that makes the most columns of the headers."""
    counts = {}
    for delimiter in _DELIMITERS:
        try:
            counts[delimiter] = next(len(cells) for _, cells in _rows(path, encoding, delimiter) if not is_blank(cells))
        except StopIteration:
            raise empty() from None
        except Refused:  # quoted for another delimiter, or not at all: told when rows are read
            counts[delimiter] = 0
    return max(counts, key=lambda each: counts[each])


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, Cells]]:
    line = 1
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise _misquoted(line) from error


def _misquoted(line: int) -> Refused:
    return Refused(
        Text(
            f"從第 {line} 行開始的一行，雙引號沒有成對，或其中一格過長。",
            f"In the row that begins on line {line}, quotation marks do not pair, or a cell is far too long.",
        ),
        code="FILE_MISQUOTED",
    )


def _endless_line() -> Refused:
    return Refused(
        Text("此文件有一行過長，不是表格。", "A line of the file is too long for a table."), code="FILE_NOT_A_TABLE"
    )
