"""The promises of a plugin, one test each; a plugin's own test class inherits them."""

from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import MetaData, func, select
from strawberry.types.base import StrawberryObjectDefinition

from bangfu import Choice, DemoDistrict, Grain, Plugin, Ratio, Rows, Target, Text
from bangfu.declare.fields import field_of
from bangfu.declare.plugin import ENTRY_POINTS
from bangfu.declare.records import columns_of
from bangfu.registry import Platform, assemble, measures_of
from bangfu.registry.nodes import Node
from bangfu.store import Database
from bangfu.store.tables import add_own_tables
from bangfu_migrations import downgrade, drift, upgrade
from bangfu_schema import Graph
from bangfu_testing.asking import ask
from bangfu_testing.documents import Reach


class PluginConformance:
    """What holds for every plugin; a subclass says which plugin it is."""

    plugin: ClassVar[Plugin]

    @pytest.fixture
    def reach(self, platform: Platform, district: DemoDistrict) -> Reach:
        """Where the plugin stands in the graph of all that is installed."""
        return Reach(platform, self.plugin.name, district.place_code)

    @pytest.fixture
    def branch(self, platform: Platform) -> dict[str, Path]:
        """The plugin's folder of migrations by its name; nothing where it brings no tables."""
        if not self.plugin.records:
            pytest.skip("the plugin has no tables")
        assert self.plugin.name in platform.branches, "there is no folder `migrations` beside the plugin's __init__.py"
        return {self.plugin.name: platform.branches[self.plugin.name]}

    def test_the_declaration_has_no_problem(self, platform: Platform) -> None:
        """It is accepted at start, with the plugins it needs."""
        found = {each.plugin.name: each.plugin for each in platform.plugins}
        assemble([self.plugin, *(found[name] for name in self.plugin.needs)])

    def test_the_entry_point_yields_this_plugin(self) -> None:
        """It is found under its own name, as any installed plugin is."""
        points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
        assert self.plugin.name in points, f"no entry point {self.plugin.name!r} in the group {ENTRY_POINTS!r}"
        assert points[self.plugin.name].load().bangfu_plugin() is self.plugin

    def test_everything_has_a_title_in_both_languages(self) -> None:
        """People read titles, not names, in Chinese and in English."""
        assert [name for name, title in _titles(self.plugin) if not (title.zh.strip() and title.en.strip())] == []

    def test_every_record_and_list_says_what_it_is(self) -> None:
        """Docstrings are the schema's descriptions."""
        things = [*self.plugin.records, *_choices(self.plugin)]
        assert [thing.__name__ for thing in things if not (thing.__dict__.get("__doc__") or "").strip()] == []

    def test_every_unit_is_known(self, platform: Platform) -> None:
        """Units are those of the core, or declared by the plugin."""
        used = {measure.unit for measure in self.plugin.measures}
        used |= {field.unit for _, field in _fields(self.plugin) if field.unit}
        own = {unit.name for unit in self.plugin.units}
        known = own | set(assemble([]).units)
        for name in self.plugin.needs:
            known |= {unit.name for each in platform.plugins if each.plugin.name == name for unit in each.plugin.units}
        assert used <= known

    def test_its_branch_makes_the_tables_it_declares(self, branch: dict[str, Path], empty_database: Database) -> None:
        """Up after the core, down to nothing, and up again, with the tables exactly as declared."""
        upgrade(empty_database.engine, branch)
        assert drift(empty_database.engine, _tables(self.plugin)) == []
        downgrade(empty_database.engine, branch, self.plugin.name)
        assert drift(empty_database.engine, _tables()) == []
        upgrade(empty_database.engine, branch)
        assert drift(empty_database.engine, _tables(self.plugin)) == []

    def test_demo_rows_are_the_same_every_time(self, district: DemoDistrict) -> None:
        """The same seed gives the same rows."""
        once, twice = ([(rows.of, list(rows.rows)) for rows in _demo(self.plugin, district)] for _ in range(2))
        assert once == twice

    def test_demo_targets_are_of_its_indicators(self, district: DemoDistrict) -> None:
        """A target for a measure that is no indicator would be shown nowhere."""
        indicators = {f"{self.plugin.name}.{indicator.name}" for indicator in self.plugin.progress}
        targets = [row for rows in _demo(self.plugin, district) if rows.of is Target for row in rows.rows]
        assert {row["indicator"] for row in targets} <= indicators

    def test_demo_rows_are_loaded(self, district: DemoDistrict, demo_database: Database) -> None:
        """Every row made up for a table of the plugin stands in it."""
        made = {rows.of: 0 for rows in _demo(self.plugin, district)}
        for rows in _demo(self.plugin, district):
            made[rows.of] += len(rows.rows)
        made.pop(Target, None)  # the targets of all plugins stand in one table
        with demo_database.engine.connect() as connection:
            stored = {record: connection.scalar(select(func.count()).select_from(record)) for record in made}
        assert stored == made

    def test_every_measure_is_told_at_every_level(
        self, reach: Reach, graph: Graph, platform: Platform, demo_database: Database
    ) -> None:
        """Asked, filtered by and ordered by, from the district down to the level it is counted at."""
        asked = set()
        for grain, field in reach.measures():
            found = ask(graph, demo_database, reach.of_measure(grain, field))
            values = list(_named(found, "measured"))
            assert [value for value in values if value["unit"] != field.measure.unit] == []
            asked.add((grain, field.measure.name))
        assert asked == {
            (grain, measure.name)
            for measure in measures_of(self.plugin)
            for grain in Grain
            if grain.covers(measure.grain)
        }

    def test_every_record_is_listed(self, reach: Reach, graph: Graph, demo_database: Database) -> None:
        """From the root and below what it is about, with all its columns, ordered and filtered by each."""
        listed = set()
        for link, node in reach.records():
            listed.add(node.record)
            (found,) = ask(graph, demo_database, reach.of_record(link, node)).values()
            with demo_database.engine.connect() as connection:
                stored = connection.scalar(select(func.count()).select_from(node.table))
            assert found[link.name]["totalCount"] == stored
            (by,) = ask(graph, demo_database, reach.of_columns(link, node)).values()
            assert _unlike(by, node, stored or 0) == []
            ask(graph, demo_database, reach.of_owner(link, node))
        assert listed == set(self.plugin.records)

    def test_hand_written_fields_stand_in_the_schema(self, reach: Reach, graph: Graph) -> None:
        """Under the record's own type, or in the plugin's namespace on a core type."""
        for extension in self.plugin.python_fields:
            written = {name for name in vars(extension.fields) if not name.startswith("_")}
            for type_ in reach.types_of(extension.on):
                found = graph.schema.get_type_by_name(type_)
                assert isinstance(found, StrawberryObjectDefinition), f"there is no type {type_}"
                assert written <= {field.python_name for field in found.fields}

    def test_measures_roll_up(self, reach: Reach, graph: Graph, demo_database: Database) -> None:
        """What a place's parts add is the place's number, from the district down."""
        for grain, field in reach.measures():
            if not grain.is_place or isinstance(field.measure, Ratio):
                continue
            found = ask(graph, demo_database, reach.of_parts(grain, field))
            for value in _named(found, field.name):
                parts = [_exact(part["value"]) for part in value["receipt"]["parts"] if part["value"] is not None]
                if value["receipt"]["parts"]:
                    assert sum(parts) == _exact(value["value"] or 0), (grain, field.name, value)


