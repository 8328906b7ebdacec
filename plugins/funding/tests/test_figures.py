"""The demo rows of funding add up to the report."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bangfu import DemoDistrict, Target
from bangfu_funding.demo import rows
from bangfu_funding.measures import PROGRESS
from bangfu_funding.records import (
    Allocation,
    FundSource,
    GuaranteeContribution,
    Loan,
    LoanDemand,
    TownshipProject,
    TownshipProjectKind,
    VillageProject,
    VillageProjectKind,
)

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


def _invested(tables: Tables) -> Decimal:
    money = (row["amount"] for row in tables[Allocation] if row["allocated_on"].year == 2015)
    return sum(money, Decimal())


def _village_projects(tables: Tables) -> int:
    kind = VillageProjectKind.WHOLE_VILLAGE
    return sum(row["kind"] is kind and row["approved_on"].year == 2015 for row in tables[VillageProject])


def _township_projects(tables: Tables) -> int:
    kind = TownshipProjectKind.WHOLE_TOWNSHIP
    return sum(row["kind"] is kind and row["approved_on"].year == 2015 for row in tables[TownshipProject])


def _wanting(tables: Tables) -> int:
    return len({row["household_id"] for row in tables[LoanDemand] if row["recognised_on"].year == 2015})


def _wanted(tables: Tables) -> Decimal:
    money = (row["amount"] for row in tables[LoanDemand] if row["recognised_on"].year == 2015)
    return sum(money, Decimal())


def _raised(tables: Tables) -> Decimal:
    money = (row["amount"] for row in tables[GuaranteeContribution] if row["contributed_on"].year == 2015)
    return sum(money, Decimal())


def _capital(day: date) -> Callable[[Tables], Decimal]:
    def count(tables: Tables) -> Decimal:
        money = (row["amount"] for row in tables[GuaranteeContribution] if row["valid_from"] <= day)
        return sum(money, Decimal())

    return count


COUNTED: dict[str, tuple[type, Callable[[Tables], Decimal | int]]] = {
    "funding.total_invested": (Allocation, _invested),
    "funding.whole_village_projects": (VillageProject, _village_projects),
    "funding.whole_township_projects": (TownshipProject, _township_projects),
    "funding.loan_demand_households": (LoanDemand, _wanting),
    "funding.loan_demand_amount": (LoanDemand, _wanted),
    "funding.guarantee_capital_raised": (GuaranteeContribution, _raised),
    "funding.guarantee_capital_before": (GuaranteeContribution, _capital(date(2014, 12, 31))),
    "funding.guarantee_capital_after": (GuaranteeContribution, _capital(date(2015, 12, 31))),
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
    assert set(COUNTED) == {name for name in reported if name.startswith("funding.")}


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
    indicators = {f"funding.{indicator.name}" for indicator in PROGRESS}
    assert {row["indicator"] for row in tables[Target]} == indicators


def test_a_project_costs_what_was_allocated_to_it(tables: Tables) -> None:
    spent: dict[str, Decimal] = {}
    for row in tables[Allocation]:
        spent[row["project_number"]] = spent.get(row["project_number"], Decimal()) + row["amount"]
    projects = [*tables[VillageProject], *tables[TownshipProject]]
    assert spent == {row["number"]: row["budget"] for row in projects}


def test_no_fund_gives_more_than_it_has(tables: Tables) -> None:
    left = {row["number"]: row["amount"] for row in tables[FundSource]}
    for row in tables[Allocation]:
        left[row["fund_number"]] -= row["amount"]
    assert all(amount >= 0 for amount in left.values())


def test_loans_keep_to_the_plan_and_to_the_demand(tables: Tables) -> None:
    wanted = {row["household_id"]: row for row in tables[LoanDemand]}
    assert all(0 < row["amount"] <= 50_000 for row in wanted.values())
    for loan in tables[Loan]:
        demand = wanted[loan["household_id"]]
        assert 0 < loan["amount"] <= demand["amount"]
        assert loan["granted_on"] > demand["recognised_on"]
        assert loan["months"] <= 36
