"""The log of reads is a chain for each district: whatever is done to it later, its verification says where."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bangfu.registry import Platform
from bangfu.store import Database
from bangfu.store.audit import Chain
from bangfu.store.chained import verify_reads
from bangfu.store.grouped import Grouped
from bangfu.store.reads import NO_DISTRICT, Read, log_read, note_read, read_reads
from bangfu.store.wall import READER, WHOLE, Wall
from bangfu_migrations import make_ready
from bangfu_testing import Postgres

WALL = Wall(READER, WHOLE, "personal:read")
HERE, THERE = 620502, 620503


def read(district: int = HERE, viewer: str = "王主任") -> Read:
    """One read."""
    return Read(
        district_code=district,
        request_id="r-1",
        viewer=viewer,
        token_id=None,
        operation="Home",
        document="0" * 64,
        places=("620502",),
        shown=("Person.name", "Person.health"),
        filtered=(),
        ordered=(),
        counts={"Person": 3},
        succeeded=True,
    )


@pytest.fixture(scope="module")
def ready(postgres: Postgres, platform: Platform) -> Iterator[Database]:
    """A database without rows."""
    with postgres.fresh() as database:
        make_ready(database.engine, platform)
        yield database


@pytest.fixture
def logged(ready: Database) -> Database:
    """Three reads of a district, one of another and one of several."""
    with ready.engine.begin() as connection:
        connection.execute(text("GRANT UPDATE, DELETE, TRUNCATE ON read_log TO CURRENT_USER"))
        connection.execute(text("TRUNCATE read_log, read_head"))
        for district in (HERE, THERE, HERE, NO_DISTRICT, HERE):
            note_read(connection, read(district))
    return ready


def chains(database: Database, district: int | None = None) -> dict[int, Chain]:
    """What the verification finds, by district."""
    with database.engine.connect() as connection:
        return {chain.district_code: chain for chain in verify_reads(connection, district)}


def test_an_untouched_chain_holds(logged: Database) -> None:
    found = chains(logged)
    assert {code: (chain.entries, chain.breaks) for code, chain in found.items()} == {
        NO_DISTRICT: (1, ()),
        HERE: (3, ()),
        THERE: (1, ()),
    }
    assert {len(chain.hash) for chain in found.values()} == {64}
    assert chains(logged, THERE) == {THERE: found[THERE]}


TAMPERING = {
    "who": ("UPDATE read_log SET viewer = 'nobody' WHERE number = 2", 2),
    "when": ("UPDATE read_log SET at = at - interval '1 microsecond' WHERE number = 1", 1),
    "what": ("UPDATE read_log SET shown = array_remove(shown, 'Person.health') WHERE number = 2", 2),
    "how many": ("UPDATE read_log SET counts = '{}' WHERE number = 3", 3),
    "a name moved from one list to another": ("UPDATE read_log SET filtered = shown, shown = '{}' WHERE number = 3", 3),
    "taken out": ("DELETE FROM read_log WHERE number = 2", 3),
    "the first taken out": ("DELETE FROM read_log WHERE number = 1", 2),
    "the last taken off": ("DELETE FROM read_log WHERE number = 3", 3),
    "all taken out": ("DELETE FROM read_log", 3),
    "moved to another district": ("UPDATE read_log SET district_code = 620504 WHERE number = 2", 3),
    "two changed places": (
        "UPDATE read_log SET number = CASE number WHEN 4 THEN 1 WHEN 1 THEN 2 END WHERE number IN (1, 4)",
        1,
    ),
    "put in": (
        "ALTER TABLE read_log DISABLE TRIGGER chain;"
        " INSERT INTO read_log (district_code, viewer, document, places, shown, filtered, ordered, counts, succeeded,"
        " number, hash) SELECT district_code, 'nobody', document, places, shown, filtered, ordered, counts, succeeded,"
        " 4, hash FROM read_log WHERE number = 3;"
        " ALTER TABLE read_log ENABLE TRIGGER chain",
        3,
    ),
    "the head": ("UPDATE read_head SET number = 2", 2),
}


@pytest.mark.parametrize("done", TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_found(logged: Database, done: tuple[str, int]) -> None:
    statements, number = done
    with logged.engine.begin() as connection:
        if "CASE number" in statements:  # numbers are unique at each moment
            connection.execute(text(f"UPDATE read_log SET number = 4 WHERE number = 2 AND district_code = {HERE}"))
        for statement in statements.split(";"):
            of_here = (
                "" if "TABLE" in statement else f" {'AND' if 'WHERE' in statement else 'WHERE'} district_code = {HERE}"
            )
            connection.execute(text(statement + of_here))
    broken = {code: chain for code, chain in chains(logged).items() if chain.breaks}
    assert HERE in broken, "it is not found"
    assert min(each.number for each in broken[HERE].breaks) == number
    assert broken.keys() <= {HERE, 620504}


def test_who_adds_entries_cannot_choose_their_links(logged: Database) -> None:
    """Whoever may add says what was read; number, hash and moment are PostgreSQL's own."""
    columns = "district_code, viewer, document, places, shown, filtered, ordered, counts, succeeded, number, hash, at"
    given = f"{HERE}, 'x', '', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', true, 99, 'x', '1999-01-01'"
    with logged.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {READER}"))
        connection.execute(text(f"INSERT INTO read_log ({columns}) VALUES ({given})"))
    with logged.engine.connect() as connection:
        added = next(each for each in read_reads(connection, most=9) if each.viewer == "x")
    assert (added.number, added.at.year > 1999) == (4, True)
    assert chains(logged)[HERE].breaks == ()
    for table in ("read_head", "read_log"):
        with logged.engine.connect() as connection:
            connection.execute(text(f"SET LOCAL ROLE {READER}"))
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text(f"SELECT * FROM {table}"))


