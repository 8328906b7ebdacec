"""Holds conditions of declarations against the rules: whose columns and whose rows they may look at."""

from collections.abc import Iterator, Sequence, Set
from typing import Any

from sqlalchemy import Select
from sqlalchemy.schema import Table
from sqlalchemy.sql.visitors import iterate

from bangfu.declare.conditions import Look, clause_of, looks, tables_in
from bangfu.declare.fields import field_of, is_index
from bangfu.declare.plugin import Plugin
from bangfu.declare.records import Dated, record_of, table_of
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place
from bangfu.domain.targets import Target
from bangfu.errors import Problem

Readable = Set[type[Dated]]
"""The records in which the conditions of a plugin may look for rows."""

_COMMON = (Household, Person, Place, Target)


def readable_by(plugin: Plugin, plugins: Sequence[Plugin]) -> Readable:
    """The common records, the plugin's own, the register's, and those of the plugins it needs."""
    names = {plugin.name, "register", *plugin.needs}
    return {*_COMMON, *(record for each in plugins if each.name in names for record in each.records)}


def condition_problems(
    plugin: Plugin, thing: str, condition: Any, of: type[Dated], readable: Readable
) -> Iterator[Problem]:
    """What is wrong with a condition over rows of the record `of`."""
    own = table_of(of)
    for look in looks(condition):
        found, remedy = _of_look(look, of)
        if found:
            yield Problem(plugin=plugin.name, thing=thing, found=found, remedy=remedy)
    others = {table.name: table for table in tables_in(condition) if table.name != own.name}
    for table in others.values():
        if record_of(table) not in readable:
            found = f"looks for rows of {table.name}, a record of a plugin that it does not need"
            yield Problem(plugin=plugin.name, thing=thing, found=found, remedy="Name that plugin in Plugin.needs.")
    if any(_is_tied_to_itself(each, own) for each in iterate(clause_of(condition)) if isinstance(each, Select)):
        found = f"looks for other rows of {of.__name__} under its own name, which are the row itself"
        remedy = f"Look for them in aliased({of.__name__})."
        yield Problem(plugin=plugin.name, thing=thing, found=found, remedy=remedy)


def _of_look(look: Look, of: type[Dated]) -> tuple[str, str]:
    column, field = look.column, field_of(look.column)
    if look.table.name != of.__tablename__ and not look.is_nested:
        found = f"uses {look.table.name}.{column.name}, a column of another record"
        return found, f"Use columns of {of.__name__}, or look for rows with exists(select(…))."
    if is_index(column) or (field is not None and field.sealed and not look.is_for_presence):
        found = f"looks at {column.name}, of which the database keeps no clear text"
        return found, "Use columns that are not sealed; only that there is a value can be asked of one that is."
    return "", ""


def _is_tied_to_itself(select: Select[Any], own: Table) -> bool:
    """Whether a sub-select has no rows of its own."""
    return all(isinstance(each, Table) and each.name == own.name for each in select.get_final_froms())
