"""Holds every declaration against the rules, and tells all problems at once."""

import inspect
from collections.abc import Iterator, Sequence

from sqlalchemy.schema import ColumnCollectionConstraint, Table

from bangfu.declare.deprecation import Deprecation
from bangfu.declare.fields import field_of, index_of, is_index
from bangfu.declare.measures import AnyMeasure, Measure, Ratio
from bangfu.declare.plugin import API_VERSIONS, Plugin
from bangfu.declare.procedures import Procedure, RowOf
from bangfu.declare.records import Dated, Record, columns_of
from bangfu.declare.units import UNITS, Unit
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place
from bangfu.domain.targets import Target
from bangfu.errors import Problem, nearest
from bangfu.registry.conditions import Readable, condition_problems, readable_by
from bangfu.registry.graph import record_name, type_name
from bangfu.registry.nodes import NAME, camel, procedure_name
from bangfu.registry.requirements import requirement_problems

_RESERVED = {
    "place",
    "household",
    "person",
    "target",
    "setting",
    "history",
    "change",
    "answered",
    "import",
    "comparison",
    "core",
    "node",
    "node_as_of",
    "plugins",
    "measures",
    "indicators",
    "viewer",
    "targets",
    "district",
    "township",
    "village",
    "districts",
    "townships",
    "villages",
    "households",
    "completeness",
    "consistency",
    "and",
    "or",
    "not",
    "is_complete",
    "audit_log",
    "import_plans",
    "head",
    "member_count",
    "members",
    "natural_village",
    "natural_village_count",
    "natural_villages",
    "household_count",
    "township_count",
    "village_count",
    "predecessor_count",
    "predecessors",
    "successor_count",
    "successors",
}
"""What a plugin may not be called besides the columns of places, households and people.

Tables of the core, and fields beside which those of a plugin come.
"""
_SHARED = (Household, Person)
_ABOUT = {"place", "household", "person"}
"""How what a row is about is called where it is entered."""
_OF_EVERY_MUTATION = {"dry_run", "idempotency_key", "partial", "rows", "first"}
"""What an argument of a procedure is not called: how mutations are sent, and by what documents are measured."""


def check(plugins: Sequence[Plugin], *, absent: Sequence[str] = ()) -> list[Problem]:
    """Every problem of every plugin; `absent` are names that are installed but switched off."""
    problems = list(_names(plugins))
    known = {plugin.name for plugin in plugins}
    units: dict[str, Unit] = {unit.name: unit for unit in UNITS}
    for plugin in plugins:
        problems += _units(plugin, units)
    core = {measure for plugin in plugins if plugin.name == "register" for measure in plugin.measures}
    for plugin in plugins:
        problems += _header(plugin, known, absent)
        problems += _records(plugin, units)
        readable = readable_by(plugin, plugins)
        problems += _measures(plugin, units, core, readable)
        problems += requirement_problems(plugin, readable)
    return [*problems, *_procedures(plugins, units)]


def _names(plugins: Sequence[Plugin]) -> Iterator[Problem]:
    seen: set[str] = set()
    for plugin in plugins:
        if plugin.name in seen:
            yield _problem(plugin, "its name", "is declared by two plugins", "Rename one of them or switch one off.")
        seen.add(plugin.name)
    tables: dict[str, Plugin] = {}
    for plugin in plugins:
        for record in plugin.records:
            name = record.__tablename__
            other = tables.setdefault(name, plugin)
            if other is not plugin:
                found = f"table {name!r} is also declared by plugin {other.name!r}"
                yield _problem(plugin, f"record {record.__name__}", found, "Rename the record.")


def _header(plugin: Plugin, known: set[str], absent: Sequence[str]) -> Iterator[Problem]:
    if not NAME.fullmatch(plugin.name):
        yield _problem(plugin, "its name", "is not a name in snake case", "Use lower-case words joined by '_'.")
    columns = (column.key for record in (Place, *_SHARED) for column in columns_of(record))
    if plugin.name in _RESERVED.union(columns):
        yield _problem(plugin, "its name", "is a name of the core", "Choose another one.")
    if plugin.api not in API_VERSIONS:
        found = f"is written for version {plugin.api!r} of the plugin surface"
        yield _problem(plugin, "api", found, f"This core speaks {', '.join(API_VERSIONS)}.")
    for need in plugin.needs:
        if need not in known:
            why = "is switched off" if need in absent else "is not installed"
            yield _problem(plugin, f"needs {need!r}", f"which {why}", f"Install or switch on {need!r}.")


def _units(plugin: Plugin, units: dict[str, Unit]) -> Iterator[Problem]:
    for unit in plugin.units:
        known = units.setdefault(unit.name, unit)
        if known != unit:
            yield _problem(plugin, f"unit {unit.name!r}", "has another meaning already", "Use another name.")


