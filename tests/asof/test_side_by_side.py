"""Requests side by side with few connections: none waits for one that waits for it, and who waits too long is told."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import text
from tests.access.asked import Asked
from tests.access.world import HERE
from tests.asof.past import LATER

from bangfu.store import Database, DatabaseUnavailable
from bangfu_schema import decoded

HISTORIES = (
    '{ households(within: "620502", first: 20) { nodes { id history(first: 3) { entry } } } }',
    '{ households(within: "620502", asOf: "2015-10-01") { nodes { history { at } village { history { at } } } } }',
    '{ history(id: "village:620502101201") { entry action } }',
    '{ household(id: "household:620502000000001") { history { entry } } list: townships { nodes { history { at } } } }',
)
MOVES = """mutation { placesReorganize(dryRun: true, plan: { district: "620502", on: "2015-12-01",
    steps: [{ rename: { place: "620502101201", name: "新名" } }] }) { number errors { code } } }"""
PATIENCE = 1.0


async def answers(asked: Asked, database: Database, documents: Sequence[str]) -> list[Any]:
    """What is answered to requests that are made at the same time, or why it was not."""
    running = (asked.graph.execute(database, document, today=LATER) for document in documents)
    try:
        found: list[Any] = await asyncio.gather(*running, return_exceptions=True)
        return found
    finally:
        await database.aclose()


@pytest.fixture
def few(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The same database by two connections, for which nobody waits long."""
    options = Database._options
    monkeypatch.setattr(Database, "_options", lambda self: options(self) | {"pool_timeout": PATIENCE})
    return Database(asked.database.url.render_as_string(hide_password=False), pool_size=2, seal=asked.database.seal)


def test_histories_are_told_however_many_ask(asked: Asked, few: Database) -> None:
    found = asyncio.run(answers(asked, few, HISTORIES * 5))
    assert [each for each in found if isinstance(each, Exception)] == []
    assert [each for each in map(decoded, found) if "errors" in each] == []


def test_changes_of_a_district_that_somebody_holds_are_told_to_be_tried_again(asked: Asked, few: Database) -> None:
    with asked.database.engine.connect() as connection:
        connection.execute(text(f"INSERT INTO change_head VALUES ({HERE}, 0, '') ON CONFLICT DO NOTHING"))
        connection.commit()
        connection.execute(text(f"SELECT FROM change_head WHERE district_code = {HERE} FOR UPDATE"))

        async def run() -> list[Any]:
            asyncio.get_running_loop().call_later(PATIENCE * 2, connection.rollback)
            return await answers(asked, few, [MOVES] * 16)

        begun = monotonic()
        found = asyncio.run(run())
    assert monotonic() - begun < PATIENCE * 10
    failed = [each for each in found if isinstance(each, Exception)]
    assert len(failed) == 14
    assert all(isinstance(each, DatabaseUnavailable) for each in failed), failed
    assert "busy" in str(failed[0])
    told = [decoded(each)["data"]["placesReorganize"] for each in found if not isinstance(each, Exception)]
    assert told == [{"number": None, "errors": []}] * 2
