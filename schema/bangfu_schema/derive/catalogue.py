"""The catalogue of what is installed: plugins with their records and fields, measures, indicators; with titles."""

from typing import Any

import strawberry

from bangfu.declare.fields import field_of
from bangfu.declare.measures import Ratio
from bangfu.declare.plugin import Plugin
from bangfu.declare.text import Text
from bangfu.registry import Platform, measures_of
from bangfu.registry.graph import type_name
from bangfu.registry.nodes import camel


@strawberry.type(description="A title in both languages.")
class Title:
    """A title in both languages."""

    zh: str
    en: str


@strawberry.type(name="Unit", description="A unit of measure.")
class UnitEntry:
    """A unit of measure."""

    name: str
    title: Title


@strawberry.type(name="RecordField", description="A column of a record.")
class FieldEntry:
    """A column of a record."""

    name: str
    title: Title
    unit: UnitEntry | None
    sensitive: bool


@strawberry.type(name="Record", description="A kind of row a plugin adds.")
class RecordEntry:
    """A kind of row a plugin adds."""

    name: str
    type: str
    title: Title
    grain: str
    fields: list[FieldEntry]


@strawberry.type(name="Measure", description="A number derived from records.")
class MeasureEntry:
    """A number derived from records."""

    name: str
    plugin: str
    field: str
    title: Title
    unit: UnitEntry
    over_time: str
    over_places: str
    grain: str


@strawberry.type(name="Indicator", description="A measure that has targets.")
class IndicatorEntry:
    """A measure that has targets."""

    name: str
    measure: MeasureEntry
    at_most: bool


@strawberry.type(name="Plugin", description="A sector or programme.")
class PluginEntry:
    """A sector or programme."""

    name: str
    title: Title
    department: Title
    version: str
    api: str
    needs: list[str]
    records: list[RecordEntry]
    measures: list[MeasureEntry]
    indicators: list[IndicatorEntry]


def catalogue(platform: Platform) -> list[PluginEntry]:
    """What is installed, in the order of the plugins' names."""
    return [_plugin(platform, each.plugin, each.version) for each in platform.plugins]


def _plugin(platform: Platform, plugin: Plugin, version: str) -> PluginEntry:
    measures = {measure: _measure(platform, plugin, measure) for measure in measures_of(plugin)}
    indicators = [
        IndicatorEntry(name=f"{plugin.name}.{each.name}", measure=measures[each.measure], at_most=each.at_most)
        for each in plugin.progress
    ]
    return PluginEntry(
        name=plugin.name,
        title=_title(plugin.title),
        department=_title(plugin.department),
        version=version,
        api=plugin.api,
        needs=list(plugin.needs),
        records=[_record(platform, plugin, record) for record in plugin.records],
        measures=list(measures.values()),
        indicators=indicators,
    )


def _record(platform: Platform, plugin: Plugin, record: Any) -> RecordEntry:
    fields = []
    for column in record.__table__.columns:
        declared = field_of(column)
        if declared is not None:
            unit = _unit(platform, declared.unit) if declared.unit else None
            name = camel(column.key)
            sensitive = declared.sensitive is not None
            fields.append(FieldEntry(name=name, title=_title(declared.title), unit=unit, sensitive=sensitive))
    return RecordEntry(
        name=f"{plugin.name}.{record.__name__}",
        type=type_name(plugin, record),
        title=_title(record.__title__),
        grain=record.__grain__.name,
        fields=fields,
    )


def _measure(platform: Platform, plugin: Plugin, measure: Any) -> MeasureEntry:
    assert measure.unit is not None
    return MeasureEntry(
        name=f"{plugin.name}.{measure.name}",
        plugin=plugin.name,
        field=camel(measure.name),
        title=_title(measure.title),
        unit=_unit(platform, measure.unit),
        over_time=measure.time.name,
        over_places="RATIO" if isinstance(measure, Ratio) else "SUM",
        grain=measure.grain.name,
    )


def _unit(platform: Platform, name: str) -> UnitEntry:
    return UnitEntry(name=name, title=_title(platform.units[name].title))


def _title(text: Text) -> Title:
    return Title(zh=text.zh, en=text.en)
