"""A template that is filled in is read back; everything that it tells is what is accepted."""

import re
import zipfile
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from python_calamine import load_workbook
from sqlalchemy import Boolean, Date, Integer, Numeric
from sqlalchemy.schema import Column
from tests.intake.survey import HOUSEHOLD, Card, Spring, Survey

from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated, columns_of
from bangfu.domain.households import Household, Person
from bangfu.intake.cells import USUAL, may_be_missing
from bangfu.intake.headers import offered_columns
from bangfu.intake.sheet import read_rows
from bangfu.intake.template import header_of, write_template
from bangfu.registry import discover

PLATFORM = discover()
RECORDS = [Survey, Card, Spring, Household, Person, *(row for each in PLATFORM.plugins for row in each.plugin.records)]


def filled(template: Path, rows: list[list[object]]) -> Path:
    """A template with rows below its headers, its other sheets as they are; Excel would keep them, too."""
    path = template.with_name("filled.xlsx")
    with (
        load_workbook(str(template)) as old,
        xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as new,
    ):
        for number, name in enumerate(old.sheet_names):
            sheet = new.add_worksheet(name)
            for position, cells in enumerate(old.get_sheet_by_name(name).to_python(skip_empty_area=False)):
                sheet.write_row(position, 0, cells)
            for position, row in enumerate(rows if number == 0 else (), start=1):
                sheet.write_row(position, 0, row)
    return path


def good(column: Column[Any]) -> tuple[object, object]:
    """A value as somebody fills it in, and as it is read."""
    field, kind = field_of(column), column.type
    if column.key in ("household_id", "person_id"):
        return f"{column.key.removesuffix('_id')}:{HOUSEHOLD}", HOUSEHOLD
    assert field is not None
    if field.is_code:
        return "620502101202", 620502101202000
    if field.choice is not None:
        first = next(iter(field.choice))
        return first.title.zh, first
    if column.key == "id_number":
        return "11010519491231002x", "11010519491231002X"
    if isinstance(kind, Boolean):
        return "是", True
    if isinstance(kind, Date):
        return date(2015, 3, 5), date(2015, 3, 5)
    if isinstance(kind, Numeric | Integer):
        return 12.0, Decimal(12)
    return "甲", "甲"


@pytest.mark.parametrize("record", RECORDS, ids=lambda each: each.__tablename__)
def test_a_template_of_every_record_is_read_back_once_it_is_filled_in(record: type[Dated], tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(record, path, PLATFORM.units)
    assert list(read_rows(path, record, units=PLATFORM.units)) == [], "nobody has filled it in"
    columns = [column for column in offered_columns(record) if column.key not in {*USUAL, "id", "version"}]
    values = [good(column) for column in columns]
    needed = ["" if may_be_missing(column) else given for column, (given, _) in zip(columns, values, strict=True)]
    rows = list(read_rows(filled(path, [[given for given, _ in values], needed]), record, units=PLATFORM.units))
    assert [line for line, _ in rows] == [2, 3]
    (_, whole), (_, least) = rows
    assert whole == {column.key: read for column, (_, read) in zip(columns, values, strict=True)}
    assert isinstance(least, Mapping)
    assert {key for key, value in least.items() if value is not None} == {
        column.key for column in columns if not may_be_missing(column)
    }


def test_a_template_has_lists_dates_and_texts_where_they_belong(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(Survey, path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        notes = archive.read("xl/comments1.xml").decode()
        hidden = archive.read("xl/workbook.xml").decode()
    assert [each.split("</formula1>")[0] for each in sheet.split("<formula1>")[1:]] == [
        "選項!$B$1:$B$3",
        "1",  # 1900-01-01
        '"是,否"',
    ]
    assert "Area (mu)" in notes
    assert 'name="選項" sheetId="3" state="hidden"' in hidden
    with load_workbook(str(path)) as book:
        assert book.sheet_names == ["入戶調查", "填表說明", "選項"]
        headers, *rest = book.get_sheet_by_name("入戶調查").to_python()
        lists = book.get_sheet_by_name("選項").to_python()
    assert headers == ["戶號", "作物", "面積(畝)", "在場人數(人)", "結餘(元)", "播種日期", "是否新發展", "備註"]
    assert rest == []
    assert lists == [["林果"], ["中藥材"], ["糧食"]]


def test_ids_are_kept_as_text_and_days_as_days(tmp_path: Path) -> None:
    """Else a spreadsheet makes a number of an ID number, and loses its last digits."""
    path = tmp_path / "template.xlsx"
    write_template(Survey, path)
    with zipfile.ZipFile(path) as archive:
        sheet, styles = (archive.read(f"xl/{part}.xml").decode() for part in ("worksheets/sheet1", "styles"))
    codes = {"0": "General"} | dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"', styles))
    (formats,) = re.findall(r"<cellXfs.*?</cellXfs>", styles)
    numbered = re.findall(r'<xf numFmtId="(\d+)"', formats)
    used = [
        codes[numbered[int(style or 0)]]
        for first, last, style in re.findall(r'<col min="(\d+)" max="(\d+)" [^>]*?(?:style="(\d+)"|/>)', sheet)
        for _ in range(int(first), int(last) + 1)
    ]
    assert used == ["@", "@", "General", "General", "General", "yyyy-mm-dd", "@", "@"]


def test_the_second_sheet_explains_every_column(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(Survey, path)
    with load_workbook(str(path)) as book:
        _, *rows = book.get_sheet_by_name("填表說明").to_python()
    told = {row[2]: row for row in rows}
    assert set(told) == {column.key for column in columns_of(Survey)} - {"id", "version", "district_code"}
    assert told["area"][:6] == ["面積", "Area", "area", "畝 / mu", "是 / Yes", "≥ 0，≤ 500，兩位小數 / two decimals"]
    assert told["crop"][6] == "林果 / Orchard、中藥材 / Medicinal herb、糧食 / Grain"
    assert told["heads"][3:6] == ["人 / person", "否 / No", "≥ 1，≤ 20，整數 / whole numbers"]
    assert told["remark"][5] == "最多 10 字 / up to 10 characters"
    assert told["source"][4] == "可另加一列 / May be added"


def test_a_header_says_its_unit_in_both_languages() -> None:
    (area,) = (column for column in columns_of(Survey) if column.key == "area")
    assert (header_of(area).zh, header_of(area).en) == ("面積(畝)", "Area (mu)")


def test_a_template_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_template(Survey, tmp_path / "nowhere" / "template.xlsx")
