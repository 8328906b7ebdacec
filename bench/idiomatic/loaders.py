"""Dataloaders of one request: each turns many keys into one query."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader

from bangfu.domain.households import Household, Person, Relation
from bangfu.domain.places import Place
from bangfu_funding.records import LoanDemand
from bangfu_industry.records import Planting
from bench.idiomatic.measures import MEASURES

SPAN = 10**9
Sessions = async_sessionmaker[AsyncSession]
T = TypeVar("T")


class Loaders:
    """The loaders of one request."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self._measures: dict[tuple[str, int], DataLoader[int, float | None]] = {}
        self._households: dict[int, DataLoader[int, list[Household]]] = {}

    async def all(self, statement: Any) -> Sequence[Any]:  # a select of one entity
        """The entities of a query."""
        async with self.sessions() as session:
            return (await session.scalars(statement)).all()

    async def rows(self, statement: Any) -> Sequence[Any]:  # a select of several columns
        """The rows of a query."""
        async with self.sessions() as session:
            return (await session.execute(statement)).all()

    @cached_property
    def places(self) -> DataLoader[int, Place | None]:
        """Places by their codes."""

        async def load(codes: list[int]) -> list[Place | None]:
            found = await self.all(
                select(Place).where(Place.district_code.in_(_districts(codes)), Place.code.in_(codes))
            )
            by_code = {place.code: place for place in found}
            return [by_code.get(code) for code in codes]

        return DataLoader(load_fn=load)

    @cached_property
    def members(self) -> DataLoader[int, list[Person]]:
        """The members of households."""
        return self._of_households(Person, Person.left_on.is_(None))

    @cached_property
    def heads(self) -> DataLoader[int, list[Person]]:
        """The heads of households."""
        return self._of_households(Person, Person.left_on.is_(None), Person.relation == Relation.HEAD)

    @cached_property
    def plantings(self) -> DataLoader[int, list[Planting]]:
        """What households planted."""
        return self._of_households(Planting)

    @cached_property
    def loan_demands(self) -> DataLoader[int, list[LoanDemand]]:
        """The loans that households want."""
        return self._of_households(LoanDemand)

    def households(self, first: int) -> DataLoader[int, list[Household]]:
        """The first households of villages."""
        if first not in self._households:

            async def load(codes: list[int]) -> list[list[Household]]:
                village = Household.place_code // 1000 * 1000
                number = func.row_number().over(partition_by=village, order_by=Household.id).label("number")
                numbered = (
                    select(Household, number)
                    .where(Household.district_code.in_(_districts(codes)), _inside(codes))
                    .subquery()
                )
                chosen = aliased(Household, numbered)
                found = await self.all(select(chosen).where(numbered.c.number <= first).order_by(chosen.id))
                return _grouped(codes, found, lambda row: row.place_code // 1000 * 1000)

            self._households[first] = DataLoader(load_fn=load)
        return self._households[first]

    def measure(self, name: str, span: int) -> DataLoader[int, float | None]:
        """A measure of places that cover `span` codes each."""
        if (name, span) not in self._measures:

            async def load(codes: list[int]) -> list[float | None]:
                found = dict((await self.rows(MEASURES[name](codes, span, _districts(codes)))) or ())
                return [None if found.get(code) is None else float(found[code]) for code in codes]

            self._measures[name, span] = DataLoader(load_fn=load)
        return self._measures[name, span]

    def _of_households(self, record: Any, *conditions: Any) -> DataLoader[int, list[Any]]:  # any of a household's
        async def load(keys: list[int]) -> list[list[Any]]:
            here = (record.district_code.in_(_districts(keys)), record.household_id.in_(keys), *conditions)
            found = await self.all(select(record).where(*here).order_by(record.id))
            return _grouped(keys, found, lambda row: row.household_id)

        return DataLoader(load_fn=load)


Load = Callable[[list[int]], Awaitable[list[T]]]


def _inside(codes: Sequence[int]) -> Any:  # a condition
    return Household.place_code.between(min(codes), max(codes) + 999)


def _districts(keys: Sequence[int]) -> list[int]:
    return sorted({key // SPAN for key in keys})


def _grouped(keys: Sequence[int], rows: Sequence[Any], key_of: Callable[[Any], int]) -> list[list[Any]]:
    groups: dict[int, list[Any]] = {key: [] for key in keys}
    for row in rows:
        groups.setdefault(key_of(row), []).append(row)
    return [groups[key] for key in keys]
