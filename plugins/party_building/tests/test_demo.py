"""Party building's made-up rows agree with each other and with the district."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu_party_building.demo import rows
from bangfu_party_building.records import ChecklistItem, PartyOrganisation, Site

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


@pytest.fixture(scope="module")
def tables(district: DemoDistrict) -> Tables:
    return {each.of: each.rows for each in rows(district)}


def test_a_site_takes_one_step_after_the_other(tables: Tables) -> None:
    for row in tables[Site]:
        days = [row[step] for step in ("planned_on", "started_on", "topped_out_on", "in_use_on")]
        taken = [day for day in days if day is not None]
        assert taken == sorted(taken)
        assert days == [*taken, *[None] * (4 - len(taken))]


def test_every_village_and_community_has_its_organisation(district: DemoDistrict, tables: Tables) -> None:
    places = {row["place_code"] for row in tables[PartyOrganisation]}
    assert places == {village.code for village in district.villages}


def test_a_checked_village_has_the_whole_list(tables: Tables) -> None:
    villages = {row["place_code"] for row in tables[ChecklistItem]}
    assert len(tables[ChecklistItem]) == 14 * len(villages)
