"""The demo rows of capacity add up to the report."""

import csv
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bangfu import DemoDistrict, Target
from bangfu_capacity.demo import rows
from bangfu_capacity.measures import PROGRESS
from bangfu_capacity.records import Attendance, Course, LabourTransfer, YuluGrant

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


def _trained(tables: Tables) -> int:
    return len({row["person_id"] for row in tables[Attendance] if row["attended_on"].year == 2015})


def _students(tables: Tables) -> int:
    return len({row["person_id"] for row in tables[YuluGrant] if row["granted_on"].year == 2015})


def _workers(tables: Tables) -> int:
    return sum(row["workers"] for row in tables[LabourTransfer] if row["recorded_on"].year == 2015)


def _labour_income(tables: Tables) -> Decimal:
    money = (row["income"] for row in tables[LabourTransfer] if row["recorded_on"].year == 2015)
    return sum(money, Decimal())


COUNTED: dict[str, tuple[type, Callable[[Tables], Decimal | int]]] = {
    "capacity.skills_trained": (Attendance, _trained),
    "capacity.yulu_students": (YuluGrant, _students),
    "capacity.labour_transferred": (LabourTransfer, _workers),
    "capacity.labour_income": (LabourTransfer, _labour_income),
}


@pytest.fixture(scope="module")
def tables(district: DemoDistrict) -> Tables:
    return {each.of: each.rows for each in rows(district)}


@pytest.fixture(scope="module")
def reported() -> dict[str, Decimal]:
    path = Path(__file__).parents[3] / "examples" / "figures.csv"
    with path.open(encoding="utf-8") as file:
        return {row["id"]: Decimal(row["value"]) for row in csv.DictReader(file)}


def test_every_figure_of_the_sector_is_counted(reported: dict[str, Decimal]) -> None:
    assert set(COUNTED) == {name for name in reported if name.startswith("capacity.")}


@pytest.mark.parametrize("figure", COUNTED)
def test_figure_is_the_reported_one(figure: str, tables: Tables, reported: dict[str, Decimal]) -> None:
    assert COUNTED[figure][1](tables) == reported[figure]


@pytest.mark.parametrize("figure", COUNTED)
def test_dropping_a_row_moves_the_figure(figure: str, tables: Tables, reported: dict[str, Decimal]) -> None:
    record, count = COUNTED[figure]
    left = (
        count({**tables, record: [*tables[record][:index], *tables[record][index + 1 :]]})
        for index in range(len(tables[record]))
    )
    assert any(value < reported[figure] for value in left)


def test_rows_name_only_columns_and_are_the_same_every_time(district: DemoDistrict, tables: Tables) -> None:
    again = {each.of: each.rows for each in rows(district)}
    assert again == tables
    for each in rows(district):
        columns = set(each.of.__table__.columns.keys())
        assert all(set(row) <= columns for row in each.rows)


def test_targets_are_set_for_indicators_only(tables: Tables) -> None:
    indicators = {f"capacity.{indicator.name}" for indicator in PROGRESS}
    assert {row["indicator"] for row in tables[Target]} == indicators


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