def _records(plugin: Plugin, units: dict[str, Unit]) -> Iterator[Problem]:
    lists: set[str] = set()
    for record in plugin.records:
        thing = f"record {record.__name__}"
        if not hasattr(record, "__grain__"):
            yield _problem(plugin, thing, "has no grain", "Derive it from VillageRecord, HouseholdRecord or the like.")
            continue
        if record.__plugin__ != plugin.name:
            found = f"belongs to {record.__plugin__ or 'no plugin'!r}"
            remedy = f"Keep it in package 'bangfu_{plugin.name}' or set __plugin__ = {plugin.name!r}."
            yield _problem(plugin, thing, found, remedy)
        if "__title__" not in record.__dict__:
            yield _problem(plugin, thing, "has no title", "Set __title__ = Text(zh, en).")
        if record_name(record) in lists:
            yield _problem(plugin, thing, f"makes a second list {record_name(record)!r}", "Rename it.")
        lists.add(record_name(record))
        yield from _columns(plugin, record, units)
        yield from _sealed(plugin, record)


def _columns(plugin: Plugin, record: type[Record], units: dict[str, Unit]) -> Iterator[Problem]:
    for column in columns_of(record):
        thing = f"{record.__name__}.{column.key}"
        declared = field_of(column)
        if declared is not None:
            yield from _deprecation(plugin, thing, declared.deprecation)
        if column.key in _ABOUT:
            found = "has a name under which what a row is about is entered"
            yield _problem(plugin, thing, found, "Rename it.")
        if column.key == "history":
            yield _problem(plugin, thing, "has the name under which a row's changes are shown", "Rename it.")
        is_ours = column.key in {"district_code", "id", "household_id", "person_id"} or is_index(column)
        if declared is None and not is_ours:
            remedy = "Declare it with quantity(), whole(), text(), day(), flag() or choice()."
            yield _problem(plugin, thing, "has no title", remedy)
        elif declared is not None and declared.unit is not None and declared.unit not in units:
            yield _unknown_unit(plugin, thing, declared.unit, units)
        elif declared is not None and declared.choice is not None:
            values = declared.choice
            if len(values.__members__) != len(list(values)):
                yield _problem(plugin, values.__name__, "has two values with the same titles", "Tell them apart.")


def _sealed(plugin: Plugin, record: type[Record]) -> Iterator[Problem]:
    """A sealed column is looked up by the one beside it; whatever else looks at it sees noise."""
    table = record.__table__
    assert isinstance(table, Table)
    kept = [each for each in table.constraints if isinstance(each, ColumnCollectionConstraint)]
    named = [(each.columns, "a constraint") for each in kept] + [(each.columns, "an index") for each in table.indexes]
    for column in columns_of(record):
        field, thing = field_of(column), f"{record.__name__}.{column.key}"
        if field is None or not field.sealed:
            continue
        if field.sensitive is None:
            remedy = "Say with sensitive=Sensitive.… what is shown to whom."
            yield _problem(plugin, thing, "is sealed, but not sensitive", remedy)
        if not is_index(table.c[index_of(column.key)]):
            found = f"is looked up by a column {index_of(column.key)!r}, which is declared already"
            yield _problem(plugin, thing, found, "Rename that one.")
        for what in sorted({what for columns, what in named if column.name in columns}):
            remedy = "Say unique=True of the column; an index to look it up by is made anyway."
            yield _problem(plugin, thing, f"is sealed, and {what} looks at it", remedy)


def _procedures(plugins: Sequence[Plugin], units: dict[str, Unit]) -> Iterator[Problem]:
    entered = _entered(plugins)
    taken = {f"{prefix}{action}": "a mutation of its rows" for prefix in entered.values() for action in _ACTIONS}
    for plugin in plugins:
        for procedure in plugin.procedures:
            thing = f"procedure {procedure.name!r}"
            if not NAME.fullmatch(procedure.name):
                yield _problem(plugin, thing, "is not a name in snake case", "Use lower-case words joined by '_'.")
            if procedure.on in entered:
                name = procedure_name(entered[procedure.on], procedure.name)
                if name in taken:
                    yield _problem(plugin, thing, f"makes {name!r}, which is {taken[name]} already", "Rename it.")
                taken.setdefault(name, f"a procedure of plugin {plugin.name!r}")
            for record in dict.fromkeys((procedure.on, *procedure.changed)):
                yield from _unentered(plugin, thing, record, entered)
            yield from _arguments(plugin, procedure, units, entered)


_ACTIONS = ("Create", "Update", "Delete")


def _entered(plugins: Sequence[Plugin]) -> dict[type[Dated], str]:
    """The records whose rows are entered, each with how the names of its mutations begin."""
    names: dict[type[Dated], str] = {record: record.__name__ for record in (Household, Person, Target)}
    names |= {record: type_name(plugin, record) for plugin in plugins for record in plugin.records}
    return {record: name[0].lower() + name[1:] for record, name in names.items()}


def _unentered(plugin: Plugin, thing: str, record: type[Dated], entered: dict[type[Dated], str]) -> Iterator[Problem]:
    if record not in entered:
        found = f"is about rows of {record.__name__}, which no plugin here declares, or which are not entered"
        yield _problem(plugin, thing, found, "Use a record of Plugin.records, Household, Person or Target.")


