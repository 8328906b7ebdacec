"""Whatever is entered through the graph is read back as it was."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.asking import Draw, examples
from tests.schema.desk import Desk
from tests.schema.entries import row_of

from bangfu.registry import Node
from bangfu_schema import Graph
from bangfu_schema.derive.changes import changeable, entered
from bangfu_testing import Postgres

_PARTS = 6
"""Into which the records are divided, so that each has its turn."""

_Taken = list[tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture(scope="module")
def desk(graph: Graph, postgres: Postgres, demo_template: str) -> Iterator[Desk]:
    """Where the process itself enters rows, in a demo district of this module's own."""
    with (
        postgres.fresh(demo_template) as database,
        asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
    ):
        yield Desk(graph, database, runner)
        runner.run(database.aclose())


@pytest.fixture(scope="module")
def places(desk: Desk) -> dict[int, str]:
    """One place of each level, by the level."""
    spans = {1: 10**9, 2: 10**6, 3: 10**3, 4: 1}
    found = desk.rows("SELECT level, min(code) AS code FROM place WHERE valid_to IS NULL GROUP BY level")
    return {row["level"]: str(row["code"] // spans[row["level"]]) for row in found}


@pytest.mark.parametrize("part", range(_PARTS))
@examples(share=0.15)
@given(data=st.data())
def test_what_is_entered_is_read_back(desk: Desk, places: dict[int, str], part: int, data: st.DataObject) -> None:
    """New rows, and then each of them made into another."""
    draw: Draw = data.draw
    node = draw(st.sampled_from(changeable(desk.graph.platform.graph)[part::_PARTS]))
    rows = [row_of(draw, node, places) for _ in range(draw(st.integers(1, 3)))]
    shown = "id version " + " ".join(entered(node))
    made = _taken(desk, f"{node.prefix}Create", rows, shown)
    for row, told in made:
        assert told["version"] == 1
        _same(node, row, told)
    others = [row_of(draw, node, places) for _ in made]
    updates = [{"id": told["id"], "version": 1, **other} for other, (_, told) in zip(others, made, strict=True)]
    for update, told in _taken(desk, f"{node.prefix}Update", updates, shown):
        before = next(each for _, each in made if each["id"] == update["id"])
        assert {**before, **told} == told
        _same(node, before | update, told)


def _taken(desk: Desk, name: str, rows: list[dict[str, Any]], shown: str) -> _Taken:
    """The rows that were taken, as they were given and as they are shown; only rules between columns reject any."""
    found = desk.change(name, rows, shown, partial=True)
    assert {each["code"] for each in found["errors"]} <= {"CHECK_FAILED", "DUPLICATE"}, found["errors"]
    rejected = {each["row"] for each in found["errors"]}
    assert [index for index, row in enumerate(found["rows"]) if row is None] == sorted(rejected)
    return [(row, told) for row, told in zip(rows, found["rows"], strict=True) if told is not None]


def _same(node: Node, given: dict[str, Any], told: dict[str, Any]) -> None:
    for name in entered(node):
        if name in given:
            assert told[name] == given[name], name
