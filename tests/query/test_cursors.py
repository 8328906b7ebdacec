"""Cursors: from any row on, in any order, from the root and below other rows, nothing is lost or told twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.query.asking import Filter, Order, examples
from tests.query.kinds import KINDS, Kind
from tests.query.small import NESTED, ROOTS, Small, in_space, listing, out_of_space

from bangfu.declare.codes import official_code
from bangfu_testing import Postgres


def walk(small: Small, document: str, way: list[Any], **variables: Any) -> list[dict[str, Any]]:
    """All pages of a list, from cursor to cursor; `way` leads to the list in the answer."""
    pages: list[dict[str, Any]] = []
    cursor = None
    while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
        page: Any = small.ask(document, **variables, after=cursor)
        for step in way:
            page = page[step]
        pages.append(page)
        cursor = page["pageInfo"]["endCursor"]
        assert len(pages) < 100, "the pages never end"
    return pages


@examples(0.5)
@given(data=st.data())
def test_a_list_below_a_row_is_walked_whole(small: Small, data: st.DataObject) -> None:
    outer, name = data.draw(st.sampled_from(NESTED))
    owner, world = ROOTS[outer], small.world
    kind, rows, parent = _nested(small, data, outer, name)
    order = small.asking.order(data.draw, kind)
    first = data.draw(st.integers(1 + len(rows) // 6, len(rows) + 2))
    rest = """(orderBy: $order, first: $first, after: $after) {
        totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } }"""
    document = f"""query ($id: ID!, $order: [{kind.name}Order!], $first: Int, $after: String) {{
        node(id: $id) {{ ... on {owner.name} {{ {in_space(name, rest)} }} }} }}"""
    way = ["node", *name.split(".")]
    pages = walk(small, document, way, id=world.id(owner, parent), order=order, first=first)
    assert [node["id"] for page in pages for node in page["nodes"]] == _ids(small, kind, rows, order)
    assert {page["totalCount"] for page in pages} == {len(rows)}
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False] + [True] * (len(pages) - 1)
    assert [len(page["nodes"]) for page in pages[:-1]] == [first] * (len(pages) - 1)


@examples(0.5)
@given(data=st.data())
def test_after_any_row_comes_the_rest(small: Small, data: st.DataObject) -> None:
    """Every edge's cursor begins a page; filters may change on the way, since a cursor holds a place in the order."""
    name = data.draw(st.sampled_from(sorted(ROOTS)))
    kind, world = ROOTS[name], small.world
    order = small.asking.order(data.draw, kind)
    variables = {"within": "620502", "order": order, "first": 1000}
    edges = out_of_space(small.ask(listing(name, kind), **variables), name)["edges"]
    ordered = _ids(small, kind, world.listed(kind), order)
    assert [edge["node"]["id"] for edge in edges] == ordered
    index = data.draw(st.integers(0, len(edges) - 1))
    chosen: Filter = small.asking.filter(data.draw, kind, 1) if data.draw(st.booleans()) else {}
    variables |= {"after": edges[index]["cursor"], "filter": chosen}
    page = out_of_space(small.ask(listing(name, kind), **variables), name)
    held = {world.id(kind, row) for row in world.listed(kind) if world.holds(kind, row, chosen)}
    assert [node["id"] for node in page["nodes"]] == [each for each in ordered[index + 1 :] if each in held]
    assert page["totalCount"] == len(held)
    assert page["pageInfo"]["hasPreviousPage"]


MEASURED: list[tuple[str, Order]] = [
    ("households", [{"alpha": {"plotArea": "DESC"}}]),
    ("households", [{"village": {"beta": {"trainedShare": "ASC"}}}, {"head": {"bornOn": "DESC"}}]),
    ("villages", [{"beta": {"roadLength": "ASC"}}, {"register": {"people": "DESC"}}]),
    ("naturalVillages", [{"beta": {"trainedShare": "DESC"}}]),
    ("beta.lessons", [{"person": {"household": {"alpha": {"leased": "DESC"}}}}, {"days": "ASC"}]),
]


