"""What is required of households (五清) and of villages (六有), and what in the register would contradict itself.

The papers name the five and the six; what each of them consists of nobody has published. So it is declared here in
plain words, and an office that reads them otherwise changes this list and nothing else.
"""

from typing import Any

from sqlalchemy import ColumnElement, func, not_, select
from sqlalchemy.orm import aliased

from bangfu.declare.grain import Grain
from bangfu.declare.requirements import CONSISTENCY, Group, Mend, Requirement
from bangfu.declare.text import Text
from bangfu.domain.about import about, known, some
from bangfu.domain.help import HelpMeasure, VillageDocument, VillageDocumentKind
from bangfu.domain.households import Household, Person, Relation
from bangfu.domain.income import Income

BASICS = Group("basics", Text("基本情況清", "Basics are clear"))
PROBLEMS = Group("problems", Text("存在問題清", "Problems are clear"))
COUNTERMEASURES = Group("countermeasures", Text("幫扶對策清", "Countermeasures are clear"))
RESPONSIBILITIES = Group("responsibilities", Text("幫扶責任清", "Responsibilities are clear"))
TASKS = Group("tasks", Text("工作任務清", "Tasks are clear"))
DATES = Group("dates", Text("資料有日期", "Documents are dated"))
LOGIC = Group("logic", Text("邏輯校驗", "Logic"))


def _has_one_head(household: Any) -> ColumnElement[bool]:
    heads = select(func.count()).where(about(Person, household), Person.relation == Relation.HEAD)
    return heads.scalar_subquery() == 1


def _has_wages(household: Any) -> ColumnElement[bool]:
    """Whether the statement of the last year is not one without wages."""
    other = aliased(Income)
    same = (other.district_code == household.district_code, other.household_id == household.id)
    last = select(func.max(other.year)).where(*same).scalar_subquery()
    return not_(some(Income, household, Income.year == last, Income.wage == 0))


def _document(kind: VillageDocumentKind) -> Requirement:
    name = kind.name.lower()
    return Requirement(
        name=f"has_{name}",
        title=Text(f"有{kind.title.zh}", f"There is one: {kind.title.en}"),
        of=Grain.VILLAGE,
        group=Group(name, Text(f"有{kind.title.zh}", kind.title.en)),
        holds=lambda village: some(VillageDocument, village, VillageDocument.kind == kind),
        mend=Mend.enter(VillageDocument),
    )


FIVE_CLEAR = (
    *known(
        Household.house_area,
        Household.house_structure,
        Household.is_dilapidated,
        Household.has_safe_water,
        Household.has_electricity,
        Household.has_broadcast,
        Household.road_distance,
        group=BASICS,
    ),
    Requirement(
        name="one_head",
        title=Text("有且只有一名戶主", "Exactly one member is the head"),
        of=Grain.HOUSEHOLD,
        group=BASICS,
        holds=_has_one_head,
        mend=Mend.correct(Person.relation),
    ),
    # Nobody can be entered without a sex.
    *known(Person.born_on, Person.id_number, group=BASICS, of=Grain.HOUSEHOLD),
    *known(Household.main_cause, group=PROBLEMS),
    Requirement(
        name="has_help_measure",
        title=Text("至少有一項幫扶措施", "There is at least one help measure"),
        of=Grain.HOUSEHOLD,
        group=COUNTERMEASURES,
        holds=lambda household: some(HelpMeasure, household),
        mend=Mend.enter(HelpMeasure),
    ),
    *known(HelpMeasure.responsible, group=RESPONSIBILITIES),
    *known(HelpMeasure.due_on, group=TASKS),
)
SIX_THERE = (*map(_document, VillageDocumentKind), *known(VillageDocument.drawn_up_on, group=DATES))
CONTRADICTIONS = (
    Requirement(
        name="wages_where_somebody_works_away",
        title=Text(
            "有人外出務工的，最近一年有工資性收入", "Where somebody works away, there are wages in the last year"
        ),
        of=Grain.HOUSEHOLD,
        group=LOGIC,
        kind=CONSISTENCY,
        holds=_has_wages,
        asked_of=lambda household: some(Person, household, Person.work_months > 0),
        mend=Mend.correct(Income.wage),
    ),
    Requirement(
        name="done_measures_say_what_was_done",
        title=Text("已完成的幫扶措施有落實情況", "A help measure that is done says what was done"),
        of=Grain.HOUSEHOLD,
        group=LOGIC,
        kind=CONSISTENCY,
        holds=lambda household: not_(
            some(HelpMeasure, household, HelpMeasure.done_on.is_not(None), HelpMeasure.outcome.is_(None))
        ),
        mend=Mend.correct(HelpMeasure.outcome),
    ),
    Requirement(
        name="no_year_of_work_at_school",
        title=Text("在校生外出務工不滿十二個月", "Nobody at school works away all year"),
        of=Grain.PERSON,
        group=LOGIC,
        kind=CONSISTENCY,
        holds=lambda person: not_(person.is_student & (person.work_months >= 12)),
        mend=Mend.correct(Person.work_months),
    ),
)

REQUIREMENTS = (*FIVE_CLEAR, *SIX_THERE, *CONTRADICTIONS)