def _arguments(
    plugin: Plugin, procedure: Procedure, units: dict[str, Unit], entered: dict[type[Dated], str]
) -> Iterator[Problem]:
    seen: set[str] = set()
    for argument in procedure.arguments:
        thing = f"procedure {procedure.name!r}, argument {argument.name!r}"
        if not NAME.fullmatch(argument.name):
            yield _problem(plugin, thing, "is not a name in snake case", "Use lower-case words joined by '_'.")
        if argument.name in _OF_EVERY_MUTATION:
            yield _problem(plugin, thing, "has a name that every mutation uses itself", "Rename it.")
        if argument.name in seen:
            yield _problem(plugin, thing, "is there twice", "Rename one of them.")
        seen.add(argument.name)
        if isinstance(argument.value, RowOf):
            yield from _unentered(plugin, thing, argument.value.record, entered)
        elif (declared := field_of(argument.value.column)) is None:
            remedy = "Declare it with row_of(), place(), version(), day(), text() or the like."
            yield _problem(plugin, thing, "has no title", remedy)
        elif declared.unit is not None and declared.unit not in units:
            yield _unknown_unit(plugin, thing, declared.unit, units)
    try:
        inspect.signature(procedure.does).bind(None, **dict.fromkeys(seen))
    except TypeError as error:
        found = f"has a function that is not called with its arguments ({error})"
        remedy = f"Let it take the steps, then {', '.join(sorted(seen)) or 'nothing'}."
        yield _problem(plugin, f"procedure {procedure.name!r}", found, remedy)


def _measures(plugin: Plugin, units: dict[str, Unit], core: set[AnyMeasure], readable: Readable) -> Iterator[Problem]:
    taken = {record_name(record) for record in plugin.records}
    for measure in plugin.measures:
        thing = f"measure {measure.name!r}"
        if not NAME.fullmatch(measure.name):
            yield _problem(plugin, thing, "is not a name in snake case", "Use lower-case words joined by '_'.")
        if camel(measure.name) in taken:
            yield _problem(plugin, thing, "is the name of another measure or list", "Rename it.")
        taken.add(camel(measure.name))
        yield from _deprecation(plugin, thing, measure.deprecation)
        if isinstance(measure, Ratio):
            for part in (measure.numerator, measure.denominator):
                if part not in plugin.measures and part not in core:
                    found = f"divides measure {part.name!r} of another plugin"
                    yield _problem(plugin, thing, found, "Use measures of this plugin or of the register.")
        else:
            yield from _measure(plugin, thing, measure, units, readable)
    for indicator in plugin.progress:
        if indicator.measure not in plugin.measures:
            found = f"follows measure {indicator.name!r}, which this plugin does not declare"
            yield _problem(plugin, f"indicator {indicator.name!r}", found, "Add it to Plugin.measures.")


def _measure(
    plugin: Plugin, thing: str, measure: Measure, units: dict[str, Unit], readable: Readable
) -> Iterator[Problem]:
    own = set(plugin.records) | (set(_SHARED) if plugin.name == "register" else set())
    if measure.of not in own:
        found = f"counts rows of {measure.of.__name__}, which this plugin does not declare"
        yield _problem(plugin, thing, found, "Measure your own records; reach another sector's through the graph.")
        return
    ways = [way for way in (measure.sum, measure.count, measure.distinct) if way is not None]
    if len(ways) != 1:
        found = f"has {len(ways)} of sum, count and distinct"
        yield _problem(plugin, thing, found, "Give exactly one.")
        return
    for part in (measure.sum, measure.where, measure.on):
        if part is not None:
            yield from condition_problems(plugin, thing, part, measure.of, readable)
    if measure.unit is None:
        remedy = "Give the column a unit, as in quantity('mu', …)."
        yield _problem(plugin, thing, "sums a column that has no unit", remedy)
    elif measure.unit not in units:
        yield _unknown_unit(plugin, thing, measure.unit, units)
    elif measure.sum is not None and not units[measure.unit].additive:
        remedy = "Declare a Ratio of two sums instead."
        yield _problem(plugin, thing, f"adds up shares ({measure.unit}), which means nothing", remedy)
    if measure.distinct is not None and not measure.distinct.covers(measure.of.__grain__):
        found = f"counts each {measure.distinct.unit} once, but its rows are kept by {measure.of.__grain__.unit}"
        yield _problem(plugin, thing, found, "Count a level at or above the record's own.")


def _deprecation(plugin: Plugin, thing: str, told: Deprecation | None) -> Iterator[Problem]:
    if told is not None and told.gone_on <= told.since:
        found = f"is deprecated from {told.since} on and gone from {told.gone_on}"
        yield _problem(plugin, thing, found, "Give whoever uses it time: set gone_on to a later day.")


def _unknown_unit(plugin: Plugin, thing: str, unit: str, units: dict[str, Unit]) -> Problem:
    hint = nearest(unit, list(units))
    return _problem(plugin, thing, f"has the unknown unit {unit!r}", f"Declare it in Plugin.units.{hint}")


def _problem(plugin: Plugin, thing: str, found: str, remedy: str) -> Problem:
    return Problem(plugin=plugin.name, thing=thing, found=found, remedy=remedy)