@pytest.mark.parametrize(("name", "order"), MEASURED, ids=str)
@pytest.mark.parametrize("first", [3, 7])
def test_a_list_ordered_by_measures_is_walked_whole(small: Small, name: str, order: Order, first: int) -> None:
    """Also where many rows share a number, and many have none."""
    kind, world = ROOTS[name], small.world
    pages = walk(small, listing(name, kind), name.split("."), within="620502", order=order, first=first)
    assert [node["id"] for page in pages for node in page["nodes"]] == _ids(small, kind, world.listed(kind), order)
    assert {page["totalCount"] for page in pages} == {len(world.listed(kind))}


def test_a_cursor_outlives_its_row(postgres: Postgres) -> None:
    """A list goes on where it was although the row of the cursor has gone, and others have come before it."""
    order = [{"roadDistance": "ASC"}]
    document = listing("households", KINDS["Household"])
    with postgres.fresh() as database, Small.loaded(database) as small:
        whole = small.ask(document, within="620502", order=order, first=1000)["households"]["edges"]
        index = next(index for index, edge in enumerate(whole) if index > 5 and _lonely(small, edge["node"]["id"]))
        with database.engine.begin() as connection:
            key = int(whole[index]["node"]["id"].partition(":")[2])
            connection.execute(text("delete from household where id = :key"), {"key": key})
        rest = small.ask(document, within="620502", order=order, first=1000, after=whole[index]["cursor"])
        assert rest["households"]["edges"] == whole[index + 1 :]


def _lonely(small: Small, id_: str) -> bool:
    key = int(id_.partition(":")[2])
    return all(row.get("household_id") != key for table in ("person", "plot") for row in small.world.tables[table])


def _nested(small: Small, data: st.DataObject, outer: str, name: str) -> tuple[Kind, list[dict[str, Any]], Any]:
    """The kind and the rows of a list below a row, and that row."""
    owner, world = ROOTS[outer], small.world
    space, _, inner = name.rpartition(".")
    kind = KINDS[owner.spaces[space][inner] if space else owner.many[inner]]
    parent = data.draw(st.sampled_from(world.all(owner)))
    return kind, world.many(owner, inner, parent, space or None), parent


def _ids(small: Small, kind: Kind, rows: list[dict[str, Any]], order: Order) -> list[str]:
    return [small.world.id(kind, row) for row in small.world.ordered(kind, rows, order)]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("name", "link", "about"),
    [
        ("households", "village", {"name": {"ne": "蘋果"}}),
        ("households", "village", {"beta": {"works": {"some": {}}}}),
        ("households", "township", {}),
        ("households", "naturalVillage", {"not": {"kind": {"eq": "VILLAGE"}}}),
        ("households", "district", {"kind": {"eq": "DISTRICT"}}),
        ("villages", "township", {"kind": {"eq": "TOWN"}}),
        ("beta.works", "village", {"households": {"some": {}}}),
    ],
)
def test_a_list_in_the_order_of_a_place_that_its_filter_asks_about(
    small: Small, name: str, link: str, about: Filter, direction: str
) -> None:
    """Such a list is walked place by place; no row is missed, in whichever place it is looked for."""
    kind, world = ROOTS[name], small.world
    second = {"name": "DESC"} if "name" in kind.attributes else {"version": "ASC"}
    order: Order = [{link: {"code": direction}}, second]
    rest = "(within: $within, filter: $filter, orderBy: $order, first: 3, after: $after)"
    document = (
        f"query ($within: PlaceCode!, $filter: {kind.name}Filter, $order: [{kind.name}Order!], $after: String) "
        f"{{ {in_space(name, f'{rest} {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }}')} }}"
    )
    seen = 0
    for within in [row["code"] for row in world.tables["place"]][:8]:
        for chosen in ({link: about}, {link: about, "not": {"version": {"eq": 7}}}):
            pages = walk(small, document, name.split("."), within=official_code(within), filter=chosen, order=order)
            rows = [row for row in world.listed(kind, within) if world.holds(kind, row, chosen)]
            assert [node["id"] for page in pages for node in page["nodes"]] == _ids(small, kind, rows, order)
            seen += len(rows)
    assert seen
