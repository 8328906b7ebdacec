"""Made-up rows of capacity that add up to the report: courses in most villages, workers from where it is far."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bangfu import DemoDistrict, DemoPerson, DemoVillage, Rows, Target, pick, spread, spread_amount
from bangfu_capacity.records import (
    Attendance,
    Course,
    CourseMode,
    Destination,
    LabourTransfer,
    Topic,
    Trade,
    YuluGrant,
)

_Row = Mapping[str, Any]  # columns differ in type

# topic, how often it is taught, who teaches it, whether people go away for it
_TOPICS = (
    (Topic.FRUIT, 6, "區林業局", CourseMode.ON_SITE),
    (Topic.VEGETABLE, 5, "區農業局", CourseMode.ON_SITE),
    (Topic.HERB, 4, "區農業局", CourseMode.ON_SITE),
    (Topic.LIVESTOCK, 4, "區畜牧局", CourseMode.ON_SITE),
    (Topic.CONSTRUCTION, 3, "區人社局", CourseMode.AWAY),
    (Topic.COOKING, 2, "區人社局", CourseMode.AWAY),
    (Topic.HOUSEKEEPING, 2, "區婦聯", CourseMode.AWAY),
    (Topic.DRIVING, 1, "區人社局", CourseMode.AWAY),
    (Topic.COMPUTING, 1, "區商務局", CourseMode.ON_SITE),
)
_TRAINED, _TRAINED_YEAR_BEFORE, _STUDENTS = 12_600, 5_400, 1_400
_WORKERS, _LABOUR_INCOME = 103_000, 862_000_000
# where to, how many of a hundred workers, what one earns compared with others
_DESTINATIONS = (
    (Destination.DISTRICT, 22, 0.7),
    (Destination.CITY, 12, 0.8),
    (Destination.PROVINCE, 24, 1.0),
    (Destination.OUTSIDE, 42, 1.25),
)
_SUBJECTS = ("數控技術", "汽車維修", "護理", "學前教育", "電子技術", "烹飪")
# indicator, the year's target, the target of 2016 counted from 2015 on
_TARGETS = (
    ("people_trained", 12_000, 26_000),
    ("certified_share", 50, 60),
    ("yulu_students", 1_500, 3_200),
    ("labour_transferred", 100_000, 205_000),
    ("labour_income", 800_000_000, 1_700_000_000),
)


def rows(district: DemoDistrict) -> Iterator[Rows]:
    """All rows of the sector for the demo district."""
    courses = list(_courses(district))
    attendances = [
        *_attendances(district, courses, district.as_of.year, _TRAINED),
        # The year before is there to be left out.
        *_attendances(district, courses, district.as_of.year - 1, _TRAINED_YEAR_BEFORE),
    ]
    transfers = list(_transfers(district))
    yield Rows(of=Course, rows=courses)
    yield Rows(of=Attendance, rows=attendances)
    yield Rows(of=YuluGrant, rows=list(_grants(district)))
    yield Rows(of=LabourTransfer, rows=transfers)
    yield Rows(of=Target, rows=list(_targets(district, transfers)))


def _courses(district: DemoDistrict) -> Iterator[_Row]:
    """A course or two in most villages with registered households, each year."""
    random = district.random("capacity.course")
    for year in (district.as_of.year - 1, district.as_of.year):
        for number, village in enumerate(_inhabited(district), 1):
            chance = 0.95 if village.is_poor else 0.75
            for turn in range(1 + (random.random() < chance) + (len(village.households) > 60)):
                topic, _, organiser, mode = random.choices(_TOPICS, [each[1] for each in _TOPICS])[0]
                held_on = date(year, 1, 10) + timedelta(days=random.randrange(200))
                yield {
                    "place_code": village.code,
                    "number": f"{year}-{number:03d}-{turn + 1}",
                    "title": f"{topic.title.zh}培訓班",
                    "topic": topic,
                    "mode": mode,
                    "organiser": organiser,
                    "venue": f"{village.name}文化活動室" if mode is CourseMode.ON_SITE else "示範職業培訓中心",
                    "held_on": held_on,
                    "days": random.choice((2, 3, 5) if mode is CourseMode.ON_SITE else (10, 15, 30)),
                    "recorded_on": held_on,
                    "valid_from": held_on,
                }


def _attendances(district: DemoDistrict, courses: Sequence[_Row], year: int, people: int) -> Iterator[_Row]:
    random = district.random(f"capacity.attendance.{year}")
    offered: dict[int, list[_Row]] = defaultdict(list)
    for course in courses:
        if course["held_on"].year == year:
            offered[course["place_code"]].append(course)
    able = [
        (village, person)
        for village in _inhabited(district)
        for household in village.households
        for person in household.members
        if person.can_work
    ]
    weights = [0.6 if village.is_poor else 0.3 + 0.2 * village.remoteness for village, _ in able]
    for index in pick(random, weights, people):
        village, person = able[index]
        # Some go to two courses, and are still one person trained.
        choices = offered[village.code]
        for course in random.sample(choices, k=min(1 + (random.random() < 0.3), len(choices))):
            is_certified = random.random() < (0.75 if course["mode"] is CourseMode.AWAY else 0.4)
            yield {
                "person_id": person.id,
                "course_number": course["number"],
                "course": course["title"],
                "topic": course["topic"],
                "attended_on": course["held_on"],
                "days": max(1, course["days"] - (random.random() < 0.15)),
                "is_certified": is_certified,
                "certificate": f"{course['topic'].title.zh}培訓合格證" if is_certified else None,
                "recorded_on": course["held_on"],
                "valid_from": course["held_on"],
            }


def _grants(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("capacity.yulu_grant")
    year = district.as_of.year
    leavers = [
        person
        for household in district.households
        for person in household.members
        if _age(person, date(year, 1, 1)) >= 15 and _age(person, date(year, 12, 31)) <= 22
    ]
    for index in pick(random, [1.0 if person.can_work else 0.5 for person in leavers], _STUDENTS):
        granted_on = date(year, random.randint(3, 7), random.randint(1, 28))
        yield {
            "person_id": leavers[index].id,
            "year": year,
            "school": random.choice(("示範職業技術學院", "示範第一職業中專", "示範技工學校")),
            "major": random.choice(_SUBJECTS),
            "amount": Decimal(random.choice((1500, 1500, 2000, 3000))),
            "granted_on": granted_on,
            "recorded_on": granted_on,
            "valid_from": granted_on,
        }


def _transfers(district: DemoDistrict) -> Iterator[_Row]:
    """One row for each direction in which a village's workers went; more of them from far out."""
    random = district.random("capacity.labour_transfer")
    directions = [(village, *direction) for village in _rural(district) for direction in _DESTINATIONS]
    leaving = {
        village.code: (0.6 + 0.8 * village.remoteness) * random.lognormvariate(0, 0.4) for village in _rural(district)
    }
    workers = spread(
        _WORKERS,
        [leaving[village.code] * share * random.uniform(0.6, 1.4) for village, _, share, _ in directions],
        least=1,
    )
    incomes = spread_amount(
        Decimal(_LABOUR_INCOME),
        [count * wage * random.uniform(0.85, 1.15) for count, (*_, wage) in zip(workers, directions, strict=True)],
        step=Decimal(100),
    )
    year = district.as_of.year
    for (village, destination, _, _), count, income in zip(directions, workers, incomes, strict=True):
        yield {
            "place_code": village.code,
            "year": year,
            "destination": destination,
            "trade": random.choices(tuple(Trade), (5, 4, 4, 1, 1))[0],
            "is_organised": random.random() < 0.35,
            "workers": count,
            "income": income,
            "recorded_on": date(year, 7, 31),
            "valid_from": date(year, 1, 1),
            "valid_to": date(year + 1, 1, 1),
        }


