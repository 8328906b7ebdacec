"""All rows of a record, whoever asks: what measures count, and where it is looked up in which place something lies.

A number is told in wider circles than the rows behind it. PostgreSQL keeps rows back from a server that reads for a
viewer;
these views, which are made by the side of the tables, keep none.
"""

from functools import cache

from sqlalchemy import Table, TableClause, column, table

from bangfu.access import is_open
from bangfu.declare.fields import is_index
from bangfu.declare.records import Dated, columns_of, record_of

COUNTED = "counted"
"""The schema of the views."""


@cache
def counted(record: type[Dated]) -> TableClause:
    """The view of a record's rows; of what is open to every viewer, the table itself."""
    if is_open(record):
        itself = record.__table__
        assert isinstance(itself, Table), "a record stands in a table"
        return itself
    columns = (column(each.name, each.type) for each in columns_of(record) if not is_index(each))
    return table(record.__tablename__, *columns, schema=COUNTED)


def counted_table(table: Table) -> TableClause:
    """The view of the rows that stand in a table."""
    record = record_of(table)
    assert record is not None, "the registry lets no declaration look into a table that is no record's"
    return counted(record)
