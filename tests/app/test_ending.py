"""A server that is told to end lets nobody new in, finishes what it has begun, and says so where it cannot."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.store import Database

NAME = {"query": '{ district(code: "620502") { name } }'}
PATIENCE = 60
"""Seconds after which a test fails that waits for what does not come."""


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Meanwhile nobody else reads a place."""
    with database.engine.connect() as connection:
        connection.execute(text("lock table place in access exclusive mode"))
        yield


def until(is_so: Callable[[], bool]) -> None:
    """Waits until something is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def waits(database: Database) -> bool:
    """Whether a statement waits for the lock."""
    with database.engine.connect() as connection:
        waiting = "select count(*) from pg_locks where not granted and relation = 'place'::regclass"
        return bool(connection.execute(text(waiting)).scalar())


def is_refused(address: str) -> bool:
    """Whether nobody new is let in."""
    try:
        httpx.get(f"{address}/healthz")
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


class TestWhatIsBegun:
    def test_is_finished(self, bangfu: Bangfu, demo_copy: Database) -> None:
        known = bangfu.bearer(demo_copy)
        with (
            ThreadPoolExecutor() as threads,
            bangfu.serving("serve", database=demo_copy, BANGFU_SHUTDOWN_GRACE="60") as address,
        ):
            with locked(demo_copy):
                asked = threads.submit(httpx.post, f"{address}/graphql", json=NAME, headers=known, timeout=PATIENCE)
                until(lambda: waits(demo_copy))
                bangfu.process.send_signal(signal.SIGTERM)
                until(lambda: is_refused(address))
                assert not asked.done()
                assert bangfu.process.poll() is None
            answer = asked.result(PATIENCE)
            assert answer.json() == {"data": {"district": {"name": "秦州区"}}}
            assert bangfu.process.wait(PATIENCE) == 0

    def test_is_told_where_it_takes_too_long(self, bangfu: Bangfu, demo_copy: Database) -> None:
        known = bangfu.bearer(demo_copy)
        with (
            ThreadPoolExecutor() as threads,
            bangfu.serving("serve", database=demo_copy, BANGFU_SHUTDOWN_GRACE="0.5") as address,
            locked(demo_copy),
        ):
            asked = threads.submit(httpx.post, f"{address}/graphql", json=NAME, headers=known, timeout=PATIENCE)
            until(lambda: waits(demo_copy))
            bangfu.process.send_signal(signal.SIGTERM)
            answer = asked.result(PATIENCE)
            assert answer.status_code == 503
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
            assert bangfu.process.wait(PATIENCE) == 0
        lines = [each for each in bangfu.log_lines() if each["requestId"] == error["extensions"]["requestId"]]
        assert [each["status"] for each in lines if each["logger"] == "bangfu.access"] == [503]


def test_metrics_are_on_a_port_of_their_own(bangfu: Bangfu, demo_copy: Database) -> None:
    known = bangfu.bearer(demo_copy)
    with bangfu.serving("serve", database=demo_copy, BANGFU_METRICS_PORT="0") as address:
        assert httpx.post(f"{address}/graphql", json=NAME, headers=known).status_code == 200
        assert httpx.get(f"{address}/metrics").status_code == 404
        told = next(each["event"] for each in bangfu.log_lines() if "/metrics" in each["event"])
        beside = told.split()[-1]
        assert 'bangfu_requests_total{code="none",status="200"} 1.0' in httpx.get(beside).text
        assert "bangfu_pool_size 10.0" in httpx.get(beside).text
    assert is_refused(beside.removesuffix("/metrics"))
