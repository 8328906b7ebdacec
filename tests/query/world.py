"""A small made-up district with two made-up sectors: few rows, but every kind of value and every kind of gap."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped

from bangfu import (
    FLOW,
    STOCK,
    Basis,
    Choice,
    Grain,
    Household,
    HouseholdRecord,
    Measure,
    Person,
    PersonRecord,
    Place,
    Plugin,
    Ratio,
    Text,
    Unit,
    VillageRecord,
    choice,
    day,
    flag,
    quantity,
    text,
    whole,
)
from bangfu.domain.households import HouseholdCategory, HouseholdStatus, PovertyCause, Relation, Sex
from bangfu.domain.places import PlaceKind
from bangfu.domain.register import PEOPLE
from bangfu.registry import Platform, assemble
from bangfu.store.tables import add_own_tables
from bangfu.write.copy import copy_rows
from bangfu_migrations import raise_wall

DISTRICT = 620502
TODAY = date(2015, 8, 31)
Row = dict[str, Any]
Tables = dict[str, list[Row]]

WORDS = (
    *("", " ", "蘋果", "蘋果園", "花椒", "大櫻桃🍒", "O'Brien", '"quoted"', "100%", "a_b", "a\\b", "axb", "\\", "%"),
    *("tab\there", "line\nbreak", "Ä", "ä", "z", "Z", "👩‍🌾", "秦嶺", "\\N", "null", "{}", "$1", "--", "ﬁ", "é", "é"),
)


class Crop(Choice):
    """What grows on a plot."""

    WHEAT = "小麥", "Wheat"
    APPLE = "蘋果", "Apple"
    PEPPER = "花椒", "Pepper"


class Plot(HouseholdRecord):
    """A household's plot."""

    __plugin__ = "alpha"
    __title__ = Text("地塊", "Plot")

    crop: Mapped[Crop | None] = choice(Crop, zh="作物", en="Crop")
    area: Mapped[Decimal | None] = quantity("mu", zh="面積", en="Area")
    sown_on: Mapped[date | None] = day(zh="播種日期", en="Sown on")
    note: Mapped[str | None] = text(zh="備註", en="Note")
    is_leased: Mapped[bool | None] = flag(zh="是否流轉", en="Leased")
    trees: Mapped[int | None] = whole("tree", zh="株數", en="Trees")


class WorkKind(Choice):
    """What a village builds."""

    ROAD = "道路", "Road"
    WELL = "水井", "Well"


class Work(VillageRecord):
    """A village's public work."""

    __plugin__ = "beta"
    __title__ = Text("工程", "Work")

    name: Mapped[str] = text(zh="名稱", en="Name")
    kind: Mapped[WorkKind | None] = choice(WorkKind, zh="類別", en="Kind")
    length: Mapped[Decimal | None] = quantity("km", zh="長度", en="Length")
    began_on: Mapped[date | None] = day(zh="開工日期", en="Began on")


class Lesson(PersonRecord):
    """A lesson that a person took."""

    __plugin__ = "beta"
    __title__ = Text("課程", "Lesson")

    topic: Mapped[str | None] = text(zh="主題", en="Topic")
    days: Mapped[int | None] = whole("day", zh="天數", en="Days")


PLOT_AREA = Measure(name="plot_area", title=Text("面積", "Area"), of=Plot, time=FLOW, sum=Plot.area)
LEASED = Measure(
    name="leased", title=Text("流轉", "Leased"), of=Plot, time=STOCK, count="plot", where=Plot.is_leased.is_(True)
)
GROWERS = Measure(
    name="growers",
    title=Text("種植戶", "Growers"),
    of=Plot,
    time=STOCK,
    distinct=Grain.HOUSEHOLD,
    where=Plot.trees > 10,
)
ROAD_LENGTH = Measure(
    name="road_length",
    title=Text("道路", "Roads"),
    of=Work,
    time=FLOW,
    sum=Work.length,
    where=Work.kind == WorkKind.ROAD,
    on=Work.began_on,
)
LESSON_DAYS = Measure(name="lesson_days", title=Text("天數", "Days"), of=Lesson, time=FLOW, sum=Lesson.days)
TRAINED = Measure(
    name="trained",
    title=Text("培訓人數", "Trained"),
    of=Lesson,
    time=FLOW,
    distinct=Grain.PERSON,
    where=Lesson.days > 0,
)
TRAINED_SHARE = Ratio(name="trained_share", title=Text("培訓率", "Share"), numerator=TRAINED, denominator=PEOPLE)

