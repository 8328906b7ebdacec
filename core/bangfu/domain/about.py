"""The rows about a thing, in the conditions of requirements: that there are some, that all are so, what is known."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from bangfu.declare.fields import field_of
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated, Record, snake
from bangfu.declare.requirements import Group, Mend, Requirement
from bangfu.declare.text import Text
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place

_THINGS: dict[Grain, type[Dated]] = {Grain.HOUSEHOLD: Household, Grain.PERSON: Person}


def thing_of(grain: Grain) -> type[Dated]:
    """The record in which things of a level stand, of which requirements are asked."""
    return _THINGS.get(grain, Place)


def about(record: type[Record], thing: type[Dated]) -> ColumnElement[bool]:
    """Rows of a record about a household, a person or a place that have not ended; of people, the present members."""
    if record is thing:
        raise ValueError(f"a row of {record.__name__} is not about another")
    column, key = ("place_code", "code")
    if thing in (Household, Person):
        column, key = f"{thing.__tablename__}_id", "id"
    rows: Any = record
    ends = rows.left_on if record is Person else rows.valid_to
    return and_(
        rows.district_code == thing.district_code,  # without which no index leads to them
        getattr(rows, column) == getattr(thing, key),
        ends.is_(None),
    )


def some(record: type[Record], thing: type[Dated], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a thing has at least one row of a record of which the conditions hold."""
    rows: Any = record
    return exists(select(rows.id).where(about(record, thing), *conditions))


def every(record: type[Record], thing: type[Dated], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the conditions hold of all rows of a record about a thing; also where there are none."""
    return not_(some(record, thing, and_(true(), *conditions).self_group().is_not(true())))


def known(*columns: InstrumentedAttribute[Any], group: Group, of: Grain | None = None) -> tuple[Requirement, ...]:
    """That these columns are known: a requirement of each, of what the rows are or are about.

    `of` says so of something wider: of a household, `Person.born_on` is required of all its members. What has no row of
    the record is not asked.
    """
    return tuple(_known(column, group, of) for column in columns)


def _known(column: InstrumentedAttribute[Any], group: Group, of: Grain | None) -> Requirement:
    record: Any = column.class_
    grain: Grain = of or record.__grain__
    field = field_of(column.property.columns[0])
    assert field is not None, "a column of a record is declared with a title"
    if thing_of(grain) is record:
        return Requirement(
            name=f"{column.key}_known",
            title=Text(f"{field.title.zh}已填報", f"{field.title.en} is known"),
            of=grain,
            group=group,
            holds=lambda thing: getattr(thing, column.key).is_not(None),
            mend=Mend.correct(column),
        )
    title: Text = record.__title__
    return Requirement(
        name=f"{snake(record.__name__)}_{column.key}_known",
        title=Text(f"{title.zh}：{field.title.zh}已填報", f"{title.en}: {field.title.en} is known"),
        of=grain,
        group=group,
        holds=lambda thing: every(record, thing, column.is_not(None)),
        asked_of=lambda thing: some(record, thing),
        mend=Mend.correct(column),
    )
