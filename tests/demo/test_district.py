"""The made-up households and people: as many as the report counts, and consistent in themselves."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu import DemoDistrict, Grain
from bangfu.declare.codes import ancestor
from bangfu.declare.id_number import check_digit
from bangfu.domain.demo import AS_OF, build_district
from bangfu.domain.demo.names import GIVEN_NAMES
from bangfu.domain.demo.register import LINE_2014, per_head
from bangfu.domain.households import HouseholdCategory, LabourCapacity, Relation

Row = Mapping[str, Any]
Tables = dict[str, list[Row]]


def test_counts_of_the_report(district: DemoDistrict, tables: Tables) -> None:
    assert len(tables["household"]) == sum(1 for _ in district.households) == 19_129
    assert len(tables["person"]) == sum(len(home.members) for home in district.households) == 87_900
    assert len(tables["register_poor_village"]) == sum(village.is_poor for village in district.villages) == 84
    assert sum(not village.is_community for village in district.villages) == 420
    assert sum(village.is_community for village in district.villages) == 41
    assert sum(len(village.natural_villages) for village in district.villages) == 1000
    assert len(district.townships) == 23


def test_households_live_in_natural_villages_of_villages(district: DemoDistrict) -> None:
    for village in district.villages:
        homes = Counter(home.place_code for home in village.households)
        assert set(homes) == set(village.natural_villages)
        assert all(ancestor(code, Grain.VILLAGE) == village.code for code in village.natural_villages)
        if village.is_community:
            assert not village.natural_villages
            assert not village.is_poor
        else:
            assert 1 <= len(village.natural_villages) <= 5
            assert len(village.households) >= 6


def test_households_cluster(district: DemoDistrict) -> None:
    numbers = sorted(len(village.households) for village in district.villages if not village.is_community)
    assert numbers[42] * 4 < numbers[-42]
    poor = [len(village.households) for village in district.villages if village.is_poor]
    assert sum(poor) / len(poor) > 1.4 * 19_129 / 420


def test_what_a_plugin_sees_is_what_is_loaded(district: DemoDistrict, tables: Tables) -> None:
    homes = {home.id: home for home in district.households}
    people = {person.id: person for home in homes.values() for person in home.members}
    assert {row["id"]: row["place_code"] for row in tables["household"]} == {
        home.id: home.place_code for home in homes.values()
    }
    for row in tables["person"]:
        person = people[row["id"]]
        assert row["born_on"] in (person.born_on, None)
        assert (row["sex"].name == "MALE") is person.male
        assert (row["labour"] in (LabourCapacity.SKILLED, LabourCapacity.ORDINARY)) is person.can_work
    for income in tables["register_income"]:
        if income["year"] == 2014:
            assert homes[income["household_id"]].income == int(income["net_per_head"])


def test_families_make_sense(tables: Tables) -> None:
    families: dict[int, list[Row]] = defaultdict(list)
    for row in tables["person"]:
        families[row["household_id"]].append(row)
    for members in families.values():
        relations = Counter(row["relation"] for row in members)
        assert members[0]["relation"] is Relation.HEAD
        assert relations[Relation.HEAD] == 1
        assert relations[Relation.SPOUSE] <= 1
        assert relations[Relation.PARENT] <= 2
        assert len(members) <= 9
        born = {
            relation: [row["born_on"] for row in members if row["relation"] is relation and row["born_on"]]
            for relation in Relation
        }
        head = born[Relation.HEAD]
        for elders, juniors in (
            (born[Relation.PARENT], head),
            (head + born[Relation.SPOUSE], born[Relation.CHILD]),
        ):
            assert all((junior - elder).days > 18 * 365 for elder in elders for junior in juniors)
    sizes = Counter(map(len, families.values()))
    assert set(sizes) == set(range(1, 10))


def test_who_studies_is_of_an_age_to(tables: Tables) -> None:
    for row in tables["person"]:
        if row["born_on"] is None:
            continue
        age = (AS_OF - row["born_on"]).days / 365.25
        assert 0 <= age < 100
        if row["is_student"]:
            assert 6 <= age < 24
            assert row["labour"] is LabourCapacity.NONE
        if row["work_months"]:
            assert 16 <= age < 61
            assert row["work_months"] <= 11
        assert row["joined_on"] >= row["born_on"]


def test_some_things_are_not_recorded(tables: Tables) -> None:
    for table, columns in {
        "person": ("id_number", "born_on", "ethnicity", "education", "health", "is_student", "work_months"),
        "household": ("main_cause", "house_area", "house_structure", "has_safe_water", "road_distance"),
    }.items():
        for column in columns:
            missing = sum(row[column] is None for row in tables[table])
            assert 0 < missing < len(tables[table]) / 2, column


def test_a_third_of_the_households_live_on_the_allowance(tables: Tables) -> None:
    categories = Counter(row["category"] for row in tables["household"])
    assert set(categories) == {HouseholdCategory.GENERAL_POOR, HouseholdCategory.ALLOWANCE_POOR}
    assert 0.25 < categories[HouseholdCategory.ALLOWANCE_POOR] / 19_129 < 0.4


def test_id_numbers_are_unique_right_and_of_no_region(tables: Tables) -> None:
    numbers = [row["id_number"] for row in tables["person"] if row["id_number"]]
    assert len(numbers) == len(set(numbers))
    for row in tables["person"]:
        number = row["id_number"]
        if number is not None:
            assert len(number) == 18
            assert number.startswith("999999")
            assert number[6:14] == f"{row['born_on']:%Y%m%d}"
            assert int(number[16]) % 2 == (row["sex"].name == "MALE")
            assert number[17] == check_digit(number[:17])


def test_the_check_digit_is_that_of_the_standard() -> None:
    # The example printed in GB 11643-1999.
    assert check_digit("11010519491231002") == "X"


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_digit_makes_the_weighted_sum_one(first: str) -> None:
    digits = [10 if mark == "X" else int(mark) for mark in first + check_digit(first)]
    assert sum(digit * pow(2, 17 - place, 11) for place, digit in enumerate(digits)) % 11 == 1


def test_names_show_that_they_are_made_up(tables: Tables) -> None:
    assert all(row["name"][1:] in GIVEN_NAMES for row in tables["person"])


def test_incomes_add_up_and_are_poor(tables: Tables) -> None:
    sizes = Counter(row["household_id"] for row in tables["person"])
    assert len(tables["register_income"]) == 2 * len(tables["household"])
    for row in tables["register_income"]:
        parts = [row[name] for name in ("wage", "production", "property", "transfer", "expenses")]
        assert min(parts) >= 0
        net = Decimal(sum(parts) - 2 * row["expenses"])
        shared = (net / sizes[row["household_id"]]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert row["net_per_head"] == shared
        assert row["recorded_on"] == date(row["year"], 12, 31)
        if row["year"] == 2014:
            assert 0 < row["net_per_head"] < LINE_2014


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_income_per_head_is_rounded_half_up(net: int, people: int) -> None:
    assert per_head(net, people) == (Decimal(net) / people).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_every_day_of_the_rows_is_before_the_report(tables: Tables) -> None:
    for table in ("household", "person", "register_poor_village", "register_income", "register_land_holding"):
        assert all(row["valid_from"] <= AS_OF for row in tables[table])


def test_the_same_seed_gives_the_same_district_and_another_gives_another(
    district: DemoDistrict, tables: Tables
) -> None:
    again, loads = build_district()
    assert again == district
    assert {load.of.__tablename__: load.rows for load in loads} == tables
    other, loads = build_district(seed=1)
    assert other.villages != district.villages
    assert sum(len(home.members) for home in other.households) == 87_900
    assert all(len(load.rows) > 0 for load in loads)


@pytest.mark.parametrize("table", ["household", "person"])
def test_ids_tell_their_district(tables: Tables, table: str) -> None:
    assert all(row["id"] // 10**9 == 620502 for row in tables[table])