ALPHA = Plugin(
    name="alpha",
    api="1.0",
    title=Text("甲", "Alpha"),
    department=Text("甲局", "Office A"),
    records=(Plot,),
    measures=(PLOT_AREA, LEASED, GROWERS),
    units=(Unit(name="tree", title=Text("株", "tree")), Unit(name="plot", title=Text("塊", "plot"))),
)
BETA = Plugin(
    name="beta",
    api="1.0",
    title=Text("乙", "Beta"),
    department=Text("乙局", "Office B"),
    records=(Work, Lesson),
    measures=(ROAD_LENGTH, LESSON_DAYS, TRAINED, TRAINED_SHARE),
)

_MODELS = {"place": Place, "household": Household, "person": Person, "plot": Plot, "work": Work, "lesson": Lesson}


def platform() -> Platform:
    """The core with the two sectors."""
    return assemble([ALPHA, BETA])


def load(engine: Engine, tables: Tables) -> None:
    """Makes the tables and fills them."""
    metadata = add_own_tables(platform().metadata())
    metadata.create_all(engine)
    raise_wall(engine, platform())
    fill(engine, tables)


def fill(engine: Engine, tables: Tables) -> None:
    """Fills the tables, which are empty."""
    with engine.begin() as connection:
        for name, rows in tables.items():
            copy_rows(
                connection,
                [_stored(row) for row in rows],
                _MODELS[name],
                district_code=DISTRICT,
                source="test",
                basis=Basis.SYNTHETIC,
                recorded_on=TODAY,
            )
        connection.execute(sql("ANALYZE"))  # without statistics the planner takes every district's rows for one


def make_tables(seed: int = 1) -> Tables:
    """The district's rows by table, the same for the same seed."""
    random = Random(seed)
    places = _places(random)
    homes = [row["code"] for row in places if row["level"] == 4]
    homes += [row["code"] for row in places if row["level"] == 3][:2]  # where no natural village is known
    households = _numbered(_household(random, homes) for _ in range(40))
    people = _numbered(
        _person(random, home, index) for home in households for index in range(random.choice((0, 1, 2, 4)))
    )
    villages = [row["code"] for row in places if row["level"] == 3]
    return {
        "place": places,
        "household": households,
        "person": people,
        "plot": _numbered(_plot(random, random.choice(households[:30])) for _ in range(60)),
        "work": _numbered(_work(random, random.choice(villages[:-1])) for _ in range(25)),
        "lesson": _numbered(_lesson(random, random.choice(people)) for _ in range(60)),
    }


def _places(random: Random) -> list[Row]:
    codes = [(DISTRICT * 10**9, 1)]
    for township in (101, 102, 203):
        codes.append((codes[0][0] + township * 10**6, 2))
        for village in range(201, 201 + (3 if township < 203 else 1)):
            codes.append((codes[0][0] + township * 10**6 + village * 10**3, 3))
            above = codes[-1][0]
            codes += [(above + hamlet, 4) for hamlet in range(1, random.choice((1, 2, 4)))]
    kinds = {1: (PlaceKind.DISTRICT,), 2: (PlaceKind.TOWN, PlaceKind.TOWNSHIP), 4: (PlaceKind.NATURAL_VILLAGE,)}
    return [
        {
            "code": code,
            "level": level,
            "name": random.choice(WORDS),
            "pinyin": random.choice(("", "a", "B", "qin ling")),
            "kind": random.choice(kinds.get(level, (PlaceKind.VILLAGE, PlaceKind.COMMUNITY))),
            "recorded_on": TODAY,
            "valid_from": date(2000, 1, 1),
            # Some are no more, one ends tomorrow: what lies in them stays.
            "valid_to": random.choice((None,) * 8 + (date(2010, 1, 1), TODAY, TODAY + timedelta(1)))
            if level > 1
            else None,
        }
        for code, level in codes
    ]


