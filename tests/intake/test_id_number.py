"""ID numbers: the check digit of the standard, and the fifteen digits of before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu.declare.id_number import check_digit, is_id_number, lengthened

FIRST = st.text("0123456789", min_size=17, max_size=17)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])  # the standard's own examples
def test_the_examples_of_the_standard_hold(number: str) -> None:
    assert is_id_number(number)


@given(FIRST, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(first: str, at: int, more: int) -> None:
    number = first + check_digit(first)
    assert is_id_number(number)
    wrong = str((int(number[at]) + more) % 10)
    assert not is_id_number(number[:at] + wrong + number[at + 1 :])


@given(FIRST, st.integers(0, 15))
def test_two_digits_that_changed_places_are_noticed(first: str, at: int) -> None:
    swapped = first[:at] + first[at + 1] + first[at] + first[at + 2 :]
    assert is_id_number(swapped + check_digit(first)) is (swapped == first)


@given(st.text("0123456789", min_size=15, max_size=15))
def test_fifteen_digits_become_eighteen_of_the_same_person(short: str) -> None:
    long = lengthened(short)
    assert long is not None
    assert is_id_number(long)
    assert (long[:6], long[6:8], long[8:17]) == (short[:6], "19", short[6:])


@pytest.mark.parametrize(
    "text",
    ["", "1" * 14, "1" * 16, "1" * 17, "1" * 19, "11010519491231002x", "１" * 18, "٣" * 15, "11010519491231 02X"],
)
def test_anything_else_is_no_id_number(text: str) -> None:
    assert not is_id_number(text)
    assert lengthened(text) is None
