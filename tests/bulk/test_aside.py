"""The second connection only helps: whatever becomes of it, rows are written and logged as without it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from tests.bulk.office import ORCHARD, Office
from tests.write.clerk import BASE

from bangfu.bulk import applying
from bangfu.store import Database
from bangfu.write.copy import copy_text


@pytest.fixture
def office(demo_copy: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Somebody whose imports are written in several parts."""
    monkeypatch.setattr(applying, "_MANY", 10)
    return Office(demo_copy, tmp_path)


def imported(office: Office) -> list[tuple[int, Any]]:
    """What is applied of forty new rows, and how the chain of the log stands then."""
    plan = office.plan(office.file(*((str(BASE + 1 + n), *ORCHARD) for n in range(40))))
    assert plan.creates == 40
    done = office.apply(plan)
    assert (done.applied, done.refused) == (40, 0)
    return [(chain.entries, chain.breaks) for chain in office.clerk.chains()]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_second_connection_that_is_ended_ends_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    killed: list[int] = []

    def kill(connection: Connection) -> None:
        own = connection.scalar(text("SELECT pg_backend_pid()"))
        with office.database.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
        killed.append(own or 0)

    def copying(connection: Connection, table: str, columns: Sequence[str], written: str) -> None:
        if when == "before" and not killed:
            kill(connection)
        copy_text(connection, table, columns, written)
        if when == "after" and not killed:
            kill(connection)

    monkeypatch.setattr("bangfu.write.aside.copy_text", copying)
    assert imported(office) == [(4, ())]
    assert len(killed) == 1


def test_what_the_table_adds_by_itself_stands_in_the_log(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE industry_planting ALTER valid_to SET DEFAULT '2099-12-31'"))
    assert imported(office) == [(4, ())]
