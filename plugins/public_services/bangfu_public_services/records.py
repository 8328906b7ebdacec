"""What health, education and civil affairs count: facilities of villages, and what the state gives the weakest."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bangfu import (
    Choice,
    HouseholdRecord,
    PersonRecord,
    Sensitive,
    Text,
    VillageRecord,
    choice,
    day,
    flag,
    quantity,
    text,
    whole,
)


class FacilityKind(Choice):
    """What a facility is for."""

    CLINIC = "衛生室", "Clinic"
    SCHOOL = "學校", "School"
    KINDERGARTEN = "幼兒園", "Kindergarten"
    CULTURE = "文化活動室", "Culture room"
    SPORTS = "健身場地", "Sports ground"
    ELDERLY_CARE = "互助老人幸福院", "Day care for the old"
    OTHER = "其他", "Other"


class AllowanceClass(Choice):
    """The four classes of the rural allowance, the first for those who can least do without it."""

    FIRST = "一類", "First class"
    SECOND = "二類", "Second class"
    THIRD = "三類", "Third class"
    FOURTH = "四類", "Fourth class"


class CareMode(Choice):
    """Where a destitute person is cared for."""

    INSTITUTION = "集中供養", "In an institution"
    HOME = "分散供養", "At home"


class ReliefCause(Choice):
    """What brought a household into sudden need."""

    ILLNESS = "重大疾病", "Serious illness"
    ACCIDENT = "意外事故", "Accident"
    FIRE = "火災", "Fire"
    DISASTER = "自然災害", "Natural disaster"
    SCHOOLING = "子女就學", "Schooling"
    OTHER = "其他", "Other"


class WelfareKind(Choice):
    """For whom a grant is meant."""

    ELDERLY = "扶老", "The very old"
    DISABLED = "助殘", "The disabled"
    ORPHAN = "救孤", "Orphans"


class Facility(VillageRecord):
    """A place of service in a village or community; one brought up to the standard ends, and a new row begins."""

    __title__ = Text("公共服務設施", "Facility")
    __constraints__ = (CheckConstraint("staff >= 0", name="staff"), CheckConstraint("beds >= 0", name="beds"))

    kind: Mapped[FacilityKind] = choice(FacilityKind, zh="設施類別", en="Kind of facility")
    name: Mapped[str] = text(100, zh="名稱", en="Name")
    is_standard: Mapped[bool] = flag(zh="是否標準化", en="Built to the standard")
    built_on: Mapped[date | None] = day(zh="建成日期", en="Finished on, as it stands now")
    area: Mapped[Decimal | None] = quantity("square_metre", zh="建築面積", en="Floor area")
    investment: Mapped[Decimal | None] = quantity("yuan", zh="投資額", en="Investment")
    staff: Mapped[int | None] = whole("person", zh="工作人員", en="Staff, as doctors or teachers")
    beds: Mapped[int | None] = whole("bed", zh="床位", en="Beds of a clinic or of day care")
    pupils: Mapped[int | None] = whole("person", zh="在校學生", en="Pupils of a school or kindergarten")


class Allowance(HouseholdRecord):
    """The low-income allowance (低保) a household draws; a change of class or amount begins a new row."""

    __title__ = Text("農村低保", "Low-income allowance")
    __constraints__ = (
        CheckConstraint("people > 0", name="people"),
        CheckConstraint("monthly_amount > 0", name="monthly_amount"),
    )

    allowance_class: Mapped[AllowanceClass] = choice(AllowanceClass, zh="低保類別", en="Class")
    people: Mapped[int] = whole("person", zh="保障人口", en="Members it is paid for")
    monthly_amount: Mapped[Decimal] = quantity("yuan", zh="月保障金額", en="Amount a month")
    approved_on: Mapped[date | None] = day(zh="審批日期", en="Approved on")


class CarePlacement(PersonRecord):
    """A destitute person, without family, work or means, cared for by the state (五保供養)."""

    __title__ = Text("五保供養", "Care of the destitute")
    __constraints__ = (CheckConstraint("monthly_amount > 0", name="monthly_amount"),)

    mode: Mapped[CareMode] = choice(CareMode, zh="供養方式", en="In an institution or at home")
    institution: Mapped[str | None] = text(100, zh="供養機構", en="Institution")
    monthly_amount: Mapped[Decimal] = quantity("yuan", zh="月供養金額", en="Amount a month")
    approved_on: Mapped[date | None] = day(zh="審批日期", en="Approved on")


class Pension(PersonRecord):
    """A rural pension (新農保) that a person of sixty or more draws."""

    __title__ = Text("新農保養老金", "Rural pension")
    __constraints__ = (
        CheckConstraint("monthly_amount > 0", name="monthly_amount"),
        CheckConstraint("account_amount BETWEEN 0 AND monthly_amount", name="account_amount"),
    )

    monthly_amount: Mapped[Decimal] = quantity("yuan", zh="月養老金", en="Amount a month")
    account_amount: Mapped[Decimal | None] = quantity(
        "yuan", zh="其中個人賬戶", en="Of it, from the person's own account"
    )


class TemporaryRelief(HouseholdRecord):
    """Money given once to a household in sudden need (臨時救助, 濟困)."""

    __title__ = Text("臨時救助", "Temporary relief")
    __constraints__ = (CheckConstraint("amount > 0", name="amount"),)

    cause: Mapped[ReliefCause] = choice(ReliefCause, zh="救助原因", en="Cause of the need")
    amount: Mapped[Decimal] = quantity("yuan", zh="救助金額", en="Amount")
    granted_on: Mapped[date] = day(zh="救助日期", en="Granted on")


class WelfareGrant(PersonRecord):
    """A grant paid month by month to somebody very old, disabled or orphaned (扶老、助殘、救孤)."""

    __title__ = Text("福利補貼", "Welfare grant")
    __constraints__ = (CheckConstraint("monthly_amount > 0", name="monthly_amount"),)

    # For whom a grant is meant tells of a person's health.
    kind: Mapped[WelfareKind] = choice(
        WelfareKind, zh="補貼類別", en="For whom it is meant", sensitive=Sensitive.HIDDEN
    )
    monthly_amount: Mapped[Decimal] = quantity("yuan", zh="月補貼金額", en="Amount a month")
    approved_on: Mapped[date | None] = day(zh="審批日期", en="Approved on")
