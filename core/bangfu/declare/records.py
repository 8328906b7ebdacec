"""Records: the tables that the core and the plugins add to the graph, each at the grain at which it is counted.

Every table has `district_code` first in its key, and says since when a row holds, from whom it comes and on
which statistical basis.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.schema import Column, Table

from bangfu.declare.choice import Choice
from bangfu.declare.fields import choice, code, day, field_of, index_column, index_of, key
from bangfu.declare.fields import text as line
from bangfu.declare.grain import Grain
from bangfu.declare.rules import Check
from bangfu.declare.text import Text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


_RECORD = "bangfu.record"


class Basis(Choice):
    """On which basis a row stands (統計口徑)."""

    ADMINISTRATIVE = "行政記錄", "Administrative record"
    SURVEY = "調查", "Survey"
    ESTIMATE = "推算", "Estimate"
    SYNTHETIC = "合成數據", "Synthetic"


class Dated(DeclarativeBase):
    """What every row of the graph carries besides its own columns."""

    __abstract__ = True

    __title__: ClassVar[Text]
    """What a row is, in both languages."""

    __plugin__: ClassVar[str] = ""
    """The plugin that owns the table; taken from the package `bangfu_<plugin>` where it is not given."""

    __constraints__: ClassVar[tuple[Any, ...]] = ()
    """Further constraints and indexes of the table."""

    __checks__: ClassVar[tuple[Check, ...]] = ()
    """Rules that rows have to keep when they are entered."""

    __levels__: ClassVar[frozenset[Grain] | None] = None
    """The levels of places that rows may be about, where that is not the grain's own level alone."""

    __grain__: ClassVar[Grain]
    """The level at which a row is counted."""

    district_code: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, sort_order=-3)
    version: Mapped[int] = key(zh="版本", en="Version, one more at each change", server_default=text("1"))
    source: Mapped[str] = line(200, zh="來源", en="Source")
    basis: Mapped[Basis] = choice(Basis, zh="統計口徑", en="Statistical basis")
    recorded_on: Mapped[date] = day(zh="統計日期", en="Date to which the row belongs")
    valid_from: Mapped[date] = day(zh="生效日期", en="Holds from this day")
    valid_to: Mapped[date | None] = day(zh="失效日期", en="Held until the day before this one")

    def __init_subclass__(cls, **options: Any) -> None:
        if "__abstract__" not in cls.__dict__:
            if not cls.__plugin__:
                package = cls.__module__.partition(".")[0]
                cls.__plugin__ = package.removeprefix("bangfu_") if package.startswith("bangfu_") else ""
            # One metadata for each table: two plugins, or two tests, may declare the same name, and the
            # collision is then told by the registry instead of by an exception while a module is imported.
            cls.metadata = MetaData(naming_convention=NAMING)
            if "__tablename__" not in cls.__dict__:
                cls.__tablename__ = "_".join(filter(None, (cls.__plugin__, snake(cls.__name__))))
            looked_up = tuple(cls._looked_up())
            cls.__table_args__ = (*cls._table_args(), *looked_up, *cls.__constraints__)
        super().__init_subclass__(**options)
        if "__abstract__" not in cls.__dict__:
            cls.__table__.info[_RECORD] = cls  # type: ignore[attr-defined]  # a declared record stands in a table

    @classmethod
    def _table_args(cls) -> tuple[Any, ...]:
        return (CheckConstraint("valid_to > valid_from", name="validity"),)

    @classmethod
    def _looked_up(cls) -> Iterator[UniqueConstraint | Index]:
        """Makes beside each sealed column the one by which it is looked up; gives the constraints and indexes."""
        declared = {name: each for base in reversed(cls.__mro__) for name, each in vars(base).items()}
        for name, mapped in declared.items():
            field = field_of(mapped.column) if isinstance(mapped, MappedColumn) else None
            if field is None or not (field.sealed or field.unique):
                continue
            column = index_of(name) if field.sealed else name
            if field.sealed and column not in declared:  # one that is declared is told by the registry
                setattr(cls, column, index_column(name))
            yield UniqueConstraint("district_code", column) if field.unique else Index(None, "district_code", column)


class Record(Dated):
    """A row with an id of its own: `district_code * 10^9 + n`, so that an id alone tells its district."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-2)

    @classmethod
    def _table_args(cls) -> tuple[Any, ...]:
        return (*super()._table_args(), CheckConstraint("id / 1000000000 = district_code", name="id"))


class PlaceRecord(Record):
    """A fact about a place; subclasses say of which level."""

    __abstract__ = True

    place_code: Mapped[int] = code(zh="區劃代碼", en="Code of the place", sort_order=-1)

    @classmethod
    def _table_args(cls) -> tuple[Any, ...]:
        return (
            *super()._table_args(),
            ForeignKeyConstraint(["district_code", "place_code"], ["place.district_code", "place.code"]),
            Index(None, "district_code", "place_code"),
        )


class DistrictRecord(PlaceRecord):
    """A fact counted for the district as a whole (區級)."""

    __abstract__ = True
    __grain__ = Grain.DISTRICT


class TownshipRecord(PlaceRecord):
    """A fact counted for a township or subdistrict (鄉鎮級)."""

    __abstract__ = True
    __grain__ = Grain.TOWNSHIP


class VillageRecord(PlaceRecord):
    """A fact counted for a village or community (村級)."""

    __abstract__ = True
    __grain__ = Grain.VILLAGE


class NaturalVillageRecord(PlaceRecord):
    """A fact counted for a natural village (自然村級)."""

    __abstract__ = True
    __grain__ = Grain.NATURAL_VILLAGE


class HouseholdRecord(Record):
    """A fact about a household (戶級)."""

    __abstract__ = True
    __grain__ = Grain.HOUSEHOLD

    household_id: Mapped[int] = mapped_column(BigInteger, sort_order=-1)

    @classmethod
    def _table_args(cls) -> tuple[Any, ...]:
        return (
            *super()._table_args(),
            ForeignKeyConstraint(["district_code", "household_id"], ["household.district_code", "household.id"]),
            Index(None, "district_code", "household_id"),
        )


class PersonRecord(Record):
    """A fact about a person (人級)."""

    __abstract__ = True
    __grain__ = Grain.PERSON

    person_id: Mapped[int] = mapped_column(BigInteger, sort_order=-1)

    @classmethod
    def _table_args(cls) -> tuple[Any, ...]:
        return (
            *super()._table_args(),
            ForeignKeyConstraint(["district_code", "person_id"], ["person.district_code", "person.id"]),
            Index(None, "district_code", "person_id"),
        )


def table_of(record: type[Dated]) -> Table:
    """The table in which a record's rows stand."""
    table = record.__table__
    assert isinstance(table, Table), "a record stands in a table"
    return table


def columns_of(record: type[Dated]) -> tuple[Column[Any], ...]:
    """The columns of a record's table, in the table's order."""
    return tuple(table_of(record).columns)


def record_of(table: Table) -> type[Dated] | None:
    """The record that stands in a table; None for tables that are none of the graph's."""
    found: type[Dated] | None = table.info.get(_RECORD)
    return found


def snake(name: str) -> str:
    """`SafeWater` as `safe_water`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
