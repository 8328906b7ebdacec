"""Funding's made-up rows keep to the plans they are made under."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu_funding.demo import rows
from bangfu_funding.records import Allocation, FundSource, Loan, LoanDemand, TownshipProject, VillageProject

Tables = dict[type, Sequence[Mapping[str, Any]]]  # columns differ in type


@pytest.fixture(scope="module")
def tables(district: DemoDistrict) -> Tables:
    return {each.of: each.rows for each in rows(district)}


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
