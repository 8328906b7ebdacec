"""Puts a condition of a declaration, which speaks of its record's own columns, over rows of a statement."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Alias, ColumnElement, FromClause, Select, Table, literal_column
from sqlalchemy.schema import Column
from sqlalchemy.sql.selectable import Exists
from sqlalchemy.sql.visitors import ExternallyTraversible, iterate, replacement_traverse

Tables = Callable[[Table], FromClause]
"""What is looked into in place of a table."""


def over(
    condition: ColumnElement[Any], own: str, rows: FromClause, tables: Tables = lambda table: table
) -> ColumnElement[Any]:
    """The condition with `rows` in place of the record's table, `own`; its sub-selects look for rows in `tables`.

    They are tied to the rows by name: in a statement of several levels SQLAlchemy would only try the nearest one.
    """
    made: ColumnElement[Any] = _Rewriting(own, rows, tables).of(condition, (rows,))
    return made


class _Rewriting:
    """One condition being put over rows."""

    def __init__(self, own: str, rows: FromClause, tables: Tables) -> None:
        self._own = own
        self._rows = rows
        self._tables = tables
        self._aliases: dict[Alias, FromClause] = {}

    def of(self, element: Any, around: Sequence[FromClause]) -> Any:  # an element of the same sort
        """The element, which stands inside of selects from `around`."""

        def replace(each: ExternallyTraversible, **_: Any) -> Any:
            if each is element:
                return None
            if isinstance(each, Exists):
                return self._existence(each, around)
            if isinstance(each, Select):
                return self._nested(each, around)
            return self._column_or_rows(each)

        # What is asked about as a whole is not seen by its own traversal.
        if isinstance(element, Exists):
            return self._existence(element, around)
        alone = None if isinstance(element, Select) else self._column_or_rows(element)
        if alone is not None:
            return alone
        return replacement_traverse(element, {}, replace)  # type: ignore[call-overload]  # it takes any element

    def _existence(self, element: Exists, around: Sequence[FromClause]) -> Any:
        select = next(each for each in iterate(element) if isinstance(each, Select))  # the outermost comes first
        # Nothing of the rows is shown; and some of the columns are none that a server may read.
        asked = self._nested(select.with_only_columns(literal_column("1"), maintain_column_froms=True), around)
        return asked.exists()

    def _nested(self, select: Select[Any], around: Sequence[FromClause]) -> Select[Any]:
        found = (each for from_ in select.get_final_froms() for each in iterate(from_))
        own = [self._column_or_rows(each) for each in found if isinstance(each, Table | Alias)]
        inside = [each for each in own if not any(each is other for other in around)]
        made: Select[Any] = self.of(select, (*around, *inside))
        return made.correlate(None).correlate(*around)

    def _column_or_rows(self, element: ExternallyTraversible) -> Any:
        if isinstance(element, Column):
            rows = self._column_or_rows(element.table)
            return None if rows is None else rows.c[element.name]
        if isinstance(element, Table):
            return self._rows if element.name == self._own else self._tables(element)
        if isinstance(element, Alias) and isinstance(element.element, Table):
            # The same one for all that an annotation tells apart.
            found = next((made for known, made in self._aliases.items() if known.name == element.name), None)
            if found is None:
                found = self._aliases[element] = self._tables(element.element).alias()
            return found
        return None
