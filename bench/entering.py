"""`python -m bench.entering`: what a mutation of a thousand rows takes, beside the least that PostgreSQL has to do.

The least is one INSERT … SELECT from unnest of the same rows, which also enters them in the log as they then stand.
Both have their turn in each round, each in a transaction of its own, on a server that waits for the disk.
"""

import asyncio
import gc
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import psycopg
import typer
from sqlalchemy import event

from bangfu.access import EVERYTHING
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.registry import discover
from bangfu.seal import FILE, keys_file
from bangfu.store import Database, EmbeddedServer
from bangfu.store.sealed import seal_of_file
from bangfu.write.changing import change
from bangfu.write.outcome import Action, Author
from bangfu_app.demo import ensure_demo
from bangfu_industry.records import CropKind, Planting
from bangfu_migrations import make_ready
from bangfu_schema import Graph, decoded

_DISTRICT, _HOUSEHOLDS = 620502, 19_129
_TODAY = date(2015, 12, 31)
_DOCUMENT = """mutation ($rows: [IndustryPlantingInput!]!) {
  industryPlantingCreate(rows: $rows) { written errors { row code } }
}"""
_LEAST = """WITH made AS (
    INSERT INTO industry_planting (district_code, id, household_id, kind, crop, area, planted_on, is_new, is_supported,
        version, source, basis, recorded_on, valid_from)
    SELECT %(district)s, %(first)s + n - 1, g.household, 'ORCHARD', g.crop, g.area, g.day, true, false,
        1, 'bench', 'ADMINISTRATIVE', %(today)s, %(today)s
    FROM unnest(%(households)s::bigint[], %(crops)s::text[], %(areas)s::numeric[], %(days)s::date[])
        WITH ORDINALITY AS g(household, crop, area, day, n) RETURNING *
) INSERT INTO change (district_code, number, position, record, row_id, action, before, after)
SELECT %(district)s, %(number)s, row_number() OVER (ORDER BY id), 'industry_planting', id, 'create', NULL,
    to_jsonb(made)
FROM made"""


def _rows(rows: int, turn: int) -> list[dict[str, Any]]:
    return [
        {
            "household_id": _DISTRICT * DISTRICT_SPAN + 1 + (turn * rows + n) * 7919 % _HOUSEHOLDS,
            "kind": CropKind.ORCHARD,
            "crop": ("蘋果", "梨", "核桃")[n % 3],
            "area": Decimal(n % 300 + 1) / 100,
            "planted_on": date(2015, n % 12 + 1, n % 28 + 1),
            "is_new": True,
            "is_supported": False,
        }
        for n in range(rows)
    ]


def _as_given(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a client sends it."""
    return {
        "household": f"household:{row['household_id']}",
        "kind": row["kind"].name,
        "crop": row["crop"],
        "area": float(row["area"]),
        "plantedOn": row["planted_on"].isoformat(),
        "isNew": row["is_new"],
        "isSupported": row["is_supported"],
    }


def _least(connection: psycopg.Connection[Any], rows: list[dict[str, Any]], number: int) -> float:
    found = connection.execute("SELECT max(id) FROM industry_planting WHERE district_code = 620502").fetchone()
    assert found is not None
    names = (("households", "household_id"), ("crops", "crop"), ("areas", "area"), ("days", "planted_on"))
    given = {name: [row[column] for row in rows] for name, column in names}
    given |= {"district": _DISTRICT, "first": found[0] + 1, "number": number, "today": _TODAY}  # type: ignore[dict-item]
    begin = time.perf_counter()
    with connection.transaction():
        connection.execute(_LEAST, given)
    return time.perf_counter() - begin


def _engine(database: Database, rows: list[dict[str, Any]]) -> float:
    begin = time.perf_counter()
    with database.engine.connect() as connection:
        outcome = change(
            *(connection, Planting, Action.CREATE, rows), author=Author(name="bench"), policy=EVERYTHING, today=_TODAY
        )
    assert outcome.written == len(rows)
    return time.perf_counter() - begin


def _mutation(runner: asyncio.Runner, graph: Graph, database: Database, rows: list[dict[str, Any]]) -> float:
    given = {"rows": list(map(_as_given, rows))}

    async def send() -> float:
        begin = time.perf_counter()
        answer = await graph.execute(database, _DOCUMENT, given)
        taken = time.perf_counter() - begin
        told = decoded(answer)
        assert told["data"]["industryPlantingCreate"] == {"written": len(rows), "errors": []}, told
        return taken

    return runner.run(send())


def _statements(database: Database, rows: list[dict[str, Any]]) -> int:
    """How many statements the engine sends."""
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: sent.append(statement))
    _engine(database, rows)
    return len(sent)


def entering(
    rows: Annotated[int, typer.Option(help="How many rows a mutation has.", min=1)] = 1_000,
    rounds: Annotated[int, typer.Option(help="How many rounds; the middle one is shown.", min=3)] = 30,
    home: Annotated[Path, typer.Option(help="Where the database lives.")] = Path(".bangfu/bench-entering"),
) -> None:
    """Measure what a mutation of many rows takes, as a ratio to the least that PostgreSQL has to do."""
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    keys_file(home / FILE)
    platform = discover(())
    with EmbeddedServer(home) as server, asyncio.Runner() as runner:
        database = Database(server.url(), pool_size=2, seal=seal_of_file(home / FILE))
        make_ready(database.engine, platform)
        ensure_demo(database.engine, [each.plugin for each in platform.plugins])
        graph = Graph(platform)
        gc.collect()
        gc.freeze()  # as `bangfu serve` does
        taken: dict[str, list[float]] = {"the least": [], "the engine": [], "the mutation": []}
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for turn in range(rounds + 2):
                given = _rows(rows, turn)
                times = (
                    _least(connection, given, -turn - time.time_ns()),
                    _engine(database, given),
                    _mutation(runner, graph, database, given),
                )
                if turn >= 2:  # the first find nothing at hand
                    for each, one in zip(taken.values(), times, strict=True):
                        each.append(one)
        statements = _statements(database, _rows(rows, rounds + 2))
        runner.run(database.aclose())
        database.dispose()
    least = taken["the least"]
    print(f"{rows:,} new plantings, {rounds} rounds; {statements} statements\n")
    print("| | ms | × the least |\n| --- | ---: | ---: |")
    for name, each in taken.items():
        ratio = median(own / bare for own, bare in zip(each, least, strict=True))
        print(f"| {name} | {median(each) * 1000:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    typer.run(entering)
