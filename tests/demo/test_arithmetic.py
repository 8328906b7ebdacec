"""Spreading totals and picking places: laws that every sector's made-up rows rely on."""

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bangfu import pick, spread, spread_amount

WEIGHTS = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=40)


@given(WEIGHTS, st.integers(0, 10**12))
def test_parts_add_up(weights: list[float], total: int) -> None:
    parts = spread(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0
    assert len(parts) == len(weights)


@given(WEIGHTS, st.integers(0, 5), st.integers(0, 30), st.data())
def test_parts_keep_to_their_bounds(weights: list[float], least: int, room: int, data: st.DataObject) -> None:
    most = least + room
    total = data.draw(st.integers(least * len(weights), most * len(weights)))
    parts = spread(total, weights, least=least, most=most)
    assert sum(parts) == total
    assert all(least <= part <= most for part in parts)


@given(WEIGHTS, st.integers(0, 10**6))
def test_a_heavier_part_is_not_smaller(weights: list[float], total: int) -> None:
    parts = spread(total, weights)
    ordered = sorted(zip(weights, parts, strict=True))
    for (light, small), (heavy, large) in pairwise(ordered):
        assert light == heavy or small <= large + 1


@pytest.mark.parametrize(("total", "least", "most"), [(3, 2, None), (9, 0, 4), (-1, 0, None)])
def test_an_impossible_spread_is_refused(total: int, least: int, most: int | None) -> None:
    with pytest.raises(ValueError, match="cannot be spread"):
        spread(total, [1.0, 1.0], least=least, most=most)


def test_nothing_is_spread_over_nobody() -> None:
    assert spread(0, []) == []
    with pytest.raises(ValueError, match="cannot be spread"):
        spread(1, [])


@given(WEIGHTS, st.decimals(0, 10**9, places=2))
def test_amounts_add_up_to_the_hundredth(weights: list[float], total: Decimal) -> None:
    parts = spread_amount(total, weights)
    assert sum(parts) == total
    assert all(part == part.quantize(Decimal("0.01")) for part in parts)


def test_an_amount_that_is_not_of_whole_steps_is_refused() -> None:
    assert spread_amount(Decimal(300), [1.0, 2.0], step=Decimal(100)) == [Decimal(100), Decimal(200)]
    with pytest.raises(ValueError, match="steps of 100"):
        spread_amount(Decimal(350), [1.0, 2.0], step=Decimal(100))


@given(WEIGHTS, st.integers(0, 40), st.integers())
def test_picks_are_different_places_with_weight(weights: list[float], count: int, seed: int) -> None:
    assume(count <= sum(weight > 0 for weight in weights))
    picked = pick(Random(seed), weights, count)
    assert picked == sorted(set(picked))
    assert len(picked) == count
    assert all(weights[index] > 0 for index in picked)
    assert picked == pick(Random(seed), weights, count)


def test_more_than_there_is_cannot_be_picked() -> None:
    with pytest.raises(ValueError, match="cannot pick 2 of 2"):
        pick(Random(1), [1.0, 0.0], 2)
