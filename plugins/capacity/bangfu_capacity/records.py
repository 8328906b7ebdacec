"""What the labour bureau counts: courses and who came, grants for school leavers, workers placed outside."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bangfu import Choice, PersonRecord, Text, VillageRecord, choice, day, flag, quantity, text, whole


class Topic(Choice):
    """What is taught."""

    FRUIT = "果樹栽培", "Fruit growing"
    VEGETABLE = "蔬菜種植", "Vegetable growing"
    HERB = "中藥材種植", "Herb growing"
    LIVESTOCK = "畜禽養殖", "Livestock"
    CONSTRUCTION = "建築技能", "Building trades"
    COOKING = "烹飪", "Cooking"
    HOUSEKEEPING = "家政服務", "Housekeeping"
    DRIVING = "機械駕駛", "Driving and machines"
    COMPUTING = "電子商務", "Computers and online trade"
    OTHER = "其他", "Other"


class CourseMode(Choice):
    """Where people are trained (「送出去」培訓與就地培訓)."""

    ON_SITE = "就地培訓", "On site"
    AWAY = "送出去培訓", "Away"


class Destination(Choice):
    """How far from home the work is."""

    DISTRICT = "區內", "Inside the district"
    CITY = "市內區外", "Elsewhere in the city"
    PROVINCE = "省內市外", "Elsewhere in the province"
    OUTSIDE = "省外", "Another province"


class Trade(Choice):
    """In which trade most of the workers are."""

    CONSTRUCTION = "建築業", "Construction"
    MANUFACTURING = "製造業", "Manufacturing"
    SERVICES = "服務業", "Services"
    FARMING = "農林牧業", "Farming"
    OTHER = "其他", "Other"


class Course(VillageRecord):
    """A course in practical skills (實用技術培訓), counted where its people come from."""

    __title__ = Text("培訓班", "Training course")
    __constraints__ = (CheckConstraint("days > 0", name="days"),)

    number: Mapped[str] = text(40, zh="班次編號", en="Number of the course")
    title: Mapped[str] = text(100, zh="班次名稱", en="Title")
    topic: Mapped[Topic] = choice(Topic, zh="培訓內容", en="Topic")
    mode: Mapped[CourseMode] = choice(CourseMode, zh="培訓方式", en="On site or away")
    organiser: Mapped[str] = text(100, zh="主辦單位", en="Organiser")
    venue: Mapped[str | None] = text(100, zh="培訓地點", en="Where it was held")
    held_on: Mapped[date] = day(zh="開班日期", en="First day")
    days: Mapped[int] = whole("day", zh="天數", en="Days")


class Attendance(PersonRecord):
    """A person of the register who came to a course; named by its number where the course is recorded."""

    __title__ = Text("參訓記錄", "Attendance of a course")

    course_number: Mapped[str | None] = text(40, zh="班次編號", en="Number of the course")
    course: Mapped[str] = text(100, zh="班次名稱", en="Title of the course")
    topic: Mapped[Topic] = choice(Topic, zh="培訓內容", en="Topic")
    attended_on: Mapped[date] = day(zh="參訓日期", en="First day")
    days: Mapped[int | None] = whole("day", zh="參訓天數", en="Days attended")
    is_certified: Mapped[bool] = flag(zh="是否取得證書", en="Got a certificate")
    certificate: Mapped[str | None] = text(100, zh="證書名稱", en="Certificate")


class YuluGrant(PersonRecord):
    """A Rain-and-Dew grant (雨露計劃) for a school leaver (兩後生) who goes on to vocational training."""

    __title__ = Text("雨露計劃補助", "Rain-and-Dew grant")
    __constraints__ = (CheckConstraint("amount >= 0", name="amount"),)

    year: Mapped[int] = whole(zh="年度", en="Year")
    school: Mapped[str] = text(100, zh="就讀學校", en="School")
    major: Mapped[str | None] = text(100, zh="專業", en="Subject")
    amount: Mapped[Decimal] = quantity("yuan", zh="補助金額", en="Amount")
    granted_on: Mapped[date] = day(zh="補助日期", en="Granted on")


class LabourTransfer(VillageRecord):
    """Workers of a village placed in one direction in a year (勞務輸轉), and what they earned."""

    __title__ = Text("勞務輸轉", "Labour transfer")
    __constraints__ = (CheckConstraint("workers >= 0 AND income >= 0", name="numbers"),)

    year: Mapped[int] = whole(zh="年度", en="Year")
    destination: Mapped[Destination] = choice(Destination, zh="輸轉去向", en="Where to")
    trade: Mapped[Trade] = choice(Trade, zh="主要行業", en="Main trade")
    is_organised: Mapped[bool] = flag(zh="是否有組織輸轉", en="Placed by an organisation")
    workers: Mapped[int] = whole("person", zh="輸轉人數", en="Workers")
    income: Mapped[Decimal] = quantity("yuan", zh="勞務收入", en="Income from the work")
