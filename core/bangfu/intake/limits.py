"""How much of a file is read, before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FileLimits:
    """Bounds that keep a small file from becoming a large one in memory."""

    unpacked: int = 10**9
    """Bytes of a workbook once it is unpacked."""

    ratio: int = 200
    """How many times a workbook may grow when it is unpacked; spreadsheets grow ten- or twentyfold."""

    cells: int = 30_000_000
    """Cells of a sheet, empty ones between others counted: all are held at once, some 32 bytes each."""

    columns: int = 16_384
    """Columns of a file; a spreadsheet has no more."""


LIMITS = FileLimits()
