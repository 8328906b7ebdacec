"""Every statement keeps to its district: each table it reads is tied to one, as a cluster needs it."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Alias, Column, Table, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.selectable import FromClause, Join, Select
from tests.compile.paths import Paths
from tests.schema.test_statements import lists_of, makes_of

from bangfu.declare.grain import Grain
from bangfu.registry import Platform
from bangfu_app.examples import SHOWN, example
from bangfu_app.report import document
from bangfu_schema.compile import statement
from bangfu_schema.compile.page import parts
from bangfu_schema.execute import complete

NAME = "district_code"
ONES = {
    Grain.DISTRICT: 'code: "620502"',
    Grain.TOWNSHIP: 'code: "620502108"',
    Grain.VILLAGE: 'code: "620502108207"',
    Grain.NATURAL_VILLAGE: 'code: "620502108207001"',
    Grain.HOUSEHOLD: 'id: "household:620502000000340"',
    Grain.PERSON: 'id: "person:620502000001577"',
}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Select[Any]]:
    """The statements that are compiled meanwhile."""
    seen: list[Select[Any]] = []

    def noted(*arguments: Any) -> statement.Statement:
        made = statement.compile_field(*arguments)
        seen.append(made.select)
        return made

    monkeypatch.setattr(complete, "compile_field", noted)
    return seen


def test_every_table_is_tied_to_a_district(paths: Paths, platform: Platform, compiled: list[Select[Any]]) -> None:
    documents = [example(name).document for name in SHOWN] + [document()]
    documents += [f"{{ {inside} }}" for _, inside in lists_of(platform)]
    whole = "value reported source expected target receipt { parts { value } }"
    for grain, node in platform.graph.core.items():
        makes = enumerate(makes_of(node))
        told = " ".join(f"m{number}: {space} {{ {field.name} {{ {whole} }} }}" for number, (space, field) in makes)
        documents.append(f"{{ {node.prefix}({ONES[grain]}) {{ {told} }} }}")
    for each in documents:
        paths.run(paths.graph.execute(paths.database, each.replace("$first", "2").replace("$inner", "2")))
    assert len(compiled) > len(documents) // 2
    loose = {f"{table} in\n{inner}" for each in compiled for inner, table in _loose(each)}
    assert loose == set()


def test_a_table_without_its_district_is_found(platform: Platform) -> None:
    """The check itself can fail."""
    place, household = (platform.graph.core[grain].table.alias() for grain in (Grain.VILLAGE, Grain.HOUSEHOLD))
    tied = select(household.c.id).where(household.c.district_code == 620502)
    assert list(_loose(tied)) == []
    loose = tied.join(place, place.c.code == household.c.place_code)
    assert [table for _, table in _loose(loose)] == [str(place)]


def _loose(statement: Select[Any]) -> Iterator[tuple[str, str]]:
    """Tables of a statement that no condition ties to a district."""
    selects = [each for each in parts(statement) if isinstance(each, Select)]
    froms = [inner.get_final_froms() for inner in selects]  # which SQLAlchemy compiles a statement for
    tied = [set(_tied_in(inner, own)) for inner, own in zip(selects, froms, strict=True)]
    anywhere = set().union(*tied)
    for inner, own, here in zip(selects, froms, tied, strict=True):
        for table in (each for from_ in own for each in _tables(from_)):
            # An alias is one use of a table, and may be named in a sub-select of where it stands.
            known = here if isinstance(table, Table) else anywhere
            if NAME in table.c and table not in known:
                yield str(inner)[:400], str(table)


def _tied_in(inner: Select[Any], froms: Sequence[FromClause]) -> Iterator[FromClause]:
    joins = [each for from_ in froms for each in _joins(from_)]
    for condition in (inner.whereclause, *(join.onclause for join in joins)):
        if condition is not None:
            yield from _tied(condition)


def _tables(from_: FromClause) -> Iterator[FromClause]:
    """The tables themselves: what is derived from them is looked at where it is made."""
    if isinstance(from_, Join):
        yield from _tables(from_.left)
        yield from _tables(from_.right)
    elif isinstance(from_, Table) or (isinstance(from_, Alias) and isinstance(from_.element, Table)):
        yield from_


def _joins(from_: FromClause) -> Iterator[Join]:
    if isinstance(from_, Join):
        yield from_
        yield from _joins(from_.left)
        yield from _joins(from_.right)


def _tied(condition: Any) -> Iterator[FromClause]:
    for each in parts(condition):
        if isinstance(each, BinaryExpression) and each.operator is operators.eq:
            for side in (each.left, each.right):
                if isinstance(side, Column) and side.name == NAME and side.table is not None:
                    yield side.table