def _titles(plugin: Plugin) -> Iterator[tuple[str, Text]]:
    yield "the plugin", plugin.title
    yield "the department", plugin.department
    yield from ((f"record {record.__name__}", record.__title__) for record in plugin.records)
    yield from ((f"measure {measure.name}", measure.title) for measure in plugin.measures)
    for procedure in plugin.procedures:
        yield f"procedure {procedure.name}", procedure.title
        given = ((f"{procedure.name}, argument {each.name}", each.title) for each in procedure.arguments)
        yield from ((name, title or Text("", "")) for name, title in given)
    yield from ((f"unit {unit.name}", unit.title) for unit in plugin.units)
    for each in plugin.requirements:
        yield f"requirement {each.name}", each.title
        yield f"group {each.group.name}", each.group.title
    yield from ((f"column {name}", field.title) for name, field in _fields(plugin))
    for values in _choices(plugin):
        yield from ((f"{values.__name__}.{member.name}", member.title) for member in values)


def _fields(plugin: Plugin) -> Iterator[tuple[str, Any]]:  # the field and its column's name
    for record in plugin.records:
        for column in columns_of(record):
            field = field_of(column)
            if field is not None:
                yield f"{record.__name__}.{column.key}", field


def _choices(plugin: Plugin) -> set[type[Choice]]:
    return {field.choice for _, field in _fields(plugin) if field.choice is not None}


def _tables(*plugins: Plugin) -> MetaData:
    """The tables of the core and of the given plugins."""
    metadata = add_own_tables(assemble([]).metadata())
    for record in (record for plugin in plugins for record in plugin.records):
        record.__table__.to_metadata(metadata)  # type: ignore[attr-defined]  # a declared record stands in a table
    return metadata


def _demo(plugin: Plugin, district: DemoDistrict) -> list[Rows]:
    return list(plugin.demo(district)) if plugin.demo else []


def _unlike(answers: dict[str, Any], node: Node, stored: int) -> list[str]:
    """Columns that are never missing, but by which a list has not all its rows."""
    whole = []
    for number, (name, attribute) in enumerate(node.attributes.items()):
        total = answers[f"by{number}"]["totalCount"]
        if total > stored or (not attribute.nullable and attribute.kind.name != "FLAG" and total != stored):
            whole.append(name)
    return whole


def _named(node: Any, name: str) -> Iterator[Any]:
    """Every value under a name, however deep."""
    if isinstance(node, list):
        for each in node:
            yield from _named(each, name)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            else:
                yield from _named(value, name)


def _exact(number: float) -> Decimal:
    # Through text: a JSON number with at most 15 digits is the decimal that was stored.
    return Decimal(str(number))
