"""Made-up households of people: who lives together, how old they are, what they learned and how they are."""

from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from random import Random
from typing import Any, Generic, TypeVar

from bangfu.declare.demo import DemoPerson
from bangfu.declare.id_number import check_digit
from bangfu.domain.demo.names import GIVEN_NAMES, SURNAMES
from bangfu.domain.households import Education, Health, LabourCapacity, Relation, Sex

NO_REGION = "999999"
"""The region with which every made-up ID number begins; no place has it."""

REGISTERED_ON = date(2014, 1, 1)
"""The day from which the register holds; who was born later joined at birth."""

SIZES = (3, 7, 14, 24, 25, 16, 7, 3, 1)
"""How many of a hundred households have one, two … nine members."""


T = TypeVar("T")


@dataclass(frozen=True)
class Member:
    """Somebody's place in a household, before it gets a name."""

    relation: Relation
    male: bool
    age: int


class Table(Generic[T]):
    """Values with weights by age: `(from age, {value: weight})`, drawn with one random number."""

    def __init__(self, *bands: tuple[int, dict[T, int]]) -> None:
        ages = [age for age, _ in bands]
        lots = [[value for value, weight in band.items() for _ in range(weight)] for _, band in bands]
        self._by_age = [lots[bisect(ages, age) - 1] for age in range(120)]

    def draw(self, age: int, lot: float) -> T:
        """The value at `lot`, from 0 to 1, for somebody of that age."""
        values = self._by_age[age]
        return values[int(lot * len(values))]


# None is "not recorded": a register that is filled in by hand has holes, and nothing here may hide them.
_EDUCATION: Table[Education | None] = Table(
    (0, {None: 1}),
    (12, {Education.PRIMARY: 97, None: 3}),
    (15, {Education.JUNIOR: 94, Education.PRIMARY: 4, None: 2}),
    (18, {Education.SENIOR: 45, Education.JUNIOR: 46, Education.PRIMARY: 6, None: 3}),
    (
        23,
        {
            Education.JUNIOR: 56,
            Education.PRIMARY: 19,
            Education.SENIOR: 13,
            Education.TERTIARY: 7,
            Education.NONE: 3,
            None: 2,
        },
    ),
    (40, {Education.JUNIOR: 40, Education.PRIMARY: 40, Education.SENIOR: 5, Education.NONE: 13, None: 2}),
    (60, {Education.NONE: 44, Education.PRIMARY: 43, Education.JUNIOR: 10, None: 3}),
)
_STUDENT: Table[bool | None] = Table(
    (0, {False: 1}),
    (6, {True: 97, False: 1, None: 2}),
    (15, {True: 85, False: 13, None: 2}),
    (18, {True: 38, False: 60, None: 2}),
    (23, {False: 1}),
)
_HEALTH: Table[Health | None] = Table(
    (0, {Health.HEALTHY: 95, Health.CHRONIC: 1, Health.SERIOUS: 1, Health.DISABLED: 1, None: 2}),
    (20, {Health.HEALTHY: 86, Health.CHRONIC: 6, Health.SERIOUS: 3, Health.DISABLED: 3, None: 2}),
    (45, {Health.HEALTHY: 70, Health.CHRONIC: 18, Health.SERIOUS: 4, Health.DISABLED: 6, None: 2}),
    (65, {Health.HEALTHY: 46, Health.CHRONIC: 38, Health.SERIOUS: 6, Health.DISABLED: 8, None: 2}),
)
_LABOUR: Table[LabourCapacity] = Table(
    (0, {LabourCapacity.NONE: 1}),
    (
        16,
        {
            LabourCapacity.ORDINARY: 84,
            LabourCapacity.SKILLED: 12,
            LabourCapacity.LOST: 3,
            LabourCapacity.NONE: 1,
        },
    ),
    (
        60,
        {
            LabourCapacity.ORDINARY: 50,
            LabourCapacity.SKILLED: 3,
            LabourCapacity.LOST: 12,
            LabourCapacity.NONE: 35,
        },
    ),
    (70, {LabourCapacity.ORDINARY: 4, LabourCapacity.LOST: 14, LabourCapacity.NONE: 82}),
)
_MEDICAL: Table[bool | None] = Table((0, {True: 96, False: 3, None: 1}))
_PENSION: Table[bool | None] = Table((0, {None: 1}), (16, {True: 82, False: 14, None: 4}))
_ETHNICITY: Table[str | None] = Table((0, {"汉族": 97, "回族": 2, None: 1}))

_ABLE = (LabourCapacity.ORDINARY, LabourCapacity.SKILLED)
_UNWELL = (Health.SERIOUS, Health.DISABLED)


