"""`python -m bench.parts`: what each part of the door adds to the questions, inside one process and without HTTP.

The same graph is asked as nobody in particular, by a viewer under the policy alone, behind PostgreSQL's own wall as
well, and with the log of reads; in turn, in short rounds, so that what else the machine does meets all of them alike.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import typer

from bangfu.access import PERSONAL, Viewer, reading
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.registry import discover
from bangfu.store import Database
from bangfu.store.sealed import seal_of_file
from bangfu_schema import Graph
from bangfu_schema.execute import service
from bangfu_schema.execute.encoding import encoded
from bangfu_schema.execute.reads import Reads
from bench.data import Filled, Set, opened_sets
from bench.questions import NAMED, QUESTIONS, Question, cursor_of

_PARTS = ("open", "policy", "wall", "log")
_ROUND = 0.35  # seconds


class _NoReads(Reads):
    """Notes nothing, so that nothing is looked for in the answer, and nothing logged."""

    def read(self, *_: Any) -> None:
        """Nothing was read."""
        return


@contextmanager
def _part(name: str) -> Iterator[None]:
    """The service with no more of the door than up to a part."""
    has_wall, has_log = name in ("wall", "log"), name == "log"
    wall: Any = service.wall_of if has_wall else lambda _: None
    reads: Any = Reads if has_log else _NoReads
    with patch.object(service, "wall_of", wall), patch.object(service, "Reads", reads):
        yield


async def _measured(graph: Graph, database: Database, data: Filled, question: Question, rounds: int) -> list[float]:
    """Milliseconds that an answer takes with each part, in the middle."""
    permissions = frozenset([*(reading(each.plugin.name) for each in discover(()).plugins), PERSONAL])
    somebody = Viewer("somebody", places=(data.district * DISTRICT_SPAN,), permissions=permissions)
    variables = question.variables(data)
    if question.follows is not None:
        before = NAMED[question.follows]
        answer = await graph.execute(database, before.document, before.variables(data)[0])
        variables = [{**variables[0], "after": cursor_of(bytes(encoded(answer)))}]
    times: dict[str, list[float]] = {part: [] for part in _PARTS}
    for number in range(rounds + 1):
        for part in _PARTS:
            with _part(part):
                end, count = time.perf_counter() + _ROUND, 0
                while time.perf_counter() < end or count < 3:
                    began = time.perf_counter()
                    answer = await graph.execute(
                        database,
                        question.document,
                        variables[count % len(variables)],
                        viewer=None if part == "open" else somebody,
                    )
                    assert "errors" not in answer
                    if number:  # the first round warms up
                        times[part].append((time.perf_counter() - began) * 1000)
                    count += 1
    return [sorted(found)[len(found) // 2] for found in times.values()]


async def _run(data: Filled, rounds: int) -> None:
    graph = Graph(discover(()))
    database = Database(data.url, pool_size=2, seal=seal_of_file(data.keys))
    try:
        for question in QUESTIONS:
            first, *others = await _measured(graph, database, data, question, rounds)
            ratios = "  ".join(f"{part} {each / first:5.2f}" for part, each in zip(_PARTS[1:], others, strict=True))
            print(f"{question.name:20} {first:8.2f} ms  {ratios}", flush=True)
    finally:
        await database.aclose()


def parts(
    name: Annotated[Set, typer.Option("--set", help="Which data set.")] = Set.DEMO,
    home: Annotated[Path, typer.Option(help="Where the data sets live.")] = Path(".bangfu/bench"),
    rounds: Annotated[int, typer.Option(help="How many rounds.", min=1)] = 7,
) -> None:
    """Measure what each part of the door adds, as ratios to the same answer without it."""
    with opened_sets(home, discover(()), lambda told: typer.echo(told, err=True)) as sets:
        asyncio.run(_run(sets.get(name), rounds))


if __name__ == "__main__":
    typer.run(parts)
