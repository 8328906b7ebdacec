"""The six measures as grouped queries, one for all places of a level."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, or_, select

from bangfu.domain.households import Household, Person
from bangfu_capacity.records import Attendance
from bangfu_funding.records import LoanDemand
from bangfu_industry.records import CropArea, CropKind
from bangfu_infrastructure.records import Road
from bangfu_party_building.records import Site, SiteKind
from bangfu_public_services.records import Facility, FacilityKind

START, LAST = date(2015, 1, 1), date(2015, 12, 31)

Query = Callable[[Sequence[int], int, Sequence[int]], Any]


def _in_year(column: Any) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = column.between(START, LAST)
    return inside


def _key(place: Any, span: int) -> ColumnElement[int]:
    key: ColumnElement[int] = (place // span * span).label("key")
    return key


def _around(place: Any, codes: Sequence[int], span: int) -> ColumnElement[bool]:
    around: ColumnElement[bool] = place.between(min(codes), max(codes) + span - 1)
    return around


def _sum(column: Any, *conditions: Any) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column).filter(*conditions), 0)


def _of_places(record: Any, value: ColumnElement[Any], *present: Any) -> Query:
    """A measure over a record that stands at a place."""

    def query(codes: Sequence[int], span: int, districts: Sequence[int]) -> Any:  # SQLAlchemy's Select
        key = _key(record.place_code, span)
        here = (record.district_code.in_(districts), _around(record.place_code, codes, span), *present)
        return select(key, value).where(*here).group_by(key)

    return query


def _loan_demand(codes: Sequence[int], span: int, districts: Sequence[int]) -> Any:  # SQLAlchemy's Select
    key = _key(Household.place_code, span)
    return (
        select(key, _sum(LoanDemand.amount, _in_year(LoanDemand.recognised_on)))
        .join(
            Household,
            and_(Household.district_code == LoanDemand.district_code, Household.id == LoanDemand.household_id),
        )
        .where(
            LoanDemand.district_code.in_(districts),
            _around(Household.place_code, codes, span),
            or_(_in_year(LoanDemand.recorded_on), _in_year(LoanDemand.recognised_on)),
        )
        .group_by(key)
    )


def _people_trained(codes: Sequence[int], span: int, districts: Sequence[int]) -> Any:  # SQLAlchemy's Select
    key = _key(Household.place_code, span)
    trained: Any = case((_in_year(Attendance.attended_on), Attendance.person_id))
    return (
        select(key, func.count(distinct(trained)))
        .join(Person, and_(Person.district_code == Attendance.district_code, Person.id == Attendance.person_id))
        .join(Household, and_(Household.district_code == Person.district_code, Household.id == Person.household_id))
        .where(
            Attendance.district_code.in_(districts),
            _around(Household.place_code, codes, span),
            or_(_in_year(Attendance.recorded_on), _in_year(Attendance.attended_on)),
        )
        .group_by(key)
    )


MEASURES: dict[str, Query] = {
    "orchard_area": _of_places(
        CropArea,
        _sum(CropArea.area, CropArea.kind == CropKind.ORCHARD, CropArea.is_new),
        _in_year(CropArea.recorded_on),
    ),
    "road_length": _of_places(
        Road,
        _sum(Road.length, _in_year(Road.finished_on)),
        or_(_in_year(Road.recorded_on), _in_year(Road.finished_on)),
    ),
    "standard_clinics": _of_places(
        Facility,
        func.count().filter(Facility.kind == FacilityKind.CLINIC, Facility.is_standard),
        Facility.valid_from <= LAST,
        or_(Facility.valid_to.is_(None), Facility.valid_to > LAST),
    ),
    "loan_demand": _loan_demand,
    "people_trained": _people_trained,
    "sites_started": _of_places(
        Site,
        func.count().filter(Site.kind == SiteKind.NEW, _in_year(Site.started_on)),
        or_(_in_year(Site.recorded_on), _in_year(Site.started_on)),
    ),
}
