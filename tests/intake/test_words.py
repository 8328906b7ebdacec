"""Words that people may write in one way or another are the same; words that mean different things are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu.declare.choice import Choice
from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated, columns_of
from bangfu.domain.households import Household, Person
from bangfu.intake import words
from bangfu.intake.words import folded, narrow
from bangfu.registry import discover


def test_a_character_has_one_simplified_form_which_has_none() -> None:
    traditional, simplified = words._TRADITIONAL, words._SIMPLIFIED
    assert len(traditional) == len(simplified) == len(set(traditional))
    assert set(traditional) & set(simplified) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("面積", "面积"),
        ("plantedOn", "planted_on"),
        ("Planted on", "planted_on"),
        ("ＩＤ 號碼", "id号码"),
        ("　是否　危房 ", "是否危房"),
        ("\ufeff戶號", "户号"),
    ],
)
def test_words_are_the_same_however_they_are_typed(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize("text", ["10²", "①", "½", "35㎡", "Ⅳ"])
def test_signs_that_look_like_numbers_do_not_become_some(text: str) -> None:
    assert narrow(text) == text
    assert folded(text) == text.casefold()


@given(st.text())
def test_a_word_that_is_folded_stays_what_it_is(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_no_two_values_of_a_list_and_no_two_titles_of_a_record_fold_alike() -> None:
    records: list[type[Dated]] = [
        Household,
        Person,
        *(row for each in discover().plugins for row in each.plugin.records),
    ]
    assert len(records) > 20
    for record in records:
        fields = [(column.key, field) for column in columns_of(record) if (field := field_of(column)) is not None]
        for titles in ([field.title.zh for _, field in fields], [field.title.en for _, field in fields]):
            assert len({folded(title) for title in titles}) == len(titles), record
        for _, field in fields:
            if field.choice is not None:
                assert_told_apart(field.choice)


def assert_told_apart(values: type[Choice]) -> None:
    means: dict[str, set[str]] = {}
    for each in values:
        for word in (each.name, each.title.zh, each.title.en):
            means.setdefault(folded(word), set()).add(each.name)
    assert [word for word, names in means.items() if len(names) > 1] == [], values
