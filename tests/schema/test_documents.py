"""What GraphQL itself promises holds here: aliases, fragments, directives, operations, nulls and errors with paths."""

import asyncio
import gc
import warnings
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, lexicographic_sort_schema, print_schema
from graphql import build_schema as parse_schema
from tests.query.kinds import KINDS
from tests.query.small import Small
from tests.query.world import TODAY
from tests.schema.test_statements import counted

from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask


def test_every_type_is_found_by_its_id(graph: Graph, demo_database: Database) -> None:
    """Whatever a list shows is found again by the id it shows, as the same type; a wrong type finds nothing."""
    ids = {}
    for name, node in graph.platform.graph.nodes.items():
        with demo_database.engine.connect() as connection:
            rows = node.table.select().limit(1)
            row = connection.execute(rows if node.level is None else rows.where(node.table.c.level == node.level))
            found = row.mappings().first()
        if found is not None:
            key = str(found[node.key])
            ids[name] = f"{node.prefix}:{key[: 3 + 3 * node.level] if node.level else key}"
    aliases = " ".join(f'{name}: node(id: "{id_}") {{ id __typename }}' for name, id_ in ids.items())
    found_all = ask(graph, demo_database, f"{{ {aliases} }}")
    assert found_all == {name: {"id": id_, "__typename": name} for name, id_ in ids.items()}
    assert {"District", "Household", "Person", "Target", "PlaceSuccession"} <= set(ids)
    assert len(ids) * 4 > len(graph.platform.graph.nodes) * 3, "too few types have demo rows to look for"


def test_node_has_the_one_argument_that_relay_demands(graph: Graph) -> None:
    """Its compiler refuses `@refetchable` on a `Node` where the field has any other, needed or not."""
    root = graph.compiler.schema.query_type
    assert root is not None
    fields = root.fields
    assert {name: str(each.type) for name, each in fields["node"].args.items()} == {"id": "ID!"}
    assert {name: str(each.type) for name, each in fields["nodeAsOf"].args.items()} == {"id": "ID!", "asOf": "Date!"}


def test_a_type_may_be_chosen_by_a_fragment(small: Small) -> None:
    village = small.world.id(KINDS["Village"], small.world.all(KINDS["Village"])[0])
    found = small.ask(
        """query ($village: ID!) {
          v: node(id: $village) { id ... on Village { code } ... on Household { category } }
          h: node(id: "household:620502000000001") { ...F }
          none: node(id: "household:620502000009999") { ...F }
        }
        fragment F on Node { id ... on Village { code } ... on Household { family: members(first: 0) { totalCount } } }
        """,
        village=village,
    )
    assert found["v"] == {"id": village, "code": village.partition(":")[2]}
    assert set(found["h"]) == {"id", "family"}
    assert found["none"] is None


def test_one_field_with_different_arguments_gives_different_answers(small: Small) -> None:
    """Each alias has its own: values that look alike, numbers of another scale, enums, days, nulls."""
    world, kind, village = small.world, KINDS["Household"], KINDS["Village"]
    filters: dict[str, Any] = {
        "all": {},
        "one": {"houseArea": {"eq": 1}},
        "cents": {"houseArea": {"eq": 1.5}},
        "destitute": {"category": {"eq": "DESTITUTE"}},
        "general": {"category": {"eq": "GENERAL_POOR"}},
        "text": {"naturalVillage": {"name": {"eq": "null"}}},
        "missing": {"houseArea": {"isNull": True}},
        "known": {"houseArea": {"isNull": False}},
    }
    declared = ", ".join(f"${name}: HouseholdFilter" for name in filters)
    lists = " ".join(f"{name}: households(filter: ${name}, first: 1000) {{ nodes {{ id }} }}" for name in filters)
    periods = " ".join(f'p{year}: people(period: "{year}") {{ period value }}' for year in (2014, 2015, 2016))
    found = small.ask(
        f"query ({declared}) {{ villages {{ nodes {{ id {lists} none: households(filter: null, first: 1000) "
        f"{{ nodes {{ id }} }} register {{ {periods} }} }} }} }}",
        **filters,
    )
    rows = {world.id(village, row): row for row in world.listed(village)}
    assert len(found["villages"]["nodes"]) == len(rows)
    for node in found["villages"]["nodes"]:
        inside = world.many(village, "households", rows[node["id"]])
        for name, chosen in filters.items():
            expected = [world.id(kind, row) for row in inside if world.holds(kind, row, chosen)]
            assert [each["id"] for each in node[name]["nodes"]] == expected
        assert node["none"] == node["all"]
        for year in ("2014", "2015", "2016"):
            told = node["register"][f"p{year}"]
            expected_value = world.measure(village, rows[node["id"]], "register", "people", year)
            assert told == {"period": year, "value": None if expected_value is None else int(expected_value)}


