"""From files to rows: what is good comes out as rows, what is not is told cell by cell, in every kind of file."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.survey import GOOD, HOUSEHOLD, READ, Card, Crop, Survey, write_csv, write_json

from bangfu.declare.records import Dated, columns_of
from bangfu.intake.headers import BadColumns
from bangfu.intake.references import Reference
from bangfu.intake.refused import Refused
from bangfu.intake.sheet import read_rows
from bangfu.intake.words import BLANKS
from bangfu.write.outcome import Code, Rejection

Found = list[tuple[int, Mapping[str, Any] | list[Rejection]]]


def found(path: Path, record: type[Dated] = Survey) -> Found:
    """All that comes of a file; each rejection says where it is and why."""
    given = list(read_rows(path, record))
    names = {column.key for column in columns_of(record)} | {None}
    for count, (_, row) in enumerate(given):
        for each in row if isinstance(row, list) else ():
            assert (each.row, each.column in names) == (count, True)
            assert isinstance(each.code, Code)
            assert each.message.zh
            assert each.message.en
        assert row, "neither a row nor a rejection"
    return given


def wrong(row: object) -> list[tuple[str | None, Code]]:
    """Columns and codes of a row that was rejected."""
    assert isinstance(row, list)
    return [(each.column, each.code) for each in row]


def as_csv(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    return write_csv(folder / "rows.csv", rows)


def as_tabs(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    return write_csv(folder / "rows.txt", rows, encoding="utf-16", delimiter="\t")


def as_xlsx(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    path = folder / "rows.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return path


def as_json(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    """The blank headers become keys that are blank."""
    keys, *others = rows
    return write_json(folder / "rows.jsonl", [dict(zip(map(str, keys), cells, strict=True)) for cells in others])


KINDS = pytest.mark.parametrize("write", [as_csv, as_tabs, as_xlsx, as_json])
Write = Callable[[Path, Sequence[Sequence[object]]], Path]
HEADERS = ["戶號", "作物", "面積(畝)", "播種日期", "是否新發展", "備註", "來源"]


@KINDS
def test_good_rows_are_read_from_every_kind_of_file(tmp_path: Path, write: Write) -> None:
    rows = [
        HEADERS,
        [f"household:{HOUSEHOLD}", "林果", "1,200.5畝".replace("1,200", "120"), "2015年3月5日", "是", "好", "村委會"],
        ["王甲子", "herb", "3", "2015/3/5", "×", "", ""],
    ]
    (first, one), (second, other) = found(write(tmp_path, rows))
    assert second == first + 1
    assert one == {
        "household_id": HOUSEHOLD,
        "crop": Crop.ORCHARD,
        "area": Decimal("120.50"),
        "sown_on": date(2015, 3, 5),
        "is_new": True,
        "remark": "好",
        "source": "村委會",
    }
    assert other == {
        "household_id": Reference("王甲子"),
        "crop": Crop.HERB,
        "area": Decimal("3.00"),
        "sown_on": date(2015, 3, 5),
        "is_new": False,
        "remark": None,
    }, "its source is that of the whole import"


@KINDS
def test_three_wrong_cells_are_three_rejections(tmp_path: Path, write: Write) -> None:
    good = [str(HOUSEHOLD), "林果", "3.5", "", "", "", ""]
    bad = [str(HOUSEHOLD), "鋼鐵", "3.555", "2015-02-30", "是", "字" * 11, "x"]
    given = found(write(tmp_path, [HEADERS, good, bad, good, ["", "林果", "-1", "", "", "", "x"]]))
    assert [isinstance(row, list) for _, row in given] == [False, True, False, True]
    assert wrong(given[1][1]) == [
        ("crop", Code.UNKNOWN_VALUE),
        ("area", Code.TOO_PRECISE),
        ("sown_on", Code.UNREADABLE),
        ("remark", Code.TOO_LONG),
    ]
    assert [each.suggestion for each in given[1][1] if isinstance(each, Rejection)] == [None, "3.56", None, None]
    assert wrong(given[3][1]) == [("household_id", Code.MISSING), ("area", Code.OUT_OF_RANGE)]


def test_lines_are_counted_as_people_see_them(tmp_path: Path) -> None:
    text = "\n".join(
        ["", "戶號,作物,面積,備註", f'{HOUSEHOLD},林果,3,"a\nb"', "", ",,,", f"{HOUSEHOLD},林果,3,", " ,,x,"]
    )
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    given = found(path)
    assert [line for line, _ in given] == [3, 7, 8]
    assert [each.row for each in given[2][1] if isinstance(each, Rejection)] == [2] * 3


def test_a_workbook_s_rows_are_counted_with_those_above(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(3, 2, ["戶號", "作物", "面積"])
        sheet.write_row(6, 2, [str(HOUSEHOLD), "林果", 3.5])
    assert found(path) == [(7, READ)]


@KINDS
def test_zero_and_no_are_values(tmp_path: Path, write: Write) -> None:
    rows: list[list[object]] = [
        [*GOOD, "結餘", "是否新發展"],
        [HOUSEHOLD, "林果", 0, 0, False],
        [*GOOD.values(), 0.0, 0],
    ]
    one, other = (row for _, row in found(write(tmp_path, rows)))
    assert one == READ | {"area": 0, "balance": 0, "is_new": False}
    assert other == READ | {"balance": 0, "is_new": False}


def test_short_rows_lack_values_and_long_ones_have_some_too_many(tmp_path: Path) -> None:
    rows = [
        [*GOOD, "備註", "", ""],
        list(GOOD.values()),
        [*GOOD.values(), "x", "", "", " "],
        [str(HOUSEHOLD)],
        [*GOOD.values(), "x", "", "y", "z"],
    ]
    given = [row for _, row in found(write_csv(tmp_path / "rows.csv", rows))]
    assert given[:2] == [READ, READ | {"remark": "x"}]
    assert wrong(given[2]) == [("crop", Code.MISSING), ("area", Code.MISSING)]
    assert wrong(given[3]) == [(None, Code.UNKNOWN_COLUMN)] * 2
    assert [each.message.en for each in given[3] if isinstance(each, Rejection)] == [
        "There is a value in column 6, which has no header.",
        "There is a value in column 7, which has no header.",
    ]


def test_a_change_says_its_version_and_leaves_out_what_stays(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "rows.csv",
        [
            ["編號", "版本", "備註", "面積"],
            [HOUSEHOLD, 3, "", "2"],
            [HOUSEHOLD, "", "x", "2"],
            ["x", 1, "x", "2"],
            ["", "", "new", "2"],
            ["", "", "", ""],
        ],
    )
    given = [row for _, row in found(path)]
    assert given[0] == {"id": HOUSEHOLD, "version": 3, "remark": None, "area": 2}
    assert wrong(given[1]) == [("version", Code.MISSING)]
    assert wrong(given[2]) == [("id", Code.UNREADABLE)]
    assert wrong(given[3]) == [("household_id", Code.MISSING), ("crop", Code.MISSING)], "it is a new row, then"
    assert len(given) == 4


def test_a_key_that_a_line_of_json_leaves_out_is_not_changed(tmp_path: Path) -> None:
    path = write_json(
        tmp_path / "rows.jsonl",
        [
            {"id": HOUSEHOLD, "version": 1, "remark": None},
            {"id": HOUSEHOLD, "version": 1, "area": 3},
            {"version": 1, "area": 3},
        ],
    )
    given = [row for _, row in found(path)]
    assert given[:2] == [
        {"id": HOUSEHOLD, "version": 1, "remark": None},
        {"id": HOUSEHOLD, "version": 1, "area": 3},
    ]
    assert wrong(given[2]) == [("household_id", Code.MISSING), ("crop", Code.MISSING)]


def test_keys_may_come_in_any_order_and_first_on_any_line(tmp_path: Path) -> None:
    path = write_json(tmp_path / "rows.jsonl", [GOOD, {"備註": "x", **dict(reversed(GOOD.items()))}])
    assert found(path) == [(1, READ), (2, READ | {"remark": "x"})]


def test_lines_that_are_no_json_are_rejected_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = json.dumps(GOOD)
    path.write_bytes(
        "\n".join(["\ufeff" + good, good[:-5], "", "[1]", good, '{"a": "' + "x" * (1 << 20) + '"}', good]).encode()
        + b'\n{"\xe6\x88": 1}\n'
    )
    given = found(path)
    assert [line for line, _ in given] == [1, 2, 4, 5, 6, 7, 8]
    assert [row for _, row in given if not isinstance(row, list)] == [READ] * 3
    assert [wrong(row) for _, row in given if isinstance(row, list)] == [[(None, Code.UNREADABLE)]] * 4
    assert not any(str(HOUSEHOLD) in each.message.en for _, row in given for each in row if isinstance(each, Rejection))


def test_values_of_json_that_are_lists_or_objects_are_told(tmp_path: Path) -> None:
    path = write_json(tmp_path / "rows.jsonl", [GOOD | {"備註": ["a"]}, GOOD | {"備註": {"a": 1}}])
    assert [wrong(row) for _, row in found(path)] == [[("remark", Code.UNREADABLE)]] * 2


def test_what_was_read_before_is_not_taken_for_what_looks_alike(tmp_path: Path) -> None:
    """1, 1.0, True and "1" are one key to a dict; they are not one value."""
    values = ["1", True, 1, 1.0, "1", True, "01", 0, False, "0"]
    path = write_json(tmp_path / "rows.jsonl", [GOOD | {"備註": each} for each in values])
    remarks = [row["remark"] for _, row in found(path) if isinstance(row, Mapping)]
    assert remarks == ["1", "TRUE", "1", "1", "1", "TRUE", "01", "0", "FALSE", "0"]


def test_many_different_values_are_read_like_few(tmp_path: Path) -> None:
    """More than are remembered, and each of them twice."""
    numbers = [*range(40_000), *range(40_000)]
    path = write_csv(tmp_path / "rows.csv", [[*GOOD, "備註"], *([*GOOD.values(), number] for number in numbers)])
    remarks = [row["remark"] for _, row in read_rows(path, Survey) if isinstance(row, Mapping)]
    assert remarks == list(map(str, numbers))


def test_a_file_that_ends_in_the_middle_of_a_quotation_is_refused_after_the_rows_before(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('戶號,作物,面積\n620502000000001,林果,3.5\n"620502000000002,林果,3\n', encoding="utf-8")
    rows = read_rows(path, Survey)
    assert next(rows) == (2, READ)
    with pytest.raises(Refused, match="begins on line 3") as caught:
        next(rows)
    assert caught.value.code == "FILE_MISQUOTED"


def test_wrong_headers_are_told_before_any_row(tmp_path: Path) -> None:
    with pytest.raises(BadColumns, match="'Area' is missing"):
        read_rows(write_csv(tmp_path / "rows.csv", [["戶號", "作物"], [HOUSEHOLD, "林果"]]), Survey)


def test_a_rejection_of_a_sensitive_column_does_not_repeat_the_value(tmp_path: Path) -> None:
    rows = [["人員編號", "證件號碼", "電話"], ["王甲子", "110105194912310021", "1380013800012"]]
    ((_, row),) = found(write_csv(tmp_path / "rows.csv", rows), Card)
    assert wrong(row) == [("id_number", Code.BAD_ID_NUMBER), ("phone", Code.TOO_LONG)]
    assert "110105194912310021" not in str(row)
    assert "13800138" not in str(row)


def test_a_long_file_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    """The misquoted end is not met by whoever stops before."""
    path = write_csv(tmp_path / "rows.csv", [list(GOOD), *([list(GOOD.values())] * 20_000)])
    with path.open("a", encoding="utf-8") as file:
        file.write('"')
    assert [row for _, row in islice(read_rows(path, Survey), 3)] == [READ] * 3


CELLS = st.lists(st.text(max_size=6) | st.sampled_from(["林果", "3", "是", str(HOUSEHOLD)]), max_size=9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(CELLS, max_size=5))
def test_every_row_that_is_not_blank_is_a_row_or_rejected(tmp_path: Path, rows: list[list[str]]) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([HEADERS, *rows])
    given = found(path)
    filled = [each for each in rows if any(cell.strip(BLANKS) for cell in each)]
    assert len(given) == len(filled)
