"""The filter of households and its conditions, as far as the questions use them."""

from enum import Enum
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, and_, exists, not_
from sqlalchemy.orm import aliased

from bangfu.domain.households import Household, Person
from bangfu_capacity.records import Attendance
from bangfu_funding.records import LoanDemand
from bangfu_public_services.records import Facility, FacilityKind


@strawberry.enum
class OrderDirection(Enum):
    """Which end comes first."""

    ASC = "ASC"
    DESC = "DESC"


strawberry.enum(FacilityKind)


@strawberry.input
class DecimalFilter:
    """Bounds of a number."""

    gt: float | None = None


@strawberry.input
class LoanDemandFilter:
    """Which loans."""

    amount: DecimalFilter | None = None


@strawberry.input
class LoanDemandListFilter:
    """Which households by their loans."""

    some: LoanDemandFilter | None = None


@strawberry.input
class HouseholdFundingFilter:
    """Which households by funding."""

    loan_demands: LoanDemandListFilter | None = None


@strawberry.input
class AttendanceFilter:
    """Which attendances: all."""

    topic: str | None = None


@strawberry.input
class AttendanceListFilter:
    """Which people by their attendances."""

    some: AttendanceFilter | None = None


@strawberry.input
class PersonCapacityFilter:
    """Which people by capacity."""

    attendances: AttendanceListFilter | None = None


@strawberry.input
class PersonFilter:
    """Which people."""

    capacity: PersonCapacityFilter | None = None


@strawberry.input
class PersonListFilter:
    """Which households by their members."""

    none: PersonFilter | None = None


@strawberry.input
class FacilityKindFilter:
    """Which kind."""

    eq: FacilityKind | None = None


@strawberry.input
class FacilityFilter:
    """Which facilities."""

    kind: FacilityKindFilter | None = None


@strawberry.input
class FacilityListFilter:
    """Which villages by their facilities."""

    none: FacilityFilter | None = None


@strawberry.input
class VillagePublicServicesFilter:
    """Which villages by public services."""

    facilities: FacilityListFilter | None = None


@strawberry.input
class VillageFilter:
    """Which villages."""

    public_services: VillagePublicServicesFilter | None = None


@strawberry.input
class HouseholdFilter:
    """Which households."""

    funding: HouseholdFundingFilter | None = None
    members: PersonListFilter | None = None
    village: VillageFilter | None = None


@strawberry.input
class VillageOrder:
    """By what of the village to order."""

    code: OrderDirection


@strawberry.input
class HouseholdOrder:
    """By what to order households."""

    village: VillageOrder


VILLAGE = Household.place_code // 1000 * 1000


def conditions(given: HouseholdFilter) -> list[ColumnElement[bool]]:
    """The conditions of a filter."""
    found: list[ColumnElement[bool]] = []
    if given.funding and given.funding.loan_demands and (loan := given.funding.loan_demands.some):
        same = and_(LoanDemand.district_code == Household.district_code, LoanDemand.household_id == Household.id)
        more = [LoanDemand.amount > loan.amount.gt] if loan.amount and loan.amount.gt is not None else []
        found.append(exists().where(same, *more))
    if given.members and (person := given.members.none):
        found.append(not_(_has_member(person)))
    if given.village and given.village.public_services and (facilities := given.village.public_services.facilities):
        same = and_(Facility.district_code == Household.district_code, Facility.place_code == VILLAGE)
        kind = facilities.none.kind if facilities.none else None
        more = [Facility.kind == kind.eq] if kind and kind.eq is not None else []
        found.append(not_(exists().where(same, *more)))
    return found


def _has_member(given: PersonFilter) -> Any:  # SQLAlchemy's Exists
    person = aliased(Person)
    here = [
        person.district_code == Household.district_code,
        person.household_id == Household.id,
        person.left_on.is_(None),
    ]
    if given.capacity and given.capacity.attendances and given.capacity.attendances.some:
        here.append(exists().where(Attendance.district_code == person.district_code, Attendance.person_id == person.id))
    return exists().where(*here)
