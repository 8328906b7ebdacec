"""Every kind of file is opened as what it is; what cannot be read is refused by a stable code, before it costs much."""

import gzip
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.survey import write_csv, write_json

from bangfu.intake.archive import check_workbook
from bangfu.intake.files import open_table
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.intake.refused import Refused
from bangfu.intake.table import Table

HEADERS = ["戶號", "姓名;住址", "備註"]
ROWS = [["1", "王甲子", 'a "b", c'], ["2", "李乙亥", "x\ty;z\nw"]]


def lines(table: Table) -> list[tuple[int, Any]]:
    return list(table.rows)


def cells_of(table: Table) -> list[Any]:
    return [cells for _, cells in table.rows]


def refused(path: Path, **options: Any) -> str:
    """The code with which a file is refused."""
    with pytest.raises(Refused) as caught:
        lines(open_table(path, **options))
    assert caught.value.text.zh
    assert caught.value.message == caught.value.text.en
    return caught.value.code


def workbook(path: Path, *sheets: Callable[[Any, Any], None]) -> Path:
    """A workbook of sheets, each filled by a function that is given the book and the sheet."""
    with xlsxwriter.Workbook(str(path)) as book:
        for fill in sheets:
            fill(book, book.add_worksheet())
    return path


def plain(_: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ["戶號", "面積"])
    sheet.write_row(1, 0, ["1", 3.5])


def rewritten(path: Path, change: Callable[[str, bytes], bytes], **options: Any) -> Path:
    """A copy of a workbook, its parts changed by a function that is given their names and contents."""
    changed = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED, **options) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return changed


