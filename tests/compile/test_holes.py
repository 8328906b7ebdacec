"""Fields written by hand: SQL answers all around them, and Python only what is theirs."""

import asyncio
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.dataloader import DataLoader
from tests.compile.paths import Paths

from bangfu import Household, Person, Place, Plugin, PythonFields, Text
from bangfu.registry import Platform, assemble
from bangfu_schema import Graph

BATCHES: list[list[int]] = []


async def _doubled(keys: list[int]) -> list[int]:
    BATCHES.append(keys)
    return [2 * key for key in keys]


@strawberry.type
class ProbePart:
    """Something with parts, one of which cannot be had for every row."""

    number: int

    @strawberry.field
    def sound(self) -> int:
        """Fails for every third row."""
        if self.number % 3 == 0:
            raise GraphQLError("not for this one")
        return self.number


class HouseholdFields:
    """Sync, async, batched; with arguments; of all kinds of columns."""

    @strawberry.field
    def told(self: Any, twice: bool = False) -> str:
        """All columns as Python sees them."""
        values = [getattr(self, each.name) for each in Household.__table__.c]
        return repr(values) * (2 if twice else 1)

    @strawberry.field
    async def doubled(self: Any, info: strawberry.Info) -> strawberry.ID:
        """The key, twice, asked for together with that of all other rows."""
        loader = vars(info.context).setdefault("probe", DataLoader(load_fn=_doubled))
        return strawberry.ID(str(await loader.load(self.id)))

    @strawberry.field
    def part(self: Any) -> ProbePart | None:
        """An object with a part that may fail, and nulls it then."""
        return ProbePart(number=self.id % 1000)

    @strawberry.field
    def parts(self: Any) -> list[ProbePart]:
        """The same where null may not be."""
        return [ProbePart(number=self.id % 1000)]

    @strawberry.field
    async def slow(self: Any) -> int | None:
        """Answers later."""
        await asyncio.sleep(0)
        return int(self.version)


class PlaceFields:
    """On places of all levels."""

    @strawberry.field
    def pinned(self: Any) -> str:
        """Its code, as the table has it."""
        return f"{self.code} {self.name} {self.valid_from!r}"


class PersonFields:
    """On a person."""

    @strawberry.field
    def known_as(self: Any) -> str | None:
        """The name, with what JSON would make of it."""
        return f'"{self.name}"'


def _asked(platform: Platform, paths: Paths, *fields: PythonFields) -> Paths:
    """Both paths of a platform with one more plugin that has these fields."""
    plugin = Plugin(
        name="probe",
        api="1.0",
        title=Text("探針", "Probe"),
        department=Text("測試", "Tests"),
        python_fields=fields,
    )
    sectors = [each.plugin for each in platform.plugins if each.plugin.name != "register"]
    return paths.over(Graph(assemble([*sectors, plugin])))


@pytest.fixture(scope="module")
def probed(platform: Platform, paths: Paths) -> Paths:
    """With fields of every sort."""
    household = PythonFields(on=Household, fields=HouseholdFields)
    return _asked(platform, paths, household, PythonFields(on=Person, fields=PersonFields))


HERE = 'households(within: "620502", first: 40'


@pytest.mark.parametrize(
    "document",
    [
        f"{{ {HERE}) {{ totalCount nodes {{ id probe {{ told }} houseArea }} }} }}",
        f"{{ {HERE}) {{ nodes {{ probe {{ a: told b: told(twice: true) slow }} }} pageInfo {{ endCursor }} }} }}",
        f"{{ {HERE}, orderBy: [{{houseArea: DESC}}]) {{ edges {{ cursor node {{ probe {{ told }} }} }} }} }}",
        f"{{ {HERE}) {{ nodes {{ members {{ nodes {{ name probe {{ knownAs }} }} }} }} }} }}",
        f"{{ {HERE}) {{ nodes {{ head {{ probe {{ __typename knownAs }} }} }} }} }}",
        f"{{ {HERE}) {{ nodes {{ probe {{ part {{ number }} parts {{ __typename number }} }} }} }} }}",
        '{ funding { loans(within: "620502", first: 9) { nodes { amount repaymentSchedule { dueOn principal } } } } }',
        '{ household(id: "household:620502000000340") { id probe { told } } }',
        '{ household(id: "household:620502009999999") { id probe { told } } }',
        '{ node(id: "household:620502000000340") { ... on Household { probe { told } members { totalCount } } } }',
        f"{{ {HERE}) {{ nodes {{ ...F }} }} }} fragment F on Household {{ probe {{ told }} }}",
    ],
)
def test_one_statement_and_python_for_what_is_its_own(probed: Paths, document: str) -> None:
    compiled, plain = probed.both(document)
    assert compiled == plain
    assert "errors" not in compiled
    assert len(probed.observed(document).statements) == 1


def test_rows_are_answered_together(probed: Paths) -> None:
    BATCHES.clear()
    found = probed.compiled(f"{{ {HERE}) {{ nodes {{ id probe {{ doubled }} }} }} }}")
    (batch,) = BATCHES
    assert len(batch) == 40
    for node in found["data"]["households"]["nodes"]:
        assert int(node["probe"]["doubled"]) == 2 * int(node["id"].partition(":")[2])


def test_other_arguments_take_the_same_plan(probed: Paths) -> None:
    plans = probed.graph.compiler.plans
    document = f"query ($twice: Boolean!) {{ {HERE}) {{ nodes {{ probe {{ told(twice: $twice) }} }} }} }}"
    once, _ = probed.both(document, {"twice": False})
    before = plans.misses
    twice, plain = probed.both(document, {"twice": True})
    assert plans.misses == before
    assert twice == plain != once


@pytest.mark.parametrize(
    "below", ["part { number sound }", "part { sound } told", "parts { sound }", "x: told parts { sound }"]
)
def test_what_fails_is_told_where_it_fails_and_nulls_what_stands_above(probed: Paths, below: str) -> None:
    document = f'{{ {HERE}) {{ nodes {{ id probe {{ {below} }} }} }} villages(within: "620502") {{ totalCount }} }}'
    compiled, plain = probed.both(document)
    assert compiled == plain
    assert compiled["errors"][0]["message"] == "not for this one"
    assert "sound" in compiled["errors"][0]["path"]


def test_a_place_may_have_fields_written_by_hand_too(platform: Platform, paths: Paths) -> None:
    """One extension of Place stands on each level."""
    compiled, plain = _asked(platform, paths, PythonFields(on=Place, fields=PlaceFields)).both(
        '{ villages(within: "620502", first: 3) { nodes { probe { pinned } township { probe { pinned } } } } }'
    )
    assert compiled == plain
    assert "errors" not in compiled


def test_text_cannot_pass_itself_off_as_a_hole(probed: Paths) -> None:
    """Whoever has seen one answer's mark knows nothing of the next one's."""
    marks = {
        value
        for _ in range(2)
        for ran in probed.observed(f"{{ {HERE}) {{ nodes {{ probe {{ told }} }} }} }}").statements
        for name, value in ran.values.items()
        if name == "hole"
    }
    assert len(marks) == 2
    assert all(len(mark) >= 32 for mark in marks)
