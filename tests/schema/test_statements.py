"""How many statements a document takes: one, or on the plain path one a level; never more for more rows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from graphql import GraphQLObjectType, build_schema
from sqlalchemy import event

from bangfu.declare.grain import Grain
from bangfu.declare.measures import Ratio
from bangfu.registry import MeasureField, Node, Platform
from bangfu.registry.nodes import plural
from bangfu.store import Database, pool
from bangfu.store.command import Command
from bangfu.store.pool import Connection
from bangfu_schema import Graph
from bangfu_testing import ask

SIZES = ((5, 1000), (25, 25), (1000, 2))  # of the parents' page and of each parent's children
DISTRICT = "620502"
# Where nobody lives nothing is asked further down; so the first places are those with most people.
PEOPLED = "orderBy: [{ register: { people: DESC } }]"
PAGE = "(first: $inner) { totalCount nodes { id } pageInfo { hasNextPage } }"

# The reporting date, the parents, a page of children for all of them, and the totals of their lists.
MOST_FOR_A_LIST = 4
# Its rows, the rows it is divided by, who is expected to report, its targets; the parts of its receipt.
MOST_FOR_A_MEASURE = 7


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that the graph sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # SQLAlchemy's event
        sent.append(statement)

    engine = database.async_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        noted = partial(_noted, pool.fetch, sent)
        with patch.object(pool, "fetch", noted):
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _noted(
    fetch: Any, sent: list[str], connection: Connection, command: Command, values: Mapping[str, Any], **options: Any
) -> Any:
    sent.append(command.text.decode())
    return await fetch(connection, command, values, **options)


def statements(graph: Graph, database: Database, inside: str, first: int, inner: int, *, plainly: bool) -> int:
    document = f"query ($first: Int, $inner: Int) {{ {inside} }}"
    if "$inner" not in inside:
        document = document.replace(", $inner: Int", "")
    ask(graph, database, '{ __typename district(code: "620502") { id } }')  # the day of the books is asked for once
    with counted(database) as sent:
        ask(graph, database, document, {"first": first, "inner": inner}, plainly=plainly)
    return len(sent)


def all_statements(graph: Graph, database: Database, inside: str) -> tuple[set[int], set[int]]:
    """How many statements pages of each size take, compiled and on the plain path."""
    compiled, plain = (
        {statements(graph, database, inside, *size, plainly=plainly) for size in SIZES} for plainly in (False, True)
    )
    return compiled, plain


def test_every_list_takes_as_many_statements_for_few_rows_as_for_many(
    graph: Graph, platform: Platform, demo_database: Database
) -> None:
    lists = dict(lists_of(platform))
    assert len(lists) == len(_declared(graph.sdl())), "a list of the schema is not asked for here"
    taken = {name: all_statements(graph, demo_database, inside) for name, inside in lists.items()}
    assert {name: compiled for name, (compiled, _) in taken.items() if compiled != {1}} == {}
    assert {name: plain for name, (_, plain) in taken.items() if len(plain) != 1 or max(plain) > _most(name)} == {}


# There is one district.
@pytest.mark.parametrize("grain", [grain for grain in Grain if grain is not Grain.DISTRICT])
def test_every_measure_takes_as_many_statements_for_few_rows_as_for_many(
    graph: Graph, platform: Platform, demo_database: Database, grain: Grain
) -> None:
    node = platform.graph.core[grain]
    fields = makes_of(node)
    whole, some = "value expected target receipt { parts { value } }", "value target"
    told = " ".join(
        f"m{number}: {space} {{ {field.name} {{ {some if number % 4 else whole} }} }}"
        for number, (space, field) in enumerate(fields)
    )
    inside = _below(node, told)
    compiled, plain = all_statements(graph, demo_database, inside)
    assert compiled == {1}
    assert len(plain) == 1, plain
    assert max(plain) <= MOST_FOR_A_LIST + MOST_FOR_A_MEASURE * len(fields)


def test_three_levels_with_measures_take_as_many_statements_for_few_rows_as_for_many(
    graph: Graph, demo_database: Database
) -> None:
    told = "register { people { value expected } households { value } }"
    members = "members(first: 3, filter: { register: { people: { gte: 1 } } }) { totalCount nodes { id } }"
    homes = f"households(first: $first) {{ totalCount nodes {{ {told} village {{ name }} {members} }} }}"
    villages = f"villages(first: 25, {PEOPLED}) {{ nodes {{ {told} {homes} }} }}"
    inside = f'townships(within: "{DISTRICT}", first: $first, {PEOPLED}) {{ nodes {{ {told} {villages} }} }}'
    few, more = (statements(graph, demo_database, inside, size, size, plainly=True) for size in (2, 10))
    assert few == more
    assert few <= 20
    assert {statements(graph, demo_database, inside, size, size, plainly=False) for size in (2, 10)} == {1}


def lists_of(platform: Platform) -> Iterator[tuple[str, str]]:
    """Every list of the schema, with a document's inside that asks for it."""
    for node in platform.graph.core.values():
        if node.grain is not Grain.PERSON:
            yield (
                f"Query.{plural(node.prefix)}",
                f'{plural(node.prefix)}(within: "{DISTRICT}", first: $first) {{ nodes {{ id }} }}',
            )
        for link in node.links.values():
            if link.many:
                yield f"{node.name}.{link.name}", _below(node, f"{link.name}{PAGE}")
        for space in node.namespaces.values():
            for link in space.links.values():
                yield f"{node.name}.{space.name}.{link.name}", _below(node, f"{space.name} {{ {link.name}{PAGE} }}")
    within = f'(within: "{DISTRICT}", first: $first) {{ totalCount nodes {{ id }} }}'
    yield "Query.targets", f"targets{within}"
    for space in platform.graph.roots.values():
        for link in space.links.values():
            yield f"Query.{space.name}.{link.name}", f"{space.name} {{ {link.name}{within} }}"


def _below(node: Node, inside: str) -> str:
    if node.grain is Grain.PERSON:
        inside = f"members(first: 2) {{ nodes {{ {inside} }} }}"
    name = "households" if node.grain is Grain.PERSON else plural(node.prefix)
    return f'{name}(within: "{DISTRICT}", first: $first, {PEOPLED}) {{ nodes {{ {inside} }} }}'


def _most(name: str) -> int:
    """People are reached through their households."""
    return MOST_FOR_A_LIST + name.startswith("Person.")


def _declared(sdl: str) -> list[str]:
    """All fields of the schema that are lists."""
    return [
        f"{type_.name}.{name}"
        for type_ in build_schema(sdl).type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if str(field.type).endswith("Connection!")
    ]


def makes_of(node: Node) -> list[tuple[str, MeasureField]]:
    """One measure of each make, with its namespace; others of its make are asked in the same way."""
    found: dict[tuple[Any, ...], tuple[str, MeasureField]] = {}
    for name, space in node.namespaces.items():
        for field in space.measures.values():
            measure = field.measure
            parts = (measure.numerator, measure.denominator) if isinstance(measure, Ratio) else (measure,)
            made = [(each.of.__grain__, each.time, each.sum is None, each.distinct) for each in parts]
            found.setdefault((*made, field.indicator is None), (name, field))
    return list(found.values())