class TestDelimited:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be-bom"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_a_file_is_read_in_every_encoding_with_every_delimiter(
        self, tmp_path: Path, encoding: str, delimiter: str
    ) -> None:
        path = tmp_path / "rows"
        rows = [HEADERS, *ROWS]
        if encoding == "utf-16-be-bom":
            write_csv(path, rows, encoding="utf-16-be", delimiter=delimiter)
            path.write_bytes(b"\xfe\xff" + path.read_bytes())
        else:
            write_csv(path, rows, encoding=encoding, delimiter=delimiter)
        table = open_table(path)
        assert list(table.headers) == HEADERS
        assert lines(table) == [(2, ROWS[0]), (3, ROWS[1])]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
    @given(
        st.lists(
            st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=3, max_size=3), max_size=4
        ),
        st.sampled_from([",", "\t", ";"]),
        st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    )
    def test_what_is_written_is_read(
        self, tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str
    ) -> None:
        path = write_csv(tmp_path / "rows.csv", [["甲", "乙", "丙"], *rows], encoding=encoding, delimiter=delimiter)
        assert [cells for _, cells in open_table(path).rows] == rows

    def test_one_column_needs_no_delimiter(self, tmp_path: Path) -> None:
        assert lines(open_table(write_csv(tmp_path / "rows.csv", [["戶號"], ["1"]]))) == [(2, ["1"])]

    def test_two_hundred_columns_are_read(self, tmp_path: Path) -> None:
        rows = [[f"{row}-{number}" for number in range(200)] for row in range(3)]
        assert [cells for _, cells in open_table(write_csv(tmp_path / "rows.csv", rows)).rows] == rows[1:]

    def test_a_name_says_nothing_of_the_kind(self, tmp_path: Path) -> None:
        assert list(open_table(write_csv(tmp_path / "rows.xlsx", [HEADERS])).headers) == HEADERS

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_lines_end_as_every_system_has_it(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / "rows.csv"
        path.write_bytes(ending.join(["甲,乙", "1,2", '"a', 'b",3', "4,5"]).encode())
        assert [line for line, _ in lines(open_table(path))] == [2, 3, 5]

    @pytest.mark.parametrize(
        "text",
        ['甲,乙\n1,"2\n3,4\n', '甲,乙\n1,"' + "x" * 200_000 + '"\n', '甲,乙\n"1"2,3\n', '"甲,乙\n'],
        ids=["to the end", "very long", "goes on", "headers"],
    )
    def test_quotations_that_do_not_end_are_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "rows.csv"
        path.write_text(text, encoding="utf-8")
        assert refused(path) == "FILE_MISQUOTED"

    def test_a_null_character_is_left_to_its_cell(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.csv"
        path.write_bytes("甲,乙\n1,a\x00b\n".encode())
        assert lines(open_table(path)) == [(2, ["1", "a\x00b"])]

    def test_a_long_file_takes_no_more_memory_than_a_short_one(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "rows.csv", [HEADERS, *([["1", "王甲子", "x" * 100]] * 60_000)])
        assert path.stat().st_size > 6_000_000
        tracemalloc.start()
        count = sum(1 for _ in open_table(path).rows)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 60_000
        assert most < 4_000_000


class TestJsonLines:
    def test_keys_are_headers_whatever_line_they_come_on(self, tmp_path: Path) -> None:
        path = write_json(tmp_path / "rows.csv", [{"戶號": "1", "面積": 3.5}, {"戶號": None, "備註": True}])
        table = open_table(path)
        assert list(table.headers) == ["戶號", "面積", "備註"]
        assert [list(map(repr, cells)) for cells in cells_of(table)] == [
            ["'1'", "3.5", "ABSENT"],
            ["None", "ABSENT", "True"],
        ]

    @pytest.mark.parametrize("text", ['[{"a": 1}, {"a": 2}]', '{\n  "a": 1\n}\n', "{}\n{}\n", "{broken"])
    def test_a_file_without_an_object_on_any_line_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_text(text, encoding="utf-8")
        assert refused(path) == "FILE_NOT_A_TABLE"

    def test_too_many_keys_are_refused(self, tmp_path: Path) -> None:
        path = write_json(tmp_path / "rows.jsonl", [{str(number): 1} for number in range(20)])
        assert refused(path, limits=FileLimits(columns=19)) == "FILE_TOO_LARGE"
        assert len(open_table(path, limits=FileLimits(columns=20)).headers) == 20


class TestWorkbooks:
    def test_cells_have_their_kinds(self, tmp_path: Path) -> None:
        def fill(book: Any, sheet: Any) -> None:
            sheet.write_row(0, 0, ["文", "數", "是", "日", "式", "並", ""])
            sheet.write_row(1, 0, ["a", 3.5, True])
            sheet.write_datetime(1, 3, date(2015, 3, 5), book.add_format({"num_format": "yyyy-mm-dd"}))
            sheet.write_formula(1, 4, "=1+1", None, 2)
            sheet.merge_range(1, 5, 2, 5, "m")
            sheet.write(2, 0, "b")

        table = open_table(workbook(tmp_path / "rows.xlsx", fill))
        assert list(table.headers)[:6] == ["文", "數", "是", "日", "式", "並"]
        assert [cells[:6] for cells in cells_of(table)] == [
            ["a", 3.5, True, date(2015, 3, 5), 2, "m"],
            ["b", "", "", "", "", ""],
        ]

    def test_the_first_visible_sheet_in_use_is_read_or_the_one_that_is_named(self, tmp_path: Path) -> None:
        def write(word: str, *, hidden: bool = False) -> Callable[[Any, Any], None]:
            def fill(_: Any, sheet: Any) -> None:
                sheet.write(0, 0, word)
                if hidden:
                    sheet.hide()

            return fill

        def nothing(_: Any, sheet: Any) -> None:
            """Leaves the sheet as it is."""

        path = workbook(tmp_path / "rows.xlsx", nothing, write("隱", hidden=True), write("甲"), write("乙"))
        assert list(open_table(path).headers) == ["甲"]
        assert list(open_table(path, sheet="Sheet4").headers) == ["乙"]
        assert list(open_table(path, sheet="Sheet2").headers) == ["隱"]
        assert refused(path, sheet="Sheet9") == "SHEET_NOT_FOUND"
        assert refused(path, sheet="Sheet1") == "FILE_EMPTY"

    def test_only_a_workbook_has_sheets(self, tmp_path: Path) -> None:
        assert refused(write_csv(tmp_path / "rows.csv", [HEADERS]), sheet="Sheet1") == "SHEET_NOT_FOUND"

    def test_a_workbook_that_unpacks_to_too_much_is_refused(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "rows.xlsx", plain)
        bomb = rewritten(path, lambda name, text: text + b" " * 12_000_000 * ("sheet1" in name))
        assert bomb.stat().st_size < 50_000
        assert refused(bomb) == "FILE_TOO_LARGE"
        assert refused(bomb, limits=FileLimits(ratio=10_000, unpacked=10_000_000)) == "FILE_TOO_LARGE"
        assert lines(open_table(bomb, limits=FileLimits(ratio=10_000))) == [(2, ["1", 3.5])]  # blanks are no harm

    def test_a_directory_that_lies_about_sizes_is_not_believed(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "rows.xlsx", plain)
        bomb = rewritten(path, lambda name, text: text + b" " * 12_000_000 * ("sheet1" in name))
        with zipfile.ZipFile(bomb) as archive:
            (size,) = (part.file_size for part in archive.infolist() if "sheets/sheet1" in part.filename)
        raw = bomb.read_bytes()
        assert raw.count(struct.pack("<I", size)) == 2, "in the directory, and before the part"
        bomb.write_bytes(raw.replace(struct.pack("<I", size), struct.pack("<I", 1000)))
        assert refused(bomb) == "FILE_TOO_LARGE"

    @pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "xfd1048576"])
    def test_two_cells_far_apart_are_refused_before_all_between_are_made(self, tmp_path: Path, place: str) -> None:
        def fill(_: Any, sheet: Any) -> None:
            sheet.write_row(0, 0, ["甲"] * 100)
            sheet.write("XFD1048576" if place != "A1048576" else place, "x")

        path = workbook(tmp_path / "rows.xlsx", fill)
        if place.islower():
            path = rewritten(path, lambda _, text: text.replace(b"XFD1048576", place.encode()))
        assert path.stat().st_size < 10_000
        assert refused(path) == "FILE_TOO_LARGE"

    def test_cells_that_do_not_say_where_they_stand_are_counted(self, tmp_path: Path) -> None:
        def fill(_: Any, sheet: Any) -> None:
            for row in range(100):
                sheet.write_row(row, 0, range(10))

        path = rewritten(workbook(tmp_path / "rows.xlsx", fill), _without_places)
        assert len(lines(open_table(path))) == 99
        check_workbook(path, FileLimits(cells=200_000))
        assert refused(path, limits=FileLimits(cells=900)) == "FILE_TOO_LARGE"

    def test_the_extent_is_counted_across_pieces(self, tmp_path: Path) -> None:
        """A part of several megabytes, of which no tag may be counted twice or lost."""

        def fill(_: Any, sheet: Any) -> None:
            for row in range(8_000):
                sheet.write_row(row, 0, [1234.5] * 10)

        path = workbook(tmp_path / "rows.xlsx", fill)
        with zipfile.ZipFile(path) as archive:
            assert max(part.file_size for part in archive.infolist()) > 2 << 20
        check_workbook(path, FileLimits(cells=80_000))
        with pytest.raises(Refused, match="up to 79,999 cells"):
            check_workbook(path, FileLimits(cells=79_999))

    def test_a_workbook_with_a_password_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.xlsx"
        stream = "EncryptedPackage".encode("utf-16-le")
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000) + stream + bytes(4000))
        assert refused(path) == "FILE_ENCRYPTED"
        zipped = workbook(tmp_path / "zipped.xlsx", plain)
        raw = bytearray(zipped.read_bytes())
        entry = raw.rindex(b"PK\x01\x02")
        raw[entry + 8] |= 1
        zipped.write_bytes(raw)
        assert refused(zipped) == "FILE_ENCRYPTED"

    def test_an_old_workbook_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.xls"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000))
        with pytest.raises(Refused, match="Save an old .xls as .xlsx"):
            open_table(path)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
    @given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
    def test_a_damaged_workbook_is_read_or_refused(self, tmp_path: Path, damage: list[tuple[float, int]]) -> None:
        path = tmp_path / "rows.xlsx"
        if not path.exists():
            workbook(path, plain)
        raw = bytearray(path.read_bytes())
        for place, byte in damage:
            raw[int(place * len(raw))] = byte
        damaged = tmp_path / "damaged.xlsx"
        damaged.write_bytes(raw)
        try:
            lines(open_table(damaged))
        except Refused as error:
            told = error.code
        else:
            told = "FILE_NOT_A_TABLE"
        assert told in {"FILE_NOT_A_TABLE", "FILE_EMPTY", "FILE_ENCRYPTED", "FILE_TOO_LARGE", "FILE_MISQUOTED"}