def _targets(district: DemoDistrict, transfers: Sequence[_Row]) -> Iterator[_Row]:
    year, until = district.as_of.year, date(2016, 12, 31)
    for indicator, this_year, milestone in _TARGETS:
        yield _target(district.place_code, indicator, date(year, 12, 31), Decimal(this_year))
        yield _target(district.place_code, indicator, until, Decimal(milestone))
    random = district.random("capacity.target")
    placed: dict[int, int] = defaultdict(int)
    for transfer in transfers:
        placed[_township(transfer["place_code"])] += transfer["workers"]
    parts = spread(1000, [workers * random.uniform(0.85, 1.15) for workers in placed.values()])
    for township, part in zip(placed, parts, strict=True):
        yield _target(township, "labour_transferred", date(year, 12, 31), Decimal(part * 100))


def _target(place_code: int, indicator: str, ends_on: date, value: Decimal) -> _Row:
    return {
        "place_code": place_code,
        "indicator": f"capacity.{indicator}",
        "starts_on": date(2015, 1, 1),
        "ends_on": ends_on,
        "value": value,
        "source": "示範目標(虛構) / demo target, made up",
        "recorded_on": date(2015, 1, 1),
        "valid_from": date(2015, 1, 1),
    }


def _age(person: DemoPerson, day: date) -> int:
    birthday = (person.born_on.month, person.born_on.day)
    return day.year - person.born_on.year - ((day.month, day.day) < birthday)


def _inhabited(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if village.households]


def _rural(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if not village.is_community]


def _township(place_code: int) -> int:
    return place_code - place_code % 10**6
