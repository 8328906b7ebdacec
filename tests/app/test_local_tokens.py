"""Tokens that were issued here: who is let in by them, and by nothing that only looks like one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import pytest
from sqlalchemy import Connection, event, func, select, text, update
from tests.app.command import NOWHERE

from bangfu.access import Viewer
from bangfu.registry import Platform
from bangfu.store import Database, DatabaseUnavailable, Settings
from bangfu.store.tokens import TOKEN, read_token, revoke_token
from bangfu.store.wall import DISTRICT_READER, READER
from bangfu_app.identity import Door, Unauthenticated, form, open_door
from bangfu_app.identity.form import Token, make_token, read_token_text
from bangfu_app.identity.issuing import issue_token
from bangfu_app.identity.local import LocalTokens
from bangfu_app.identity.logins import issue_logins
from bangfu_app.identity.offices import Grant
from bangfu_app.opening import application_of
from bangfu_schema import Graph
from bangfu_testing import Postgres

pytestmark = pytest.mark.anyio

GRANT = Grant(roles=("village",), places=("620502100200",), permissions=("industry:read", "register:read"))

Issue = Callable[..., Token]

T = TypeVar("T")


@pytest.fixture(scope="module")
def database(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district in which the tests of this module issue tokens, each its own."""
    with postgres.fresh(demo_template) as made:
        yield made


@pytest.fixture
def issue(database: Database, platform: Platform) -> Issue:
    """Issues a token, with columns of its row set afterwards to what is wanted."""

    def issued(*, into: Database = database, is_demo: bool = False, grant: Grant = GRANT, **changed: object) -> Token:
        with into.engine.begin() as connection:
            token = issue_token(connection, platform, "王專幹", grant, days=90, is_demo=is_demo).token
            if changed:
                connection.execute(update(TOKEN).where(TOKEN.c.id == token.id).values(**changed))
        return token

    return issued


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.001  # a look begins after the request for which it is made
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def local(database: Database, clock: Clock) -> AsyncIterator[LocalTokens]:
    """What checks the tokens of that database."""
    made = LocalTokens(database, accepts_demo=False, tick=clock)
    yield made
    await made.aclose()
    await database.aclose()


async def change(database: Database, work: Callable[[Connection], T]) -> T:
    """Changes tokens as another process does: where it waits for one whose use is being noted, that goes on."""

    def changed() -> T:
        with database.engine.begin() as connection:
            return work(connection)

    return await asyncio.to_thread(changed)


async def refused(checks: LocalTokens | Door, shown: str) -> str:
    """What a refusal says."""
    with pytest.raises(Unauthenticated) as caught:
        await checks.viewer_until(shown)
    assert caught.value.reason == "invalid_token" or not shown.startswith("Bearer bangfu_")
    return str(caught.value)


async def test_a_token_tells_of_its_viewer_until_it_expires(local: LocalTokens, issue: Issue) -> None:
    token = issue()
    viewer, until = await local.viewer_until(token.text)
    assert viewer == Viewer(
        name="王專幹",
        roles=("village",),
        places=(620502100200000,),
        permissions=frozenset({"industry:read", "register:read"}),
        token_id=token.id,
        subject=f"token:{token.id}",
    )
    assert abs(until - (datetime.now(UTC) + timedelta(days=90)).timestamp()) < 60
    assert (await local.viewer_until(issue(grant=Grant(places=("*",))).text))[0].is_everywhere


async def test_a_new_token_counts_at_once_and_a_revoked_one_for_a_second_at_most(
    local: LocalTokens, issue: Issue, clock: Clock, database: Database
) -> None:
    await local.viewer_until(issue().text)
    token = issue()
    await local.viewer_until(token.text)
    assert await change(database, lambda connection: revoke_token(connection, token.id))
    clock.now += 1
    assert "it was revoked" in await refused(local, token.text)


async def test_a_token_ends(local: LocalTokens, issue: Issue) -> None:
    ended = issue(expires_on=datetime.now(UTC) - timedelta(seconds=1))
    assert "it has expired" in await refused(local, ended.text)
    long_ago = issue(expires_on=datetime.now(UTC) - timedelta(days=31))
    assert "it is not known here" in await refused(local, long_ago.text)


async def test_a_token_that_ends_while_it_is_held_lets_nobody_in(
    database: Database, clock: Clock, issue: Issue
) -> None:
    seconds = [datetime.now(UTC).timestamp()]
    local = LocalTokens(database, accepts_demo=False, tick=clock, now=lambda: seconds[0])
    token = issue()
    _, seconds[0] = await local.viewer_until(token.text)
    assert "it has expired" in await refused(local, token.text)
    await local.aclose()
    await database.aclose()


