"""Lists, filtered and ordered at random, are what a plain evaluation of the same rows gives."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.asking import examples
from tests.query.kinds import KINDS
from tests.query.oracle import World
from tests.query.small import NESTED, ROOTS, Small, in_space, listing, out_of_space

from bangfu.declare.codes import official_code


@examples(1.0)
@given(data=st.data())
def test_a_list_is_what_a_plain_evaluation_gives(small: Small, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(ROOTS)))
    kind, world = ROOTS[name], small.world
    within = data.draw(st.sampled_from([row["code"] for row in world.tables["place"]]) | st.just(620502 * 10**9))
    chosen = small.asking.filter(data.draw, kind)
    order = small.asking.order(data.draw, kind)
    variables = {"within": official_code(within), "filter": chosen, "order": order, "first": 1000}
    found = out_of_space(small.ask(listing(name, kind), **variables), name)
    rows = [row for row in world.listed(kind, within) if world.holds(kind, row, chosen)]
    assert [node["id"] for node in found["nodes"]] == [world.id(kind, row) for row in world.ordered(kind, rows, order)]
    assert found["totalCount"] == len(rows)


@examples(0.5)
@given(data=st.data())
def test_a_nested_list_is_what_a_plain_evaluation_gives(small: Small, data: st.DataObject) -> None:
    outer, name = data.draw(st.sampled_from(NESTED))
    owner, world = ROOTS[outer], small.world
    space, _, inner = name.rpartition(".")
    kind = KINDS[owner.spaces[space][inner] if space else owner.many[inner]]
    chosen = small.asking.filter(data.draw, kind, 2)
    order = small.asking.order(data.draw, kind)
    first = data.draw(st.integers(0, 6))
    field = in_space(name, "(filter: $filter, orderBy: $order, first: $first) { totalCount nodes { id } }")
    found = small.ask(
        f"query ($filter: {kind.name}Filter, $order: [{kind.name}Order!], $first: Int) "
        f'{{ {outer}(within: "620502", first: 1000) {{ nodes {{ id {field} }} }} }}',
        filter=chosen,
        order=order,
        first=first,
    )
    for node in found[outer]["nodes"]:
        row = next(row for row in world.all(owner) if world.id(owner, row) == node["id"])
        rows = [each for each in world.many(owner, inner, row, space or None) if world.holds(kind, each, chosen)]
        expected = [world.id(kind, each) for each in world.ordered(kind, rows, order)]
        assert out_of_space(node, name) == {
            "totalCount": len(rows),
            "nodes": [{"id": each} for each in expected[:first]],
        }


@pytest.mark.parametrize(
    "chosen",
    [
        {"not": {"houseArea": {"gt": 1}}},
        {"not": {"naturalVillage": {"name": {"eq": ""}}}},
        {"not": {"beta": {"trainedShare": {"gt": 10}}}},
        {"alpha": {"plots": {"every": {"area": {"gt": 0}}}}},
        {"alpha": {"plots": {"every": {"not": {"area": {"gt": 0}}}}}},
        {"not": {"or": [{"houseArea": {"lt": 1}}, {"mainCause": {"eq": "ILLNESS"}}]}},
        {"houseArea": {"gt": 1.005, "lt": 1.505}},
    ],
)
def test_a_missing_value_does_not_pass_and_so_its_negation_does(small: Small, chosen: dict[str, Any]) -> None:
    found = small.ask(listing("households", KINDS["Household"]), within="620502", filter=chosen, first=1000)
    assert [node["id"] for node in found["households"]["nodes"]] == _expected(small.world, chosen)


_TAUGHT = {"beta": {"lessons": {"some": {"days": {"gt": 1}}}}}


@pytest.mark.parametrize(
    "chosen",
    [
        {"members": {"none": _TAUGHT}},
        {"members": {"none": {**_TAUGHT, "household": {"houseArea": {"gt": 1}}}}},
        {"members": {"some": {**_TAUGHT, "household": {"alpha": {"plots": {"some": {"area": {"gt": 1}}}}}}}},
        {"members": {"some": {"household": {"members": {"some": _TAUGHT, "none": {"sex": {"eq": "MALE"}}}}}}},
        {"members": {"every": {"household": {"members": {"some": _TAUGHT}}}}},
        {"members": {"none": {"or": [_TAUGHT, {"isStudent": {"eq": True}}], "not": _TAUGHT}}},
        {"village": {"township": {"households": {"some": {"head": _TAUGHT}}}}},
        {"village": {"households": {"some": {"members": {"some": _TAUGHT}, "head": {"sex": {"eq": "MALE"}}}}}},
    ],
)
def test_a_way_of_several_links_is_what_a_plain_evaluation_gives(small: Small, chosen: dict[str, Any]) -> None:
    """Links inside each other become joins, as long as nothing else hangs on the same row."""
    found = small.ask(listing("households", KINDS["Household"]), within="620502", filter=chosen, first=1000)
    assert [node["id"] for node in found["households"]["nodes"]] == _expected(small.world, chosen)


def test_a_household_without_a_natural_village_is_not_ordered_by_its_village(small: Small) -> None:
    order = [{"naturalVillage": {"code": "DESC"}}]
    found = small.ask(listing("households", KINDS["Household"]), within="620502", order=order, first=1000)
    kind, world = KINDS["Household"], small.world
    rows = world.ordered(kind, world.listed(kind), order)
    assert any(world.one(kind, "naturalVillage", row) is None for row in rows)
    assert [node["id"] for node in found["households"]["nodes"]] == [world.id(kind, row) for row in rows]


def _expected(world: World, chosen: dict[str, Any]) -> list[str]:
    kind = KINDS["Household"]
    found = [world.id(kind, row) for row in world.listed(kind) if world.holds(kind, row, chosen)]
    assert 0 < len(found) < len(world.listed(kind))
    return found
