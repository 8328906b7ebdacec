"""A value written as a person would write it is read as itself; anything else is told with what would be accepted."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.schema import Column
from tests.intake.survey import HOUSEHOLD, Card, Crop, Illness, Spring, Survey, read, told

from bangfu.declare.codes import official_code
from bangfu.declare.id_number import check_digit
from bangfu.declare.records import Basis, columns_of
from bangfu.domain.households import Person
from bangfu.intake.cells import read_value
from bangfu.intake.headers import offered_columns
from bangfu.intake.references import Reference
from bangfu.intake.unreadable import Unreadable
from bangfu.write.outcome import Code

WIDE = {code: 0xFEE0 + code for code in range(0x21, 0x7F)}
AMOUNTS = st.decimals(0, 500, places=2)
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))


def spelled(word: str) -> st.SearchStrategy[str]:
    """Ways in which the same characters come out of a keyboard or a form."""
    blanks = st.sampled_from(["", " ", "　", "\t", "\n", "\u00a0", "\u200b"])
    return st.tuples(blanks, st.sampled_from([word, word.translate(WIDE)]), blanks).map("".join)


class TestNumbers:
    @given(st.data(), AMOUNTS)
    def test_an_amount_is_read_as_it_is_written(self, data: st.DataObject, amount: Decimal) -> None:
        form = data.draw(st.sampled_from(["{}", "{:,}", "{}畝", "{} mu", "{:,} 亩", "{}Mu", "+{}"]))
        value = read("area", data.draw(spelled(form.format(amount))))
        assert (value, type(value)) == (amount, Decimal)
        assert read("area", amount) == amount
        assert read("area", float(amount)) == amount

    @given(st.data(), st.integers(-(10**13) + 1, 10**13 - 1))
    def test_thousands_are_separated_by_commas_or_by_blanks(self, data: st.DataObject, yuan: int) -> None:
        form = data.draw(st.sampled_from([f"{yuan:,}", f"{yuan:,}".replace(",", " "), f"{yuan:,}.00 元"]))
        assert read("balance", data.draw(spelled(form))) == yuan

    @given(st.integers(1, 20))
    def test_a_whole_number_is_read_as_an_int(self, heads: int) -> None:
        for raw in (heads, float(heads), str(heads), f"{heads}.0", f"{heads}人", f"{heads} persons", Decimal(heads)):
            value = read("heads", raw)
            assert (value, type(value)) == (heads, int)

    def test_a_sum_that_a_spreadsheet_shows_as_three_tenths_is_three_tenths(self) -> None:
        assert read("area", 0.1 + 0.2) == Decimal("0.30")

    def test_another_minus_is_a_minus(self) -> None:
        assert read("balance", "−5") == read("balance", "－5") == read("balance", "-5") == -5

    @pytest.mark.parametrize(
        ("name", "raw", "code", "hint"),
        [
            ("area", "3.555", Code.TOO_PRECISE, "3.56"),
            ("area", 1 / 3, Code.TOO_PRECISE, "0.33"),
            ("heads", "3.5", Code.TOO_PRECISE, "4"),
            ("area", "-1", Code.OUT_OF_RANGE, None),
            ("area", "500.01", Code.OUT_OF_RANGE, None),
            ("heads", "0", Code.OUT_OF_RANGE, None),
            ("heads", "21", Code.OUT_OF_RANGE, None),
            ("balance", "10000000000000", Code.OUT_OF_RANGE, None),
            ("balance", 1e300, Code.OUT_OF_RANGE, None),
            pytest.param("balance", 10**5000, Code.OUT_OF_RANGE, None, id="long"),
            ("version", str(2**31), Code.OUT_OF_RANGE, None),
            ("area", "三畝半", Code.UNREADABLE, None),
            ("area", "3公頃", Code.UNREADABLE, None),
            ("area", "1.2萬", Code.UNREADABLE, None),
            ("area", "10²", Code.UNREADABLE, None),
            ("area", "1,5", Code.UNREADABLE, None),
            ("area", "1,2000", Code.UNREADABLE, None),
            ("area", "1,200,5", Code.UNREADABLE, None),
            ("area", "3-5", Code.UNREADABLE, None),
            ("area", "1.2E+05", Code.UNREADABLE, None),
            ("area", "٣", Code.UNREADABLE, None),
            ("area", "9" * 5000, Code.UNREADABLE, None),
            ("area", True, Code.UNREADABLE, None),
            ("area", date(2015, 3, 5), Code.UNREADABLE, None),
            ("area", timedelta(1), Code.UNREADABLE, None),
            ("area", float("nan"), Code.UNREADABLE, None),
            ("area", Decimal("Infinity"), Code.UNREADABLE, None),
            ("area", [3], Code.UNREADABLE, None),
        ],
    )
    def test_what_is_no_amount_of_the_column_is_told(self, name: str, raw: object, code: Code, hint: str) -> None:
        error = told(name, raw)
        assert (error.code, error.suggestion) == (code, hint)

    def test_the_message_says_the_range_and_the_unit(self) -> None:
        message = told("area", "501").message
        assert message.zh == "「501」超出範圍。可用：0 至 500畝。"
        assert message.en == "'501' is out of range. Accepted: 0 to 500 mu."


class TestDays:
    @given(st.data(), DAYS)
    def test_a_day_is_read_as_it_is_written(self, data: st.DataObject, day: date) -> None:
        y, m, d = day.year, day.month, day.day
        form = data.draw(
            st.sampled_from(
                [
                    f"{y}-{m:02}-{d:02}",
                    f"{y}-{m}-{d}",
                    f"{y}.{m}.{d}",
                    f"{y}/{m:02}/{d}",
                    f"{y}年{m}月{d}日",
                    f"{y} 年 {m} 月 {d} 日",
                    f"{y}年{m}月{d}號",
                    f"{y}{m:02}{d:02}",
                    f"{y}-{m:02}-{d:02}T00:00:00",
                    f"{y}/{m}/{d} 0:00",
                ]
            )
        )
        assert read("sown_on", data.draw(spelled(form))) == day
        assert read("sown_on", day) == day
        assert read("sown_on", datetime.combine(day, time(14, 30))) == day
        assert read("sown_on", int(f"{y}{m:02}{d:02}")) == read("sown_on", float(f"{y}{m:02}{d:02}")) == day

    @given(st.integers(20_000, 80_000))
    def test_a_serial_number_of_a_spreadsheet_is_a_day(self, serial: int) -> None:
        day = date(2015, 3, 5) + timedelta(days=serial - 42_068)  # as Excel has it
        assert read("sown_on", serial) == read("sown_on", float(serial)) == read("sown_on", serial + 0.75) == day

    @pytest.mark.parametrize(
        "raw",
        [
            "2015-02-30",
            "2015-13-01",
            "2015-3",
            "2015年3月",
            "15-03-05",
            "3/5/2015",
            "2015-3/5",
            "2015年3.5",
            "2015-3月5",
            "去年",
            "20150305123",
            "42068",
            19999,
            80001,
            3,
            True,
            Decimal(42068),
            "٢٠١٥-٠٣-٠٥",
            "2015-03-05T25",
            "2" * 999,
        ],
    )
    def test_what_is_no_day_is_told(self, raw: object) -> None:
        error = told("sown_on", raw)
        assert error.code is Code.UNREADABLE
        assert "2015年3月5日" in error.message.zh
        assert "2015-03-05" in error.message.en

    @pytest.mark.parametrize(
        "raw", ["0215-03-05", "1899-12-31", "9999-12-31", date(1899, 12, 31), datetime(3000, 1, 1)]
    )
    def test_a_day_of_another_millennium_is_mistyped(self, raw: object) -> None:
        assert told("sown_on", raw).code is Code.OUT_OF_RANGE


class TestLists:
    @given(st.data(), st.sampled_from(Crop))
    def test_a_value_is_read_by_its_name_or_its_titles(self, data: st.DataObject, crop: Crop) -> None:
        word = data.draw(st.sampled_from([crop.name, crop.name.lower(), crop.title.zh, crop.title.en]))
        assert read("crop", data.draw(spelled(word))) is crop
        assert read("crop", crop) is crop

    def test_a_value_is_read_in_simplified_characters(self) -> None:
        assert (read("crop", "中药材"), read("crop", "粮食")) == (Crop.HERB, Crop.GRAIN)

    @pytest.mark.parametrize(
        ("raw", "hint"), [("中藥", "中藥材"), ("粮", "糧食"), ("Medicinal herbs", "Medicinal herb"), ("HRB", "HERB")]
    )
    def test_what_was_probably_meant_is_told_and_can_be_read(self, raw: str, hint: str) -> None:
        error = told("crop", raw)
        assert (error.code, error.suggestion) == (Code.UNKNOWN_VALUE, hint)
        assert f"「{hint}」" in error.message.zh
        assert "Accepted: Orchard, Medicinal herb, Grain." in error.message.en
        assert isinstance(read("crop", hint), Crop)

    @pytest.mark.parametrize("raw", ["鋼鐵", "x" * 100_000, 7, True, date(2015, 1, 1)])
    def test_what_is_like_nothing_in_the_list_is_told_without_a_suggestion(self, raw: object) -> None:
        error = told("crop", raw)
        assert (error.code, error.suggestion) == (Code.UNKNOWN_VALUE, None)

    @given(st.data(), st.booleans())
    def test_a_flag_is_read_as_it_is_written(self, data: st.DataObject, flag: bool) -> None:
        words = ["是", "有", "YES", "y", "True", "1", "√", "✓"] if flag else ["否", "無", "无", "No", "false", "0", "×"]
        assert read("is_new", data.draw(spelled(data.draw(st.sampled_from(words))))) is flag
        assert read("is_new", flag) is flag
        assert read("is_new", float(flag)) is read("is_new", int(flag)) is flag

    @pytest.mark.parametrize("raw", ["x", "可能", "2", 2, -1, 0.5, "是否", date(2015, 1, 1), []])
    def test_what_is_neither_yes_nor_no_is_told(self, raw: object) -> None:
        error = told("is_new", raw)
        assert error.code is Code.UNREADABLE
        assert "是/否" in error.message.zh


class TestTexts:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("　兩 頭 　", "兩 頭"),
            ("ＡＢ", "ＡＢ"),
            (13800.0, "13800"),
            (3.1, "3.1"),
            (7, "7"),
            (True, "TRUE"),
            (date(2015, 3, 5), "2015-03-05"),
            (datetime(2015, 3, 5), "2015-03-05"),
            (Decimal("1E+3"), "1000"),
            ("a\nb\tc", "a\nb\tc"),
            ("#5", "#5"),
        ],
    )
    def test_a_text_is_kept_as_it_is_but_for_blanks_at_its_ends(self, raw: object, text: str) -> None:
        assert read("remark", raw) == text

    def test_a_text_may_be_as_long_as_its_column(self) -> None:
        assert read("remark", "字" * 10) == "字" * 10
        assert read("remark", " " + "字" * 10 + " ") == "字" * 10
        assert told("remark", "字" * 11).code is Code.TOO_LONG
        assert told("phone", "1" * 12, Card).code is Code.TOO_LONG  # sealed: its length is not the stored one's

    @pytest.mark.parametrize("name", ["remark", "crop", "area", "sown_on", "is_new", "household_id", "source"])
    def test_a_null_character_is_told(self, name: str) -> None:
        error = told(name, "a\x00b")
        assert error.code in (Code.UNREADABLE, Code.UNKNOWN_VALUE)

    @pytest.mark.parametrize("raw", ["a\x00b", "\ud800", "#N/A", "#REF!", 1e15, {"a": 1}, [], time(3), timedelta(1)])
    def test_what_cannot_be_kept_as_a_text_is_told(self, raw: object) -> None:
        assert told("remark", raw).code is Code.UNREADABLE

    def test_a_number_that_has_lost_digits_is_told_so(self) -> None:
        message = told("phone", 6.2170012345678901e18, Card).message
        assert "文本" in message.zh
        assert "lost its last digits" in message.en


class TestIdNumbers:
    @given(st.data(), st.text("0123456789", min_size=17, max_size=17))
    def test_an_id_number_is_read_as_it_is_written(self, data: st.DataObject, first: str) -> None:
        number = first + check_digit(first)
        for form in (number, number.lower()):
            assert read("id_number", data.draw(spelled(form)), Card) == number

    def test_fifteen_digits_become_eighteen(self) -> None:
        assert read("id_number", "110105491231002", Card) == "11010519491231002X"
        assert read("id_number", 110105491231002.0, Card) == "11010519491231002X"

    @pytest.mark.parametrize("raw", [6.2e17, 620502198001011234.0, "6.20502E+17", "6.2e17"])
    def test_a_number_that_a_spreadsheet_has_rounded_is_told_so(self, raw: object) -> None:
        error = told("id_number", raw, Card)
        assert error.code is Code.BAD_ID_NUMBER
        assert "文本" in error.message.zh
        assert "Format the column as text" in error.message.en

    @pytest.mark.parametrize("raw", ["110105194912310021", "11010519491231002", "abc", "1" * 400, 7, "X" * 18])
    def test_what_is_no_id_number_is_told(self, raw: object) -> None:
        assert told("id_number", raw, Card).code is Code.BAD_ID_NUMBER


class TestReferences:
    @given(st.data(), st.integers(1, 999_999_999))
    def test_an_id_is_read_with_its_type_or_without(self, data: st.DataObject, number: int) -> None:
        key = 620502 * 10**9 + number
        form = data.draw(st.sampled_from([f"household:{key}", str(key), f"Household:{key}"]))
        assert read("household_id", data.draw(spelled(form))) == key
        assert read("household_id", key) == read("household_id", float(key)) == key
        assert read("person_id", f"person:{key}", Card) == key

    @pytest.mark.parametrize("raw", ["王甲子", "person:620502000000001", "11010519491231002X", "12", "household:1"])
    def test_anything_else_is_kept_for_the_database_to_find(self, raw: str) -> None:
        assert read("household_id", f" {raw}　") == Reference(raw)

    def test_a_number_that_has_lost_digits_refers_to_nobody(self) -> None:
        assert told("household_id", 6.2e17).code is told("household_id", "6.20502E+17").code is Code.UNREADABLE

    @given(st.data(), st.integers(1, 4), st.integers(100_000, 999_999), st.integers(1, 999))
    def test_a_code_is_read_as_it_is_written(self, data: st.DataObject, depth: int, district: int, part: int) -> None:
        code = district * 10**9 + sum(part * 1000 ** (3 - level) for level in range(1, depth))
        official = official_code(code)
        assert read("place_code", data.draw(spelled(official)), Spring) == code
        assert read("place_code", float(official), Spring) == read("place_code", int(official), Spring) == code

    def test_a_place_that_is_named_is_kept_for_the_database_to_find(self) -> None:
        assert read("place_code", "太京鎮 郭家溝村", Spring) == Reference("太京鎮 郭家溝村")

    @pytest.mark.parametrize(
        ("raw", "hint"),
        [
            ("620502100000", "620502100"),
            ("620502000", "620502"),
            ("62050", None),
            ("012345", None),
            ("6" * 16, None),
            ("6.20502E+11", None),
        ],
    )
    def test_what_is_no_code_is_told_with_the_one_that_was_meant(self, raw: str, hint: str | None) -> None:
        error = told("place_code", raw, Spring)
        assert (error.code, error.suggestion) == (Code.UNREADABLE, hint)
        assert hint is None or isinstance(read("place_code", hint, Spring), int)

    @pytest.mark.parametrize("raw", [HOUSEHOLD, str(HOUSEHOLD), f"survey:{HOUSEHOLD}", f"surveySurvey:{HOUSEHOLD}"])
    def test_an_id_of_the_row_itself_is_a_number(self, raw: object) -> None:
        assert read("id", raw) == HOUSEHOLD

    @pytest.mark.parametrize("raw", [f"household:{HOUSEHOLD}", "x", "1"])
    def test_an_id_of_another_record_is_none_of_the_row_s_own(self, raw: object) -> None:
        assert told("id", raw).code is Code.UNREADABLE


@pytest.mark.parametrize("raw", [None, "", " ", "　", "\t\n", "\u200b"])
def test_a_missing_value_is_told_where_there_has_to_be_one(raw: object) -> None:
    for name in ("household_id", "crop", "area"):
        error = told(name, raw)
        assert error.code is Code.MISSING
        assert "必須填寫" in error.message.zh
    for name in ("heads", "balance", "sown_on", "is_new", "remark"):
        assert read(name, raw) is None
    for name in ("id", "version", "source", "basis", "recorded_on", "valid_from", "valid_to"):
        assert read(name, raw) is None, "it has a value by itself, or one for the whole import"
    assert told("id_number", raw, Card).code is told("place_code", raw, Spring).code is Code.MISSING


def test_what_every_row_carries_is_read_too() -> None:
    assert read("basis", "調查") is Basis.SURVEY
    assert read("version", 3.0) == 3
    assert read("valid_to", "2016-01-01") == date(2016, 1, 1)


@pytest.mark.parametrize(
    ("name", "raw"),
    [("id_number", "110105194912310021"), ("phone", "1380013800012"), ("illness", "糖尿病"), ("spent", "12.345元整")],
)
def test_nothing_of_a_sensitive_value_is_repeated(name: str, raw: str) -> None:
    error = told(name, raw, Card)
    for text in (error.message.zh, error.message.en, str(error)):
        assert raw not in text
    assert error.suggestion is None
    assert not any(f"「{each.title.zh}」" in error.message.zh for each in Illness)


RAW: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=30),
    st.text("0123456789.,-+/年月日 E×畝", max_size=20),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


def read_or_told(column: Column[Any], raw: object) -> Any:
    try:
        return read_value(column, raw)
    except Unreadable as error:
        return error


@given(
    st.sampled_from([(record, each) for record in (Survey, Card, Spring, Person) for each in columns_of(record)]), RAW
)
def test_any_cell_is_read_or_told(where: tuple[Any, Any], raw: Any) -> None:
    record, column = where
    if column not in list(offered_columns(record)):
        return
    value = read_or_told(column, raw)
    if isinstance(value, Unreadable):
        assert value.message.zh
        assert value.message.en
        return
    kinds = {"crop": Crop, "area": Decimal, "heads": int, "sown_on": date, "is_new": bool, "remark": str}
    assert value is None or isinstance(value, kinds.get(column.key, object))
