"""Random rows as a client may enter them: each value one that its column takes, and what it is shown as afterwards."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from sqlalchemy.types import String
from tests.query.asking import Draw
from tests.schema.desk import BASE

from bangfu.declare.fields import Sensitive
from bangfu.declare.id_number import check_digit
from bangfu.registry import Attribute, Kind, Node
from bangfu.write.owners import levels_of, owner_column
from bangfu_schema.derive.changes import entered, name_of

_DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
# All characters that PostgreSQL holds, many of them odd.
_LETTERS = st.characters(codec="utf-8", exclude_characters="\x00")
_MOST = 10**13


def row_of(draw: Draw, node: Node, places: dict[int, str]) -> dict[str, Any]:
    """A row of a node; `places` has the code of one place of each level."""
    column = owner_column(node.record)
    if column == "place_code":
        levels = sorted(grain.value for grain in levels_of(node.record))
        row: dict[str, Any] = {"place": places[draw(st.sampled_from(levels))]}
    else:
        name = name_of(node, column)
        row = {name: f"{name}:{BASE + draw(st.integers(1, 50))}"}
    for name, attribute in entered(node).items():
        may_be_left = attribute.nullable or name in ("source", "basis", "recordedOn", "validFrom")
        if may_be_left and draw(st.booleans()):
            continue
        value = _value(draw, node, attribute)
        row[name] = None if attribute.nullable and draw(st.integers(0, 4)) == 0 else value
    return row


def _value(draw: Draw, node: Node, attribute: Attribute) -> Any:
    field = attribute.field
    if field.choice is not None:
        return draw(st.sampled_from([each.name for each in field.choice]))
    match attribute.kind:
        case Kind.FLAG:
            return draw(st.booleans())
        case Kind.DAY:
            return draw(_DAYS).isoformat()
        case Kind.INTEGER:
            return draw(st.integers(_least(attribute, -(2**31) + 1), _most(attribute, 2**31 - 1)))
        case Kind.DECIMAL:
            hundredths = draw(st.integers(_least(attribute, 1 - _MOST) * 100, _most(attribute, _MOST - 1) * 100))
            number = Decimal(hundredths) / 100
            return int(number) if number == int(number) else float(number)
    if field.sensitive is Sensitive.ID_NUMBER:
        first = draw(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True))
        return first + check_digit(first)
    assert attribute.kind is Kind.TEXT, "codes are of what a row is about only"
    type_ = node.table.c[attribute.column].type
    length = field.length if field.sealed else type_.length if isinstance(type_, String) else None
    text = st.text(_LETTERS, min_size=1, max_size=length or 20)
    return draw(text.filter(lambda each: bool(each.strip())))


def _least(attribute: Attribute, least: int) -> int:
    return least if attribute.field.least is None else max(least, attribute.field.least)


def _most(attribute: Attribute, most: int) -> int:
    return most if attribute.field.most is None else min(most, attribute.field.most)
