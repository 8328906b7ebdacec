"""What of the rows of a node a viewer sees: which rows, and of their sensitive columns how much.

A household, a person and the rows of a plugin's records lie in a place; a viewer sees those that lie in its own places.
Places themselves, what became of them, and targets are open to everybody.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Label,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlalchemy.schema import Column

from bangfu.access import PERSONAL, Forbidden, needed_for
from bangfu.access.policy import FEW_PLACES
from bangfu.declare.codes import DISTRICT_SPAN, SPANS
from bangfu.declare.fields import Field, Sensitive, field_of, is_index
from bangfu.declare.grain import Grain
from bangfu.query.counted import counted, counted_now
from bangfu.query.given import Given, Input, Parameters, Rule
from bangfu.query.masks import MASK, STARS
from bangfu.query.scope import lying, owner_of
from bangfu.registry.nodes import Attribute, Node


def check_may_read(node: Node, given: Given) -> None:
    """Refuses rows of a node to a viewer without their permission, before anything is read."""
    check_may(needed_for(node), given)


def check_may_compare(attribute: Attribute, given: Given) -> None:
    """Refuses to filter or to order by a column of which the viewer does not see all."""
    if attribute.field.sensitive is not None:
        check_may(PERSONAL, given)


def check_may(needed: str | None, given: Given) -> None:
    """Refuses what takes a permission that the viewer does not have."""
    if needed is not None and not given.parameters.policy.holds(needed):
        raise given.told(Forbidden(needed, argument=given.path))


def visible(node: Node, alias: FromClause, parameters: Parameters) -> list[ColumnElement[bool]]:
    """The rows of a node that the viewer sees; no condition where all of them are."""
    if needed_for(node) is None or parameters.policy.is_everywhere:
        return []
    return [lying(node, alias, lambda code: is_own(code, parameters)), *still_visible(node, alias, parameters)]


def still_visible(node: Node, alias: FromClause, parameters: Parameters) -> list[ColumnElement[bool]]:
    """Of rows as they were on a day those that the viewer sees today too; no condition where nobody looks back.

    A row has to lie in the viewer's places now, and so has what it was about; what is gone since is seen by whoever
    sees the whole district. Holds also where all rows are known to have lain in the viewer's places on the day.
    """
    if not parameters.looks_back or needed_for(node) is None or parameters.policy.is_everywhere:
        return []
    return _lying_still(node, alias, parameters)


def _lying_still(node: Node, alias: FromClause, parameters: Parameters) -> list[ColumnElement[bool]]:
    row = counted_now(node.record).alias()
    same = (row.c.district_code == alias.c.district_code, row.c.id == alias.c.id)
    own = lying(node, row, lambda code: is_own(code, parameters), counted_now)
    here = exists().where(*same, own).correlate_except(row)
    is_gone = not_(exists().where(*same).correlate_except(row))
    district = cast(alias.c.district_code, BigInteger) * literal(DISTRICT_SPAN, BigInteger())
    found = [or_(here, and_(is_gone, is_own(district, parameters, Grain.DISTRICT)))]
    link = owner_of(node)
    if link is not None:
        owner = counted(link.target.record).alias()
        about = [*link.join(alias, owner), *_lying_still(link.target, owner, parameters)]
        found.append(exists().where(*about).correlate_except(owner))
    return found


def is_own(code: ColumnElement[int], parameters: Parameters, grain: Grain = Grain.NATURAL_VILLAGE) -> Any:
    """Whether a code lies in the viewer's own places, with all of a place of level `grain` that begins with it."""
    number = len(parameters.policy.ranges)
    more = SPANS[grain] - 1
    if number == 0:
        return false()
    if number > FEW_PLACES:
        own = cast(parameters.add(_all_places, Text()), INT8MULTIRANGE())
        inside = code if more == 0 else func.int8range(code, code + literal(more + 1, BigInteger()))
        return inside.op("<@", is_comparison=True)(own)
    ends = [
        (parameters.add(_end(index, 0), BigInteger()), parameters.add(_end(index, 1), BigInteger()))
        for index in range(number)
    ]
    if more == 0:
        return or_(*(code.between(first, last) for first, last in ends))
    return or_(*((code >= first) & (code + literal(more, BigInteger()) <= last) for first, last in ends))


def shown_column(column: ColumnElement[Any], field: Field | None, parameters: Parameters) -> ColumnElement[Any]:
    """A column as the viewer may see it; one that is sealed stays so, and is masked when it has been opened."""
    if field is None or field.sensitive is None or parameters.policy.reads_personal:
        return column
    match field.sensitive:
        case Sensitive.HIDDEN:
            return cast(null(), column.type)
        case _ if field.sealed:
            return column
        case Sensitive.NAME:
            return func.left(column, 1).concat("**")
        case Sensitive.ID_NUMBER:
            return func.left(column, 6).concat(MASK)
        case Sensitive.PHONE:
            return func.left(column, 3).concat(STARS).concat(func.right(column, 4))
        case Sensitive.BANK_CARD:
            return literal(MASK, Text()).concat(func.right(column, 4))


def shown_columns(node: Node, alias: FromClause, parameters: Parameters) -> Iterator[Label[Any]]:
    """All columns of a node's rows as the viewer may see them, under their own names."""
    for column in node.table.c:
        assert isinstance(column, Column), "a table has columns"
        if is_index(column):
            continue
        shown = shown_column(alias.c[column.name], field_of(column), parameters)
        yield shown.label(column.name)


@cache
def _end(index: int, side: int) -> Rule:
    """The rule of one end of one of the viewer's places; the same one each time, so that it is one parameter."""

    def end(given: Input) -> int:
        return given.policy.ranges[index][side]

    return end


def _all_places(given: Input) -> str:
    return multirange(given.policy.ranges)


def multirange(ranges: tuple[tuple[int, int], ...]) -> str:
    """Ranges of codes as PostgreSQL writes them."""
    return "{" + ",".join(f"[{first},{last}]" for first, last in ranges) + "}"