def draw_sizes(random: Random, households: int, people: int) -> list[int]:
    """The sizes of so many households, from one to nine, that have so many people together."""
    cumulative = list(accumulate(SIZES))
    sizes = random.choices(range(1, len(SIZES) + 1), cum_weights=cumulative, k=households)
    left = people - sum(sizes)
    step = 1 if left > 0 else -1
    while left:
        index = random.randrange(households)
        if 2 <= sizes[index] <= len(SIZES) - 2:
            sizes[index] += step
            left -= step
    return sizes


def draw_members(random: Random, size: int) -> list[Member]:
    """So many people who could live together, the head first."""
    draw = random.random
    head = 30 + int(42 * draw()) if size > 1 else 48 + int(36 * draw())
    male = draw() < 0.86
    members = [Member(Relation.HEAD, male, head)]
    youngest = head
    if size > 1 and draw() < 0.9:
        spouse = max(24, head - 4 + int(8 * draw()))
        members.append(Member(Relation.SPOUSE, not male, spouse))
        youngest = min(head, spouse)
    parents, children, eldest = 0, 0, 0
    while len(members) < size:
        lot = draw()
        if parents < 2 and head <= 60 and lot < 0.3:
            members.append(Member(Relation.PARENT, parents > 0, min(97, head + 20 + int(14 * draw()))))
            parents += 1
        elif eldest >= 22 and lot < 0.65:
            members.append(Member(Relation.GRANDCHILD, draw() < 0.53, int((eldest - 20) * draw())))
        elif children < 4:
            age = max(0, youngest - 21 - int(14 * draw()))
            members.append(Member(Relation.CHILD, draw() < 0.53, age))
            children, eldest = children + 1, max(eldest, age)
        else:
            members.append(Member(Relation.OTHER, draw() < 0.4, 18 + int(40 * draw())))
    return members


class Registry:
    """Gives people their names, ID numbers and rows; one for a district, so that no number comes twice."""

    def __init__(self, random: Random, as_of: date, first_id: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self._random = random
        self._today = as_of.toordinal()
        self._next = first_id
        self._numbers: Counter[int] = Counter()

    def enter(self, household_id: int, members: list[Member]) -> tuple[DemoPerson, ...]:
        """Adds the rows of a household's members."""
        surname = SURNAMES[int(self._random.random() * len(SURNAMES))]
        return tuple([self._person(household_id, surname, member) for member in members])

    def _person(self, household_id: int, family: str, member: Member) -> DemoPerson:
        draw = self._random.random
        age, male = member.age, member.male
        ordinal = self._today - int(age * 365.25 + 364 * draw())
        born_on = date.fromordinal(ordinal)
        health = _HEALTH.draw(age, draw())
        student = _STUDENT.draw(age, draw())
        labour = LabourCapacity.NONE if student else _LABOUR.draw(age, draw())
        if health in _UNWELL and labour in _ABLE and draw() < 0.6:
            labour = LabourCapacity.LOST
        can_work = labour in _ABLE
        married_in = member.relation is Relation.SPOUSE or (member.relation is Relation.PARENT and not male)
        surname = SURNAMES[int(draw() * len(SURNAMES))] if married_in else family
        known = draw() > 0.01
        joined_on = max(born_on, REGISTERED_ON)
        self.rows.append(
            {
                "id": self._next,
                "household_id": household_id,
                "name": surname + GIVEN_NAMES[int(draw() * len(GIVEN_NAMES))],
                "sex": Sex.MALE if male else Sex.FEMALE,
                "id_number": self._number(born_on, ordinal, male) if known else None,
                "born_on": born_on if known else None,
                "relation": member.relation,
                "joined_on": joined_on,
                "valid_from": joined_on,
                "ethnicity": _ETHNICITY.draw(age, draw()),
                "education": _EDUCATION.draw(age, draw()),
                "is_student": student,
                "health": health,
                "labour": labour,
                "work_months": _months(can_work, age, draw()),
                "has_medical_insurance": _MEDICAL.draw(age, draw()),
                "has_pension_insurance": _PENSION.draw(age, draw()),
            }
        )
        self._next += 1
        return DemoPerson(id=self._next - 1, born_on=born_on, male=male, can_work=can_work)

    def _number(self, born_on: date, ordinal: int, male: bool) -> str:
        """The next free number of a day: odd for men, even for women, as on a real card."""
        self._numbers[ordinal * 2 + male] += 1
        sequence = self._numbers[ordinal * 2 + male] * 2 - male
        first = f"{NO_REGION}{born_on.year}{born_on.month:02}{born_on.day:02}{sequence:03}"
        return first + check_digit(first)


def _months(can_work: bool, age: int, lot: float) -> int | None:
    """Months worked away: none for who stays, not recorded for children and now and then for others."""
    if age < 16 or lot > 0.98:
        return None
    return 1 + int(lot / 0.42 * 10) if can_work and age < 60 and lot < 0.42 else 0
