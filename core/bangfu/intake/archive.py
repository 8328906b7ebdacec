"""Looks at a workbook before it is opened: whether it is one, and how large it becomes.

A zip's directory says how large each part is, and may say less than is true. So the parts are unpacked here once, into
nothing, and counted. A sheet is held as a whole rectangle: two cells far apart make millions, which is counted too.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import unpack
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from bangfu.declare.text import Text
from bangfu.intake.limits import FileLimits
from bangfu.intake.refused import Refused

_PIECE = 1 << 20
_LONGEST_TAG = 4 * _PIECE
_SMALL = 10 * _PIECE
"""Bytes up to which it does not matter how much a workbook grows."""

_ENCRYPTED = 0x1
_COLUMNS = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})[0-9]""")
_ROWS = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]{0,3}([0-9]{1,20})["']""")
_PLACED_ROW = re.compile(rb"""\sr\s*=\s*["'][0-9]""")
# As nearly everything writes them. No tag has an attribute twice, so that a cell of this form has no other place.
_USUAL_CELL = re.compile(rb'<c r="([A-Z]{1,3})[0-9]')
_USUAL_ROW = re.compile(rb'<row r="([0-9]{1,20})"')
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")


def check_workbook(path: Path, limits: FileLimits) -> None:
    """Raises Refused for a file that is no workbook, is encrypted, damaged, or larger than the limits once unpacked."""
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
    except (BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
        raise _no_workbook() from error
    if not any(part.filename.lower().endswith("xl/workbook.xml") for part in parts):
        raise _no_workbook()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise encrypted()
    packed = path.stat().st_size
    most = min(limits.unpacked, max(limits.ratio * packed, _SMALL))
    if sum(part.file_size for part in parts) > most:
        raise _too_large(limits)
    unpacked = 0
    with path.open("rb") as file:
        for part in parts:
            extent = _Extent()
            for piece in _pieces(file, part):
                unpacked += len(piece)
                if unpacked > most:
                    raise _too_large(limits)
                extent.add(piece)  # of each part: a sheet may have any name
                if extent.cells > limits.cells:
                    raise _too_many_cells(limits)


def encrypted() -> Refused:
    """The refusal of a workbook with a password."""
    return Refused(
        Text(
            "此工作簿設有密碼，無法讀取。請取消密碼另存後再試。",
            "The workbook has a password. Save it without one.",
        ),
        code="FILE_ENCRYPTED",
    )


class _Extent:
    """How many cells the rectangle has that goes around all cells of a part of a workbook, at most."""

    def __init__(self) -> None:
        self._cut = b""
        self._last = self._widest = self._loose_rows = self._loose_cells = 0

    def add(self, piece: bytes) -> None:
        """Looks at one more piece; a tag that is cut in two waits for the next."""
        text, sign, self._cut = (self._cut + piece).rpartition(b"<")
        self._cut = sign + self._cut
        if len(self._cut) > _LONGEST_TAG:  # blanks after a tag are all that may be so long
            if self._cut.rpartition(b">")[2].strip():
                raise _no_workbook()
            text, self._cut = text + self._cut, b""
        columns, rows = _USUAL_CELL.findall(text), _USUAL_ROW.findall(text)
        if (
            len(columns) == text.count(b"<c") - text.count(b"<col")
            and len(rows) == text.count(b"<row")
            and b":c" not in text
            and b":row" not in text
        ):  # no cell and no row is written in another way
            self._reach(columns, rows)
            return
        columns = _COLUMNS.findall(text)
        self._reach(columns, _ROWS.findall(text))
        # What leaves out where it stands comes after the one before it.
        self._loose_cells += max(0, len(_CELL.findall(text)) - len(columns))
        self._loose_rows += max(0, len(_ROW.findall(text)) - len(_PLACED_ROW.findall(text)))

    def _reach(self, columns: list[bytes], rows: list[bytes]) -> None:
        self._widest = max(self._widest, *map(_number_of, set(columns)), 0)
        self._last = max(self._last, *map(int, set(rows)), 0)

    @property
    def cells(self) -> int:
        """An upper bound."""
        return (self._last + self._loose_rows) * (self._widest + self._loose_cells)


def _pieces(file: BinaryIO, part: ZipInfo) -> Iterator[bytes]:
    """What a part is unpacked to, whatever the directory says of its size."""
    if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or part.header_offset < 0:
        raise _no_workbook()
    file.seek(part.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise _no_workbook()
    file.seek(sum(unpack("<HH", header[26:30])), 1)
    left, inflate = part.compress_size, zlib.decompressobj(-15)
    while left > 0 and (packed := file.read(min(left, _PIECE))):
        left -= len(packed)
        if part.compress_type == ZIP_STORED:
            yield packed
            continue
        while packed:
            try:
                piece = inflate.decompress(packed, _PIECE)
            except zlib.error as error:
                raise _no_workbook() from error
            packed = inflate.unconsumed_tail
            if piece:
                yield piece


def _number_of(letters: bytes) -> int:
    """The number of a column: 1 of A, 27 of AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _no_workbook() -> Refused:
    return Refused(
        Text(
            "此文件不是可讀的 XLSX 工作簿。請在表格軟件中另存為 .xlsx 或 CSV。",
            "The file is no XLSX workbook that can be read. Save it as .xlsx or as CSV in a spreadsheet.",
        ),
        code="FILE_NOT_A_TABLE",
    )


def _too_large(limits: FileLimits) -> Refused:
    return Refused(
        Text(
            f"工作簿解壓後過大：最多 {limits.unpacked:,} 字節、{limits.ratio} 倍。請拆分，或另存為 CSV。",
            f"The workbook becomes too large when it is unpacked. Accepted: up to {limits.unpacked:,} bytes, and "
            f"{limits.ratio} times its own size. Divide it, or save it as CSV.",
        ),
        code="FILE_TOO_LARGE",
    )


def _too_many_cells(limits: FileLimits) -> Refused:
    return Refused(
        Text(
            f"工作表範圍過大：含空格最多 {limits.cells:,} 格。請刪去遠處的單元格，或另存為 CSV。",
            f"The sheet reaches too far. Accepted: up to {limits.cells:,} cells, empty ones between others counted. "
            "Delete what stands far out, or save it as CSV.",
        ),
        code="FILE_TOO_LARGE",
    )
