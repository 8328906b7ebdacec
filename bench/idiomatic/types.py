"""The types of the answers; each reads its fields from an entity and its neighbours through a loader."""

from datetime import date
from decimal import Decimal
from typing import Any, Generic, NewType, TypeVar

import strawberry
from strawberry.types import Info

from bangfu.declare.codes import official_code
from bangfu.domain.households import Education, Health, HouseholdCategory, HouseholdStatus, PovertyCause, Relation, Sex
from bangfu.domain.households import Household as HouseholdRow
from bangfu.domain.households import Person as PersonRow
from bangfu.domain.places import Place as PlaceRow
from bangfu_funding.records import LoanDemand as LoanDemandRow
from bangfu_funding.records import LoanPurpose
from bangfu_industry.records import Planting as PlantingRow
from bench.idiomatic.loaders import Loaders

PlaceCode = NewType("PlaceCode", str)
T = TypeVar("T")

for _choice in (Education, Health, HouseholdCategory, HouseholdStatus, PovertyCause, Relation, Sex, LoanPurpose):
    strawberry.enum(_choice)


def loaders(info: Info) -> Loaders:
    """The request's loaders."""
    found: Loaders = info.context["loaders"]
    return found


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


@strawberry.type
class PageInfo:
    """Where a page stands."""

    end_cursor: str | None
    has_next_page: bool


@strawberry.type
class Connection(Generic[T]):
    """A page of a list."""

    nodes: list[T]


@strawberry.type
class Person:
    """A member of a household."""

    row: strawberry.Private[PersonRow]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"person:{self.row.id}")

    @strawberry.field
    def name(self) -> str:
        return self.row.name

    @strawberry.field
    def sex(self) -> Sex:
        return self.row.sex

    @strawberry.field
    def born_on(self) -> date | None:
        return self.row.born_on

    @strawberry.field
    def relation(self) -> Relation:
        return self.row.relation

    @strawberry.field
    def education(self) -> Education | None:
        return self.row.education

    @strawberry.field
    def health(self) -> Health | None:
        return self.row.health


@strawberry.type
class Planting:
    """What a household planted."""

    crop: str
    area: float
    planted_on: date

    @classmethod
    def of(cls, row: PlantingRow) -> "Planting":
        """The type of an entity."""
        return cls(crop=row.crop, area=float(row.area), planted_on=row.planted_on)


@strawberry.type
class LoanDemand:
    """A loan that a household wants."""

    amount: float
    purpose: LoanPurpose

    @classmethod
    def of(cls, row: LoanDemandRow) -> "LoanDemand":
        """The type of an entity."""
        return cls(amount=float(row.amount), purpose=row.purpose)


@strawberry.type
class HouseholdIndustry:
    """Industry of a household."""

    key: strawberry.Private[int]

    @strawberry.field
    async def plantings(self, info: Info) -> Connection[Planting]:
        return Connection(nodes=list(map(Planting.of, await loaders(info).plantings.load(self.key))))


@strawberry.type
class HouseholdFunding:
    """Funding of a household."""

    key: strawberry.Private[int]

    @strawberry.field
    async def loan_demands(self, info: Info) -> Connection[LoanDemand]:
        return Connection(nodes=list(map(LoanDemand.of, await loaders(info).loan_demands.load(self.key))))


@strawberry.type
class Household:
    """A household of the register."""

    row: strawberry.Private[HouseholdRow]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"household:{self.row.id}")

    @strawberry.field
    def category(self) -> HouseholdCategory:
        return self.row.category

    @strawberry.field
    def status(self) -> HouseholdStatus:
        return self.row.status

    @strawberry.field
    def main_cause(self) -> PovertyCause | None:
        return self.row.main_cause

    @strawberry.field
    def house_area(self) -> float | None:
        return _number(self.row.house_area)

    @strawberry.field
    def has_safe_water(self) -> bool | None:
        return self.row.has_safe_water

    @strawberry.field
    async def village(self, info: Info) -> "Place":
        found = await loaders(info).places.load(self.row.place_code // 1000 * 1000)
        assert found is not None, "a household lives in a village"
        return Place(row=found, span=1000)

    @strawberry.field
    async def head(self, info: Info) -> Person | None:
        found = await loaders(info).heads.load(self.row.id)
        return Person(row=found[0]) if found else None

    @strawberry.field
    async def members(self, info: Info) -> Connection[Person]:
        return Connection(nodes=[Person(row=row) for row in await loaders(info).members.load(self.row.id)])

    @strawberry.field
    def industry(self) -> HouseholdIndustry:
        return HouseholdIndustry(key=self.row.id)

    @strawberry.field
    def funding(self) -> HouseholdFunding:
        return HouseholdFunding(key=self.row.id)


@strawberry.type
class MeasureValue:
    """A measure's value."""

    value: float | None


def _measure(name: str) -> Any:  # a Strawberry field
    async def resolve(root: Any, info: Info, period: str) -> MeasureValue:
        assert period == "2015", "the only period that the questions ask for"
        place: Place = root.place
        return MeasureValue(value=await loaders(info).measure(name, place.span).load(place.row.code))

    return strawberry.field(resolver=resolve)


@strawberry.type
class Measures:
    """Measures of a place; one type for all sectors, to be short."""

    place: strawberry.Private["Place"]
    orchard_area: MeasureValue = _measure("orchard_area")
    road_length: MeasureValue = _measure("road_length")
    standard_clinics: MeasureValue = _measure("standard_clinics")
    loan_demand: MeasureValue = _measure("loan_demand")
    people_trained: MeasureValue = _measure("people_trained")
    sites_started: MeasureValue = _measure("sites_started")


@strawberry.type
class Place:
    """A place; one type for all levels, to be short."""

    row: strawberry.Private[PlaceRow]
    span: strawberry.Private[int]

    @strawberry.field
    def code(self) -> PlaceCode:
        return PlaceCode(official_code(self.row.code))

    @strawberry.field
    def name(self) -> str:
        return self.row.name

    @strawberry.field
    async def households(self, info: Info, first: int = 50) -> Connection[Household]:
        found = await loaders(info).households(first).load(self.row.code)
        return Connection(nodes=[Household(row=row) for row in found])

    @strawberry.field
    def industry(self) -> Measures:
        return Measures(place=self)

    @strawberry.field
    def infrastructure(self) -> Measures:
        return Measures(place=self)

    @strawberry.field
    def public_services(self) -> Measures:
        return Measures(place=self)

    @strawberry.field
    def funding(self) -> Measures:
        return Measures(place=self)

    @strawberry.field
    def capacity(self) -> Measures:
        return Measures(place=self)

    @strawberry.field
    def party_building(self) -> Measures:
        return Measures(place=self)
