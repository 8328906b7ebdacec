"""What is sealed is opened again in its own place alone, and looked up however it was typed."""

import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu.errors import OperationError
from bangfu.seal import DamagedValue, Key, Keys, Seal, normalised

COLUMN, ROW = "person.id_number", 620502000000001
SEALING, OTHER, INDEXING = Key("k1", b"1" * 32), Key("k2", b"2" * 32), Key("index-1", b"3" * 32)
SEAL = Seal(Keys((SEALING,), (INDEXING,)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True)


@given(TEXTS, st.integers(min_value=1, max_value=2**63))
def test_what_is_sealed_is_opened_again(text: str, row: int) -> None:
    sealed = SEAL.seal(COLUMN, row, text)
    assert SEAL.open(COLUMN, row, sealed) == text
    assert SEAL.is_current(sealed)
    assert len(text) < 8 or text not in sealed  # two or three letters stand in any cipher text now and then


@given(TEXTS)
def test_the_same_value_has_one_index_and_many_cipher_texts(text: str) -> None:
    assert SEAL.seal(COLUMN, ROW, text) != SEAL.seal(COLUMN, ROW, text)
    assert SEAL.index(COLUMN, text) == SEAL.index(COLUMN, text)
    assert SEAL.index(COLUMN, text) != SEAL.index("person.phone", text)
    assert len(SEAL.index(COLUMN, text)) == 16


@given(NUMBERS, NUMBERS)
def test_different_numbers_have_different_indexes(one: str, other: str) -> None:
    assert (SEAL.index(COLUMN, one) == SEAL.index(COLUMN, other)) == (one == other)


@given(NUMBERS, st.sampled_from(["", " ", "\t", "\u3000", "\n "]))
def test_a_number_is_found_however_it_was_typed(number: str, space: str) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) for each in number)
    typed = [f"{space}{number}{space}", number.lower(), wide, wide.lower(), f"{number[:6]}{space}{number[6:]}"]
    assert {normalised(each) for each in typed} == {number}
    assert {SEAL.index(COLUMN, each) for each in typed} == {SEAL.index(COLUMN, number)}


@given(TEXTS)
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(TEXTS, st.data())
def test_a_changed_character_is_found(text: str, data: st.DataObject) -> None:
    sealed = SEAL.seal(COLUMN, ROW, text)
    place = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda each: each != sealed[place]))
    with pytest.raises((DamagedValue, OperationError)) as caught:  # an id of a key that there is not, for one
        SEAL.open(COLUMN, ROW, sealed[:place] + other + sealed[place + 1 :])
    is_in_the_key = place <= sealed.index(".", 2) or other == "."  # which ends the key's id later
    assert caught.value.code in ("SEALED_VALUE_DAMAGED", *(["SEAL_KEY_MISSING"] if is_in_the_key else ()))


@pytest.mark.parametrize(
    "sealed", ["", ".", "1.k1.", "1.k1.AAAA", "620502198001011234", "2.k1.AAAA", "1.k1.%%%", "1.k1.é"]
)
def test_what_was_never_sealed_is_not_opened(sealed: str) -> None:
    with pytest.raises(DamagedValue):
        SEAL.open(COLUMN, ROW, sealed)


@pytest.mark.parametrize(
    ("column", "row"), [("person.phone", ROW), ("household.id_number", ROW), (COLUMN, ROW + 1), (COLUMN, ROW + 10**9)]
)
def test_a_value_that_stands_elsewhere_is_not_opened(column: str, row: int) -> None:
    """In another column, another table, another row, another district."""
    with pytest.raises(DamagedValue, match=f"{column} of row {row}"):
        SEAL.open(column, row, SEAL.seal(COLUMN, ROW, "620502198001011234"))


def test_a_value_says_nothing_else_when_its_key_is_another_than_it_says() -> None:
    wrong = Seal(Keys((Key("k1", b"9" * 32),), (INDEXING,)))
    with pytest.raises(DamagedValue):
        wrong.open(COLUMN, ROW, SEAL.seal(COLUMN, ROW, "620502198001011234"))


def test_the_first_key_seals_and_all_open() -> None:
    both = Seal(Keys((OTHER, SEALING), (INDEXING,)))
    old = SEAL.seal(COLUMN, ROW, "1")
    assert both.open(COLUMN, ROW, old) == "1"
    assert not both.is_current(old)
    assert both.seal(COLUMN, ROW, "1").startswith("1.k2.")
    with pytest.raises(OperationError, match="'k2'") as caught:
        SEAL.open(COLUMN, ROW, both.seal(COLUMN, ROW, "1"))
    assert caught.value.code == "SEAL_KEY_MISSING"


def test_a_value_is_looked_up_by_all_keys_and_kept_by_the_first() -> None:
    newer = Key("index-2", b"4" * 32)
    both = Seal(Keys((SEALING,), (newer, INDEXING)))
    assert both.indexes(COLUMN, "1") == [both.index(COLUMN, "1"), SEAL.index(COLUMN, "1")]
    assert both.index(COLUMN, "1") != SEAL.index(COLUMN, "1")


def test_keys_that_were_added_since_are_taken_over() -> None:
    more: list[Keys | None] = [Keys((OTHER, SEALING), (INDEXING,)), None]
    later = Seal(Keys((OTHER,), (INDEXING,))).seal(COLUMN, ROW, "1")
    running = Seal(Keys((SEALING,), (INDEXING,)), again=lambda: more.pop(0) if more else None)
    assert running.open(COLUMN, ROW, later) == "1"


def _by_opening() -> None:
    SEAL.open(COLUMN, ROW, SEAL.seal(COLUMN, ROW + 1, "620502198001011234"))


def _by_a_missing_key() -> None:
    SEAL.open(COLUMN, ROW, Seal(Keys((OTHER,), (INDEXING,))).seal(COLUMN, ROW, "620502198001011234"))


@pytest.mark.parametrize("wrong", [_by_opening, _by_a_missing_key])
def test_neither_keys_nor_values_are_in_messages(wrong: Callable[[], None], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((DamagedValue, OperationError)) as caught:
        wrong()
    told = f"{caught.value} {caught.value!r} {SEAL!r} {SEAL.keys!r} {caplog.text}"
    assert "620502198001011234" not in told
    assert "1" * 12 not in told
    assert "3" * 12 not in told