def test_without_the_link_nothing_can_be_added(logged: Database) -> None:
    with logged.engine.connect() as connection:
        connection.execute(text("DROP TRIGGER chain ON read_log"))
        with pytest.raises(DBAPIError, match="null value"):
            note_read(connection, read())
        connection.rollback()


def test_reads_side_by_side_are_one_chain_for_each_district(logged: Database) -> None:
    async def run() -> None:
        several = [Database(logged.url.render_as_string(hide_password=False), pool_size=3) for _ in range(2)]
        try:
            districts = (HERE, THERE, NO_DISTRICT)
            given = [(each, districts[n % 3]) for each in several for n in range(60)]
            await asyncio.gather(*(log_read(each.pool, WALL, read(district)) for each, district in given))
        finally:
            for each in several:
                await each.aclose()

    asyncio.run(run())
    assert {code: (chain.entries, chain.breaks) for code, chain in chains(logged).items()} == {
        NO_DISTRICT: (41, ()),
        HERE: (43, ()),
        THERE: (41, ()),
    }


def test_what_comes_while_others_are_stored_is_stored_together() -> None:
    turns: list[list[int]] = []

    async def store(entries: Sequence[int]) -> None:
        turns.append(list(entries))
        await asyncio.sleep(0)
        if 3 in entries:
            raise ValueError(entries)

    async def run() -> list[BaseException | None]:
        grouped = Grouped(store)
        return await asyncio.gather(*(grouped.add(each) for each in range(5)), return_exceptions=True)

    found = asyncio.run(run())
    assert turns == [[0, 1, 2, 3, 4], [0], [1], [2], [3], [4]]
    assert [isinstance(each, ValueError) for each in found] == [False, False, False, True, False]
    assert str(found[3]) == "[3]", "one that cannot be stored keeps no other from it"


def test_who_has_gone_keeps_nobody_waiting() -> None:
    stored: list[int] = []

    async def store(entries: Sequence[int]) -> None:
        await asyncio.sleep(0.01)
        stored.extend(entries)

    async def run() -> None:
        grouped = Grouped(store)
        gone = asyncio.create_task(grouped.add(1))
        stays = asyncio.create_task(grouped.add(2))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert gone.cancelled()

    asyncio.run(run())
    assert stored == [1, 2]
