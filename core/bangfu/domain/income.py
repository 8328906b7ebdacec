"""The income statements of households (收入情況)."""

from decimal import Decimal

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from bangfu.declare.fields import quantity, whole
from bangfu.declare.records import HouseholdRecord
from bangfu.declare.text import Text


class Income(HouseholdRecord):
    """A household's income statement for one year (收入情況)."""

    __plugin__ = "register"
    __title__ = Text("年度收入", "Income of a year")
    __constraints__ = (UniqueConstraint("district_code", "household_id", "year"),)

    year: Mapped[int] = whole(zh="年度", en="Year")
    wage: Mapped[Decimal] = quantity("yuan", zh="工資性收入", en="Wages")
    production: Mapped[Decimal] = quantity("yuan", zh="生產經營性收入", en="Production")
    property: Mapped[Decimal] = quantity("yuan", zh="財產性收入", en="Property")
    transfer: Mapped[Decimal] = quantity("yuan", zh="轉移性收入", en="Transfers")
    expenses: Mapped[Decimal] = quantity("yuan", zh="生產經營性支出", en="Expenses of production")
    net_per_head: Mapped[Decimal] = quantity("yuan", zh="人均純收入", en="Net income per head", least=None)
