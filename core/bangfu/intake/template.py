"""Writes the workbook that people fill in for a record: headers, lists to choose from, a sheet that explains them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it comes without types
from sqlalchemy import Boolean, Date, Integer, Numeric
from sqlalchemy.schema import Column

from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated
from bangfu.declare.text import Text
from bangfu.declare.units import Unit
from bangfu.intake.cells import BY_UNIT, USUAL, may_be_missing, title_of, unit_of
from bangfu.intake.headers import offered_columns

_ROWS = 10_000
"""Rows that have lists to choose from and formats; more can be filled in without."""

_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
_EXPLANATIONS, _LISTS = "填表說明", "選項"
_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 31)


def write_template(record: type[Dated], path: Path, units: Mapping[str, Unit] = BY_UNIT) -> None:
    """Writes a workbook for new rows of a record, which `read_rows` reads once it is filled in.

    The first sheet has a header for each column, the English one in a note; the second says of each what it is, its
    unit, whether it has to be given, its range and values. What is said once for a whole import has no header, and may
    be added. `units` are those that the record may use, by name. Raises OSError where the file cannot be written.
    """
    columns = [column for column in offered_columns(record) if column.key not in {*USUAL, "id", "version"}]
    beside = [column for column in offered_columns(record) if column.key in USUAL]
    written = BytesIO()  # by which a disk that is full is an OSError, too
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet(_sheet_name(record.__title__.zh))
        _Explanations(book, units).write(columns, beside)
        lists = book.add_worksheet(_LISTS)
        lists.hide()
        formats = _formats(book)
        sheet.freeze_panes(1, 0)
        for position, column in enumerate(columns):
            header, width = header_of(column, units), 2 * len(title_of(column).zh) + 8
            sheet.set_column(position, position, max(width, 14), formats[_format_of(column)])
            sheet.write_string(0, position, header.zh, formats["optional" if may_be_missing(column) else "required"])
            sheet.write_comment(0, position, header.en)
            rule = _rule(column, position, lists)
            if rule is not None:
                sheet.data_validation(1, position, _ROWS, position, rule)
    path.write_bytes(written.getvalue())


def header_of(column: Column[Any], units: Mapping[str, Unit] = BY_UNIT) -> Text:
    """A column's header in both languages, with its unit: `面積(畝)`, `Area (mu)`."""
    title, unit = title_of(column), unit_of(column, units)
    return title if unit is None else Text(f"{title.zh}({unit.title.zh})", f"{title.en} ({unit.title.en})")


class _Explanations:
    """The second sheet: a row for each column."""

    _HEADERS = (
        "列 / Column",
        "English",
        "列名 / Name",
        "單位 / Unit",
        "必填 / Required",
        "範圍 / Range",
        "可填 / Values",
    )

    def __init__(self, book: Any, units: Mapping[str, Unit]) -> None:
        self._sheet, self._units = book.add_worksheet(_EXPLANATIONS), units
        self._bold, self._wrapped = (
            book.add_format({"bold": True}),
            book.add_format({"text_wrap": True, "valign": "top"}),
        )

    def write(self, columns: Sequence[Column[Any]], beside: Sequence[Column[Any]]) -> None:
        """Writes all rows; `beside` are columns that may be added."""
        self._sheet.set_column(0, 1, 28, self._wrapped)
        self._sheet.set_column(2, 5, 18, self._wrapped)
        self._sheet.set_column(6, 6, 60, self._wrapped)
        self._write(0, self._HEADERS)
        for number, column in enumerate((*columns, *beside), start=1):
            self._write(number, self._told(column, is_added=column in beside))

    def _told(self, column: Column[Any], *, is_added: bool) -> tuple[str, ...]:
        title, unit = title_of(column), unit_of(column, self._units)
        if is_added:
            required = "可另加一列 / May be added"
        else:
            required = "否 / No" if may_be_missing(column) else "是 / Yes"
        told = "" if unit is None else f"{unit.title.zh} / {unit.title.en}"
        return title.zh, title.en, column.key, told, required, _range(column), _values(column) + _going(column)

    def _write(self, number: int, texts: Sequence[str]) -> None:
        for position, text in enumerate(texts):
            self._sheet.write_string(number, position, text, self._bold if number == 0 else self._wrapped)


