"""Headers are found however they are written; all that is wrong with them is told at once."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Mapped
from tests.intake.survey import Card, Spring, Survey

from bangfu import HouseholdRecord, Text, Unit, quantity, text, whole
from bangfu.declare.records import Dated
from bangfu.domain.households import Household, Person
from bangfu.domain.targets import Target
from bangfu.intake.cells import BY_UNIT, may_be_missing
from bangfu.intake.headers import BadColumns, offered_columns, read_headers
from bangfu.intake.refused import Refused
from bangfu.intake.template import header_of
from bangfu.write.outcome import Code
from bangfu_industry.records import Herd, Planting

NEEDED = ["戶號", "作物", "面積"]
UNITS = BY_UNIT | {"head": Unit(name="head", title=Text("頭(隻)", "head"))}


class Twins(HouseholdRecord):
    """Two columns with the same title."""

    __plugin__ = "survey"
    __title__ = Text("同名", "Twins")

    one: Mapped[str | None] = text(9, zh="說明", en="One")
    other: Mapped[str | None] = text(9, zh="說明", en="Other")
    place: Mapped[str | None] = text(9, zh="地點", en="Where")
    household: Mapped[int | None] = whole("household", zh="戶數", en="Households")
    area: Mapped[int | None] = quantity("mu", zh="面積", en="Area")


def columns(record: type[Dated], headers: Sequence[object]) -> list[str | None]:
    """The names of the columns that headers mean."""
    return [None if each is None else each.key for each in read_headers(record, headers, UNITS).columns]


def problems(record: type[Dated], headers: Sequence[object]) -> list[tuple[str | None, str | None, Code, str | None]]:
    """Header, column, code and suggestion of each problem."""
    with pytest.raises(BadColumns) as caught:
        read_headers(record, headers, UNITS)
    assert caught.value.code == "BAD_COLUMNS"
    for each in caught.value.problems:
        assert each.message.zh
        assert each.message.en
    return [(each.header, each.column, each.code, each.suggestion) for each in caught.value.problems]


def wanted(header: str) -> str | None:
    """The column of Survey that one header means, beside those that are needed; none of them has to be it."""
    try:
        return columns(Survey, [*NEEDED, header])[-1]
    except BadColumns as error:
        (problem,) = error.problems
        return problem.column if problem.code is Code.DUPLICATE else None


RECORDS = (Survey, Card, Spring, Planting, Herd, Household, Person, Target)


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("way", ["name", "camel", "zh", "en", "bare"])
@settings(max_examples=10)
@given(data=st.data())
def test_every_column_of_every_record_is_found_by_its_name_and_its_titles(
    record: type[Dated], way: str, data: st.DataObject
) -> None:
    offered = [each for each in offered_columns(record) if each.key != "id"]
    chosen = data.draw(st.permutations(offered))
    headers = []
    for each in chosen:
        head, *rest = each.key.split("_")
        titled = header_of(each, UNITS)
        ways = {"name": each.key, "camel": head + "".join(map(str.capitalize, rest)), "zh": titled.zh, "en": titled.en}
        headers.append(ways.get(way, header_of(each, {}).zh))
    # One column of Herd is titled as another is named; how a word is written tells them apart.
    cases: list[Callable[[str], str]] = [str] if record is Herd else [str, str.upper, str.lower]
    case = data.draw(st.sampled_from(cases))
    blanks = data.draw(st.sampled_from(["{}", " {} ", "　{}", "\ufeff{}\n"]))
    assert columns(record, [blanks.format(case(each)) for each in headers]) == [each.key for each in chosen]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("面积", "area"),
        ("面積（畝）", "area"),
        ("面積[mu]", "area"),
        ("面积【亩】", "area"),
        ("AREA (MU)", "area"),
        ("面積(公頃)", None),
        ("面積(畝", None),
        ("面積()", None),
        ("結餘(萬元)", None),
        ("備註(選填)", None),
        ("户编号", "household_id"),
        ("household", "household_id"),
        ("householdId", "household_id"),
        ("person", None),
        ("district_code", None),
        ("phone_index", None),
        ("统计口径", "basis"),
        ("validFrom", "valid_from"),
    ],
)
def test_a_header_is_found_with_its_own_unit_in_brackets_and_no_other(header: str, column: str | None) -> None:
    assert wanted(header) == column


def test_a_unit_with_brackets_of_its_own_is_found() -> None:
    assert columns(Herd, ["戶號", "畜種", "存欄(頭(隻))", "是否享受產業扶持"])[2] == "animals"


def test_a_place_and_a_person_have_short_names() -> None:
    assert columns(Spring, ["place", "名稱"]) == ["place_code", "name"]
    assert columns(Spring, ["區劃代碼", "name"]) == ["place_code", "name"]
    assert columns(Card, ["人員編號", "ID number"]) == ["person_id", "id_number"]


def test_a_short_name_stands_behind_a_column_of_that_name() -> None:
    assert columns(Twins, ["household_id", "household", "place"]) == ["household_id", "household", "place"]


def test_headers_that_are_blank_mean_no_column() -> None:
    assert columns(Survey, [*NEEDED, None, "", " "]) == ["household_id", "crop", "area", None, None, None]


def test_all_problems_are_told_at_once() -> None:
    assert problems(Survey, ["作物", "作物類", "面积", "area", "面積(公頃)", 2015, "xyz"]) == [
        ("作物類", None, Code.UNKNOWN_COLUMN, "作物"),
        ("面積(公頃)", "area", Code.UNKNOWN_COLUMN, "面積(畝)"),
        ("2015", None, Code.UNKNOWN_COLUMN, None),
        ("xyz", None, Code.UNKNOWN_COLUMN, None),
        ("area", "area", Code.DUPLICATE, None),
        (None, "household_id", Code.MISSING, "戶號"),
    ]


def test_a_title_of_two_columns_is_told() -> None:
    assert problems(Twins, ["戶號", "說明"]) == [("說明", None, Code.AMBIGUOUS, None)]
    assert columns(Twins, ["戶號", "one", "Other"]) == ["household_id", "one", "other"]


def test_a_title_that_is_another_column_s_name_is_told_from_it_by_how_it_is_written() -> None:
    others = ["戶號", "是否享受產業扶持"]
    assert columns(Herd, [*others, "Animals", "Animals held"])[2:] == ["species", "animals"]
    assert columns(Herd, [*others, "species", "animals (head)"])[2:] == ["species", "animals"]
    assert problems(Herd, [*others, "ANIMALS", "species", "存欄"]) == [("ANIMALS", None, Code.AMBIGUOUS, None)]


def test_the_message_names_every_problem_in_both_languages() -> None:
    with pytest.raises(BadColumns) as caught:
        read_headers(Survey, ["作物", "面積(公頃)"])
    assert caught.value.text.zh == (
        "表頭有誤：「面積(公頃)」：此列以畝計，不可為「公頃」。缺少「戶號」一列。缺少「面積」一列。"
    )
    assert caught.value.message == caught.value.text.en
    assert "'面積(公頃)': the column is kept in mu, not in '公頃'." in caught.value.message


def test_a_message_of_many_problems_stays_short() -> None:
    with pytest.raises(BadColumns) as caught:
        read_headers(Survey, [*NEEDED, *(f"{'x' * 1000}{number}" for number in range(16_000))])
    assert len(caught.value.problems) == 16_000
    assert len(caught.value.message) < 4_000
    assert "And 15980 more." in caught.value.message


def test_a_file_without_any_header_is_refused() -> None:
    with pytest.raises(
        Refused, match="has no header of 'Survey of a household'. It needs: household, Crop, Area."
    ) as caught:
        read_headers(Survey, ["620502000000001", "林果", 3.5])
    assert caught.value.code == "FILE_WITHOUT_HEADER"
    assert "戶號、作物、面積" in caught.value.text.zh


def test_what_is_said_for_a_whole_import_needs_no_header() -> None:
    assert columns(Survey, NEEDED) == ["household_id", "crop", "area"]


def test_a_file_that_changes_rows_needs_their_version_and_no_other_column() -> None:
    layout = read_headers(Survey, ["編號", "版本", "備註"])
    assert [each.key for each in layout.columns if each is not None] == ["id", "version", "remark"]
    assert [each.key for each in layout.absent] == ["household_id", "crop", "area"]
    assert not any(may_be_missing(each) for each in layout.absent)
    assert problems(Survey, ["id", "備註"]) == [(None, "version", Code.MISSING, "版本")]
