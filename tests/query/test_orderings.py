"""Lists ordered by anything they can be ordered by are in the order of a plain evaluation of the same rows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from tests.query.asking import Order, examples, steps
from tests.query.kinds import KINDS
from tests.query.small import ROOTS, Small, in_space, listing, out_of_space

from bangfu.query.scope import scope

HOUSEHOLDS = listing("households", KINDS["Household"])


@pytest.mark.parametrize("name", ROOTS)
def test_every_single_step_orders_both_ways(small: Small, name: str) -> None:
    """Each column, each measure, and each of both at the end of each to-one link."""
    kind, world = ROOTS[name], small.world
    orders: list[Order] = [[step] for step in steps(kind)]
    wrong = []
    for start in range(0, len(orders), 40):  # as many as one document asks for
        chunk = orders[start : start + 40]
        declared = ", ".join(f"$o{number}: [{kind.name}Order!]" for number in range(len(chunk)))
        asked = " ".join(
            f"o{number}: "
            + in_space(name, f'(within: "620502", first: 1000, orderBy: $o{number}) {{ nodes {{ id }} }}')
            for number in range(len(chunk))
        )
        found = small.ask(f"query ({declared}) {{ {asked} }}", **{f"o{n}": order for n, order in enumerate(chunk)})
        for number, order in enumerate(chunk):
            page = found[f"o{number}"] if "." not in name else found[f"o{number}"][name.rpartition(".")[2]]
            expected = [world.id(kind, row) for row in world.ordered(kind, world.listed(kind), order)]
            if [node["id"] for node in page["nodes"]] != expected:
                wrong.append(order)
    assert wrong == []


def test_a_place_above_follows_from_the_code_for_rows_of_every_kind(small: Small) -> None:
    """Also for rows at a level where nobody expects them: such a row has no village to be ordered by."""
    seen = set()
    with small.database.engine.connect() as connection:
        for table, span in (("household", 10**6), ("beta_work", 10**9)):
            moved = f"UPDATE {table} SET place_code = place_code - place_code % {span} WHERE id % 3 = 0"
            connection.execute(text(moved))
        for node in small.graph.platform.graph.nodes.values():
            for link in node.links.values():
                if link.code is None:
                    continue
                row, place = node.table.alias(), link.target.table.alias()
                here = [*link.join(row, place), *scope(link.target, place, None)]
                looked_up = select(place.c.code).where(*here).correlate(row).scalar_subquery()
                told = select(link.code(row), looked_up).where(*scope(node, row, None))
                rows = connection.execute(told).all()
                assert [code for code, _ in rows] == [code for _, code in rows]
                seen.add((node.name, link.name, any(code is None for code, _ in rows)))
        connection.rollback()
    assert seen >= {
        ("Household", "village", True),
        ("Household", "naturalVillage", True),
        ("Household", "district", False),
        ("Village", "township", False),
        ("BetaWork", "village", True),
    }


@examples(0.5)
@given(data=st.data())
def test_several_steps_order_one_after_the_other(small: Small, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(ROOTS)))
    kind, world = ROOTS[name], small.world
    order = small.asking.order(data.draw, kind)
    found = out_of_space(small.ask(listing(name, kind), within="620502", order=order, first=1000), name)
    expected = [world.id(kind, row) for row in world.ordered(kind, world.listed(kind), order)]
    assert [node["id"] for node in found["nodes"]] == expected


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_rows_without_a_value_come_last_both_ways(small: Small, direction: str) -> None:
    order = [{"houseArea": direction}]
    document = """query ($order: [HouseholdOrder!]) {
        households(within: "620502", first: 1000, orderBy: $order) { nodes { id houseArea } } }"""
    nodes = small.ask(document, order=order)["households"]["nodes"]
    known = [node["houseArea"] for node in nodes if node["houseArea"] is not None]
    assert 0 < len(known) < len(nodes)
    assert [node["houseArea"] for node in nodes[: len(known)]] == sorted(known, reverse=direction == "DESC")
    missing = [node["id"] for node in nodes[len(known) :]]
    assert missing == sorted(missing)


@pytest.mark.parametrize("order", [[], [{"version": "DESC"}], [{"district": {"name": "DESC"}}]])
def test_ties_are_broken_by_id_upwards(small: Small, order: Order) -> None:
    found = small.ask(HOUSEHOLDS, within="620502", order=order, first=1000)["households"]["nodes"]
    assert [node["id"] for node in found] == sorted(node["id"] for node in found)


def test_texts_are_ordered_by_code_point(small: Small) -> None:
    """Not as the database's locale would: upper case before lower, Latin before Chinese, emoji last."""
    nodes = small.ask("""{ beta { lessons(within: "620502", first: 1000, orderBy: [{ topic: ASC }],
        filter: { topic: { isNull: false } }) { nodes { topic } } } }""")["beta"]["lessons"]["nodes"]
    topics = [node["topic"] for node in nodes]
    assert topics == sorted(topics)
    assert len(set(topics)) > 15


def test_a_household_without_a_natural_village_comes_last_by_its_village(small: Small) -> None:
    order = [{"naturalVillage": {"code": "DESC"}}]
    found = small.ask(HOUSEHOLDS, within="620502", order=order, first=1000)["households"]["nodes"]
    kind, world = KINDS["Household"], small.world
    without = [world.id(kind, row) for row in world.listed(kind) if world.one(kind, "naturalVillage", row) is None]
    assert without
    assert [node["id"] for node in found[-len(without) :]] == without


def test_of_two_heads_the_one_entered_first_is_taken_everywhere(small: Small) -> None:
    """By the field, the filter and the ordering alike; a mistake of the register must not stop its list."""
    kind, world = KINDS["Household"], small.world
    twice = [
        row
        for row in world.listed(kind)
        if sum(each["relation"].name == "HEAD" for each in world.many(kind, "members", row)) > 1
    ]
    assert twice
    document = """query ($filter: HouseholdFilter) { households(within: "620502", filter: $filter, first: 1000,
        orderBy: [{ head: { name: ASC } }]) { nodes { id head { id } } } }"""
    person = KINDS["Person"]
    for row in twice:
        head = world.one(kind, "head", row)
        assert head is not None
        of_head = {"id": {"eq": world.id(kind, row)}, "head": {"id": {"eq": world.id(person, head)}}}
        expected = {"id": world.id(kind, row), "head": {"id": world.id(person, head)}}
        assert small.ask(document, filter=of_head)["households"]["nodes"] == [expected]
        others: list[dict[str, Any]] = [
            {"head": {"id": {"eq": world.id(person, each)}}}
            for each in world.many(kind, "members", row)
            if each is not head
        ]
        assert small.ask(document, filter={"or": others})["households"]["nodes"] == []
