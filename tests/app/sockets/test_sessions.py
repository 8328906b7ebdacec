"""Who is on a socket, what that lets them be told, and until when."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.app.sockets.talking import (
    CHANGES,
    DISTRICT,
    ORCHARDS,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    VILLAGE,
    Served,
    plant,
    serving,
    until,
)

from bangfu.access import Viewer
from bangfu.store import Database
from bangfu_app.identity import Bearer, KeysUnavailable, Unauthenticated
from bangfu_app.identity.keys import FixedKeys
from bangfu_schema import Graph

pytestmark = pytest.mark.anyio

KEY = OctKey.import_key("a secret of more than thirty-two characters")
WHO = "{ viewer { name } }"
INDUSTRY = Viewer("王專幹", permissions=frozenset({"industry:read"}))


def token(**changed: Any) -> str:
    """A good token, but for what is changed."""
    claims = {"aud": "bangfu", "sub": "王專幹", "exp": int(time.time()) + 600, "places": [DISTRICT]}
    claims = claims | {"permissions": ["industry:read"]} | changed
    return jwt.encode({"alg": "HS256"}, claims, KEY, algorithms=["HS256"])


@pytest.fixture
def bearer() -> Bearer:
    """What checks those tokens, to the second."""
    return Bearer(FixedKeys(KEY), algorithms=["HS256"], audience="bangfu", issuer=None, leeway=0)


class Identity:
    """Lets everybody in until told otherwise: what a table of tokens does when one is revoked."""

    def __init__(self) -> None:
        self.says: Callable[[], tuple[Viewer, float]] = lambda: (INDUSTRY, float("inf"))
        self.asked = 0

    async def viewer(self, authorization: str | None) -> Viewer:
        return (await self.viewer_until(authorization))[0]

    async def viewer_until(self, authorization: str | None) -> tuple[Viewer, float]:
        self.asked += 1
        return self.says()


def refusing(error: Exception) -> Callable[[], tuple[Viewer, float]]:
    def says() -> tuple[Viewer, float]:
        raise error

    return says


@pytest.mark.parametrize(
    "given",
    [
        lambda: {"payload": {"Authorization": f"Bearer {token()}"}},
        lambda: {"payload": {"authorization": f"bearer {token()}"}},
        lambda: {"payload": {"token": token()}},
        lambda: {"additional_headers": {"Authorization": f"Bearer {token()}"}},
        lambda: {"payload": {"token": token()}, "additional_headers": {"Authorization": "Bearer a.b.c"}},
    ],
)
async def test_a_token_is_taken_from_the_first_message_or_from_the_header(
    graph: Graph, demo_database: Database, bearer: Bearer, given: Callable[[], dict[str, Any]]
) -> None:
    async with serving(graph, demo_database, bearer=bearer) as server, server.talk(**given()) as talk:
        await talk.subscribe("1", WHO)
        assert await talk.next("1") == {"data": {"viewer": {"name": "王專幹"}}}


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (None, "A token is needed"),
        ({"Authorization": "Basic eA=="}, "of another kind"),
        ({"Authorization": 1}, "A token is needed"),
        ({"token": "a.b.c"}, "not accepted"),
        ({"token": token(exp=int(time.time()) - 5)}, "expired"),
        ({"token": token(aud="payroll")}, "somebody else"),
        ({"token": "x" * 20_000}, "too long"),
    ],
)
async def test_without_a_good_token_the_connection_is_refused(
    graph: Graph, demo_database: Database, bearer: Bearer, payload: Any, why: str
) -> None:
    async with serving(graph, demo_database, bearer=bearer) as server, server.opened() as talk:
        await talk.say({"type": "connection_init", "payload": payload})
        await talk.subscribe("1", WHO)
        code, reason = await talk.closed()
        assert code == 4403
        assert why in reason
        assert talk.heard == []


async def test_a_token_that_expires_ends_the_connection(graph: Graph, demo_database: Database, bearer: Bearer) -> None:
    """And not its operations, which a client then takes up again on a connection with a new token."""
    async with (
        serving(graph, demo_database, bearer=bearer) as server,
        server.talk({"token": token(exp=int(time.time()) + 2)}) as talk,
    ):
        await talk.listening("1", DISTRICT)
        code, reason = await talk.closed()
        assert code == 4403
        assert "expired" in reason
        assert [each for each in talk.heard if each["type"] in ("error", "complete")] == []


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (refusing(Unauthenticated("The token is not accepted: it was revoked.")), "it was revoked"),
        (lambda: (Viewer("王專幹", is_everywhere=True), float("inf")), "What you may see has changed"),
    ],
)
async def test_a_token_that_counts_no_more_is_found_out(
    graph: Graph, demo_database: Database, says: Callable[[], tuple[Viewer, float]], reason: str
) -> None:
    identity = Identity()
    async with serving(graph, demo_database, bearer=identity, check=0.05) as server, server.talk() as talk:
        await talk.listening("1", DISTRICT)
        identity.says = says
        code, told = await talk.closed()
        assert code == 4403
        assert reason in told
        assert [each for each in talk.heard if each["type"] in ("error", "complete")] == []


async def test_keys_that_are_away_keep_out_new_ones_only(graph: Graph, demo_database: Database) -> None:
    identity = Identity()
    async with serving(graph, demo_database, bearer=identity, check=0.02) as server, server.talk() as talk:
        identity.says = refusing(KeysUnavailable("https://issuer.example says nothing"))
        async with server.opened() as other:
            await other.say({"type": "connection_init"})
            code, reason = await other.closed()
            assert code == 1013
            assert "issuer" not in reason
        seen = identity.asked
        while identity.asked < seen + 3:
            await talk.answers()


class TestReach:
    """What is told to whom: a change is where its rows are, and of the plugin that has them."""

    @pytest.mark.parametrize(
        ("places", "permissions", "told"),
        [
            (["*"], ["industry:read"], [("620502100", 2), ("620502101", 1)]),
            ([DISTRICT], ["industry:read", "funding:read"], [("620502100", 2), ("620502101", 1)]),
            (["620502100"], ["industry:read"], [("620502100", 2)]),
            ([VILLAGE], ["industry:read"], [(VILLAGE, 1)]),
            ([VILLAGE, "620502101200"], ["industry:read"], [(VILLAGE, 1), ("620502101200", 1)]),
            (["620502102"], ["industry:read"], []),
            ([DISTRICT], ["funding:read", "register:read", "personal:read"], []),
            ([DISTRICT], [], []),
        ],
    )
    async def test_changes_are_told_where_they_may_be_seen(
        self,
        graph: Graph,
        demo_copy: Database,
        bearer: Bearer,
        places: list[str],
        permissions: list[str],
        told: list[tuple[str, int]],
    ) -> None:
        known = {"token": token(places=places, permissions=permissions)}
        whole = {"token": token(places=["*"], permissions=["industry:read"])}
        async with (
            serving(graph, demo_copy, bearer=bearer) as server,
            server.talk(known) as talk,
            server.talk(whole) as witness,
        ):
            await talk.subscribe("1", CHANGES)
            await witness.subscribe("1", CHANGES)
            await subscribed(server, 2)
            found = []
            for _ in range(2):  # whoever hears of the second has not been told more of the first
                await plant(demo_copy, [VILLAGE, "620502100201", "620502101200"])
                for _ in range(2):
                    assert (await witness.next("1"))["data"]["changes"]["record"] == "CropArea"
                found += [(await talk.next("1"))["data"]["changes"] for _ in told]
            await talk.answers()
            assert sorted((change["place"], change["count"]) for change in found) == sorted(told * 2)
            assert sum(each["type"] == "next" for each in talk.heard) == len(found)

    async def test_progress_shows_each_viewer_its_own_rows(
        self, graph: Graph, demo_database: Database, bearer: Bearer
    ) -> None:
        """One document, whose statement is kept, asked by one after the other, with and without a variable."""
        chosen = "{ ... on Township { households { totalCount } register { households { value } } } }"
        documents = (
            f"subscription ($place: PlaceCode!) {{ progress(place: $place) {chosen} }}",
            f'subscription {{ progress(place: "{TOWNSHIP}") {chosen} }}',
        )
        async with serving(graph, demo_database, bearer=bearer) as server:
            for places, rows in ((["*"], True), ([TOWNSHIP], True), ([OTHER_TOWNSHIP], False), ([TOWNSHIP], True)):
                async with server.talk({"token": token(places=places, permissions=["register:read"])}) as talk:
                    for number, document in enumerate(documents):
                        await talk.subscribe(f"{number}", document, **({"place": TOWNSHIP} if number == 0 else {}))
                        told = (await talk.next(f"{number}"))["data"]["progress"]
                        assert (told["households"]["totalCount"] > 0) is rows
                        assert told["register"]["households"]["value"] > 0, "a number is for wider circles"

    async def test_progress_takes_the_permission_of_what_it_shows(
        self, graph: Graph, demo_database: Database, bearer: Bearer
    ) -> None:
        chosen = "{ ... on Village { industry { cropAreas { totalCount } } } }"
        document = f'subscription {{ progress(place: "{VILLAGE}") {chosen} }}'
        known = {"token": token(places=["*"], permissions=["funding:read"])}
        async with serving(graph, demo_database, bearer=bearer) as server, server.talk(known) as talk:
            await talk.subscribe("1", document)
            assert await refused(talk, "1") == "FORBIDDEN"

    @pytest.mark.parametrize(
        ("places", "permissions", "asked", "argument"),
        [
            (["620502100"], ["industry:read"], {"place": "620502101"}, "place"),
            ([], ["industry:read"], {}, "place"),
            ([DISTRICT], ["industry:read"], {"plugin": "funding"}, "plugin"),
        ],
    )
    async def test_what_would_never_be_told_is_refused(
        self,
        graph: Graph,
        demo_database: Database,
        bearer: Bearer,
        places: list[str],
        permissions: list[str],
        asked: dict[str, str],
        argument: str,
    ) -> None:
        known = {"token": token(places=places, permissions=permissions)}
        async with serving(graph, demo_database, bearer=bearer) as server, server.talk(known) as talk:
            await talk.subscribe("1", CHANGES, **asked)
            heard = await talk.hear()
            assert heard["type"] == "error"
            extensions = heard["payload"][0]["extensions"]
            assert (extensions["code"], extensions["argument"]) == ("FORBIDDEN", argument)


class TestLimits:
    async def test_connections_are_counted(self, graph: Graph, demo_database: Database) -> None:
        async with serving(graph, demo_database, connections=2) as server:
            async with server.talk() as one, server.talk():
                async with server.opened() as third:
                    code, reason = await third.closed()
                    assert code == 1013
                    assert "Too many connections" in reason
                await one.answers()
            while server.door.connections:
                async with server.opened() as talk:
                    await talk.say({"type": "ping"})
            async with server.talk() as talk:
                await talk.answers()

    async def test_subscriptions_of_one_viewer_are_counted_in_all_connections(
        self, graph: Graph, demo_database: Database, bearer: Bearer
    ) -> None:
        me, other = {"token": token()}, {"token": token(sub="李科長")}
        async with (
            serving(graph, demo_database, bearer=bearer, subscriptions=2) as server,
            server.talk(me) as here,
            server.talk(me) as there,
            server.talk(other) as elsewhere,
        ):
            await here.listening("1", DISTRICT)
            await there.listening("1", DISTRICT)
            await there.subscribe("2", ORCHARDS, place=DISTRICT)
            assert (await refused(there, "2")) == "TOO_MANY_SUBSCRIPTIONS"
            await elsewhere.listening("1", DISTRICT)
            await there.subscribe("3", WHO)  # a query is none
            assert "data" in await there.next("3")

    async def test_operations_of_one_connection_are_counted(self, graph: Graph, demo_database: Database) -> None:
        async with serving(graph, demo_database, operations=2) as server, server.talk() as talk:
            for id_ in ("1", "2"):
                await talk.listening(id_, DISTRICT)
            await talk.subscribe("3", WHO)
            assert (await refused(talk, "3")) == "TOO_MANY_SUBSCRIPTIONS"
            await talk.say({"id": "1", "type": "complete"})
            await talk.subscribe("3", WHO)
            assert "data" in await talk.next("3")


async def refused(talk: Any, id_: str) -> str:
    """The code with which an operation is refused."""
    heard = await talk.hear()
    assert (heard["id"], heard["type"]) == (id_, "error")
    code: str = heard["payload"][0]["extensions"]["code"]
    return code


async def subscribed(server: Served, subscribers: int) -> None:
    """Waits until there are so many."""
    await until(lambda: server.feed.subscribers == subscribers)