def _household(random: Random, homes: Sequence[int]) -> Row:
    return _dated(random) | {
        "place_code": random.choice(homes),
        "category": random.choice(list(HouseholdCategory)),
        "status": random.choice(list(HouseholdStatus)),
        "main_cause": random.choice((None, *PovertyCause)),
        "house_area": _amount(random),
        "is_dilapidated": random.choice((None, True, False)),
        "road_distance": _amount(random),
    }


def _person(random: Random, home: Row, index: int) -> Row:
    return _dated(random) | {
        "household_id": home["id"],
        "name": random.choice(WORDS),
        "sex": random.choice(list(Sex)),
        "born_on": random.choice((None, date(1950, 2, 28), date(1980, 2, 29), date(2001, 12, 31))),
        # Some households have no head, and by mistake some have two.
        "relation": random.choice((Relation.HEAD, Relation.OTHER if index == 0 else Relation.CHILD)),
        "joined_on": date(2014, 1, 1),
        "left_on": random.choice((None, None, None, date(2015, 1, 1))),
        "ethnicity": random.choice((None, "漢", "")),
        "is_student": random.choice((None, True, False)),
        "work_months": random.choice((None, 0, 3, 12)),
    }


def _plot(random: Random, home: Row) -> Row:
    return _dated(random) | {
        "household_id": home["id"],
        "crop": random.choice((None, *Crop)),
        "area": _amount(random),
        "sown_on": random.choice((None, date(2014, 4, 1), date(2015, 4, 1))),
        "note": random.choice((None, *WORDS)),
        "is_leased": random.choice((None, True, False)),
        "trees": random.choice((None, 0, 5, 11, 200)),
    }


def _work(random: Random, village: int) -> Row:
    return _dated(random) | {
        "place_code": village,
        "name": random.choice(WORDS),
        "kind": random.choice((None, *WorkKind)),
        "length": _amount(random),
        "began_on": random.choice((None, date(2014, 12, 31), date(2015, 1, 1), date(2015, 8, 31), date(2015, 9, 1))),
    }


def _lesson(random: Random, person: Row) -> Row:
    return _dated(random) | {
        "person_id": person["id"],
        "topic": random.choice((None, *WORDS)),
        "days": random.choice((None, 0, 1, 2, 30)),
    }


def _dated(random: Random) -> Row:
    valid_from = random.choice((date(2013, 1, 1), date(2015, 1, 1), date(2015, 8, 31), date(2015, 9, 1)))
    valid_to = random.choice((None, None, None, valid_from + timedelta(1), valid_from + timedelta(400)))
    recorded_on = random.choice((date(2014, 6, 1), date(2015, 1, 1), date(2015, 3, 31), TODAY, date(2015, 12, 1)))
    return {"recorded_on": recorded_on, "valid_from": valid_from, "valid_to": valid_to}


def _amount(random: Random) -> Decimal | None:
    return random.choice(
        (None, *map(Decimal, ("0", "0.01", "1.00", "1.50", "2.49", "100.10", "9999999999999.99", "-3.00")))
    )


def _numbered(rows: Any) -> list[Row]:
    return [{"id": DISTRICT * 10**9 + number} | row for number, row in enumerate(rows, 1)]


def _stored(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "level"}
