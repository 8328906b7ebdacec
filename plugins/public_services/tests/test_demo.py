"""Public services' made-up rows agree with each other and with the district."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu_public_services.demo import rows
from bangfu_public_services.records import Allowance, CarePlacement, Facility, FacilityKind, Pension

Row = Mapping[str, Any]  # columns differ in type
Tables = dict[type, Sequence[Row]]


@pytest.fixture(scope="module")
def tables(district: DemoDistrict) -> Tables:
    return {each.of: each.rows for each in rows(district)}


def _standing_clinics(tables: Tables) -> list[Row]:
    facilities = tables[Facility]
    return [row for row in facilities if row["kind"] is FacilityKind.CLINIC and row["valid_to"] is None]


def test_a_village_has_one_clinic_at_most_and_many_have_none(district: DemoDistrict, tables: Tables) -> None:
    served = [row["place_code"] for row in _standing_clinics(tables)]
    assert len(served) == len(set(served))
    assert len([each for each in district.villages if each.households and each.code not in served]) > 100


def test_standard_clinics_are_those_of_villages_and_not_the_only_ones(district: DemoDistrict, tables: Tables) -> None:
    communities = {village.code for village in district.villages if village.is_community}
    clinics = _standing_clinics(tables)
    assert not any(row["is_standard"] and row["place_code"] in communities for row in clinics)
    assert any(not row["is_standard"] for row in clinics)


def test_a_clinic_brought_up_to_the_standard_follows_the_old_one(tables: Tables) -> None:
    began = {(row["place_code"], row["built_on"]) for row in _standing_clinics(tables) if row["is_standard"]}
    ended = [row for row in tables[Facility] if row["valid_to"] is not None]
    assert ended
    assert all((row["place_code"], row["valid_to"]) in began for row in ended)


def test_a_household_draws_one_allowance_at_a_time_and_none_beside_care(district: DemoDistrict, tables: Tables) -> None:
    home = {person.id: household.id for household in district.households for person in household.members}
    drawing = [row["household_id"] for row in tables[Allowance] if row["valid_to"] is None]
    assert len(drawing) == len(set(drawing))
    assert not {home[row["person_id"]] for row in tables[CarePlacement]} & set(drawing)


def test_the_allowance_is_paid_for_members_only(district: DemoDistrict, tables: Tables) -> None:
    sizes = {household.id: len(household.members) for household in district.households}
    assert all(1 <= row["people"] <= sizes[row["household_id"]] for row in tables[Allowance])


def test_pensioners_are_sixty(district: DemoDistrict, tables: Tables) -> None:
    born = {person.id: person.born_on for household in district.households for person in household.members}
    for row in tables[Pension]:
        assert date(born[row["person_id"]].year + 60, born[row["person_id"]].month, 1) <= row["valid_from"]
