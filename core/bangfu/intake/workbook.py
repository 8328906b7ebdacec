"""Reads XLSX: the values of cells, those of formulas as they were last computed.

Of merged cells the upper left one has the value. A formula that ended in an error is read as an empty cell.
"""

from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from bangfu.declare.text import Text
from bangfu.errors import quoted
from bangfu.intake.archive import check_workbook, encrypted
from bangfu.intake.limits import FileLimits
from bangfu.intake.refused import Refused
from bangfu.intake.table import Table, empty, with_headers


def open_workbook(path: Path, sheet: str | None, limits: FileLimits) -> Table:
    """A sheet as a table: the one of that name, or the first visible one with anything in it; held in memory.

    Raises Refused for what is no workbook, has a password, is too large, has no such sheet or nothing in any.
    """
    check_workbook(path, limits)
    try:
        with load_workbook(str(path)) as workbook:
            return with_headers(enumerate(_sheet(workbook, sheet).iter_rows(), start=1), limits)
    except PasswordError as error:
        raise encrypted() from error
    except (CalamineError, OSError) as error:
        raise Refused(
            Text(
                "此工作簿已損壞，無法讀取。請在表格軟件中打開並另存。",
                "The workbook is damaged. Open it in a spreadsheet and save it anew.",
            ),
            code="FILE_NOT_A_TABLE",
        ) from error


def _sheet(workbook: CalamineWorkbook, name: str | None) -> CalamineSheet:
    names = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if name is not None:
        if name not in names:
            raise Refused(
                Text(
                    f"沒有「{name[:40]}」這一工作表。現有：{'、'.join(names[:10])}。",
                    f"There is no sheet {quoted(name)}. It has: {', '.join(names[:10])}.",
                ),
                code="SHEET_NOT_FOUND",
            )
        return workbook.get_sheet_by_name(name)
    visible = {each.name for each in workbook.sheets_metadata if each.visible == SheetVisibleEnum.Visible}
    for each in names:
        if each in visible:
            found = workbook.get_sheet_by_name(each)
            if found.height:
                return found
    raise empty()