def test_places_of_another_day_are_listed_below_others_too(small: Small) -> None:
    """What is below a list is of its day too; a list below may say which places were in force on another."""
    found = small.ask("""{ townships(asOf: "2005-01-01") { totalCount nodes {
        id villageCount then: villages { totalCount nodes { id } }
        villages(asOf: "2015-08-31") { totalCount nodes { id } }
    } } }""")["townships"]
    world, township, village = small.world, KINDS["Township"], KINDS["Village"]
    assert [node["id"] for node in found["nodes"]] == [world.id(township, row) for row in world.all(township)]
    for node, row in zip(found["nodes"], world.all(township), strict=True):
        now = [world.id(village, each) for each in world.many(township, "villages", row)]
        then = [
            world.id(village, each) for each in world.all(village) if str(each["code"]).startswith(str(row["code"])[:9])
        ]
        assert node["villages"]["totalCount"] == len(now)
        assert [each["id"] for each in node["villages"]["nodes"]] == now
        assert [each["id"] for each in node["then"]["nodes"]] == then
        assert node["villageCount"] == node["then"]["totalCount"] == len(then)
    assert any(node["villages"] != node["then"] for node in found["nodes"])


PARTS = """query ($with: Boolean!) { villages(first: 5) { nodes { id
    households(first: 3) @include(if: $with) { totalCount nodes { id } }
    register @skip(if: $with) { people { value } }
    ...More @include(if: $with) } } }
    fragment More on Village { beta { roadLength { value target } } households(first: 3) { nodes { category } } }"""


def test_what_is_skipped_is_neither_told_nor_asked_for(small: Small) -> None:
    with counted(small.database) as sent:
        without = small.respond_plainly(PARTS, **{"with": False})["data"]["villages"]["nodes"]
    assert {frozenset(node) for node in without} == {frozenset({"id", "register"})}
    assert not [statement for statement in sent if "FROM household AS" in statement or "work" in statement]
    with counted(small.database) as sent:
        whole = small.respond_plainly(PARTS, **{"with": True})["data"]["villages"]["nodes"]
    assert {frozenset(node) for node in whole} == {frozenset({"id", "households", "beta"})}
    # The list stands in the document twice, and is asked for once.
    assert len([statement for statement in sent if "LATERAL" in statement]) == 1
    assert set(next(node for node in whole if node["households"]["nodes"])["households"]["nodes"][0]) == {
        "id",
        "category",
    }


def test_a_measure_at_two_levels_takes_one_statement_at_each(small: Small) -> None:
    people = "register { people { value } again: people { value } }"
    with counted(small.database) as sent:
        small.respond_plainly(f'{{ district(code: "620502") {{ {people} villages {{ nodes {{ {people} }} }} }} }}')
    assert len([statement for statement in sent if "FROM counted.person JOIN counted.household" in statement]) == 2
    assert len(sent) == 4


@pytest.mark.parametrize(("name", "answered"), [("A", "districts"), ("B", "villages")])
def test_of_two_operations_the_named_one_is_executed(small: Small, name: str, answered: str) -> None:
    found = _execute(small, "query A { districts { totalCount } } query B { villages { totalCount } }", name)
    assert set(found["data"]) == {answered}


