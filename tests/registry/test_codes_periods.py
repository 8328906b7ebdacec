"""Codes and periods: what is written is read back, and nothing else is read."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu import Grain, Period
from bangfu.declare.codes import SPANS, ancestor, code_range, district_of, level_of, official_code, parse_code
from bangfu.declare.grain import PLACE_GRAINS
from bangfu.errors import UserError

PARTS = st.tuples(
    st.integers(100_000, 999_999), st.integers(1, 999), st.integers(1, 999), st.integers(1, 999), st.integers(1, 4)
)


def code_of(parts: tuple[int, int, int, int, int]) -> int:
    district, township, village, natural, depth = parts
    lower = (township * 10**6, village * 10**3, natural)[: depth - 1]
    return district * 10**9 + sum(lower)


CODES = PARTS.map(code_of)


@given(PARTS)
def test_a_code_is_read_as_it_is_written(parts: tuple[int, int, int, int, int]) -> None:
    code = code_of(parts)
    official = official_code(code)
    assert parse_code(official) == code
    assert parse_code(f" {official}\n") == code
    assert level_of(code) is Grain(parts[-1])
    assert len(official) == {1: 6, 2: 9, 3: 12, 4: 15}[parts[-1]]
    assert district_of(code) == parts[0]


@given(CODES)
def test_a_place_lies_in_the_range_of_each_place_above_it(code: int) -> None:
    for grain in PLACE_GRAINS:
        if grain.covers(level_of(code)):
            above = ancestor(code, grain)
            first, last = code_range(above)
            assert first <= code <= last
            assert last - first + 1 == SPANS[grain]
            assert level_of(above) is grain


@given(CODES, CODES)
def test_ranges_are_nested_or_apart(one: int, other: int) -> None:
    (first, last), (from_, to) = code_range(one), code_range(other)
    assert last < from_ or to < first or first <= from_ <= to <= last or from_ <= first <= last <= to


@given(CODES.filter(lambda code: level_of(code) is not Grain.NATURAL_VILLAGE))
def test_trailing_zeros_of_a_whole_level_are_refused(code: int) -> None:
    with pytest.raises(UserError, match="Leave out trailing zeros"):
        parse_code(official_code(code) + "000")


@given(st.text(max_size=20).filter(lambda text: not (text.strip().isascii() and text.strip().isdigit())))
def test_what_is_no_code_is_refused_by_the_argument_s_name(text: str) -> None:
    with pytest.raises(UserError, match="^within: .*is not a place code.*Accepted") as caught:
        parse_code(text, argument="within")
    assert caught.value.argument == "within"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "62050",
        "6205021",
        "012345",
        "０６２０５０",
        "六二〇五〇二",
        "٦٢٠٥٠٢",
        "-62050",
        "+62050",
        "6205_2",
        "62 502",
        "6e5000",
        "1" * 400,
    ],
)
def test_near_misses_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="Accepted|does not name"):
        parse_code(text)


YEARS = st.integers(1900, 2999)
TEXTS = st.one_of(
    YEARS.map(str),
    st.tuples(YEARS, st.integers(1, 4)).map(lambda each: f"{each[0]}-Q{each[1]}"),
    st.tuples(YEARS, st.integers(1, 12)).map(lambda each: f"{each[0]}-{each[1]:02}"),
    st.tuples(YEARS, YEARS).map(sorted).map(lambda each: f"{each[0]}/{each[1]}"),
)


@given(TEXTS)
def test_a_period_is_read_as_it_is_written(text: str) -> None:
    period = Period.parse(text)
    assert str(period) == text
    assert period.start.day == 1
    assert period.start < period.end
    assert period.end == date(2999, 12, 31) or (period.end + timedelta(days=1)).day == 1
    assert Period.parse(str(period)) == period


@given(YEARS)
def test_the_parts_of_a_year_make_the_year(year: int) -> None:
    whole = Period.parse(str(year))
    assert Period.year(year) == whole
    for parts in (
        [Period.parse(f"{year}-Q{quarter}") for quarter in range(1, 5)],
        [Period.parse(f"{year}-{month:02}") for month in range(1, 13)],
    ):
        assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
        assert all((after.start - before.end).days == 1 for before, after in pairwise(parts))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "2015-",
        "2015-Q0",
        "2015-Q5",
        "2015-q3",
        "2015-13",
        "2015-00",
        "2015-8",
        "2015/",
        "2020/2015",
        "2015/16",
        "1899",
        "3000",
        "２０１５",
        "2015-08-01",
        "last year",
        "2015 2016",
        "2015-Q3-Q4",
        "0000",
        "9" * 300,
    ],
)
def test_what_is_no_period_is_refused_by_the_argument_s_name(text: str) -> None:
    with pytest.raises(UserError, match="^when: .*is not a period.*'2015-Q3'"):
        Period.parse(text, argument="when")


@given(st.text(max_size=12))
def test_any_text_is_a_period_or_a_mistake_of_the_caller(text: str) -> None:
    try:
        period = Period.parse(text)
    except UserError:
        return
    assert period.start <= period.end
