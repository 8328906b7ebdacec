"""Opens a file as a table: its headers, and its rows one by one. What kind of file it is, its first bytes say."""

from pathlib import Path

from bangfu.declare.text import Text
from bangfu.intake.archive import encrypted
from bangfu.intake.delimited import open_delimited
from bangfu.intake.json_lines import open_json_lines
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.intake.refused import Refused
from bangfu.intake.table import Table, empty
from bangfu.intake.words import BLANKS
from bangfu.intake.workbook import open_workbook

_LOOKED_AT = 4096
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"PAR1",
    b"{\\rtf",
    b"<",
    b"\xff\xfe\0\0",
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_NO_TEXT = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1c\x1d\x1e\x1f"))


def open_table(path: Path, *, sheet: str | None = None, limits: FileLimits = LIMITS) -> Table:
    """A file of CSV, XLSX or JSON lines as headers and rows; of a workbook the named sheet, or the first one in use.

    Raises Refused, at once or while rows are read: for a file of another kind, without anything in it, with a password,
    too large, or of which quotation marks do not pair. What is wrong with a single row is given in the row's place.
    Raises OSError where there is no file.
    """
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT)
    if head.startswith(_ZIP):
        return open_workbook(path, sheet, limits)
    if head.startswith(_OLE):
        raise _old_or_encrypted(path)
    if sheet is not None:
        raise Refused(
            Text("只有 XLSX 工作簿才有工作表。", "Only an XLSX workbook has sheets; name none."),
            code="SHEET_NOT_FOUND",
        )
    start = head.removeprefix(_BOM).strip()
    if not start.strip(BLANKS.encode()) and path.stat().st_size <= _LOOKED_AT:
        raise empty()
    if start.startswith(_OTHERS) or (not head.startswith(_UTF_16) and _is_binary(head)):
        raise _no_table()
    if start.startswith((b"{", b"[{")):
        return open_json_lines(path, limits)
    return open_delimited(path, limits)


def _is_binary(head: bytes) -> bool:
    """Whether the first line has what no text has. A null character further below is one cell's matter."""
    return any(each in _NO_TEXT for each in head.split(b"\n", 1)[0])


def _old_or_encrypted(path: Path) -> Refused:
    """A workbook with a password is wrapped into the old format, which names its stream `EncryptedPackage`."""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if "EncryptedPackage".encode("utf-16-le") in piece:
                return encrypted()
    return _no_table()


def _no_table() -> Refused:
    return Refused(
        Text(
            "此文件不是可讀的表格。可用：.xlsx、CSV(UTF-8、GB18030)、JSON 行。舊式 .xls 請另存為 .xlsx。",
            "The file is no table that can be read. Accepted: .xlsx, CSV in UTF-8 or GB18030, JSON lines. Save an old "
            ".xls as .xlsx.",
        ),
        code="FILE_NOT_A_TABLE",
    )
