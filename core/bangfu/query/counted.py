"""All rows of a record, whoever asks: what measures count, and where it is looked up in which place something lies.

A number is told in wider circles than the rows behind it. PostgreSQL keeps rows back from a server that reads for a
viewer;
these views, which are made by the side of the tables, keep none.
"""

from functools import cache

from sqlalchemy import TableClause, column, table

from bangfu.declare.fields import is_index
from bangfu.declare.records import Dated, columns_of

COUNTED = "counted"
"""The schema of the views."""


@cache
def counted(record: type[Dated]) -> TableClause:
    """The view of a record's rows."""
    columns = (column(each.name, each.type) for each in columns_of(record) if not is_index(each))
    return table(record.__tablename__, *columns, schema=COUNTED)
