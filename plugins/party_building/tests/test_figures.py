"""The demo rows of party building add up to the report."""

import csv
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bangfu import DemoDistrict, Target
from bangfu_party_building.demo import rows
from bangfu_party_building.measures import PROGRESS
from bangfu_party_building.records import ChecklistItem, PartyOrganisation, Site, SiteKind

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


def _sites(step: str) -> Callable[[Tables], int]:
    def count(tables: Tables) -> int:
        days = (row[step] for row in tables[Site] if row["kind"] is SiteKind.NEW)
        return sum(day is not None and day.year == 2015 for day in days)

    return count


COUNTED: dict[str, tuple[type, Callable[[Tables], Decimal | int]]] = {
    "party_building.sites_planned": (Site, _sites("planned_on")),
    "party_building.sites_started": (Site, _sites("started_on")),
    "party_building.sites_topped_out": (Site, _sites("topped_out_on")),
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
    assert set(COUNTED) == {name for name in reported if name.startswith("party_building.")}


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
    indicators = {f"party_building.{indicator.name}" for indicator in PROGRESS}
    assert {row["indicator"] for row in tables[Target]} == indicators


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
