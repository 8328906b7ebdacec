"""The log of changes is a chain: whatever is done to it later, its verification says where."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.write.clerk import Clerk, planting

from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_industry.records import Planting


@pytest.fixture
def clerk(demo_copy: Database) -> Clerk:
    clerk = Clerk(demo_copy)
    (id_, _) = clerk.create(Planting, planting(), planting()).ids
    clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "crop": "梨"}])
    clerk.change(Planting, Action.DELETE, [{"id": id_, "version": 2}])
    return clerk


def test_an_untouched_chain_holds(clerk: Clerk) -> None:
    (chain,) = clerk.chains()
    assert (chain.district_code, chain.entries, chain.breaks) == (620502, 3, ())
    assert len(chain.hash) == 64


TAMPERING = {
    "a value": ("UPDATE change SET after = jsonb_set(after, '{area}', '9') WHERE number = 1 AND position = 2", 1),
    "a row's id": ("UPDATE change SET row_id = row_id + 1 WHERE number = 2", 2),
    "what was done": ("UPDATE change SET action = 'create' WHERE number = 3", 3),
    "who": ("UPDATE change_set SET author = 'nobody' WHERE number = 2", 2),
    "when": ("UPDATE change_set SET at = at - interval '1 microsecond' WHERE number = 1", 1),
    "a row taken out": ("DELETE FROM change WHERE number = 1 AND position = 2", 1),
    "a row put in": (
        "INSERT INTO change SELECT district_code, number, 9, record, row_id, action, before, after FROM change"
        " WHERE number = 1 AND position = 1",
        1,
    ),
    "an entry taken out": ("DELETE FROM change_set WHERE number = 2", 2),
    "an entry taken out with its rows": (
        "WITH gone AS (DELETE FROM change WHERE number = 2) DELETE FROM change_set WHERE number = 2",
        3,
    ),
    "the last entry taken off": (
        "WITH gone AS (DELETE FROM change WHERE number = 3) DELETE FROM change_set WHERE number = 3",
        3,
    ),
    "the digest made anew": (
        "UPDATE change_set SET digest = sha256('x'::bytea) WHERE number = 2",
        2,
    ),
    "all of it": ("WITH gone AS (DELETE FROM change) DELETE FROM change_set", 3),
    "the head": ("UPDATE change_head SET number = 2", 2),
}


@pytest.mark.parametrize("done", TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_found(clerk: Clerk, done: tuple[str, int]) -> None:
    statement, number = done
    with clerk.database.engine.begin() as connection:
        connection.execute(text("GRANT UPDATE, DELETE ON change, change_set TO CURRENT_USER"))
        assert connection.execute(text(statement)).rowcount >= 0
    (chain,) = clerk.chains()
    assert chain.breaks, "it is not found"
    assert min(each.number for each in chain.breaks) == number


def test_nothing_is_taken_out_by_the_way(clerk: Clerk, demo_copy: Database) -> None:
    with demo_copy.engine.connect() as connection:
        role = connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
    if role:
        for table in ("change", "change_set"):
            with demo_copy.engine.connect() as connection:
                rights = connection.scalar(
                    text("SELECT relacl::text FROM pg_class WHERE relname = :table"), {"table": table}
                )
            assert rights is not None
            assert "arw" not in rights, "its owner may add and read, not change"
        return
    with demo_copy.engine.begin() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("DELETE FROM change"))
