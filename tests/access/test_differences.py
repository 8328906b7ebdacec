"""What is told of a measure does not give away what is withheld, however numbers are added and subtracted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from tests.access.asked import Asked
from tests.access.eyes import Eyes
from tests.access.numbers import SMALL, Fact, Span, is_of_households
from tests.access.rows import inside
from tests.access.world import TODAY
from tests.compile.paths import EXAMPLES

from bangfu import Measure
from bangfu.access import Viewer
from bangfu.declare.measures import OverTime
from bangfu.registry import MeasureField

PERIODS = ("2013", "2014", "2015", "2016", "2013/2014", "2014/2015", "2013/2016", "2015-Q3", "2015-10")

Group = tuple[int, int, bool]
"""A township, a year (0 for what holds on a day), and whether the viewer sees the rows themselves."""


@dataclass(frozen=True)
class Told:
    """A number that a viewer was told, and the groups of rows that it is made of."""

    name: str
    groups: frozenset[Group]


@settings(
    max_examples=EXAMPLES // 8,
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
    database=None,
)
@given(data=st.data())
def test_no_small_group_follows_from_what_is_told(asked: Asked, data: st.DataObject) -> None:
    """Of one measure, over districts, townships and periods, with all rows that the viewer sees besides."""
    field = data.draw(st.sampled_from(_fields(asked)))
    viewer = _viewer(asked, data)
    eyes = asked.eyes(viewer)
    sizes = _sizes(asked, eyes, field)
    told = list(_told(asked, viewer, field, sizes))
    known = [frozenset({group}) for group in sizes if group[2]]
    # Where nobody is, there is nobody to learn about, but the viewer may know that and use it.
    rows = [each.groups for each in told] + known
    small = {group for group, size in sizes.items() if not group[2] and size < SMALL}
    event(f"{len(small) > 0} small, {len(told) > 0} told")
    for group in small:
        assert not _follows(frozenset({group}), rows, sorted(sizes)), (group, sizes[group], told)


def test_the_check_finds_what_follows() -> None:
    """A check that finds nothing anywhere would be worth nothing."""
    one, two, three = ((code, 0, False) for code in (1, 2, 3))
    whole, pair = frozenset({one, two, three}), frozenset({one, two})
    assert _follows(frozenset({three}), [whole, pair], [one, two, three])
    assert not _follows(frozenset({one}), [whole, pair], [one, two, three])
    assert _follows(frozenset({one}), [whole, pair, frozenset({two})], [one, two, three])


@pytest.mark.parametrize("is_flow", [True, False])
@pytest.mark.parametrize("level", ["districts", "townships"])
def test_some_numbers_are_told_to_outsiders_and_some_are_not(asked: Asked, level: str, *, is_flow: bool) -> None:
    """For both sorts of measures at both levels; else the world would show nothing."""
    outcomes = set()
    for field in _fields(asked):
        if (field.measure.time is OverTime.FLOW) == is_flow:
            answer = json.loads(asked.answer(asked.viewers["none"], _document(field, [f"x: {field.name}"])))
            for node in answer["data"][level]["nodes"]:
                del node["code"]
                ((value,),) = (space.values() for space in node.values())
                outcomes.add((value["isWithheld"], value["value"] is None))
    assert {(False, False), (True, True)} <= outcomes
    assert (True, False) not in outcomes


def test_leaving_out_ones_own_rows_makes_a_difference(asked: Asked) -> None:
    """Some numbers are told to those outside, and not to whoever could take their own rows off."""
    outside, inside_ = asked.eyes(asked.viewers["none"]), asked.eyes(asked.viewers["villages"])
    changed = {
        (outside.is_told(field.measure, node, row, span), inside_.is_told(field.measure, node, row, span))
        for field in _fields(asked)
        for node in list(asked.rows.graph.core.values())[:2]
        for row in asked.rows.all(node)
        for span in (Span("2015", TODAY.replace(month=1, day=1), TODAY.replace(month=12, day=31)),)
    }
    assert changed >= {(False, False), (True, True), (True, False)}


def _fields(asked: Asked) -> list[MeasureField]:
    """All sums and counts over what is known of households and people."""
    district = next(iter(asked.rows.graph.core.values()))
    return [
        field
        for space in district.namespaces.values()
        for field in space.measures.values()
        if isinstance(field.measure, Measure) and is_of_households(field.measure)
    ]


def _viewer(asked: Asked, data: st.DataObject) -> Viewer:
    codes = [row["code"] for row in asked.rows.tables["place"] if row["level"] > 1]
    everything = asked.viewers["everybody"]
    assert everything is not None
    places = data.draw(st.lists(st.sampled_from(codes), max_size=3, unique=True))
    held = data.draw(st.sampled_from((everything.permissions, everything.permissions - {"personal:read"}, frozenset())))
    return Viewer("somebody", (), tuple(places), permissions=frozenset(held))


def _document(field: MeasureField, asked: Sequence[str]) -> str:
    space = "".join(part.capitalize() if index else part for index, part in enumerate(field.plugin.name.split("_")))
    told = " ".join(f"{each} {{ value isWithheld }}" for each in asked)
    return "{ " + " ".join(f"{level} {{ nodes {{ code {space} {{ {told} }} }} }}" for level in _LEVELS) + " }"


_LEVELS = ("districts", "townships", "villages")


def _told(asked: Asked, viewer: Viewer, field: MeasureField, sizes: dict[Group, int]) -> Iterator[Told]:
    """What the graph tells, of places whose rows the viewer does not all see."""
    # What a stock was on an earlier day is another group of rows, of which these know nothing.
    periods = PERIODS if field.measure.time is OverTime.FLOW else [each for each in PERIODS if each[-4:] >= "2015"]
    names = [f'p{index}: {field.name}(period: "{period}")' for index, period in enumerate(periods)]
    answer = json.loads(asked.answer(viewer, _document(field, names)))
    assert "errors" not in answer
    for level in _LEVELS:
        for node in answer["data"][level]["nodes"]:
            code = int(node.pop("code").ljust(15, "0"))
            (values,) = node.values()
            for index, period in enumerate(periods):
                if not values[f"p{index}"]["isWithheld"]:
                    groups = frozenset(group for group in sizes if _counts(field, group, code, period))
                    if level == "villages":
                        # A village is told to whoever sees its rows: nothing that is not known already.
                        assert asked.eyes(viewer).covers(code)
                    else:
                        yield Told(f"{code} {period}", groups)


def _counts(field: MeasureField, group: Group, code: int, period: str) -> bool:
    township, year, _ = group
    if not inside(township, code):
        return False
    if field.measure.time is OverTime.STOCK:
        return True
    return int(period[:4]) <= year <= int(period[-4:] if "/" in period else period[:4])


def _sizes(asked: Asked, eyes: Eyes, field: MeasureField) -> dict[Group, int]:
    """How many households are behind each township and year, those whose rows the viewer sees by themselves."""
    measure = field.measure
    assert isinstance(measure, Measure)
    full = eyes.is_full(measure)
    found: dict[Group, set[int]] = {}
    for fact in asked.numbers.facts(measure):
        for year in _years(measure, fact):
            group = (fact.key(2), year, full and eyes.covers(fact.code))
            found.setdefault(group, set()).add(fact.household)
    return {group: len(households) for group, households in found.items()}


def _years(measure: Measure, fact: Fact) -> Iterator[int]:
    if not fact.is_meant:
        return
    if measure.time is OverTime.STOCK:
        if fact.row["valid_from"] <= TODAY < (fact.row["valid_to"] or TODAY.max):
            yield 0
    elif fact.day is not None and fact.day <= TODAY:
        yield fact.day.year


def _follows(wanted: frozenset[Group], rows: Sequence[frozenset[Group]], groups: Sequence[Group]) -> bool:
    """Whether sums of groups add up, with whatever factors, to another one."""
    basis: list[list[Fraction]] = []

    def reduced(vector: list[Fraction]) -> list[Fraction]:
        for each in basis:
            lead = next(index for index, value in enumerate(each) if value)
            if vector[lead]:
                factor = vector[lead] / each[lead]
                vector = [value - factor * other for value, other in zip(vector, each, strict=True)]
        return vector

    for row in set(rows):
        vector = reduced([Fraction(group in row) for group in groups])
        if any(vector):
            basis.append(vector)
            basis.sort(key=lambda each: next(index for index, value in enumerate(each) if value))
    return not any(reduced([Fraction(group in wanted) for group in groups]))