def _with_sum(begun: str) -> str:
    """A text with the checksum that belongs to it: anybody can work it out."""
    return begun + form._checksum(begun)


async def test_whatever_is_not_the_whole_token_is_refused_in_the_same_words(
    local: LocalTokens, issue: Issue, postgres: Postgres, tables_template: str
) -> None:
    token, revoked = issue(), issue(revoked_on=func.now())
    begun, other = token.text[:-6], make_token()
    forged = [
        other.text,
        _with_sum(begun[:-1] + ("0" if begun[-1] != "0" else "1")),  # its id, and another secret
        _with_sum(f"bangfu_{other.id}_{begun.partition('_')[2].partition('_')[2]}"),  # its secret, and another id
        _with_sum(f"bangfu_{revoked.id}_{other.text[18:-6]}"),  # who has not the whole of it is not told that it ended
    ]
    told = {await refused(local, text) for text in forged}
    assert told == {"The token is not accepted: it is not known here."}
    assert all(read_token_text(text) is not None for text in forged), "they fail by the secret, not by the form"
    with postgres.fresh(tables_template) as elsewhere:
        of_another = issue(into=elsewhere, grant=Grant(places=("*",), permissions=("register:read",)))
        assert {await refused(local, of_another.text)} == told
    await local.viewer_until(token.text)


async def test_a_mistake_of_one_letter_is_told_without_a_look(database: Database, issue: Issue) -> None:
    nowhere = LocalTokens(Database(NOWHERE), accepts_demo=False)
    whole = issue().text
    mistaken = [
        whole[:place] + ("x" if whole[place] != "x" else "y") + whole[place + 1 :] for place in range(7, len(whole))
    ]
    swapped = whole[:30] + whole[31] + whole[30] + whole[32:]
    others = [
        "bangfu_",
        whole[:-1],
        whole + "0",
        f" {whole}",
        f"{whole}\x00",
        f"{whole[:-1]}é",
        "bangfu_" + "x" * 9_000,
    ]
    for text_ in (*mistaken, *others, *([swapped] if whole[30] != whole[31] else [])):
        assert "mistyped or cut off" in await refused(nowhere, text_), text_


def test_what_is_kept_is_not_the_token(database: Database, issue: Issue, platform: Platform) -> None:
    token = issue()
    assert token.text not in repr(token)
    with database.engine.connect() as connection:
        row = str(connection.execute(text("select t::text from token t where id = :id"), {"id": token.id}).scalar_one())
        stored = read_token(connection, token.id)
        may_read = [
            connection.scalar(select(func.has_table_privilege(who, "token", "select")))
            for who in ("public", READER, DISTRICT_READER)
        ]
    assert token.text[18:] not in row
    assert stored is not None
    assert len(stored.hash) == 32
    assert may_read == [False, False, False], "as whom queries are run has no right on it"
    assert TOKEN.name not in platform.metadata().tables, "it is no record of the graph"
    assert len({make_token().text for _ in range(1000)}) == 1000


async def test_the_demos_tokens_count_on_the_demo_only(
    database: Database, local: LocalTokens, clock: Clock, platform: Platform
) -> None:
    before = await change(database, lambda connection: issue_logins(connection, platform))
    demo = LocalTokens(database, accepts_demo=True, tick=clock)
    people = [(await demo.viewer_until(login.token))[0] for login in before]
    assert [viewer.roles for viewer in people] == [
        ("village",),
        ("township",),
        (f"sector:{platform.plugins[1].plugin.name}",),
        ("analyst",),
        ("district",),
    ]
    assert [viewer.is_everywhere for viewer in people] == [False, False, True, True, True]
    assert ["personal:read" in viewer.permissions for viewer in people] == [True, True, False, False, True]
    for login in before:
        assert "one of the demo's" in await refused(local, login.token)
    await change(database, lambda connection: issue_logins(connection, platform))
    clock.now += 1
    assert "it was revoked" in await refused(demo, before[0].token)
    await demo.aclose()


async def test_requests_share_their_looks(database: Database, local: LocalTokens, issue: Issue) -> None:
    looks: list[str] = []

    @event.listens_for(database.async_engine.sync_engine, "before_cursor_execute")
    def note(*given: object) -> None:
        statement = str(given[2])
        if statement.startswith("SELECT") and "FROM token" in statement:
            looks.append(statement)

    known = issue()
    await asyncio.gather(*(local.viewer_until(known.text) for _ in range(50)))
    assert len(looks) == 1
    made_up = await asyncio.gather(*(local.viewer_until(make_token().text) for _ in range(50)), return_exceptions=True)
    assert {type(each) for each in made_up} == {Unauthenticated}
    assert len(looks) == 2
    event.remove(database.async_engine.sync_engine, "before_cursor_execute", note)


