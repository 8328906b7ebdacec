"""Imports of viewers go on beside each other, so many at a time, and end with the process."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.write.clerk import BASE, TODAY

from bangfu.access import Policy, Viewer
from bangfu.bulk.desk import Desk, Job, Wanted, owner_of, sender_of
from bangfu.bulk.work import ImportBusy
from bangfu.errors import UserError
from bangfu.registry import Platform
from bangfu.store import Database
from bangfu.store.imports import plans_of
from bangfu.store.uploads import Uploads
from bangfu.write.outcome import Author

ONE, OTHER = (
    Policy(Viewer("王偉", places=(BASE,), permissions=frozenset({"industry:write"}), subject=subject))
    for subject in ("one", "other")
)
CONTENT = f"戶編號,作物類別,作物,面積,種植日期,是否新發展,是否享受產業扶持\n{BASE + 1},林果,花牛蘋果,1,2015.3.5,是,否\n"
SOON = 30.0


@pytest.fixture
def desk(platform: Platform, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(platform, Uploads(tmp_path, most=20, kept_for=60), at_once=1)
    yield made
    made.stop(SOON)


def begin(desk: Desk, database: Database, policy: Policy) -> Job:
    """Uploads a file of somebody's, and begins to plan it."""
    sender = sender_of(policy)
    incoming = desk.uploads.begin(sender, "a.csv")
    incoming.write(CONTENT.encode())
    file = incoming.finish().id
    desk.uploads.end(sender, incoming)
    wanted = Wanted(file=file, record="industry.planting")
    return desk.plan(database, wanted, policy=policy, author=Author(name="王偉"), today=TODAY)


def test_others_wait_while_as_many_go_on_as_may(desk: Desk, demo_copy: Database) -> None:
    with demo_copy.engine.connect() as connection:
        connection.execute(text("LOCK TABLE import_plan IN ACCESS EXCLUSIVE MODE"))
        first = begin(desk, demo_copy, ONE)
        for policy, told in ((ONE, "Another import of yours"), (OTHER, "busy with other imports")):
            with pytest.raises(ImportBusy, match=told):
                begin(desk, demo_copy, policy)
        connection.rollback()
    assert first.end.result(SOON) is None
    second = begin(desk, demo_copy, OTHER)
    assert second.end.result(SOON) is None
    with demo_copy.engine.connect() as connection:
        found = [plans_of(connection, owner_of(policy), 10) for policy in (ONE, OTHER)]
    assert [[(plan.id, plan.creates, plan.is_whole) for plan in plans] for plans in found] == [
        [(first.plan, 1, True)],
        [(second.plan, 1, True)],
    ]
    assert first.plan != second.plan, "the same file is a plan of each"


def test_what_does_not_end_in_time_is_left(desk: Desk, demo_copy: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The lock of it goes with its connection, so that it can be begun anew."""
    with demo_copy.engine.connect() as connection:
        connection.execute(text("LOCK TABLE import_plan IN ACCESS EXCLUSIVE MODE"))
        job = begin(desk, demo_copy, ONE)
        with caplog.at_level(logging.WARNING, "bangfu.imports"):
            desk.stop(0.1)
        assert f"import {job.plan} is broken off" in caplog.text
        with pytest.raises(ImportBusy):
            begin(desk, demo_copy, OTHER)
        connection.rollback()
    with pytest.raises(ImportBusy, match="stopping"):
        job.end.result(SOON)
    with demo_copy.engine.connect() as connection:
        (plan,) = plans_of(connection, owner_of(ONE), 10)
    assert not plan.is_whole


def test_a_failure_that_nobody_waits_for_is_told_to_the_log(
    desk: Desk, demo_copy: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with demo_copy.engine.connect() as connection:
        connection.execute(text("LOCK TABLE import_plan IN ACCESS EXCLUSIVE MODE"))
        job = begin(desk, demo_copy, ONE)
        job.is_awaited = False
        connection.execute(text("ALTER TABLE import_plan RENAME TO import_plan_gone"))
        connection.commit()
    with pytest.raises(Exception, match="import_plan"):
        job.end.result(SOON)
    assert f"import {job.plan} failed" in caplog.text


def test_a_plan_of_another_is_as_unknown_as_none(desk: Desk, demo_copy: Database) -> None:
    job = begin(desk, demo_copy, ONE)
    job.end.result(SOON)
    told = set()
    for policy, id_ in ((OTHER, job.plan), (ONE, "0" * 16), (Policy(), job.plan)):
        with pytest.raises(UserError) as caught:
            desk.apply(demo_copy, id_, policy=policy, author=Author(name="王偉"), today=TODAY)
        told.add((caught.value.code, str(caught.value).replace(id_, "…")))
    assert len(told) == 1
