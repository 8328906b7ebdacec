"""What finance counts: funds, projects and the money that reached villages; micro-loans; guarantee capital."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bangfu import (
    Choice,
    DistrictRecord,
    HouseholdRecord,
    Text,
    TownshipRecord,
    VillageRecord,
    choice,
    day,
    flag,
    quantity,
    text,
    whole,
)


class Origin(Choice):
    """Who gives the money."""

    CENTRAL = "中央", "Central government"
    PROVINCIAL = "省級", "Province"
    MUNICIPAL = "市級", "City"
    DISTRICT = "區級", "District"
    SOCIAL = "社會幫扶", "Society"
    RAISED = "群眾自籌", "Raised by the people"
    OTHER = "其他", "Other"


class VillageProjectKind(Choice):
    """What a village's project is about."""

    WHOLE_VILLAGE = "整村推進", "Whole-village advancement"
    FACILITIES = "基礎設施", "Roads, water and the like"
    INDUSTRY = "產業扶持", "Support of an industry"
    OTHER = "其他", "Other"


class TownshipProjectKind(Choice):
    """What a township's project is about."""

    WHOLE_TOWNSHIP = "整鄉推進", "Whole-township advancement"
    BELT = "片帶開發", "Development of a belt of villages"
    OTHER = "其他", "Other"


class LoanPurpose(Choice):
    """What a household wants to do with a micro-loan."""

    PLANTING = "種植", "Planting"
    LIVESTOCK = "養殖", "Livestock"
    PROCESSING = "農產品加工", "Processing"
    TRADE = "商貿服務", "Trade and services"
    OTHER = "其他", "Other"


class Repayment(Choice):
    """How a loan is paid back, month by month."""

    EQUAL_PRINCIPAL = "等額本金", "Equal parts of the principal"
    ANNUITY = "等額本息", "Equal payments"
    AT_MATURITY = "按月付息到期還本", "Interest monthly, principal at the end"


class FundSource(DistrictRecord):
    """Money made available to the district by one notice (資金來源): what can be allocated, not what was."""

    __title__ = Text("資金來源", "Source of funds")

    number: Mapped[str] = text(40, zh="文號", en="Number of the notice")
    name: Mapped[str] = text(100, zh="資金名稱", en="Name of the fund")
    origin: Mapped[Origin] = choice(Origin, zh="資金渠道", en="Who gives it")
    is_special: Mapped[bool] = flag(zh="是否專項扶貧資金", en="Special poverty fund")
    amount: Mapped[Decimal] = quantity("yuan", zh="下達金額", en="Amount made available")
    issued_on: Mapped[date] = day(zh="下達日期", en="Issued on")


class VillageProject(VillageRecord):
    """A project of one village; its money stands in the allocations that carry its number."""

    __title__ = Text("村級項目", "Project of a village")

    number: Mapped[str] = text(40, zh="項目編號", en="Number of the project")
    name: Mapped[str] = text(100, zh="項目名稱", en="Name")
    kind: Mapped[VillageProjectKind] = choice(VillageProjectKind, zh="項目類別", en="Kind of project")
    budget: Mapped[Decimal | None] = quantity("yuan", zh="批復投資", en="Budget approved")
    approved_on: Mapped[date] = day(zh="批復日期", en="Approved on")
    finished_on: Mapped[date | None] = day(zh="竣工日期", en="Finished on")


class TownshipProject(TownshipRecord):
    """A project of a whole township; its money stands in the allocations of the villages it reaches."""

    __title__ = Text("鄉鎮項目", "Project of a township")

    number: Mapped[str] = text(40, zh="項目編號", en="Number of the project")
    name: Mapped[str] = text(100, zh="項目名稱", en="Name")
    kind: Mapped[TownshipProjectKind] = choice(TownshipProjectKind, zh="項目類別", en="Kind of project")
    budget: Mapped[Decimal | None] = quantity("yuan", zh="批復投資", en="Budget approved")
    approved_on: Mapped[date] = day(zh="批復日期", en="Approved on")
    finished_on: Mapped[date | None] = day(zh="竣工日期", en="Finished on")


class Allocation(VillageRecord):
    """Money of one fund for one village; several funds in one project are the 拼盤 of the report."""

    __title__ = Text("資金安排", "Allocation of funds")

    fund_number: Mapped[str | None] = text(40, zh="資金文號", en="Number of the fund's notice")
    project_number: Mapped[str | None] = text(40, zh="項目編號", en="Number of the project")
    origin: Mapped[Origin] = choice(Origin, zh="資金渠道", en="Who gives it")
    is_special: Mapped[bool] = flag(zh="是否專項扶貧資金", en="Special poverty fund")
    amount: Mapped[Decimal] = quantity("yuan", zh="金額", en="Amount")
    allocated_on: Mapped[date] = day(zh="安排日期", en="Allocated on")


class LoanDemand(HouseholdRecord):
    """A micro-loan that a registered household was found to want (貸款需求), whether or not it gets one."""

    __title__ = Text("小額貸款需求", "Demand for a micro-loan")
    # Fifty thousand yuan is the ceiling of the micro-loan plan (精準扶貧小額信貸支持計劃).
    __constraints__ = (CheckConstraint("amount > 0 AND amount <= 50000", name="amount"),)

    amount: Mapped[Decimal] = quantity("yuan", zh="需求金額", en="Amount wanted")
    purpose: Mapped[LoanPurpose] = choice(LoanPurpose, zh="用途", en="Purpose")
    recognised_on: Mapped[date] = day(zh="認定日期", en="Recognised on")


class Loan(HouseholdRecord):
    """A micro-loan granted to a registered household; holds until it is paid back."""

    __title__ = Text("小額貸款", "Micro-loan")
    # The plan's limits: fifty thousand yuan, three years.
    __constraints__ = (
        CheckConstraint("amount > 0 AND amount <= 50000", name="amount"),
        CheckConstraint("months BETWEEN 1 AND 36", name="months"),
        CheckConstraint("annual_rate >= 0", name="annual_rate"),
    )

    amount: Mapped[Decimal] = quantity("yuan", zh="貸款金額", en="Amount")
    purpose: Mapped[LoanPurpose] = choice(LoanPurpose, zh="用途", en="Purpose")
    bank: Mapped[str] = text(100, zh="放貸機構", en="Bank")
    granted_on: Mapped[date] = day(zh="發放日期", en="Granted on")
    months: Mapped[int] = whole("month", zh="期限", en="Months until it is due")
    annual_rate: Mapped[Decimal] = quantity("percent", zh="年利率", en="Interest of a year")
    repayment: Mapped[Repayment] = choice(Repayment, zh="還款方式", en="How it is paid back")
    is_guaranteed: Mapped[bool] = flag(zh="是否擔保", en="Backed by the guarantee company")


class GuaranteeContribution(DistrictRecord):
    """Capital paid into the guarantee company; what it holds on a day is the sum of those that hold then."""

    __title__ = Text("擔保公司出資", "Contribution to guarantee capital")

    company: Mapped[str] = text(100, zh="擔保公司", en="Guarantee company")
    contributor: Mapped[str] = text(100, zh="出資方", en="Contributor")
    origin: Mapped[Origin] = choice(Origin, zh="資金渠道", en="Who gives it")
    amount: Mapped[Decimal] = quantity("yuan", zh="出資額", en="Amount")
    contributed_on: Mapped[date] = day(zh="出資日期", en="Paid in on")