async def test_a_database_that_is_away_is_told_to_all_who_wait_and_asked_once(clock: Clock) -> None:
    nowhere = Database(NOWHERE)
    attempts: list[object] = []
    event.listen(nowhere.async_engine.sync_engine, "do_connect", lambda *given: attempts.append(given))
    local = LocalTokens(nowhere, accepts_demo=False, tick=clock)
    failed = await asyncio.gather(*(local.viewer_until(make_token().text) for _ in range(20)), return_exceptions=True)
    assert {type(each) for each in failed} == {DatabaseUnavailable}
    assert len(attempts) == 1
    with pytest.raises(DatabaseUnavailable):
        await local.viewer_until(make_token().text)
    assert len(attempts) == 2, "who comes later has it looked for anew"
    await nowhere.aclose()


async def test_when_it_was_used_is_noted_once_an_hour(database: Database, clock: Clock, issue: Issue) -> None:
    def last_used() -> datetime | None:
        with database.engine.connect() as connection:
            stored = read_token(connection, token.id)
            assert stored is not None
            return stored.last_used

    async def use() -> None:
        """In a process that has not noted it itself."""
        local = LocalTokens(database, accepts_demo=False, tick=clock)
        for _ in range(3):
            await local.viewer_until(token.text)
        await local.aclose()

    token = issue()
    assert last_used() is None
    await use()
    first = last_used()
    assert first is not None
    await use()
    assert last_used() == first
    with database.engine.begin() as connection:
        earlier = update(TOKEN).where(TOKEN.c.id == token.id).values(last_used=first - timedelta(hours=1))
        connection.execute(earlier)
    await use()
    now = last_used()
    assert now is not None
    assert now >= first
    await database.aclose()


async def test_who_may_not_note_lets_in_all_the_same(database: Database, issue: Issue) -> None:
    token = issue()
    read_only = database.url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    other = Database(read_only.render_as_string(hide_password=False))
    local = LocalTokens(other, accepts_demo=False)
    assert (await local.viewer_until(token.text))[0].name == "王專幹"
    await local.aclose()
    await other.aclose()
    with database.engine.connect() as connection:
        stored = read_token(connection, token.id)
    assert stored is not None
    assert stored.last_used is None


async def test_a_row_that_tells_of_no_viewer_lets_nobody_in(local: LocalTokens, issue: Issue) -> None:
    assert "not known here" in await refused(local, issue(places=["everywhere"]).text)
    assert "not known here" in await refused(local, issue(name=" ").text)
    await local.viewer_until(issue().text)


async def test_an_open_door_closes_when_the_first_token_is_issued(
    postgres: Postgres, tables_template: str, issue: Issue
) -> None:
    with postgres.fresh(tables_template) as fresh:
        door = open_door(Settings(database_url=None), fresh, is_production=False)
        closed = open_door(Settings(database_url=None), fresh, is_production=True)
        assert await door.viewer(None) is None
        assert await door.viewer("Basic dTpw") is None
        assert "not known here" in await refused(door, f"Bearer {make_token().text}")
        assert "A token is needed" in await _told(closed, None)
        token = issue(into=fresh, grant=Grant(places=("*",), permissions=("register:read",)))
        assert (await door.viewer(f"Bearer {token.text}")) is not None
        assert "A token is needed" in await _told(door, None)
        assert "begin with `bangfu_`" in await refused(door, "Bearer a.b.c")
        assert await change(fresh, lambda connection: revoke_token(connection, token.id))
        again = open_door(Settings(database_url=None), fresh, is_production=False)
        assert "A token is needed" in await _told(again, None), "nobody meant to open the door by that"
        for each in (door, closed, again):
            await each.aclose()
        await fresh.aclose()


async def _told(door: Door, authorization: str | None) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await door.viewer(authorization)
    return str(caught.value)


async def test_a_server_tells_a_client_what_is_wrong_with_its_token(
    graph: Graph, database: Database, issue: Issue
) -> None:
    door = open_door(Settings(), database, is_production=True)
    app = application_of(graph, database, door=door)
    asked = {"query": "{ viewer { name places } }"}
    token, revoked = issue(), issue(revoked_on=func.now())
    good, bad = f"Bearer {token.text}", f"Bearer {revoked.text}"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client,
    ):
        let_in = await client.post("/graphql", json=asked, headers={"Authorization": good})
        assert let_in.json()["data"] == {"viewer": {"name": "王專幹", "places": ["620502100200"]}}
        for given in ([bad], [bad, good], [good, bad], [good, good]):
            answer = await client.post("/graphql", json=asked, headers=[("Authorization", each) for each in given])
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith('Bearer realm="bangfu"')
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert ("revoked" if len(given) == 1 else "more than once") in error["message"]
            assert token.text not in answer.text
