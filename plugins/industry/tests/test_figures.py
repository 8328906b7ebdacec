"""The demo rows of industry add up to the report."""

import csv
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu_industry.demo import rows
from bangfu_industry.records import CropArea, CropKind, Farm

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


def _area(kind: CropKind, *, old: bool) -> Callable[[Tables], Decimal]:
    def count(tables: Tables) -> Decimal:
        crops = (row for row in tables[CropArea] if row["kind"] is kind and (old or row["is_new"]))
        return sum((row["area"] for row in crops), Decimal())

    return count


def _standard_farms(tables: Tables) -> int:
    return sum(row["is_standard"] and row["built_on"].year == 2015 for row in tables[Farm])


COUNTED: dict[str, tuple[type, Callable[[Tables], Decimal | int]]] = {
    "industry.orchard_area": (CropArea, _area(CropKind.ORCHARD, old=False)),
    "industry.vegetable_area": (CropArea, _area(CropKind.VEGETABLE, old=True)),
    "industry.herb_area": (CropArea, _area(CropKind.HERB, old=True)),
    "industry.livestock_farms": (Farm, _standard_farms),
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
    assert set(COUNTED) == {name for name in reported if name.startswith("industry.")}


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
