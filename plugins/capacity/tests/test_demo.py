"""Capacity's made-up rows agree with each other and with the district."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu_capacity.demo import rows
from bangfu_capacity.records import Attendance, Course, YuluGrant

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


@pytest.fixture(scope="module")
def tables(district: DemoDistrict) -> Tables:
    return {each.of: each.rows for each in rows(district)}


def test_whoever_came_to_two_courses_is_one_person_trained(tables: Tables) -> None:
    came = [row["person_id"] for row in tables[Attendance] if row["attended_on"].year == 2015]
    assert len(came) > len(set(came))


def test_attendances_are_of_courses_that_were_held(tables: Tables) -> None:
    held = {row["number"]: row["held_on"] for row in tables[Course]}
    assert len(held) == len(tables[Course])
    assert all(held[row["course_number"]] == row["attended_on"] for row in tables[Attendance])


def test_school_leavers_are_fifteen_to_twenty_two(district: DemoDistrict, tables: Tables) -> None:
    born = {person.id: person.born_on.year for household in district.households for person in household.members}
    assert all(15 <= row["year"] - born[row["person_id"]] <= 23 for row in tables[YuluGrant])
