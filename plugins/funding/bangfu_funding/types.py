"""The repayment schedule of a loan: the one field of the platform's own sectors that is written by hand.

A declaration is not enough here. An instalment is no row that anybody recorded and no total over rows: it follows
from the loan's terms month by month, each balance from the one before, each rounded to the fen, and the last one
settles what rounding left. Stored, it would be a second copy of the terms; in SQL, a recursion nobody could check.
"""

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import strawberry

from bangfu_funding.records import Repayment

_FEN = Decimal("0.01")


@strawberry.type(description="One payment of a loan's repayment schedule, money to the fen (還款計劃的一期).")
class FundingInstalment:
    """One payment: what is due on a day, and what of the loan is left after it."""

    due_on: date = strawberry.field(description="Day on which it is due (還款日期).")
    principal: Decimal = strawberry.field(description="Part of the loan paid back, in yuan (本金).")
    interest: Decimal = strawberry.field(description="Interest of the month, in yuan (利息).")
    balance: Decimal = strawberry.field(description="What is left of the loan afterwards, in yuan (餘額).")


class LoanFields:
    """Fields of a loan that a declaration cannot say; at run time `self` is a row of `Loan`."""

    if TYPE_CHECKING:
        amount: Decimal
        annual_rate: Decimal
        granted_on: date
        months: int
        repayment: Repayment

    @strawberry.field(  # type: ignore[untyped-decorator]  # with arguments it is typed as Any
        description="What is to be paid in each month until the loan is settled (還款計劃)."
    )
    def repayment_schedule(self) -> list[FundingInstalment]:
        """Every instalment in order; the principals add up to the loan exactly and the last balance is zero."""
        return schedule(
            amount=self.amount,
            annual_rate=self.annual_rate,
            granted_on=self.granted_on,
            months=self.months,
            repayment=self.repayment,
        )


def schedule(
    *, amount: Decimal, annual_rate: Decimal, granted_on: date, months: int, repayment: Repayment
) -> list[FundingInstalment]:
    """The instalments of a loan, monthly from a month after it was granted; `annual_rate` is in percent."""
    rate = annual_rate / 1200
    balance, instalments = amount, []
    for number in range(1, months + 1):
        interest = _fen(balance * rate)
        principal = balance
        if number < months:
            principal = min(_principal(amount, rate, months, interest, repayment), balance)
        balance -= principal
        instalments.append(
            FundingInstalment(
                due_on=_months_later(granted_on, number),
                principal=principal,
                interest=interest,
                balance=balance,
            )
        )
    return instalments


def _principal(amount: Decimal, rate: Decimal, months: int, interest: Decimal, repayment: Repayment) -> Decimal:
    """What any instalment but the last pays back."""
    if repayment is Repayment.AT_MATURITY:
        return Decimal("0.00")
    if repayment is Repayment.ANNUITY and rate:
        return _fen(amount * rate / (1 - (1 + rate) ** -months)) - interest
    return _fen(amount / months)


def _fen(amount: Decimal) -> Decimal:
    return amount.quantize(_FEN, ROUND_HALF_UP)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
