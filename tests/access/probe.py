"""A made-up sector beside the real ones: every kind of mask, every way a measure can read what is sensitive."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Mapped

from bangfu import (
    FLOW,
    REGISTERED_HOUSEHOLDS,
    STOCK,
    Argument,
    Grain,
    Group,
    Household,
    HouseholdRecord,
    Indicator,
    Measure,
    Mend,
    NaturalVillageRecord,
    Person,
    PersonRecord,
    Plugin,
    Procedure,
    PythonFields,
    Ratio,
    Requirement,
    Sensitive,
    Steps,
    Text,
    Unit,
    day,
    flag,
    known,
    quantity,
    row_of,
    some,
    text,
    whole,
)


class Card(PersonRecord):
    """A bank card of a person."""

    __plugin__ = "probe"
    __title__ = Text("銀行卡", "Bank card")

    holder: Mapped[str | None] = text(50, zh="持卡人", en="Holder", sensitive=Sensitive.NAME)
    phone: Mapped[str | None] = text(20, zh="電話", en="Phone", sensitive=Sensitive.PHONE)
    account: Mapped[str | None] = text(30, zh="卡號", en="Account", sensitive=Sensitive.BANK_CARD)
    passport: Mapped[str] = text(30, zh="證件", en="Passport", sensitive=Sensitive.ID_NUMBER)
    remark: Mapped[str | None] = text(50, zh="備註", en="Remark", sensitive=Sensitive.HIDDEN)
    balance: Mapped[Decimal | None] = quantity("yuan", zh="餘額", en="Balance", sensitive=Sensitive.HIDDEN)
    opened_on: Mapped[date | None] = day(zh="開卡日期", en="Opened on", sensitive=Sensitive.HIDDEN)
    is_frozen: Mapped[bool] = flag(zh="是否凍結", en="Frozen")


class Gift(HouseholdRecord):
    """Something given to a household, of which the amount is not always known."""

    __plugin__ = "probe"
    __title__ = Text("慰問", "Gift")

    amount: Mapped[Decimal | None] = quantity("yuan", zh="金額", en="Amount")
    pieces: Mapped[int | None] = whole("piece", zh="件數", en="Pieces")
    given_on: Mapped[date | None] = day(zh="日期", en="Given on")
    is_large: Mapped[bool] = flag(zh="是否大額", en="Large")


class Spring(NaturalVillageRecord):
    """A spring of a natural village."""

    __plugin__ = "probe"
    __title__ = Text("泉", "Spring")

    flow: Mapped[Decimal] = quantity("spring", zh="流量", en="Flow")


CARDS = Measure(name="cards_held", title=Text("卡", "Cards"), of=Card, time=STOCK, count="card")
REMARKED = Measure(
    name="remarked",
    title=Text("備註卡", "Cards with a remark"),
    of=Card,
    time=STOCK,
    count="card",
    where=Card.remark.is_not(None),
)
REMARKED_SHARE = Ratio(
    name="remarked_share", title=Text("備註率", "Share with a remark"), numerator=REMARKED, denominator=CARDS
)
BALANCE = Measure(name="balance", title=Text("餘額", "Balance"), of=Card, time=STOCK, sum=Card.balance)
OPENED = Measure(
    name="opened",
    title=Text("開卡人數", "People who opened one"),
    of=Card,
    time=FLOW,
    distinct=Grain.PERSON,
    on=Card.opened_on,
)
GIFTS = Measure(name="gifts_given", title=Text("金額", "Given"), of=Gift, time=FLOW, sum=Gift.amount, on=Gift.given_on)
LARGE_GIFTS = Measure(
    name="large_gifts",
    title=Text("大額", "Given in large gifts"),
    of=Gift,
    time=FLOW,
    sum=Gift.amount,
    where=Gift.is_large.is_(True),
    on=Gift.given_on,
)
LARGE_SHARE = Ratio(
    name="large_share", title=Text("大額比例", "Share of large gifts"), numerator=LARGE_GIFTS, denominator=GIFTS
)
GIFTS_TO_PUPILS = Measure(
    name="gifts_to_pupils",
    title=Text("有在校生的戶", "Gifts to households with somebody at school"),
    of=Gift,
    time=FLOW,
    count="piece",
    where=exists(select(Person.id).where(Person.household_id == Gift.household_id, Person.is_student.is_(True))),
)
SPRINGS = Measure(name="springs_known", title=Text("泉", "Springs"), of=Spring, time=STOCK, count="spring")
SPRINGS_A_HOUSEHOLD = Ratio(
    name="springs_a_household",
    title=Text("戶均泉", "Springs for a hundred households"),
    numerator=SPRINGS,
    denominator=REGISTERED_HOUSEHOLDS,
)


CLEAR = Group("clear", Text("探清", "Clear"))


def _all_have_gifts(village: Any) -> ColumnElement[bool]:
    """Whether there is no household of the village to which nothing was given."""
    lives_here = Household.place_code.between(village.code, village.code + 999)
    nothing = ~exists(select(Gift.id).where(Gift.household_id == Household.id))
    return ~exists(select(Household.id).where(Household.district_code == village.district_code, lives_here, nothing))


REQUIREMENTS = (
    *known(Card.phone, group=CLEAR),
    Requirement(
        name="has_spring",
        title=Text("有泉", "There is a spring"),
        of=Grain.NATURAL_VILLAGE,
        group=CLEAR,
        holds=lambda hamlet: some(Spring, hamlet),
        mend=Mend.enter(Spring),
    ),
    Requirement(
        name="all_have_gifts",
        title=Text("戶戶有慰問", "Something was given to each household"),
        of=Grain.VILLAGE,
        group=CLEAR,
        holds=_all_have_gifts,
        mend=Mend.enter(Gift),
    ),
)


class HouseholdFields:
    """Hand-written fields of a household."""

    if TYPE_CHECKING:
        house_area: Decimal | None

    @strawberry.field(description="The area as a text.")  # type: ignore[untyped-decorator]  # typed as Any
    def told(self) -> str:
        """The area as a text."""
        return f"area {self.house_area}"


class PersonFields:
    """Hand-written fields of a person, which get what the viewer sees."""

    if TYPE_CHECKING:
        name: str
        id_number: str | None
        health: object

    @strawberry.field(description="Name, number and health.")  # type: ignore[untyped-decorator]  # typed as Any
    def known_as(self) -> str:
        """Name, number and health."""
        return f"{self.name}/{self.id_number}/{getattr(self.health, 'name', self.health)}"


class CardFields:
    """Hand-written fields of a record."""

    if TYPE_CHECKING:
        phone: str | None
        balance: Decimal | None

    @strawberry.field(description="Phone and balance.")  # type: ignore[untyped-decorator]  # typed as Any
    def shown(self) -> str:
        """Phone and balance."""
        return f"{self.phone}/{self.balance}"


def _find(steps: Steps, person: int) -> int:
    """Changes nothing, so that the world stays as it is; who is given back is shown."""
    found: int = steps.row(Person, person, "person")["id"]
    return found


FIND = Procedure(
    name="find",
    title=Text("查", "Finds somebody"),
    on=Person,
    arguments=(Argument("person", row_of(Person, zh="人員", en="Who")),),
    does=_find,
    changes=(Card,),
)

PROBE = Plugin(
    name="probe",
    api="1.0",
    title=Text("探", "Probe"),
    department=Text("探局", "Office of probes"),
    records=(Card, Gift, Spring),
    measures=(
        CARDS,
        REMARKED,
        REMARKED_SHARE,
        BALANCE,
        OPENED,
        GIFTS,
        LARGE_GIFTS,
        LARGE_SHARE,
        GIFTS_TO_PUPILS,
        SPRINGS,
        SPRINGS_A_HOUSEHOLD,
    ),
    procedures=(FIND,),
    requirements=REQUIREMENTS,
    # One of them is counted from the middle of a year on.
    progress=(Indicator(measure=GIFTS, since=date(2015, 7, 1)), Indicator(measure=CARDS), Indicator(measure=SPRINGS)),
    units=(
        Unit(name="card", title=Text("張", "card")),
        Unit(name="piece", title=Text("件", "piece")),
        Unit(name="spring", title=Text("眼", "spring")),
    ),
    python_fields=(
        PythonFields(on=Household, fields=HouseholdFields),
        PythonFields(on=Person, fields=PersonFields),
        PythonFields(on=Card, fields=CardFields),
    ),
)
