"""The form of the answer: JSON objects and lists made by PostgreSQL, and values as the schema's scalars show them."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Label, ScalarSelect, Select, String, case, cast, func, literal
from sqlalchemy import select as select_
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.sql.selectable import Subquery

from bangfu.declare.codes import SPANS
from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.registry import Attribute, Kind, Node
from bangfu_schema.compile.selection import Chosen

Columns = Sequence[tuple[str, ColumnElement[Any]]]
"""The keys of an object, in the order of the answer, and their values."""

_LONGEST_NAME = 63  # bytes: PostgreSQL cuts the names of columns off there
_NOTHING = "_"


class TooWideError(Exception):
    """An object that no statement can make: more long keys than a function takes arguments."""


def columns_of(chosen: Sequence[Chosen], value: Callable[[Chosen], ColumnElement[Any]]) -> Columns:
    """The columns of an object: what is chosen of it, each by `value`."""
    return [(each.key, constant(each.owner) if each.name == "__typename" else value(each)) for each in chosen]


def labelled(columns: Columns) -> list[Label[Any]]:
    """The columns of a sub-select whose rows become objects."""
    if not columns:
        return [constant(1).label(_NOTHING)]
    # Quoted, since SQLAlchemy keeps for ever what it knows of a name of which it has to find that out by itself.
    quoted = [quoted_name(key, True) for key, _ in columns]
    names = quoted if _fit(columns) else [f"_{number}" for number in range(len(columns))]
    return [value.label(name) for name, (_, value) in zip(names, columns, strict=True)]


def one(statement: Select[Any], columns: Columns, name: str) -> ScalarSelect[Any]:
    """The object of the one row of a sub-select of `labelled(columns)`; null where there is none."""
    rows = statement.subquery(name)
    return select_(_object(rows, columns)).select_from(rows).scalar_subquery()


def many(statement: Select[Any], columns: Columns, name: str) -> ScalarSelect[Any]:
    """The list of objects of the rows of a sub-select of `labelled(columns)`, in its order."""
    rows = statement.subquery(name)
    listed = func.coalesce(func.json_agg(_object(rows, columns)), cast(constant("[]"), JSON))
    return select_(listed).select_from(rows).scalar_subquery()


def shown(attribute: Attribute, node: Node, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """An attribute as its scalar shows it."""
    if attribute.kind is Kind.CODE:
        if node.is_place and attribute.column == node.key:
            return official(column, node.grain)
        return official(column)
    return number(column) if attribute.kind is Kind.DECIMAL else column


def official(code: ColumnElement[int], grain: Grain | None = None) -> ColumnElement[str]:
    """A place's code as people write it; of a place whose level is known, or of any."""
    if grain is not None:
        return cast(code // constant(SPANS[grain]) if SPANS[grain] > 1 else code, String)
    narrow = [each for each in reversed(PLACE_GRAINS) if each is not Grain.DISTRICT]
    levels = [(code % constant(SPANS[each] * 1000) != 0, official(code, each)) for each in narrow]
    return case(*levels, else_=official(code, Grain.DISTRICT))


def constant(value: str | int) -> ColumnElement[Any]:
    """A value that belongs to the statement and to no request: it is written into it."""
    return literal(value, String() if isinstance(value, str) else BigInteger(), literal_execute=True)


def number(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A decimal number without zeros that say nothing: 74000 for 74000.00."""
    return func.trim_scale(value)


def row_id(node: Node, key: ColumnElement[int]) -> ColumnElement[str]:
    """The readable, typed id of a row."""
    return constant(f"{node.prefix}:").concat(official(key, node.grain) if node.is_place else cast(key, String))


def _fit(columns: Columns) -> bool:
    return all(len(key) <= _LONGEST_NAME for key, _ in columns)


def _object(rows: Subquery, columns: Columns) -> ColumnElement[Any]:
    if not columns:
        return cast(constant("{}"), JSON)
    if _fit(columns):
        return func.row_to_json(rows.table_valued())
    if len(columns) > 50:  # a function of PostgreSQL takes at most a hundred arguments
        raise TooWideError
    pairs = ((constant(key), rows.c[f"_{index}"]) for index, (key, _) in enumerate(columns))
    return func.json_build_object(*chain.from_iterable(pairs))
