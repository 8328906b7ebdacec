"""All rows of a record, whoever asks: what measures count, and where it is looked up in which place something lies.

A number is told in wider circles than the rows behind it. PostgreSQL keeps rows back from a server that reads for a
viewer;
these views, which are made by the side of the tables, keep none.

Beside them, and beside the tables, stand views of the rows as they were at a moment, which a connection is told. A
statement is turned to them as a whole by the names of their schemas, so that nothing in it has to know.
"""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Column, MetaData, Table, TableClause, column, table

from bangfu.access import is_open
from bangfu.declare.fields import is_index
from bangfu.declare.records import Dated, columns_of, record_of, table_of
from bangfu.domain.households import Household, Person

COUNTED = "counted"
"""The schema of the views."""

AS_OF = "as_of"
"""The schema of the rows as they were, as far as a viewer sees them; all tables that a statement reads are in it."""

WHOLE_AS_OF = "whole_as_of"
"""The schema of the rows as they were, as far as viewers of whole districts see them: what is kept back in `as_of`,
looked up by fewer conditions."""

COUNTED_AS_OF = "counted_as_of"
"""The schema of all rows as they were."""

LOOKING_BACK: Mapping[str | None, str] = {None: AS_OF, COUNTED: COUNTED_AS_OF}
"""Where a statement that looks back finds what others find elsewhere, by SQLAlchemy's `schema_translate_map`."""


@cache
def counted(record: type[Dated]) -> TableClause:
    """The view of a record's rows, and of those that were in a statement that looks back; of what is open to every
    viewer, the table itself.
    """
    if is_open(record):
        return table_of(record)
    columns = (Column(each.name, each.type) for each in columns_of(record) if not is_index(each))
    return Table(record.__tablename__, MetaData(), *columns, schema=COUNTED, info=table_of(record).info)


@cache
def counted_now(record: type[Dated]) -> TableClause:
    """The view of a record's rows as they stand, in any statement: what is no `Table` is not looked for elsewhere."""
    columns = (column(each.name, each.type) for each in columns_of(record) if not is_index(each))
    return table(record.__tablename__, *columns, schema=COUNTED)


def owner_of(record: type[Dated]) -> tuple[type[Dated], str] | None:
    """What a row is about, and the column that says so; None for what lies in a place itself, and for places."""
    names = {column.name for column in columns_of(record)}
    if "household_id" in names:
        return Household, "household_id"
    return (Person, "person_id") if "person_id" in names else None


@cache
def told_by(record: type[Dated]) -> frozenset[str]:
    """The tables whose rows tell which of a record's rows a viewer sees: its own, and those of what they are about."""
    owner = owner_of(record)
    own = frozenset({record.__tablename__})
    return own if owner is None else own | told_by(owner[0])


def counted_table(table: Table) -> TableClause:
    """The view of the rows that stand in a table."""
    record = record_of(table)
    assert record is not None, "the registry lets no declaration look into a table that is no record's"
    return counted(record)
