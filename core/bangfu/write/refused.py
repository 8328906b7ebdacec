"""What PostgreSQL says against a row, in words for the one who gave it."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import Column

from bangfu.declare.fields import INDEXED
from bangfu.declare.text import Text
from bangfu.write.outcome import Action, Code
from bangfu.write.values import missing, title_of

_UNIQUE, _FOREIGN, _CHECK, _MISSING = "23505", "23503", "23514", "23502"


def told_by(error: IntegrityError, table: Table, action: Action) -> tuple[str | None, Code, Text]:
    """The column, the code and the words for a constraint that a single row breaks."""
    diagnosis = getattr(error.orig, "diag", None)
    state, name = getattr(error.orig, "sqlstate", None), getattr(diagnosis, "constraint_name", None)
    if state == _UNIQUE:
        return _twice(table, name)
    if state == _FOREIGN and action is Action.DELETE:
        other = getattr(diagnosis, "table_name", None) or ""
        return (
            None,
            Code.IN_USE,
            Text(f"仍有其他記錄（{other}）引用此行。", f"Other rows ({other}) are about this one."),
        )
    if state == _FOREIGN:
        column = next((each for each in _columns_of(table, name, ForeignKeyConstraint)), None)
        told = Text("所指的記錄不存在。", "What this points at does not exist.")
        return (column.key if column is not None else None), Code.UNKNOWN_VALUE, told
    if state == _MISSING and (column := table.columns.get(getattr(diagnosis, "column_name", None) or "")) is not None:
        return column.key, *missing(column)
    if state == _CHECK and name is not None and name.endswith("_validity"):
        told = Text("失效日期必須晚於生效日期。", "A row ends after it has begun to hold.")
        return "valid_to", Code.CHECK_FAILED, told
    return None, Code.CHECK_FAILED, Text(f"不符合規則{name}。", f"The rule {name} does not hold.")


def _twice(table: Table, name: str | None) -> tuple[str | None, Code, Text]:
    columns = [each for each in _columns_of(table, name, UniqueConstraint) if each.key != "district_code"]
    shown = [table.c[each.info[INDEXED]] if INDEXED in each.info else each for each in columns]
    zh = "、".join(title_of(each).zh for each in shown)
    en = ", ".join(title_of(each).en for each in shown)
    told = Text(f"已有{zh}相同的記錄。", f"There is a row with the same {en} already.")
    return (shown[-1].key if shown else None), Code.DUPLICATE, told


def _columns_of(
    table: Table, name: str | None, kind: type[UniqueConstraint | ForeignKeyConstraint | CheckConstraint]
) -> list[Column[object]]:
    for each in table.constraints:
        if isinstance(each, kind) and each.name is not None and str(each.name) == name:
            return [column for column in each.columns if column.key != "district_code"]
    return []
