"""What the organisation department counts: sites of villages, what they are equipped with, party organisations."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bangfu import Choice, Sensitive, Text, VillageRecord, choice, day, flag, quantity, text, whole


class SiteKind(Choice):
    """Whether a site is built from the ground."""

    NEW = "新建", "Newly built"
    EXTENDED = "改擴建", "Rebuilt or extended"
    OTHER = "其他", "Other"


class OrganisationKind(Choice):
    """Where a party organisation is."""

    VILLAGE = "行政村黨組織", "Administrative village"
    COMMUNITY = "社區黨組織", "Community"
    COOPERATIVE = "產業鏈或合作社黨組織", "Leading industry or cooperative"
    OTHER = "其他", "Other"


class Site(VillageRecord):
    """A village's party and public-service site (村級陣地), from the plan to its use; a date is empty until then."""

    __title__ = Text("村級陣地", "Village site")
    __constraints__ = (
        CheckConstraint("started_on >= planned_on", name="started_on"),
        CheckConstraint("topped_out_on >= started_on", name="topped_out_on"),
        CheckConstraint("in_use_on >= topped_out_on", name="in_use_on"),
    )

    name: Mapped[str] = text(100, zh="名稱", en="Name")
    kind: Mapped[SiteKind] = choice(SiteKind, zh="建設性質", en="Kind of building")
    area: Mapped[Decimal | None] = quantity("square_metre", zh="建築面積", en="Floor area")
    investment: Mapped[Decimal | None] = quantity("yuan", zh="投資額", en="Investment")
    planned_on: Mapped[date] = day(zh="規劃日期", en="Planned on")
    started_on: Mapped[date | None] = day(zh="開工日期", en="Started on")
    topped_out_on: Mapped[date | None] = day(zh="主體完工日期", en="Main structure finished on")
    in_use_on: Mapped[date | None] = day(zh="投入使用日期", en="In use since")


class ChecklistItem(VillageRecord):
    """One thing a village's site is to have, such as an item of 六室八有; lists and items are data, not code."""

    __title__ = Text("設施清單", "Item of a facility checklist")

    checklist: Mapped[str] = text(40, zh="清單", en="Checklist, as `六室八有`")
    item: Mapped[str] = text(40, zh="項目代碼", en="Code of the item in its list")
    name: Mapped[str | None] = text(100, zh="項目名稱", en="What the item is; empty while nobody can tell")
    is_present: Mapped[bool] = flag(zh="是否具備", en="Is there")
    checked_on: Mapped[date] = day(zh="核查日期", en="Checked on")


class PartyOrganisation(VillageRecord):
    """A party organisation in a village or community."""

    __title__ = Text("黨組織", "Party organisation")
    __constraints__ = (CheckConstraint("members >= 0", name="members"),)

    name: Mapped[str] = text(100, zh="名稱", en="Name")
    kind: Mapped[OrganisationKind] = choice(OrganisationKind, zh="類別", en="Kind")
    secretary: Mapped[str | None] = text(50, zh="書記姓名", en="Name of the secretary", sensitive=Sensitive.NAME)
    members: Mapped[int | None] = whole("person", zh="黨員人數", en="Members")
    founded_on: Mapped[date | None] = day(zh="成立日期", en="Founded on")
