"""Of every bad row of a file, of whichever kind, it is told where, in which column, what and why."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from tests.bulk.office import HEAD, ORCHARD, Office
from tests.write.clerk import BASE

from bangfu.declare.records import Dated
from bangfu.domain.households import Person
from bangfu.domain.income import Income
from bangfu.domain.targets import Target
from bangfu_industry.records import Planting

Bad = tuple[str, str, Sequence[str]]
"""The column that is meant, the code, and the cells."""

HOME = str(BASE + 1)
PEOPLE = ("戶編號", "姓名", "性別", "證件號碼", "與戶主關係", "出生日期", "入戶日期", "離戶日期")
TARGETS = ("區劃代碼", "指標", "起始日期", "截止日期", "目標值")
INCOMES = ("戶編號", "年度", "工資性收入", "生產經營性收入", "財產性收入", "轉移性收入", "生產經營性支出", "人均純收入")
CHANGES = ("編號", "版本", "作物")


def plantings() -> Iterator[Bad]:
    good = [HOME, *ORCHARD]
    for at, cell, column, code in (
        (0, "", "household_id", "MISSING"),
        (0, str(BASE + 999_999), "household_id", "UNKNOWN_HOUSEHOLD"),
        (0, "張三家", "household_id", "UNKNOWN_HOUSEHOLD"),
        (1, "蘑菇", "kind", "UNKNOWN_VALUE"),
        (2, "長" * 201, "crop", "TOO_LONG"),
        (3, "2.555", "area", "TOO_PRECISE"),
        (3, "-1", "area", "OUT_OF_RANGE"),
        (3, "很多", "area", "UNREADABLE"),
        (4, "2015.13.5", "planted_on", "UNREADABLE"),
        (5, "也許", "is_new", "UNREADABLE"),
    ):
        yield column, code, [*good[:at], cell, *good[at + 1 :]]


def people() -> Iterator[Bad]:
    good = [HOME, "王甲子", "女", "", "子女", "2001-01-01", "2014-01-01", ""]
    yield "id_number", "BAD_ID_NUMBER", [*good[:3], "620502198001010018", *good[4:]]
    yield "left_on", "CHECK_FAILED", [*good[:7], "2013-01-01"]
    yield "born_on", "CHECK_FAILED", [*good[:5], "2014-06-01", *good[6:]]


def targets(gone: str) -> Iterator[Bad]:
    rest = ["industry.orchard_area", "2031-01-01", "2031-12-31", "7"]
    yield "place_code", "UNKNOWN_PLACE", ["620502999", *rest]
    yield "place_code", "NOT_IN_FORCE", [gone, *rest]
    yield "place_code", "UNREADABLE", ["62050", *rest]
    yield "ends_on", "CHECK_FAILED", ["620502", rest[0], "2031-01-01", "2030-12-31", "7"]


INCOME = [HOME, "2031", "1", "1", "1", "1", "1", "1"]


def incomes() -> Iterator[Bad]:
    """The second of two for one year."""
    yield "", "", INCOME
    yield "year", "DUPLICATE", INCOME


def changes() -> Iterator[Bad]:
    yield "version", "STALE", [str(BASE + 1), "99", "梨"]
    yield "id", "NOT_FOUND", [str(BASE + 999_999), "1", "梨"]
    yield "version", "MISSING", [str(BASE + 2), "", "梨"]


@pytest.mark.parametrize("times", [1, 40])
def test_every_bad_row_is_told(office: Office, times: int) -> None:
    """Among good ones, in any order; counted over all kinds there are."""
    with office.database.engine.connect() as connection:
        to_come = text("SELECT code / 1000 FROM place WHERE level = 3 AND valid_from > '2015-12-31'")
        gone = str(connection.scalar(to_come))
    files: tuple[tuple[type[Dated], Sequence[str], list[Bad], list[Sequence[str]]], ...] = (
        (Planting, HEAD, list(plantings()), [[HOME, *ORCHARD]]),
        (Person, PEOPLE, list(people()), [[HOME, "王甲丑", "男", "", "子女", "", "2014-01-01", ""]]),
        (Target, TARGETS, list(targets(gone)), []),
        (Income, INCOMES, list(incomes()), []),
        (Planting, CHANGES, list(changes()), []),
    )
    told: Counter[str] = Counter()
    for number, (record, head, bad, good) in enumerate(files):
        repeated = times if record is Planting and head is HEAD else 1
        rows = [(column, code, cells) for column, code, cells in bad for _ in range(repeated)]
        rows += [("", "", cells) for cells in good for _ in range(repeated * 10)]
        if record is not Income:
            Random(number).shuffle(rows)
        file: Path = office.file(*(cells for _, _, cells in rows), head=head, name=f"{number}.csv")
        plan = office.plan(file, record)
        expected = [(line, column, code) for line, (column, code, _) in enumerate(rows, 2) if code]
        assert sorted(office.said()) == expected
        assert plan.rejected == len(expected)
        for each in office.refused:
            assert each.rejection.message.zh
            assert each.rejection.message.en
            told[each.rejection.code.value] += 1
    assert len(told) == 14, sorted(told)
