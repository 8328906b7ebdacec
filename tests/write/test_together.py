"""Many who change the same rows at the same time: nothing is lost, nobody is turned away by a deadlock."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest
from tests.compile.paths import EXAMPLES
from tests.write.clerk import BASE, Clerk, said

from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_industry.records import Herd, Species

CLIENTS, TURNS = 16, 6
LONG = 60 if EXAMPLES > 200 else 0
"""For how many seconds they go on in `make test-long`."""


@pytest.fixture
def crowd(demo_copy: Database) -> Any:
    url = demo_copy.url.render_as_string(hide_password=False)
    databases = [Database(url, pool_size=1, seal=demo_copy.seal) for _ in range(CLIENTS)]
    yield [Clerk(database) for database in databases]
    for database in databases:
        database.dispose()


def test_no_update_is_lost(crowd: list[Clerk]) -> None:
    first = crowd[0]
    herds = [
        {"household_id": BASE + 1 + n, "species": Species.PIG, "animals": 0, "is_supported": False} for n in (0, 1)
    ]
    ids = [id_ for id_ in first.create(Herd, *herds).ids if id_ is not None]

    end = monotonic() + LONG

    def add(clerk: Clerk, order: int) -> tuple[int, int]:
        """Adds one animal to each herd, again and again; half of them begin with the other herd. How often, and how
        often somebody else was quicker.
        """
        turns = stale = 0
        while turns < TURNS or monotonic() < end:
            turns += 1
            while True:
                rows = [clerk.row(Herd, id_) for id_ in (ids if order % 2 else reversed(ids))]
                given = [{"id": r["id"], "version": r["version"], "animals": r["animals"] + 1} for r in rows if r]
                outcome = clerk.change(Herd, Action.UPDATE, given)
                if outcome.written == len(ids):
                    break
                assert {code for _, _, code in said(outcome)} == {"STALE"}
                assert outcome.written == 0, "both or none"
                stale += 1
        return turns, stale

    with ThreadPoolExecutor(CLIENTS) as pool:
        turns, stale = map(sum, zip(*pool.map(add, crowd, range(CLIENTS)), strict=True))
    assert stale > 0, "they never met"
    for id_ in ids:
        row = first.row(Herd, id_)
        assert row is not None
        assert (row["animals"], row["version"]) == (turns, turns + 1)
    (chain,) = first.chains()
    assert (chain.breaks, chain.entries) == ((), turns + 1)


def test_new_rows_have_ids_of_their_own(crowd: list[Clerk]) -> None:
    herd = {"household_id": BASE + 1, "species": Species.PIG, "animals": 1, "is_supported": False}

    def create(clerk: Clerk) -> list[int | None]:
        return [id_ for _ in range(3) for id_ in clerk.create(Herd, herd, herd).ids]

    with ThreadPoolExecutor(CLIENTS) as pool:
        ids = [id_ for made in pool.map(create, crowd) for id_ in made]
    assert None not in ids
    assert len(set(ids)) == CLIENTS * 6
    (chain,) = crowd[0].chains()
    assert (chain.breaks, chain.entries) == ((), CLIENTS * 3)
