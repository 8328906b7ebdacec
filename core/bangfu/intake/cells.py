"""Reads one cell as a value of one column of a record."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Boolean, Date, Integer, Numeric
from sqlalchemy.schema import Column

from bangfu.declare.fields import Sensitive, field_of
from bangfu.declare.text import Text
from bangfu.declare.units import UNITS, Unit
from bangfu.intake.days import day_reader
from bangfu.intake.lists import choice_reader, flag_reader
from bangfu.intake.numbers import number_reader
from bangfu.intake.references import code_reader, key_reader
from bangfu.intake.texts import Reader, id_number_reader, text_reader
from bangfu.intake.unreadable import Unreadable
from bangfu.write.outcome import Code

USUAL = frozenset({"source", "basis", "recorded_on", "valid_from", "valid_to"})
"""Columns that are said once for a whole import, and that a row only has where it says otherwise."""

BY_UNIT = {unit.name: unit for unit in UNITS}

TITLES = {
    "id": Text("編號", "id"),
    "household_id": Text("戶號", "household"),
    "person_id": Text("人員編號", "person"),
}
"""Titles of the columns that are declared without one."""

_REFERRED = {"household_id": "household", "person_id": "person"}


def read_value(column: Column[Any], raw: object, units: Mapping[str, Unit] = BY_UNIT) -> Any:
    """The value of a record's column for a raw cell, which is a str, int, float, bool, date, datetime, Decimal or None.

    It is what the column holds, a choice as a member of its list, a place code as 15 digits, an amount in the column's
    unit; a Reference where a place, household or person is named in another way; None where nothing is given and
    nothing has to be. Raises Unreadable. Whoever reads many cells takes `reader_of` once for each column.
    """
    return reader_of(column, units)(raw)


def reader_of(column: Column[Any], units: Mapping[str, Unit] = BY_UNIT) -> Reader:
    """How cells of a column are read, as `read_value` does it; `units` are those that its record may use, by name."""
    read = _optional(column, units)
    if may_be_missing(column):
        return read

    def required(raw: Any) -> Any:
        value = read(raw)
        if value is None:
            raise missing(column)
        return value

    return required


def may_be_missing(column: Column[Any]) -> bool:
    """Whether a row may come without a value: the column is empty then, or has one by itself."""
    has_default = column.default is not None or column.server_default is not None
    return bool(column.nullable) or has_default or column.key in USUAL or column.key == "id"


def title_of(column: Column[Any]) -> Text:
    """What a column is called, in both languages; those that only hold tables together have a name for people too."""
    field = field_of(column)
    return field.title if field is not None else TITLES.get(column.key, Text(column.key, column.key))


def unit_of(column: Column[Any], units: Mapping[str, Unit] = BY_UNIT) -> Unit | None:
    """The unit in which a column counts."""
    field = field_of(column)
    return units.get(field.unit) if field is not None and field.unit else None


def missing(column: Column[Any]) -> Unreadable:
    """The mistake of giving no value where there has to be one."""
    title = title_of(column)
    return Unreadable(Code.MISSING, Text(f"「{title.zh}」必須填寫。", f"{title.en!r} has to be given."))


def _optional(column: Column[Any], units: Mapping[str, Unit]) -> Reader:
    field, kind = field_of(column), column.type
    if column.key in _REFERRED:
        return key_reader(field, (_REFERRED[column.key],))
    if column.key == "id":
        table = str(
            column.table.description
        )  # an id of another record, with the same digits, would change the wrong row
        return key_reader(field, (table.partition("_")[2] or table, table), of_itself=True)
    if field is not None and field.is_code:
        return code_reader(field)
    if field is not None and field.choice is not None:
        return choice_reader(field.choice, field)
    if field is not None and field.sensitive is Sensitive.ID_NUMBER:
        return id_number_reader(field)
    kinds: tuple[tuple[Any, Callable[[], Reader]], ...] = (
        (Boolean, lambda: flag_reader(field)),
        (Date, lambda: day_reader(field)),
        (Numeric | Integer, lambda: number_reader(kind, field, unit_of(column, units))),
    )
    for type_, make in kinds:
        if isinstance(kind, type_):
            return make()
    length = field.length if field is not None and field.sealed else getattr(kind, "length", None)
    return text_reader(field, length)
