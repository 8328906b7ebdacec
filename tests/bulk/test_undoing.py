"""What a file brought in is taken back as it came: many rows by few statements, and the file can be taken again."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.bulk.office import ORCHARD, Office
from tests.write.clerk import BASE, DISTRICT, HOME, why_not

from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_industry.records import Planting


@pytest.fixture
def office(demo_copy: Database, tmp_path: Path) -> Office:
    return Office(demo_copy, tmp_path)


def brought(office: Office, rows: int, crop: str) -> int:
    """Imports so many rows; the number of the entry."""
    lines = [(str(BASE + 1 + n), ORCHARD[0], crop, *ORCHARD[2:]) for n in range(rows)]
    office.apply(office.plan(office.file(*lines, name=f"{crop}.csv")))
    assert office.count(f"crop = '{crop}'") == rows
    with office.database.engine.connect() as connection:
        return int(connection.scalar(text("SELECT max(number) FROM change_set")) or 0)


def test_many_rows_take_as_many_statements_as_few(office: Office) -> None:
    counts = []
    for rows, crop in ((20, "甲"), (900, "乙")):
        number = brought(office, rows, crop)
        with office.clerk.counted() as statements:
            undone = office.clerk.undo(number)
        assert (why_not(undone), undone.outcome.written) == ([], rows)
        with office.clerk.counted() as again:
            redone = office.clerk.undo(undone.outcome.change_sets[DISTRICT])
        assert (why_not(redone), redone.outcome.written) == ([], rows)
        assert office.count(f"crop = '{crop}' AND version = 2") == rows
        counts.append((len(statements), len(again)))
    assert counts[0] == counts[1]
    assert max(counts[0]) < 40
    assert all(chain.breaks == () for chain in office.clerk.chains())


def test_one_of_many_that_was_changed_since_keeps_all(office: Office) -> None:
    number = brought(office, 300, "丙")
    with office.database.engine.connect() as connection:
        found = connection.execute(
            text("SELECT id FROM industry_planting WHERE crop = '丙' ORDER BY id OFFSET 77 LIMIT 1")
        )
        id_ = found.scalar_one()
    office.clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "crop": "丁"}])
    assert why_not(office.clerk.undo(number)) == [(id_, "version", "STALE")]
    assert office.count("crop = '丙'") == 299


def test_of_very_many_the_first_are_told(office: Office) -> None:
    number = brought(office, 300, "戊")
    with office.database.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, version FROM industry_planting WHERE crop = '戊' ORDER BY id")).all()
    changed = [{"id": each.id, "version": each.version, "household_id": HOME + 500} for each in rows]
    written = office.clerk.change(Planting, Action.UPDATE, changed).written
    assert written > 200
    assert len(office.clerk.undo(number).refused) == 100
