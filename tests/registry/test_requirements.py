"""Requirements: what follows from a declaration, and wrong ones refused in words."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Mapped, aliased
from tests.registry.test_refusals import TITLE, plugin, record, refusal

from bangfu import (
    CONSISTENCY,
    STOCK,
    Grain,
    Group,
    Household,
    HouseholdRecord,
    Measure,
    Mend,
    Person,
    Place,
    Plugin,
    Ratio,
    Requirement,
    Text,
    every,
    known,
    some,
    whole,
)
from bangfu.registry import assemble, measures_of

GROUP = Group("hives", Text("蜂箱清", "Hives are clear"))


class Swarm(HouseholdRecord):
    """Bees of a household."""

    __plugin__ = "bees"
    __title__ = Text("蜂群", "Swarm")

    frames: Mapped[int | None] = whole("household", zh="脾數", en="Frames")


def requirement(**given: Any) -> Requirement:
    """A sound one, but for what is given."""
    sound: dict[str, Any] = {
        "name": "has_swarm",
        "title": TITLE,
        "of": Grain.HOUSEHOLD,
        "group": GROUP,
        "holds": lambda household: some(Swarm, household),
        "mend": Mend.enter(Swarm),
    }
    return Requirement(**(sound | given))


def bees(*requirements: Requirement, **given: Any) -> Plugin:
    return plugin(**{"records": (Swarm,), "requirements": requirements, **given})


def _other_rows_under_its_own_name() -> Iterable[Plugin]:
    heads = select(func.count()).where(Household.main_cause.is_not(None)).scalar_subquery()
    return [bees(requirement(holds=lambda household: heads == 1))]


def _of_a_plugin_it_does_not_need() -> Iterable[Plugin]:
    jar: Any = record("Jar", plugin="honey")
    holds = exists(select(jar.id).where(jar.district_code == Place.district_code))
    return [
        bees(requirement(of=Grain.VILLAGE, holds=lambda village: holds)),
        plugin("honey", records=(jar,)),
    ]


def _a_share_named_as_a_measure() -> Iterable[Plugin]:
    swarms = Measure(name="has_swarm_rate", title=TITLE, of=Swarm, time=STOCK, count="household")
    return [bees(requirement(), measures=(swarms,))]


REFUSED: dict[Callable[[], Iterable[Plugin]], tuple[str, ...]] = {
    lambda: [bees(requirement(name="HasSwarm"))]: ("requirement 'HasSwarm'", "snake case"),
    lambda: [bees(requirement(group=Group("The hives", TITLE)))]: ("group 'The hives'", "snake case"),
    lambda: [bees(requirement(), requirement())]: ("requirement 'has_swarm'", "declared twice", "Rename"),
    lambda: [bees(requirement(), requirement(name="b", group=Group("hives", TITLE)))]: ("group 'hives'", "two titles"),
    lambda: [bees(requirement(holds=lambda household: household.bees > 0))]: (
        "'has_swarm'",
        "no condition",
        "Household",
    ),
    lambda: [bees(requirement(holds=lambda household: Swarm.frames > 0))]: (
        "uses bees_swarm.frames",
        "exists(select(…))",
    ),
    lambda: [bees(requirement(asked_of=lambda _: Person.is_student))]: ("uses person.is_student",),
    lambda: [bees(requirement(holds=lambda household: some(Person, household, Person.id_number == "1")))]: (
        "looks at id_number, of which the database keeps no clear text",
        "only that there is a value can be asked",
    ),
    lambda: [bees(requirement(mend=Mend.enter(Place)))]: ("is mended by rows of Place", "of this plugin"),  # type: ignore[arg-type]  # the mistake
    lambda: [bees(requirement(mend=Mend(Swarm, Mend.enter(Swarm).action, "frame")))]: (
        "a column 'frame', which Swarm has not",
        "Did you mean 'frames'?",
    ),
    _other_rows_under_its_own_name: ("other rows of Household under its own name", "aliased(Household)"),
    _of_a_plugin_it_does_not_need: ("looks for rows of honey_jar", "Plugin.needs"),
    _a_share_named_as_a_measure: ("measure 'has_swarm_rate'", "a share that follows from requirements"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_wrong_requirement_is_refused_in_words(wrong: Callable[[], Iterable[Plugin]]) -> None:
    problems = refusal(*wrong())
    assert [line for line in problems if all(part in line for part in ("'bees'", *REFUSED[wrong]))], problems
    assert len(problems) == 1, problems


def test_a_measure_may_look_for_rows_of_its_plugin_only() -> None:
    jar: Any = record("Jar", plugin="honey")
    where = exists(select(jar.id).where(jar.district_code == Swarm.district_code))
    measure = Measure(name="kept", title=TITLE, of=Swarm, time=STOCK, count="household", where=where)
    (line,) = refusal(bees(measures=(measure,)), plugin("honey", records=(jar,)))
    assert "measure 'kept': looks for rows of honey_jar" in line
    assemble([bees(measures=(measure,), needs=("honey",)), plugin("honey", records=(jar,))])


def test_what_mends_it_follows_from_the_record() -> None:
    other = aliased(Swarm)
    same = select(func.count()).where(other.household_id == Household.id).scalar_subquery()
    platform = assemble(
        [
            bees(
                requirement(),
                *known(Swarm.frames, group=GROUP),
                *known(Person.born_on, Person.name, group=GROUP, of=Grain.HOUSEHOLD),
                requirement(
                    name="one_swarm",
                    kind=CONSISTENCY,
                    holds=lambda household: same <= 1,
                    mend=Mend.correct(Swarm),
                ),
            )
        ]
    )
    found = platform.graph.core[Grain.HOUSEHOLD].namespaces["bees"].requirements
    assert {name: (each.mutation, each.column, each.is_sensitive) for name, each in found.items()} == {
        "hasSwarm": ("beesSwarmCreate", None, False),
        "swarmFramesKnown": ("beesSwarmUpdate", "frames", False),
        "personBornOnKnown": ("personUpdate", "bornOn", False),
        "personNameKnown": ("personUpdate", "name", True),
        "oneSwarm": ("beesSwarmUpdate", None, False),
    }
    assert [each.looks_into for each in found.values()] == [{Swarm}, {Swarm}, {Person}, {Person}, {Swarm}]
    assert found["swarmFramesKnown"].requirement.title == Text("蜂群：脾數已填報", "Swarm: Frames is known")


def test_a_share_follows_from_each_requirement_and_from_all_of_a_kind() -> None:
    made = bees(
        requirement(), requirement(name="b", of=Grain.PERSON, kind=CONSISTENCY, holds=lambda _: Person.is_student)
    )
    rates = measures_of(made)
    assert [each.name for each in rates] == ["has_swarm_rate", "b_rate", "complete_households", "consistent_persons"]
    assert all(isinstance(each, Ratio) for each in rates)
    assert measures_of(made) == rates, "the same ones each time, since they are known by what they are"


def test_nothing_is_about_itself() -> None:
    with pytest.raises(ValueError, match="not about another"):
        every(Household, Household)
