"""Holds the requirements of a plugin against the rules."""

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from bangfu.declare.plugin import Plugin
from bangfu.declare.records import Record, columns_of
from bangfu.declare.requirements import Requirement
from bangfu.domain.about import thing_of
from bangfu.errors import Problem, nearest
from bangfu.registry.conditions import Readable, condition_problems
from bangfu.registry.graph import record_name
from bangfu.registry.nodes import NAME, camel
from bangfu.registry.required import conditions_of, rates_of


def requirement_problems(plugin: Plugin, readable: Readable) -> Iterator[Problem]:
    """What is wrong with the requirements of a plugin."""
    found = [problem for each in plugin.requirements for problem in _requirement(plugin, each, readable)]
    found += _names(plugin)
    yield from found
    if not found:  # else there may be no measures to be made of them
        yield from _rates(plugin)


def _requirement(plugin: Plugin, requirement: Requirement, readable: Readable) -> Iterator[Problem]:
    thing = f"requirement {requirement.name!r}"
    for name, what in ((requirement.name, thing), (requirement.group.name, f"group {requirement.group.name!r}")):
        if not NAME.fullmatch(name):
            remedy = "Use lower-case words joined by '_'."
            yield Problem(plugin=plugin.name, thing=what, found="is not a name in snake case", remedy=remedy)
    try:
        conditions = list(conditions_of(requirement))
    except (AttributeError, TypeError, ValueError, SQLAlchemyError) as error:
        remedy = f"Its condition is given {thing_of(requirement.of).__name__}, and returns an expression."
        yield Problem(plugin=plugin.name, thing=thing, found=f"has no condition: {error}", remedy=remedy)
        return
    for condition in conditions:
        yield from condition_problems(plugin, thing, condition, thing_of(requirement.of), readable)
    yield from _mend(plugin, thing, requirement, readable)


def _mend(plugin: Plugin, thing: str, requirement: Requirement, readable: Readable) -> Iterator[Problem]:
    mend = requirement.mend
    if mend.record not in readable or not issubclass(mend.record, Record):  # places change together
        found = f"is mended by rows of {mend.record.__name__}, which are entered elsewhere"
        remedy = "Name a record of this plugin, of one it needs, Household or Person."
        yield Problem(plugin=plugin.name, thing=thing, found=found, remedy=remedy)
    names = [column.key for column in columns_of(mend.record)]
    if mend.column is not None and mend.column not in names:
        remedy = f"Name one of its columns.{nearest(mend.column, names)}"
        found = f"is mended in a column {mend.column!r}, which {mend.record.__name__} has not"
        yield Problem(plugin=plugin.name, thing=thing, found=found, remedy=remedy)


def _names(plugin: Plugin) -> Iterator[Problem]:
    seen: set[str] = set()
    groups: dict[str, object] = {}
    for each in plugin.requirements:
        if each.name in seen:
            thing = f"requirement {each.name!r}"
            yield Problem(plugin=plugin.name, thing=thing, found="is declared twice", remedy="Rename one of them.")
        seen.add(each.name)
        if groups.setdefault(each.group.name, each.group) != each.group:
            found, remedy = "has two titles", "Declare it once, and give that to all that belong to it."
            yield Problem(plugin=plugin.name, thing=f"group {each.group.name!r}", found=found, remedy=remedy)


def _rates(plugin: Plugin) -> Iterator[Problem]:
    """The shares that follow from them stand beside the plugin's own measures and lists."""
    taken = {record_name(record) for record in plugin.records} | {camel(each.name) for each in plugin.measures}
    for rate in rates_of(plugin):
        if camel(rate.name) in taken:
            found = "is the name of a measure or list that is declared, and of a share that follows from requirements"
            yield Problem(plugin=plugin.name, thing=f"measure {rate.name!r}", found=found, remedy="Rename it.")
        taken.add(camel(rate.name))
