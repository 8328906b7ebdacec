"""Households and people: the registered poor (建檔立卡戶), one row each."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, or_
from sqlalchemy.orm import Mapped, mapped_column

from bangfu.declare.choice import Choice
from bangfu.declare.fields import Sensitive, choice, code, day, flag, quantity, text, whole
from bangfu.declare.grain import Grain
from bangfu.declare.records import Record
from bangfu.declare.rules import Check
from bangfu.declare.text import Text


class HouseholdCategory(Choice):
    """How a household is registered."""

    GENERAL_POOR = "一般貧困戶", "General-poor"
    ALLOWANCE_POOR = "低保貧困戶", "Low-income-allowance poor"
    DESTITUTE = "五保戶", "Destitute, cared for"


class HouseholdStatus(Choice):
    """Where a household stands; changes only through a case."""

    IN_POVERTY = "貧困", "In poverty"
    PRE_EXIT = "預脫貧", "About to exit"
    EXITED = "脫貧", "Exited"
    RELAPSED = "返貧", "Relapsed"
    REMOVED = "剔除", "Removed"


class PovertyCause(Choice):
    """Why a household is poor (致貧原因)."""

    ILLNESS = "因病", "Illness"
    DISABILITY = "因殘", "Disability"
    SCHOOLING = "因學", "Schooling"
    DISASTER = "因災", "Disaster"
    LACK_OF_LAND = "缺土地", "Lack of land"
    LACK_OF_WATER = "缺水", "Lack of water"
    LACK_OF_SKILLS = "缺技術", "Lack of skills"
    LACK_OF_LABOUR = "缺勞力", "Lack of labour"
    LACK_OF_CAPITAL = "缺資金", "Lack of capital"
    POOR_ACCESS = "交通條件落後", "Poor access"
    LACK_OF_MOTIVATION = "自身發展力不足", "Lack of motivation"
    OTHER = "其他", "Other"


class HouseStructure(Choice):
    """What a house is built of."""

    BRICK_CONCRETE = "磚混", "Brick and concrete"
    BRICK_TIMBER = "磚木", "Brick and timber"
    EARTH_TIMBER = "土木", "Earth and timber"
    OTHER = "其他", "Other"


class Sex(Choice):
    """Sex as on the identity card."""

    MALE = "男", "Male"
    FEMALE = "女", "Female"


class Relation(Choice):
    """Relation to the head of the household."""

    HEAD = "戶主", "Head"
    SPOUSE = "配偶", "Spouse"
    CHILD = "子女", "Child"
    PARENT = "父母", "Parent"
    GRANDCHILD = "孫子女", "Grandchild"
    OTHER = "其他", "Other"


class Departure(Choice):
    """Why somebody is no longer a member of a household (減員原因)."""

    DIED = "死亡", "Died"
    MARRIED = "婚嫁", "Married"
    MOVED_AWAY = "遷出", "Moved away"
    ENTERED_BY_MISTAKE = "錯登", "Entered by mistake"
    OTHER = "其他", "Other"


class Education(Choice):
    """Highest schooling finished."""

    NONE = "文盲或半文盲", "None"
    PRIMARY = "小學", "Primary"
    JUNIOR = "初中", "Junior secondary"
    SENIOR = "高中", "Senior secondary"
    TERTIARY = "大專及以上", "Tertiary"


class LabourCapacity(Choice):
    """How far a person can work."""

    SKILLED = "技能勞動力", "Skilled"
    ORDINARY = "普通勞動力", "Ordinary"
    LOST = "喪失勞動力", "Lost"
    NONE = "無勞動力", "None"


class Health(Choice):
    """State of health."""

    HEALTHY = "健康", "Healthy"
    CHRONIC = "長期慢性病", "Chronic illness"
    SERIOUS = "大病", "Serious illness"
    DISABLED = "殘疾", "Disabled"


class Household(Record):
    """A household of the register, living in a natural village, or in a village where none is known."""

    __tablename__ = "household"
    __grain__ = Grain.HOUSEHOLD
    __title__ = Text("建檔立卡戶", "Registered household")
    __levels__ = frozenset((Grain.VILLAGE, Grain.NATURAL_VILLAGE))
    __constraints__ = (
        ForeignKeyConstraint(["district_code", "place_code"], ["place.district_code", "place.code"]),
        Index(None, "district_code", "place_code"),
    )

    place_code: Mapped[int] = code(zh="居住地代碼", en="Code of the place it lives in", sort_order=-1)
    category: Mapped[HouseholdCategory] = choice(HouseholdCategory, zh="貧困戶屬性", en="Category")
    status: Mapped[HouseholdStatus] = choice(HouseholdStatus, zh="脫貧狀態", en="Status")
    main_cause: Mapped[PovertyCause | None] = choice(PovertyCause, zh="主要致貧原因", en="Main cause of poverty")
    house_area: Mapped[Decimal | None] = quantity("square_metre", zh="住房面積", en="Area of the house")
    house_structure: Mapped[HouseStructure | None] = choice(HouseStructure, zh="房屋結構", en="Structure of the house")
    is_dilapidated: Mapped[bool | None] = flag(zh="是否危房", en="Dilapidated house")
    has_safe_water: Mapped[bool | None] = flag(zh="是否飲水安全", en="Safe drinking water")
    has_electricity: Mapped[bool | None] = flag(zh="是否通電", en="Electricity")
    has_broadcast: Mapped[bool | None] = flag(zh="是否通廣播電視", en="Radio or television")
    road_distance: Mapped[Decimal | None] = quantity("km", zh="距村主幹路距離", en="Distance to the village road")


class Person(Record):
    """A member of a registered household, with the days of joining and leaving it."""

    __tablename__ = "person"
    __grain__ = Grain.PERSON
    __title__ = Text("人口", "Person")
    __checks__ = (
        Check(
            name="left_after_joining",
            title=Text("離戶日期不得早於入戶日期。", "A member leaves after having joined."),
            holds=lambda person: person.left_on >= person.joined_on,
            column="left_on",
        ),
        Check(
            name="left_for_a_reason",
            title=Text("填寫減員原因時須填離戶日期。", "Whoever is no longer a member has left on a day."),
            holds=lambda person: or_(person.departure.is_(None), person.left_on.is_not(None)),
            column="left_on",
        ),
        Check(
            name="born_before_joining",
            title=Text("入戶日期不得早於出生日期。", "Nobody joins before being born."),
            holds=lambda person: person.joined_on >= person.born_on,
            column="born_on",
        ),
    )
    __constraints__ = (
        ForeignKeyConstraint(["district_code", "household_id"], ["household.district_code", "household.id"]),
        Index(None, "district_code", "household_id"),
    )

    household_id: Mapped[int] = mapped_column(BigInteger, sort_order=-1)
    name: Mapped[str] = text(50, zh="姓名", en="Name", sensitive=Sensitive.NAME)
    sex: Mapped[Sex] = choice(Sex, zh="性別", en="Sex")
    id_number: Mapped[str | None] = text(
        18, zh="證件號碼", en="Resident ID number", sensitive=Sensitive.ID_NUMBER, sealed=True, unique=True
    )
    born_on: Mapped[date | None] = day(zh="出生日期", en="Date of birth")
    relation: Mapped[Relation] = choice(Relation, zh="與戶主關係", en="Relation to the head")
    joined_on: Mapped[date] = day(zh="入戶日期", en="Joined the household on")
    left_on: Mapped[date | None] = day(zh="離戶日期", en="Left the household on")
    departure: Mapped[Departure | None] = choice(Departure, zh="減員原因", en="Why no longer a member")
    ethnicity: Mapped[str | None] = text(20, zh="民族", en="Ethnicity")
    education: Mapped[Education | None] = choice(Education, zh="文化程度", en="Education")
    is_student: Mapped[bool | None] = flag(zh="是否在校生", en="At school")
    health: Mapped[Health | None] = choice(Health, zh="健康狀況", en="Health", sensitive=Sensitive.HIDDEN)
    labour: Mapped[LabourCapacity | None] = choice(LabourCapacity, zh="勞動技能", en="Capacity to work")
    work_months: Mapped[int | None] = whole("month", zh="務工時間", en="Months worked away this year")
    has_medical_insurance: Mapped[bool | None] = flag(zh="是否參加新農合", en="Medical insurance")
    has_pension_insurance: Mapped[bool | None] = flag(zh="是否參加新農保", en="Pension insurance")
