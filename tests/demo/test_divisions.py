"""The official divisions of 2023, and what they were on the report's date."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from bangfu import Grain
from bangfu.declare.codes import ancestor, level_of
from bangfu.declare.records import Basis
from bangfu.domain.demo import AS_OF
from bangfu.domain.demo.divisions import CONVERTED_ON, SPLIT_ON, read_divisions
from bangfu.domain.places import PlaceKind, SuccessionKind

Row = Mapping[str, Any]

BEFORE, AFTER = date(2015, 12, 31), date(2023, 12, 31)


def in_force(rows: list[Row] | tuple[Row, ...], day: date) -> dict[int, Row]:
    return {
        row["code"]: row
        for row in rows
        if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
    }


def test_the_report_counts_420_villages_and_41_communities(tables: dict[str, list[Row]]) -> None:
    kinds = Counter(row["kind"] for row in in_force(tables["place"], AS_OF).values())
    assert kinds == {
        PlaceKind.DISTRICT: 1,
        PlaceKind.TOWN: 16,
        PlaceKind.SUBDISTRICT: 7,
        PlaceKind.VILLAGE: 420,
        PlaceKind.COMMUNITY: 41,
        PlaceKind.NATURAL_VILLAGE: 1000,
    }


def test_the_file_of_2023_is_in_force_in_2023(tables: dict[str, list[Row]]) -> None:
    places = in_force(tables["place"], AFTER).values()
    kinds = Counter(row["kind"] for row in places)
    assert kinds[PlaceKind.VILLAGE] == 262
    assert kinds[PlaceKind.COMMUNITY] == 158 + 47
    assert all(row["source"].startswith("national statistics codes 2023") for row in places if row["code"] % 1000 == 0)


@pytest.mark.parametrize("day", [date(2000, 1, 1), BEFORE, SPLIT_ON, date(2019, 1, 1), CONVERTED_ON, AFTER])
def test_a_place_in_force_lies_in_places_in_force(tables: dict[str, list[Row]], day: date) -> None:
    known = in_force(tables["place"], day)
    for code in known:
        for grain in (Grain.DISTRICT, Grain.TOWNSHIP, Grain.VILLAGE):
            assert ancestor(code, grain) in known


def test_codes_are_given_once_and_say_their_level(tables: dict[str, list[Row]]) -> None:
    codes = [row["code"] for row in tables["place"]]
    assert len(codes) == len(set(codes))
    levels = {
        PlaceKind.VILLAGE: Grain.VILLAGE,
        PlaceKind.COMMUNITY: Grain.VILLAGE,
        PlaceKind.NATURAL_VILLAGE: Grain.NATURAL_VILLAGE,
        PlaceKind.TOWN: Grain.TOWNSHIP,
        PlaceKind.SUBDISTRICT: Grain.TOWNSHIP,
        PlaceKind.DISTRICT: Grain.DISTRICT,
    }
    assert all(level_of(row["code"]) is levels[row["kind"]] for row in tables["place"])


def test_lineage_leads_from_every_ended_village_to_its_community(tables: dict[str, list[Row]]) -> None:
    places = {row["code"]: row for row in tables["place"]}
    recoded = [row for row in tables["place_succession"] if row["kind"] is SuccessionKind.RECODED]
    ended = {code for code, row in places.items() if row["valid_to"] and row["kind"] is PlaceKind.VILLAGE}
    assert len(recoded) == len(ended) == 158
    assert {row["predecessor_code"] for row in recoded} == ended
    for row in recoded:
        before, after = places[row["predecessor_code"]], places[row["successor_code"]]
        assert before["valid_to"] == after["valid_from"] == row["happened_on"] == CONVERTED_ON
        assert ancestor(before["code"], Grain.TOWNSHIP) == ancestor(after["code"], Grain.TOWNSHIP)
        assert before["name"].removesuffix("村") == after["name"].removesuffix("社区")
        assert before["basis"] is row["basis"] is Basis.ESTIMATE


def test_six_communities_came_later_and_four_of_them_from_a_neighbour(tables: dict[str, list[Row]]) -> None:
    places = {row["code"]: row for row in tables["place"]}
    later = {row["code"] for row in tables["place"] if row["valid_from"] == SPLIT_ON}
    split = [row for row in tables["place_succession"] if row["kind"] is SuccessionKind.SPLIT]
    assert len(later) == 6
    assert len(split) == 4
    for row in split:
        assert row["successor_code"] in later
        assert places[row["predecessor_code"]]["kind"] is PlaceKind.COMMUNITY
        assert row["predecessor_code"] in in_force(tables["place"], AS_OF)
    untold = later - {row["successor_code"] for row in split}
    assert {places[code]["name"] for code in untold} == {"南湖社区", "双西社区"}


def test_the_freed_numbers_leave_no_gap(tables: dict[str, list[Row]]) -> None:
    """What makes the assumption plausible: with the converted villages back, the numbers run on from 200."""
    by_town: dict[int, list[int]] = {}
    for code, row in in_force(tables["place"], AS_OF).items():
        if row["kind"] is PlaceKind.VILLAGE:
            by_town.setdefault(ancestor(code, Grain.TOWNSHIP), []).append(code // 1000 % 1000)
    assert len(by_town) == 16
    for numbers in by_town.values():
        assert sorted(numbers) == list(range(200, 200 + len(numbers)))


def test_names_are_as_people_say_them(tables: dict[str, list[Row]]) -> None:
    names = {row["code"]: (row["name"], row["pinyin"]) for row in tables["place"]}
    assert names[620502000000000] == ("秦州区", "qinzhouqu")
    assert names[620502101001000] == ("师家崖社区", "shijiayashequ")
    assert names[620502101200000] == ("师家崖村", "shijiayacun")
    assert all(name and spelled.isascii() and spelled.isalpha() for name, spelled in names.values())


def test_another_district_has_the_same_places_under_its_own_code() -> None:
    places = read_divisions(990001).places
    assert len(places) == 1 + 23 + 467 + 158
    assert all(row["code"] // 10**9 == 990001 for row in places)