def _formats(book: Any) -> dict[str, Any]:
    head = {"bold": True, "border": 1, "text_wrap": True, "valign": "top"}
    return {
        "required": book.add_format({**head, "bg_color": "#FCE4D6"}),
        "optional": book.add_format({**head, "bg_color": "#EDEDED"}),
        "text": book.add_format({"num_format": "@"}),  # or a spreadsheet would make numbers of ids, and lose digits
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "number": book.add_format({"num_format": "General"}),
    }


def _format_of(column: Column[Any]) -> str:
    field = field_of(column)
    if isinstance(column.type, Date):
        return "day"
    return "number" if field is not None and field.numeric else "text"


def _rule(column: Column[Any], position: int, lists: Any) -> dict[str, Any] | None:
    """What a spreadsheet lets people enter in a column; the values of a closed list stand in a sheet that is hidden."""
    field = field_of(column)
    if field is not None and field.choice is not None:
        titles = [each.title.zh for each in field.choice]
        lists.write_column(0, position, titles)
        letters = xlsxwriter.utility.xl_col_to_name(position)
        return {"validate": "list", "source": f"={_LISTS}!${letters}$1:${letters}${len(titles)}"}
    if isinstance(column.type, Boolean):
        return {"validate": "list", "source": ["是", "否"]}
    if isinstance(column.type, Date):
        told = {"error_title": "日期 / Date", "error_message": "1900-01-01 – 2999-12-31"}
        return {"validate": "date", "criteria": "between", "minimum": _FIRST, "maximum": _LAST, **told}
    return None


def _range(column: Column[Any]) -> str:
    field, kind = field_of(column), column.type
    if field is not None and field.numeric and isinstance(kind, Numeric | Integer):
        least = "" if field.least is None else f"≥ {field.least}"
        most = "" if field.most is None else f"≤ {field.most}"
        decimals = "兩位小數 / two decimals" if isinstance(kind, Numeric) else "整數 / whole numbers"
        return "，".join(filter(None, (least, most, decimals)))
    if isinstance(kind, Date):
        return f"{_FIRST} – {_LAST}"
    length = field.length if field is not None and field.sealed else getattr(kind, "length", None)
    is_text = field is not None and field.choice is None and length is not None
    return f"最多 {length} 字 / up to {length} characters" if is_text else ""


def _values(column: Column[Any]) -> str:
    field = field_of(column)
    if column.key in ("household_id", "person_id"):
        kind = column.key.removesuffix("_id")
        return f"編號，如 {kind}:620502000000001 / an id, such as {kind}:620502000000001"
    if field is None:
        return ""
    if field.is_code:
        return "區劃代碼或地名 / a code of 6, 9, 12 or 15 digits, or a name"
    if field.choice is not None:
        return "、".join(f"{each.title.zh} / {each.title.en}" for each in field.choice)
    if isinstance(column.type, Boolean):
        return "是、否 / yes, no"
    if isinstance(column.type, Date):
        return "2015-03-05、2015年3月5日"
    return ""


def _going(column: Column[Any]) -> str:
    """What is said of a column on its way out."""
    field = field_of(column)
    told = field.deprecation if field is not None else None
    return "" if told is None else f" 即將停用 / Deprecated: {told.reason.zh} / {told.reason.en}"


def _sheet_name(title: str) -> str:
    """A title as a sheet may be called: 31 characters, without the signs of a formula, and none of the other sheets."""
    name = _NO_SHEET_NAME.sub(" ", title).strip()[:31] or "表"
    return f"{name[:29]} 1" if name in (_EXPLANATIONS, _LISTS, "History") else name
