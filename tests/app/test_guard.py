"""One client's share: so many requests a minute, so many at a time; and whom the server takes for one client."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.serving import Held, ready
from tests.app.test_http import error_of

from bangfu.access import Viewer
from bangfu.errors import OperationError
from bangfu_app.http import create_app
from bangfu_app.http.limits import Guard
from bangfu_app.http.limits.clients import Clients, networks
from bangfu_app.http.limits.rate import Rate
from bangfu_app.http.limits.turns import Crowded, Turns
from bangfu_app.identity import Unauthenticated

ASK = {"query": "{ name }"}


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Names:
    """Whoever says a name is let in under it."""

    async def viewer(self, authorization: str | None) -> Viewer:
        if not authorization or authorization == "?":
            raise Unauthenticated("Say who you are.")
        return Viewer(authorization)


def test_a_minutes_requests_are_let_through_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    rate = Rate(60, now=clock)
    assert [rate.take("a") for _ in range(60)] == [0.0] * 60
    assert rate.take("a") == pytest.approx(1.0)
    assert rate.take("b") == 0.0, "others have their own"
    clock.time += 0.5
    assert rate.take("a") == pytest.approx(0.5), "what was refused is not counted"
    clock.time += 0.5
    assert rate.take("a") == 0.0
    assert rate.take("a") > 0


def test_several_at_once_are_let_through_together_or_not_at_all() -> None:
    clock = Clock()
    rate = Rate(60, now=clock)
    assert rate.take("a", 50) == 0.0
    assert rate.take("a", 20) == pytest.approx(10.0)
    assert rate.take("a", 10) == 0.0
    assert rate.take("b", 500) == 0.0, "more than a minute's are let through where nothing was before"


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=200))
def test_nobody_ever_gets_more_than_a_minute_and_what_flows_in(asked: list[tuple[float, int]]) -> None:
    clock = Clock()
    rate = Rate(30, now=clock)
    granted = 0
    for pause, number in asked:
        clock.time += pause
        wait = rate.take("a", number)
        granted += 0 if wait else number
        assert granted <= 30 + 0.5 * (clock.time - 1000) + 1e-6
        if wait:
            clock.time += wait + 1e-6
            assert rate.take("a", number) == 0.0, "who waits as long as it was told is let through"
            granted += number


def test_buckets_are_few_however_many_ask() -> None:
    rate = Rate(60, known=100)
    for number in range(1000):
        rate.take(f"address {number}")
    assert len(rate) == 100


def test_no_rate_counts_nobody() -> None:
    rate = Rate(0)
    assert {rate.take("a") for _ in range(10_000)} == {0.0}
    assert len(rate) == 0


@pytest.mark.anyio
async def test_turns_are_taken_in_order_and_others_do_not_wait() -> None:
    turns, order = Turns(2), []
    for _ in range(2):
        await turns.take("a")

    async def take(number: int) -> None:
        await turns.take("a")
        order.append(number)

    waiting = []
    for number in range(3):
        waiting.append(asyncio.ensure_future(take(number)))
        await asyncio.sleep(0)
    assert turns.waiting == 3
    await turns.take("b")
    assert order == []
    for _ in range(3):
        turns.give_back("a")
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2]
    assert turns.waiting == 0
    for _ in range(2):
        turns.give_back("a")
    turns.give_back("b")
    assert turns._running == {}, "nothing is kept of whoever has gone"
    assert turns._waiting == {}


@pytest.mark.anyio
async def test_one_that_goes_while_waiting_leaves_its_turn_to_the_next() -> None:
    turns = Turns(1)
    await turns.take("a")
    first, second = (asyncio.ensure_future(turns.take("a")) for _ in range(2))
    await asyncio.sleep(0)
    turns.give_back("a")
    first.cancel()  # in the same moment in which it is its turn
    await asyncio.gather(first, return_exceptions=True)
    await second
    turns.give_back("a")
    third = asyncio.ensure_future(turns.take("a"))
    await third
    fourth = asyncio.ensure_future(turns.take("a"))
    await asyncio.sleep(0)
    fourth.cancel()
    await asyncio.gather(fourth, return_exceptions=True)
    turns.give_back("a")
    assert turns._running == {}


@pytest.mark.anyio
async def test_waiting_has_an_end() -> None:
    turns = Turns(1, patience=0, waiting=1)
    await turns.take("a")
    with pytest.raises(Crowded):
        await turns.take("a")
    patient = Turns(1, waiting=1)
    await patient.take("a")
    waiting = asyncio.ensure_future(patient.take("a"))
    await asyncio.sleep(0)
    with pytest.raises(Crowded):
        await patient.take("a")
    patient.give_back("a")
    await waiting


FORWARDED = [
    ([], "9.9.9.9", "9.9.9.9"),
    (["1.1.1.1"], "9.9.9.9", "9.9.9.9"),
    (["1.1.1.1"], "10.0.0.7", "1.1.1.1"),
    (["6.6.6.6, 1.1.1.1"], "10.0.0.7", "1.1.1.1"),
    (["6.6.6.6, 1.1.1.1, 10.0.0.8"], "10.0.0.7", "1.1.1.1"),
    (["6.6.6.6", "1.1.1.1"], "10.0.0.7", "1.1.1.1"),
    (["nonsense"], "10.0.0.7", "10.0.0.7"),
    (["1.1.1.1, nonsense, 10.0.0.8"], "10.0.0.7", "10.0.0.8"),
    (["10.0.0.8"], "10.0.0.7", "10.0.0.8"),
    ([""], "10.0.0.7", "10.0.0.7"),
    (["2001:db8:1:2:3:4:5:6"], "10.0.0.7", "2001:db8:1:2::/64"),
    ([], "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ([], "::ffff:1.2.3.4", "1.2.3.4"),
]


@pytest.mark.parametrize(("told", "peer", "expected"), FORWARDED)
def test_only_a_trusted_proxy_is_believed(told: list[str], peer: str, expected: str) -> None:
    headers = [(b"x-forwarded-for", each.encode()) for each in told]
    scope = {"client": (peer, 1), "headers": headers}
    assert Clients(networks(["10.0.0.0/8"])).address(scope) == expected
    if "10." in peer:
        assert Clients().address(scope) == peer


def test_what_is_no_address_is_told_by_name() -> None:
    with pytest.raises(OperationError, match="BANGFU_TRUSTED_PROXIES has 'proxy'") as error:
        networks(["10.0.0.1", "proxy"])
    assert error.value.code == "BAD_SETTING"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def graph() -> Held:
    return Held()


@pytest.fixture
async def client(graph: Held) -> AsyncIterator[httpx.AsyncClient]:
    guard = Guard(rate=3, concurrency=1)
    bearer: Any = Names()
    app = create_app(graph, "the database", readiness=ready, guard=guard, bearer=bearer)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        yield client


@pytest.mark.anyio
async def test_too_many_requests_are_429_for_who_sends_them(client: httpx.AsyncClient, graph: Held) -> None:
    one, other = {"authorization": "one"}, {"authorization": "other"}
    assert [(await client.post("/graphql", json=ASK, headers=one)).status_code for _ in range(3)] == [200] * 3
    refused = await client.post("/graphql", json=ASK, headers=one)
    assert refused.status_code == 429
    assert error_of(refused)["extensions"]["code"] == "TOO_MANY_REQUESTS"
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert len(graph.asked) == 3
    assert (await client.post("/graphql", json=ASK, headers=other)).status_code == 200


@pytest.mark.anyio
async def test_who_guesses_is_counted_and_keeps_nobody_out(client: httpx.AsyncClient) -> None:
    wrong = {"authorization": "?"}
    statuses = [(await client.post("/graphql", json=ASK, headers=wrong)).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    right = {"authorization": "one"}
    assert (await client.post("/graphql", json=ASK, headers=right)).status_code == 200, "from the same address"


@pytest.mark.anyio
async def test_health_is_never_counted(client: httpx.AsyncClient) -> None:
    assert {(await client.get("/healthz")).status_code for _ in range(10)} == {200}


@pytest.mark.anyio
async def test_what_is_more_than_one_at_a_time_waits(client: httpx.AsyncClient, graph: Held) -> None:
    one = {"authorization": "one"}
    wait = {"query": "{ wait }"}
    asked = [asyncio.ensure_future(client.post("/graphql", json=wait, headers=one)) for _ in range(2)]
    await graph.until_asked(1)
    other = await client.post("/graphql", json=ASK, headers={"authorization": "other"})
    assert other.status_code == 200, "others do not wait"
    assert graph.asked == ["{ wait }", "{ name }"]
    graph.is_let_go.set()
    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200, 200]


@pytest.mark.anyio
async def test_too_many_at_a_time_are_429(graph: Held) -> None:
    guard = Guard(concurrency=1)
    guard.turns = Turns(1, patience=0)
    app = create_app(graph, "the database", readiness=ready, guard=guard)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        asked = asyncio.ensure_future(client.post("/graphql", json={"query": "{ wait }"}))
        await graph.until_asked(1)
        refused = await client.post("/graphql", json=ASK)
        assert refused.status_code == 429
        assert error_of(refused)["extensions"]["code"] == "TOO_MANY_REQUESTS"
        assert refused.headers["retry-after"] == "1"
        graph.is_let_go.set()
        assert (await asked).status_code == 200
