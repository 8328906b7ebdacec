"""Answers each question at an address of its own with the JSON that its statement returns, and does nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_YEAR = {"start": "2015-01-01", "last": "2015-12-31", "today": "2015-12-31"}
"""The period that the questions ask for, and the day of the demo's books."""

Values = Callable[[Mapping[str, Any]], dict[str, Any]]


def create_limit(url: str, pool_size: int) -> Starlette:
    """The server over the database of a URL."""
    # A statement for one row is planned once; one for many rows each time, since a plan for any district is a bad one.
    pools = {mode: _Pool(url, pool_size, mode) for mode in ("force_generic_plan", "force_custom_plan")}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for pool in pools.values():
            await pool.open()
        yield
        for pool in pools.values():
            await pool.close()

    def route(name: str, field: str, values: Values, *, is_point: bool = False) -> Route:
        sql = (Path(__file__).parent / f"{name}.sql").read_text()
        pool = pools["force_generic_plan" if is_point else "force_custom_plan"]
        head, tail = f'{{"data":{{"{field}":'.encode(), b"}}"

        async def answer(request: Request) -> Response:
            given = orjson.loads(await request.body())
            json = await pool.fetch(sql, values(given))
            return Response(b"".join((head, json, tail)), media_type="application/json")

        return Route(f"/{name}", answer, methods=["POST"])

    return Starlette(
        routes=[
            route("household", "household", _by_id, is_point=True),
            route("village", "village", _by_code),
            route("villages", "villages", _within),
            route("cross_sector", "households", _within),
            route("cross_sector_next", "households", _after),
            route("thousand", "households", _first),
            route("townships", "townships", _within),
            route("districts", "districts", lambda _: _YEAR),
        ],
        lifespan=lifespan,
    )


def _by_id(given: Mapping[str, Any]) -> dict[str, Any]:
    key = int(given["id"].removeprefix("household:"))
    return {"district": key // 10**9, "id": key}


def _by_code(given: Mapping[str, Any]) -> dict[str, Any]:
    code = int(given["code"]) * 1000
    return {"district": code // 10**9, "code": code}


def _within(given: Mapping[str, Any]) -> dict[str, Any]:
    district = int(given["within"])
    return {"district": district, **_YEAR}


def _first(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**_within(given), "first": given["first"]}


def _after(given: Mapping[str, Any]) -> dict[str, Any]:
    village, household = map(int, given["after"].split(","))
    last = int(given["within"]) * 10**9 + 10**9 - 1
    return {**_within(given), "after_village": village, "after_id": household, "to": last}


class _Pool:
    """Open connections, the one used last given out first."""

    def __init__(self, url: str, size: int, plan_cache_mode: str) -> None:
        self._url = url
        self._size = size
        self._options = f"-c timezone=UTC -c jit=off -c plan_cache_mode={plan_cache_mode}"
        self._idle: asyncio.LifoQueue[AsyncConnection[Any]] = asyncio.LifoQueue()

    async def open(self) -> None:
        for _ in range(self._size):
            connection = await AsyncConnection.connect(
                self._url, autocommit=True, prepare_threshold=0, options=self._options
            )
            connection.adapters.register_loader("json", _Bytes)
            self._idle.put_nowait(connection)

    async def fetch(self, sql: str, values: dict[str, Any]) -> bytes:
        connection = await self._idle.get()
        try:
            cursor = await connection.execute(sql, values)
            row = await cursor.fetchone()
        finally:
            self._idle.put_nowait(connection)
        assert row is not None, "each statement has one row"
        return row[0] or b"null"

    async def close(self) -> None:
        while not self._idle.empty():
            await self._idle.get_nowait().close()


class _Bytes(Loader):
    """JSON as it comes."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)