@pytest.mark.parametrize(
    ("document", "name", "says"),
    [
        ("query A { __typename } query B { __typename }", None, "several operations"),
        ("query A { __typename } { __typename }", None, "several operations"),
        ("query A { __typename }", "B", "'B' is no operation"),
        ("fragment F on District { id }", None, "has no operation"),
    ],
)
def test_an_operation_that_is_not_named_is_told(small: Small, document: str, name: str | None, says: str) -> None:
    """Executing the first one would be a guess."""
    found = _execute(small, document, name)
    assert "data" not in found
    (error,) = found["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "operationName"}
    assert says in error["message"]


def test_the_schema_tells_itself(small: Small) -> None:
    """Introspection gives the schema that is printed, descriptions and all."""
    told: Any = small.ask(get_introspection_query(one_of=True))
    sorted_ = [lexicographic_sort_schema(each) for each in (build_client_schema(told), parse_schema(small.graph.sdl()))]
    assert print_schema(sorted_[0]) == print_schema(sorted_[1])


def test_an_error_below_names_its_path_and_leaves_other_fields_alone(small: Small) -> None:
    """Null goes up to what may be null; fields beside that have their answers."""
    found = small.respond("""{
      wrong: district(code: "620502") { id inner: villages { nodes { id households(first: -1) { totalCount } } } }
      also: village(code: "7") { id }
      right: district(code: "620502") { villages { totalCount nodes { households { totalCount } } } }
    }""")
    assert found["data"]["wrong"] is None
    assert found["data"]["also"] is None
    counts = [node["households"]["totalCount"] for node in found["data"]["right"]["villages"]["nodes"]]
    assert counts == [
        len(small.world.many(KINDS["Village"], "households", row)) for row in small.world.listed(KINDS["Village"])
    ]
    errors = {error["path"][0]: error for error in found["errors"]}
    assert set(errors) == {"wrong", "also"}
    # A mistake is found before any row is read: its path leads to the list in whose rows it would be made.
    assert errors["wrong"]["path"] == ["wrong", "inner", "nodes"]
    assert errors["wrong"]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.first"}
    assert errors["also"]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "code"}


def test_a_mistake_is_told_under_the_name_its_field_has_in_the_answer(small: Small) -> None:
    found = small.respond("""{
      x: district(code: "620502") { one: households(first: -1) { totalCount } }
      y: district(code: "620502") { two: households(first: -1) { totalCount } }
    }""")
    told = {tuple(error["path"]): error["extensions"]["argument"] for error in found["errors"]}
    assert told == {("x", "one"): "one.first", ("y", "two"): "two.first"}


def test_a_root_list_that_fails_is_told_by_its_path(small: Small) -> None:
    """A list is never null, so that the whole answer is."""
    found = small.respond('{ a: households(within: "620502", first: -1) { totalCount } b: villages { totalCount } }')
    assert found["data"] is None
    assert [error["path"] for error in found["errors"]] == [["a"]]


BUSY = """{ b: villages { nodes { register { people { value expected } } households(first: 5) { totalCount nodes {
    id members(first: %s) { totalCount } head { id } alpha { plots { totalCount } } } } } }
    c: districts { nodes { beta { trainedShare { value receipt { parts { value } } } } } } }"""


def test_a_mistake_costs_neither_its_neighbours_nor_the_connection(small: Small) -> None:
    """Statements under way when a mistake is found are nobody's any more, and must not spoil those that are wanted."""
    pool: Any = small.database.async_engine.pool
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(10):
            found = small.respond(BUSY % "-1")
            assert found["data"] is None
            assert {error["extensions"]["code"] for error in found["errors"]} == {"BAD_USER_INPUT"}
            assert pool.checkedout() == 0
            small.ask(BUSY % "1")
        gc.collect()
    assert pool.checkedout() == 0


# graphql-core never begins what it has not begun when a request is given up.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_request_that_is_given_up_gives_its_connection_back(small: Small) -> None:
    pool: Any = small.database.async_engine.pool

    async def give_up(after: float) -> None:
        asked = asyncio.ensure_future(small.graph.execute(small.database, BUSY % "1", today=TODAY))
        await asyncio.sleep(after)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    for tenth in range(8):
        small.run(give_up(tenth / 200))
        assert pool.checkedout() == 0
    gc.collect()
    small.ask(BUSY % "1")


def _execute(small: Small, document: str, name: str | None) -> dict[str, Any]:
    found: dict[str, Any] = small.run(small.graph.execute(small.database, document, None, name, today=TODAY))
    return found
