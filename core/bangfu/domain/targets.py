"""Targets: what a place is to reach in an indicator by the end of a period or by a milestone of the plan."""

from datetime import date
from decimal import Decimal

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from bangfu.declare.fields import day, quantity, text
from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.declare.records import PlaceRecord
from bangfu.declare.rules import Check
from bangfu.declare.text import Text


class Target(PlaceRecord):
    """A target (目標) of one place for one indicator: its value and the days from and to which it runs.

    A period's target runs over that period; a milestone's (2016, 2020) from the indicator's `since` to the end of
    the milestone's year.
    """

    __tablename__ = "target"
    __grain__ = Grain.DISTRICT
    __title__ = Text("目標", "Target")
    __levels__ = frozenset(PLACE_GRAINS)
    __checks__ = (
        Check(
            name="ends_after_start",
            title=Text("截止日期不得早於起始日期。", "A target ends after it has begun."),
            holds=lambda target: target.ends_on >= target.starts_on,
            column="ends_on",
        ),
    )
    __constraints__ = (UniqueConstraint("district_code", "place_code", "indicator", "starts_on", "ends_on"),)

    indicator: Mapped[str] = text(120, zh="指標", en="Indicator, as `industry.orchard_area`")
    starts_on: Mapped[date] = day(zh="起始日期", en="First day")
    ends_on: Mapped[date] = day(zh="截止日期", en="Last day")
    value: Mapped[Decimal] = quantity("", zh="目標值", en="Value to reach, in the indicator's unit")
