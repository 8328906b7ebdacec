"""Infrastructure's made-up rows agree with each other and with the district."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu_infrastructure.demo import rows
from bangfu_infrastructure.records import Relocation

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


@pytest.fixture(scope="module")
def tables(district: DemoDistrict) -> Tables:
    return {each.of: each.rows for each in rows(district)}


def test_people_moved_are_the_members_of_the_households(district: DemoDistrict, tables: Tables) -> None:
    sizes = {household.id: len(household.members) for household in district.households}
    assert all(row["people"] == sizes[row["household_id"]] for row in tables[Relocation])
