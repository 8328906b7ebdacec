"""What follows from a requirement: the mutation that mends it, what its condition looks at, the shares that are met."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from bangfu.declare.conditions import looks, tables_in
from bangfu.declare.fields import field_of
from bangfu.declare.grain import Grain
from bangfu.declare.measures import STOCK, AnyMeasure, Measure, Ratio
from bangfu.declare.plugin import Plugin
from bangfu.declare.records import Dated, record_of
from bangfu.declare.requirements import Requirement, RequirementKind
from bangfu.declare.text import Text
from bangfu.domain.about import thing_of
from bangfu.domain.places import Place
from bangfu.registry.nodes import Node, Required, camel, plural


def required(plugin: Plugin, requirement: Requirement, mended: Node) -> Required:
    """A requirement as it is asked; `mended` is the node whose rows mend it."""
    mend, own = requirement.mend, thing_of(requirement.of)
    conditions = list(conditions_of(requirement))
    records = (record_of(table) for condition in conditions for table in tables_in(condition))
    fields = (field_of(look.column) for condition in conditions for look in looks(condition))
    return Required(
        name=camel(requirement.name),
        requirement=requirement,
        plugin=plugin,
        mutation=mended.mutation(mend.action.value),
        column=None if mend.column is None else camel(mend.column),
        looks_into=frozenset(each for each in records if each is not None and each is not own),
        is_sensitive=any(each is not None and each.sensitive is not None for each in fields),
    )


def is_met(requirement: Requirement) -> ColumnElement[bool]:
    """Whether it holds, over the columns of the record of its level: yes or no, also where values are missing."""
    holds = requirement.holds(thing_of(requirement.of)).self_group()
    is_required = requirement.kind is RequirementKind.COMPLETENESS
    return holds.is_(true()) if is_required else holds.is_not(false())


def is_asked(requirement: Requirement) -> ColumnElement[bool] | None:
    """Of which rows it is asked, over the same columns; None where it is of all."""
    if requirement.asked_of is None:
        return None
    return requirement.asked_of(thing_of(requirement.of)).self_group().is_(true())


def measures_of(plugin: Plugin) -> tuple[AnyMeasure, ...]:
    """A plugin's measures, and those that follow from its requirements."""
    return (*plugin.measures, *rates_of(plugin))


@cache  # the same measures each time, as those that are declared are
def rates_of(plugin: Plugin) -> tuple[Ratio, ...]:
    """The share of those that meet each requirement, and of those that meet all of a kind, in percent."""
    return tuple(_rates(plugin))


def conditions_of(requirement: Requirement) -> Iterator[Any]:
    """What is declared of it: what has to hold, and of which it is asked; raises what the declaration raises."""
    thing = thing_of(requirement.of)
    yield requirement.holds(thing)
    if requirement.asked_of is not None:
        yield requirement.asked_of(thing)


def _rates(plugin: Plugin) -> Iterator[Ratio]:
    for each in plugin.requirements:
        title = Text(f"{each.title.zh}（達到率）", f"Share of which this holds: {each.title.en}")
        yield _rate(f"{each.name}_rate", title, each.of, is_met(each), is_asked(each))
    for grain in Grain:
        for kind in RequirementKind:
            chosen = [each for each in plugin.requirements if each.of is grain and each.kind is kind]
            if chosen:
                yield _rate_of_all(plugin, kind, grain, chosen)


def _rate_of_all(plugin: Plugin, kind: RequirementKind, grain: Grain, chosen: list[Requirement]) -> Ratio:
    asked = [is_asked(each) for each in chosen]
    met = [is_met(each) if of is None else or_(not_(of), is_met(each)) for each, of in zip(chosen, asked, strict=True)]
    of_some = (
        None if any(each is None for each in asked) else or_(false(), *(each for each in asked if each is not None))
    )
    name = f"{kind.word}_{plural(grain.unit)}"
    title = Text(
        f"{kind.title.zh}的{grain.title.zh}所佔比例（{plugin.title.zh}）",
        f"Share of each {grain.title.en.lower()} of which, for {plugin.title.en}: {kind.title.en}",
    )
    return _rate(name, title, grain, and_(true(), *met), of_some)


def _rate(name: str, title: Text, grain: Grain, met: ColumnElement[bool], asked: ColumnElement[bool] | None) -> Ratio:
    where = met if asked is None else and_(asked, met)
    return Ratio(
        name=name,
        title=title,
        numerator=_counted(f"{name}_met", title, grain, where),
        denominator=_counted(f"{name}_asked", title, grain, asked),
    )


def _counted(name: str, title: Text, grain: Grain, where: ColumnElement[bool] | None) -> Measure:
    thing: type[Dated] = thing_of(grain)
    if thing is Place:
        return Measure(name=name, title=title, of=thing, time=STOCK, distinct=grain, where=where)
    return Measure(name=name, title=title, of=thing, time=STOCK, count=grain.unit, where=where)
