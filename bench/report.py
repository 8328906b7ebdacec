"""Shows what was measured: a table for the terminal, one for the documentation, and all of it as JSON."""

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from rich.table import Table

from bench.contenders import Contender
from bench.data import Filled
from bench.measure import Cost, Result

BANGFU, GUARDED, PLAIN = Contender.BANGFU, Contender.GUARDED, Contender.PLAIN
LIMIT, IDIOMATIC = Contender.LIMIT, Contender.IDIOMATIC

LEAST_OF_LIMIT = 0.7
LEAST_OF_IDIOMATIC = 5.0
MOST_OF_DOOR = 1.1
"""How many times the latency without a token an answer may take with one."""
MOST_MEMORY = 20 * 2**20

_HEAD = (
    "question",
    "KB",
    "bangfu ms",
    "limit ms",
    "× limit",
    "aim",
    "bangfu /s",
    "× limit /s",
    "× usual /s",
    "× plain /s",
)


@dataclass(frozen=True)
class Measured:
    """All that was measured on one data set."""

    data: Filled
    results: Sequence[Result]
    costs: Sequence[Cost]


def machine(url: str) -> dict[str, str]:
    """On what was measured, and when."""
    with psycopg.connect(url) as connection:
        server = connection.info.server_version // 10000, connection.info.server_version % 10000
    names = ("psycopg", "uvicorn", "starlette", "strawberry-graphql", "graphql-core", "sqlalchemy", "orjson")
    return {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} × {_processor()}, {_memory()} GB, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": f"{server[0]}.{server[1]}",
        **{name: version(name) for name in names},
    }


def tables(measured: Measured) -> Iterator[Table]:
    """The tables for the terminal; what misses its aim is red."""
    data = measured.data
    what = f"{data.name}: {data.districts} districts, {data.households:,} households, {data.people:,} people"
    for title, head, cells_of in (
        (what, _HEAD, _cells),
        (f"{data.name}: with a token of the district", _DOOR_HEAD, _door_cells),
    ):
        table = Table(title=title, title_justify="left")
        for name in head:
            table.add_column(name, justify="left" if name == "question" else "right")
        for result in measured.results:
            cells = [f"[red]{text}[/]" if missed else text for text, missed in cells_of(result)]
            table.add_row(result.question.name, *cells[1:])
        yield table
    if measured.costs:
        table = Table(title="one process, lists of households with members", title_justify="left")
        for name in _COST_HEAD:
            table.add_column(name, justify="left" if name == "server" else "right")
        for cost in measured.costs:
            table.add_row(*_cost_cells(cost))
        yield table


def markdown(all_measured: Sequence[Measured], made_on: Mapping[str, str]) -> str:
    """The same for `docs/performance.md`."""
    lines = [", ".join(f"{name} {value}" for name, value in made_on.items()), ""]
    for measured in all_measured:
        data = measured.data
        lines += [f"### {data.districts} districts, {data.households:,} households, {data.people:,} people", ""]
        for head, cells_of in ((_HEAD, _cells), (_DOOR_HEAD, _door_cells)):
            rows = [[f"**{text}**" if missed else text for text, missed in cells_of(each)] for each in measured.results]
            lines += [*_lines(head, rows), ""]
        if measured.costs:
            lines += [*_lines(_COST_HEAD, [_cost_cells(each) for each in measured.costs]), ""]
    return "\n".join(lines)


def as_json(all_measured: Sequence[Measured], made_on: Mapping[str, str]) -> dict[str, Any]:
    """Everything, each round included."""
    return {
        "made_on": dict(made_on),
        "sets": [
            {
                "set": measured.data.name.value,
                "districts": measured.data.districts,
                "households": measured.data.households,
                "people": measured.data.people,
                "questions": [_result(each) for each in measured.results],
                "costs": [
                    {
                        "contender": each.contender.value,
                        "processor": {str(size): seconds for size, seconds in each.processor.items()},
                        "memory": each.memory,
                        "crowded_memory": each.crowded_memory,
                    }
                    for each in measured.costs
                ],
            }
            for measured in all_measured
        ],
    }


_DOOR_HEAD = ("question", "bangfu ms", "guarded ms", "× bangfu", "aim", "bangfu /s", "guarded /s", "× bangfu /s")
_COST_HEAD = ("server", "CPU ms, 10 rows", "100 rows", "1,000 rows", "peak above idle MB", "sixteen at a time MB")


def _cells(result: Result) -> list[tuple[str, bool]]:
    """A row of the table, and of each cell whether it misses an aim."""
    latency = result.latency_ratio(BANGFU, LIMIT)
    limit, usual = (result.throughput_ratio(BANGFU, each) for each in (LIMIT, IDIOMATIC))
    return [
        (result.question.title, False),
        (f"{result.size / 1000:.1f}", False),
        (f"{result.latency(BANGFU) * 1000:.2f}", False),
        (f"{result.latency(LIMIT) * 1000:.2f}", False),
        (f"{latency:.2f}", latency > result.question.most),
        (f"≤ {result.question.most}", False),
        (f"{result.throughput(BANGFU):.1f}", False),
        (f"{limit:.2f}", limit < LEAST_OF_LIMIT),
        (f"{usual:.1f}", result.question.kind != "point" and usual < LEAST_OF_IDIOMATIC),
        (f"{result.throughput_ratio(BANGFU, PLAIN):.1f}", False),
    ]


def _door_cells(result: Result) -> list[tuple[str, bool]]:
    """The same of the table that shows what the door costs."""
    latency = result.latency_ratio(GUARDED, BANGFU)
    return [
        (result.question.title, False),
        *((f"{result.latency(each) * 1000:.2f}", False) for each in (BANGFU, GUARDED)),
        (f"{latency:.2f}", latency > MOST_OF_DOOR),
        (f"≤ {MOST_OF_DOOR}", False),
        *((f"{result.throughput(each):.1f}", False) for each in (BANGFU, GUARDED)),
        (f"{result.throughput_ratio(GUARDED, BANGFU):.2f}", False),
    ]


def _cost_cells(cost: Cost) -> list[str]:
    processor = [f"{seconds * 1000:.2f}" for seconds in cost.processor.values()]
    return [cost.contender.value, *processor, f"{cost.memory / 2**20:.1f}", f"{cost.crowded_memory / 2**20:.1f}"]


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.question.name,
        "title": result.question.title,
        "kind": result.question.kind,
        "bytes": result.size,
        "contenders": {
            contender.value: {
                "latency": told.latency,
                "latency_at_16": told.crowded,
                "throughput_at_16": told.throughput,
                "refused_at_16": told.refused,
            }
            for contender, told in result.told.items()
        },
    }


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---", *("---:" for _ in head[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
