"""The server of the usual kind: the roots of its schema, and its ASGI application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, func, make_url, or_, select, tuple_
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from bangfu.domain.households import Household as HouseholdRow
from bangfu.domain.places import Place as PlaceRow
from bench.idiomatic.filters import VILLAGE, HouseholdFilter, HouseholdOrder, conditions
from bench.idiomatic.loaders import SPAN, Loaders
from bench.idiomatic.types import Connection, Household, PageInfo, Place, PlaceCode, loaders

TODAY = date(2015, 12, 31)


@strawberry.type
class HouseholdPage(Connection[Household]):
    """A page of households."""

    page_info: PageInfo
    conditions: strawberry.Private[Sequence[ColumnElement[bool]]]

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        found = await loaders(info).all(select(func.count()).select_from(HouseholdRow).where(*self.conditions))
        return int(found[0])


async def _places(info: Info, level: int, span: int, first: int, within: str | None = None) -> Connection[Place]:
    statement = select(PlaceRow).where(
        PlaceRow.level == level,
        PlaceRow.valid_from <= TODAY,
        or_(PlaceRow.valid_to.is_(None), PlaceRow.valid_to > TODAY),
    )
    if within is not None:
        statement = statement.where(PlaceRow.district_code == int(within))
    found = await loaders(info).all(statement.order_by(PlaceRow.code).limit(first))
    return Connection(nodes=[Place(row=row, span=span) for row in found])


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def household(self, info: Info, id: strawberry.ID) -> Household | None:  # noqa: A002 - the argument's name
        key = int(id.removeprefix("household:"))
        here = (HouseholdRow.district_code == key // SPAN, HouseholdRow.id == key)
        found = await loaders(info).all(select(HouseholdRow).where(*here))
        return Household(row=found[0]) if found else None

    @strawberry.field
    async def village(self, info: Info, code: PlaceCode) -> Place | None:
        found = await loaders(info).places.load(int(code) * 1000)
        return Place(row=found, span=1000) if found is not None else None

    @strawberry.field
    async def villages(self, info: Info, within: PlaceCode, first: int = 50) -> Connection[Place]:
        return await _places(info, 3, 1000, first, within)

    @strawberry.field
    async def townships(self, info: Info, within: PlaceCode, first: int = 50) -> Connection[Place]:
        return await _places(info, 2, 10**6, first, within)

    @strawberry.field
    async def districts(self, info: Info, first: int = 50) -> Connection[Place]:
        return await _places(info, 1, 10**9, first)

    @strawberry.field
    async def households(
        self,
        info: Info,
        within: PlaceCode,
        filter: HouseholdFilter | None = None,  # noqa: A002 - the argument's name
        order_by: list[HouseholdOrder] | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> HouseholdPage:
        here = [HouseholdRow.district_code == int(within), *(conditions(filter) if filter is not None else [])]
        terms: list[Any] = [*([VILLAGE] if order_by else []), HouseholdRow.id]
        statement = select(HouseholdRow).where(*here).order_by(*terms).limit(first + 1)
        if after is not None:
            statement = statement.where(tuple_(*terms) > tuple_(*map(int, after.split(","))))
        found = await loaders(info).all(statement)
        shown = found[:first]
        last = f"{shown[-1].place_code // 1000 * 1000},{shown[-1].id}" if shown else None
        info_ = PageInfo(end_cursor=last, has_next_page=len(found) > first)
        return HouseholdPage(nodes=[Household(row=row) for row in shown], page_info=info_, conditions=here)


class _Server(GraphQL[Any, None]):
    """Gives each request its own loaders."""

    def __init__(self, schema: strawberry.Schema, sessions: async_sessionmaker[Any]) -> None:
        super().__init__(schema, graphql_ide=None)
        self._sessions = sessions

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """The request's context."""
        return {"request": request, "response": response, "loaders": Loaders(self._sessions)}


def create_idiomatic(url: str, pool_size: int) -> Starlette:
    """The server over the database of a URL."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"options": "-c timezone=UTC -c jit=off"},
    )
    scalars: dict[object, Any] = {PlaceCode: strawberry.scalar(name="PlaceCode", serialize=str, parse_value=str)}
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=scalars))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    server = _Server(schema, async_sessionmaker(engine, expire_on_commit=False))
    return Starlette(routes=[Route("/graphql", server)], lifespan=lifespan)