def _without_places(name: str, text: bytes) -> bytes:
    if "worksheets/sheet" not in name:
        return text
    with_rows, *cells = text.split(b'<c r="')
    return with_rows + b"".join(b"<c " + cell.split(b'"', 1)[1] for cell in cells)


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n\t\n", b"\xef\xbb\xbf", ",,,\n　,\n".encode(), b"\xff\xfe"])
def test_a_file_in_which_nothing_stands_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert refused(path) == "FILE_EMPTY"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n1 0 obj\n",
        b"\x89PNG\r\n\x1a\n" + bytes(99),
        b"\xff\xd8\xff\xe0" + bytes(99),
        gzip.compress(b"a,b\n1,2\n"),
        b"<html><table><tr><td>1</td></tr></table></html>",
        b"PK\x03\x04" + bytes(99),
        b"a\x00b,c\n1,2\n",
        "甲,乙\n1,2\n".encode("utf-16-le"),
        "甲,乙\n1,2\n".encode("utf-32"),
        b"\xff\xfe\x00",
        b"a,b\n\xff\xff\xff\n",
        b"x" * (3 << 20),
    ],
    ids=["pdf", "png", "jpeg", "gzip", "html", "zip", "null", "utf-16 unmarked", "utf-32", "cut", "bytes", "endless"],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert refused(path) == "FILE_NOT_A_TABLE"


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refused(path) == "FILE_NOT_A_TABLE"


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    assert refused(write_csv(tmp_path / "rows.csv", [["x"] * (LIMITS.columns + 1)])) == "FILE_TOO_LARGE"


def test_a_file_that_is_not_there_is_no_mistake_of_its_content(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_table(tmp_path / "nothing.csv")
