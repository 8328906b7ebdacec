"""An import that is killed at any moment loses nothing and writes nothing twice: applied again, it goes on."""

import multiprocessing
import random
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.bulk.office import HEAD, ORCHARD, Office
from tests.write.clerk import BASE, TODAY

from bangfu.access import EVERYTHING
from bangfu.bulk import applying, planning
from bangfu.store import Database
from bangfu.write.outcome import Author
from bangfu_industry.records import Planting
from bangfu_testing.keys import SEAL

ROWS, PART, KILLS = 3_000, 10, 10


def apply(url: str, plan: str) -> None:
    """Applies a plan in small parts; runs in a process of its own."""
    applying._CHUNK = PART
    database = Database(url, pool_size=2, seal=SEAL)
    author = Author(name="李會計")
    applying.apply_import(
        database.engine, plan, Planting, lambda _: None, author=author, policy=EVERYTHING, today=TODAY
    )


def test_killed_at_ten_random_moments(demo_copy: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_BLOCK", PART)
    office = Office(demo_copy, tmp_path)
    crops = [f"梨{number}" for number in range(ROWS)]
    rows = [(str(BASE + 1 + number), ORCHARD[0], crop, *ORCHARD[2:]) for number, crop in enumerate(crops)]
    plan = office.plan(office.file(*rows, head=HEAD))
    assert plan.creates == ROWS
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])  # what takes seconds to import is imported once
    choose = random.Random(20160630)
    reached = [0]
    for _ in range(KILLS):
        process = processes.Process(
            target=apply, args=(demo_copy.url.render_as_string(hide_password=False), plan.id), daemon=True
        )
        process.start()
        # From when it has begun to write: before that there is nothing to be lost.
        deadline = time.monotonic() + 60
        while applied(demo_copy) == reached[-1] and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(choose.uniform(0, 0.05))
        process.kill()
        process.join()
        reached.append(applied(demo_copy))
        assert office.count("crop LIKE '梨%'") == reached[-1], "what is noted is in, and nothing else"
    assert reached == sorted(reached)
    assert reached[-1] < ROWS, "it was too quick to be killed"
    done = office.apply(plan)
    assert (done.applied, done.refused) == (ROWS, 0)
    statement = "SELECT crop, count(*) AS rows FROM industry_planting WHERE crop LIKE '梨%' GROUP BY crop"
    with demo_copy.engine.connect() as connection:
        found = {row.crop: row.rows for row in connection.execute(text(statement))}
    assert found == dict.fromkeys(crops, 1)
    (chain,) = office.clerk.chains()
    assert chain.breaks == ()


def applied(database: Database) -> int:
    """How far the plan is."""
    with database.engine.connect() as connection:
        return connection.scalar(text("SELECT applied FROM import_plan")) or 0
