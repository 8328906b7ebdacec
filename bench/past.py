"""`python -m bench.past`: what it takes to look back to a day, beside the same question as things stand.

Three copies of the demo district are asked in turn: one whose log is empty; one in which every household was changed,
and one in thirty moved to another place, before the day; one in which that was done after the day.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from sqlalchemy import Connection, text

from bangfu.access import EVERYTHING
from bangfu.domain.households import Household
from bangfu.registry import Platform, discover
from bangfu.store import Database
from bangfu.store.sealed import seal_of_file
from bangfu.write.changing import change
from bangfu.write.outcome import Action, Author
from bangfu_migrations import make_ready
from bangfu_schema import Graph
from bangfu_schema.execute.encoding import encoded
from bench.data import BASE, Filled, Sets, opened_sets

_DAY = date(2015, 12, 30)
_TODAY = date(2015, 12, 31)
_AUTHOR = Author(name="bench")
_LOGS = ("empty", "earlier", "later")
_PORTION = 1_000
_ROUND = 0.1  # seconds

_ONE = "household(id: $id DAY) { id category houseArea village { code name } members { nodes { id name bornOn } } }"
_MEASURES = "industry { orchardArea { value } } funding { loanDemand { value } } capacity { peopleTrained { value } }"
_QUESTIONS = {
    "A household with its members, by id": f"query ($id: ID!) {{ {_ONE} }}",
    "A village's first 50 households with their members": """query ($village: PlaceCode!) {
        village(code: $village DAY) {
            code households(first: 50) { nodes { id category members { nodes { id name } } } } } }""",
    "1,000 households with all their members": """query ($within: PlaceCode!) {
        households(within: $within, first: 1000 DAY) { nodes { id category members { nodes { id name } } } } }""",
    "Households of more than 60 square metres: how many, and the first 50": """query ($within: PlaceCode!) {
        households(within: $within, first: 50, filter: { houseArea: { gt: 60 } } DAY) { totalCount nodes { id } } }""",
    "All villages, each with the number of its households": """query ($within: PlaceCode!) {
        villages(within: $within, first: 1000 DAY) { nodes { code householdCount } } }""",
    "All villages with three measures": """query ($within: PlaceCode!) {
        villages(within: $within, first: 1000 DAY) { nodes { code MEASURES } } }""",
    "Townships with three measures": """query ($within: PlaceCode!) {
        townships(within: $within DAY) { nodes { code MEASURES } } }""",
}
"""Each with `DAY` where the day goes that is looked back to."""


@dataclass(frozen=True)
class Taken:
    """Milliseconds that a question takes with a log: as things stand, and as of the day."""

    log: str
    now: float
    then: float


_VARIABLES = {"id": f"household:{BASE * 10**9 + 937}", "village": f"{BASE}101201", "within": f"{BASE}"}


def _changed(sets: Sets, platform: Platform, log: str) -> Filled:
    """A copy of the demo district with a log, made by the engine at the first run; `at` of its entries is moved."""
    data = sets.copy(f"log_{log}")
    database = Database(data.url, pool_size=2, seal=seal_of_file(data.keys))
    try:
        make_ready(database.engine, platform)
        with database.engine.connect() as connection:
            is_made = connection.execute(text("SELECT EXISTS (SELECT FROM change_set)")).scalar_one()
            connection.rollback()
            if log != "empty" and not is_made:
                _change_all(connection, data)
                with connection.begin():
                    day = _DAY.replace(year=2014 if log == "earlier" else 2016)
                    moved = "UPDATE change_set SET at = CAST(:day AS date) + number * interval '1 minute'"
                    connection.execute(text(moved), {"day": day})
        sets.settle(data)
    finally:
        database.dispose()
    return data


def _change_all(connection: Connection, data: Filled) -> None:
    """Changes every household; one in thirty moves to where another one lives."""
    statement = "SELECT id, version, place_code, house_area FROM household WHERE district_code = :district ORDER BY id"
    rows = connection.execute(text(statement), {"district": data.district}).all()
    connection.rollback()
    places = [row.place_code for row in rows]
    given = [
        {
            "id": row.id,
            "version": row.version,
            "house_area": (row.house_area or Decimal(0)) + 1,
            "place_code": places[(index * 7919) % len(places)] if index % 30 == 0 else row.place_code,
        }
        for index, row in enumerate(rows)
    ]
    for first in range(0, len(given), _PORTION):
        portion = given[first : first + _PORTION]
        done = change(connection, Household, Action.UPDATE, portion, author=_AUTHOR, policy=EVERYTHING, today=_TODAY)
        assert not done.rejections, done.rejections[:3]


async def _measured(graph: Graph, databases: dict[str, Database], question: str, rounds: int) -> Iterator[Taken]:
    """What an answer takes in the middle with each of the logs, as things stand and as of the day."""
    question = question.replace("MEASURES", _MEASURES)
    variables = {name: value for name, value in _VARIABLES.items() if f"${name}" in question}
    documents = question.replace(" DAY", ""), question.replace(" DAY", f', asOf: "{_DAY}"')
    times = {(log, document): list[float]() for log in databases for document in documents}
    for number in range(rounds + 1):
        for (log, document), taken in times.items():
            end, first = time.perf_counter() + _ROUND, len(taken)
            while time.perf_counter() < end or len(taken) == first:
                began = time.perf_counter()
                answer = await graph.execute(databases[log], document, variables, today=_TODAY)
                taken.append((time.perf_counter() - began) * 1000)
                assert "errors" not in answer, bytes(encoded(answer))[:300]
            if number == 0:  # the first round warms up
                taken.clear()
    return (Taken(log, *(median(times[log, document]) for document in documents)) for log in databases)


async def _run(sets: Sets, platform: Platform, rounds: int, only: str) -> None:
    graph = Graph(platform)
    found = {log: _changed(sets, platform, log) for log in _LOGS}
    databases = {log: Database(data.url, pool_size=2, seal=seal_of_file(data.keys)) for log, data in found.items()}
    try:
        for title, question in _QUESTIONS.items():
            if only in title:
                taken = await _measured(graph, databases, question, rounds)
                told = "  ".join(f"{each.log} {each.now:7.2f} ms ×{each.then / each.now:6.2f}" for each in taken)
                print(f"{title:70} {told}", flush=True)
    finally:
        for database in databases.values():
            await database.aclose()


def past(
    home: Annotated[Path, typer.Option(help="Where the data sets live.")] = Path(".bangfu/bench"),
    rounds: Annotated[int, typer.Option(help="How many rounds.", min=1)] = 7,
    only: Annotated[str, typer.Option(help="Only questions with this in their titles.")] = "",
) -> None:
    """Measure what looking back adds, as ratios to the same question as things stand."""
    platform = discover(())
    with opened_sets(home, platform, lambda told: typer.echo(told, err=True)) as sets:
        asyncio.run(_run(sets, platform, rounds, only))


if __name__ == "__main__":
    typer.run(past)
