"""The repayment schedule of a loan adds up to the fen, whatever its terms."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bangfu_funding.records import Repayment
from bangfu_funding.types import schedule

LOANS = {
    "amount": st.decimals(Decimal("0.01"), 50_000, places=2),
    "annual_rate": st.decimals(0, 24, places=2),
    "granted_on": st.dates(date(2015, 1, 1), date(2020, 12, 31)),
    "months": st.integers(1, 36),
    "repayment": st.sampled_from(Repayment),
}


@given(**LOANS)
def test_the_schedule_settles_the_loan(
    amount: Decimal, annual_rate: Decimal, granted_on: date, months: int, repayment: Repayment
) -> None:
    instalments = schedule(
        amount=amount, annual_rate=annual_rate, granted_on=granted_on, months=months, repayment=repayment
    )
    assert len(instalments) == months
    assert sum(each.principal for each in instalments) == amount
    assert instalments[-1].balance == 0
    before, day = amount, granted_on
    for each in instalments:
        assert each.balance == before - each.principal
        assert each.principal >= 0
        assert each.interest >= 0
        assert each.due_on > day
        assert each.principal.as_tuple().exponent >= -2  # type: ignore[operator]  # no NaN here
        before, day = each.balance, each.due_on


def test_equal_payments_are_equal_but_for_the_last() -> None:
    instalments = schedule(
        amount=Decimal(50_000),
        annual_rate=Decimal("5.25"),
        granted_on=date(2015, 8, 31),
        months=36,
        repayment=Repayment.ANNUITY,
    )
    assert {each.principal + each.interest for each in instalments[:-1]} == {Decimal("1504.16")}
    assert instalments[0].due_on == date(2015, 9, 30)
    assert instalments[5].due_on == date(2016, 2, 29)


def test_interest_alone_is_due_until_the_end() -> None:
    instalments = schedule(
        amount=Decimal(30_000),
        annual_rate=Decimal("4.80"),
        granted_on=date(2015, 7, 1),
        months=12,
        repayment=Repayment.AT_MATURITY,
    )
    assert {each.interest for each in instalments} == {Decimal("120.00")}
    assert [each.principal for each in instalments] == [Decimal(0)] * 11 + [Decimal(30_000)]
