"""The figures of a plugin: the graph tells the report's numbers, and each rests on rows that can be named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from graphql import FieldNode, OperationDefinitionNode, StringValueNode, parse
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select

from bangfu import FLOW, DemoDistrict, Grain, Household, Measure, Period, Plugin
from bangfu.declare.codes import SPANS, official_code
from bangfu.query.scope import in_force
from bangfu.registry.nodes import camel
from bangfu.store import Database
from bangfu_app.report import compare, document, figures
from bangfu_schema import Graph
from bangfu_testing.asking import answer, ask

_Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rested:
    """A figure, the measure it is read from, and the period it is read for."""

    id: str
    measure: Measure
    period: Period


class PluginFigures:
    """The plugin's rows of the report; a subclass says which plugin it is."""

    plugin: ClassVar[Plugin]

    def test_every_figure_is_the_reported_one(self, graph: Graph, demo_database: Database) -> None:
        """All figures of the plugin's area of work are asked for, and all are equal to the last digit."""
        lines = compare(answer(graph, demo_database, document()))
        told = {line.figure.id: line.actual for line in lines if line.figure.id.startswith(f"{self.plugin.name}.")}
        known = {name: each.reported for name, each in figures().items() if name.startswith(f"{self.plugin.name}.")}
        assert told == known

    def test_every_figure_moves_with_its_rows(self, graph: Graph, district: DemoDistrict, demo_copy: Database) -> None:
        """Taking away the rows of one thing counted lowers the figure by what they hold; adding them raises it again.

        Where things are counted once each, all rows of a thing but one can go before the figure moves.
        """
        code = official_code(district.place_code)
        for figure in _rested(self.plugin):

            def told(figure: Rested = figure) -> Decimal:
                # Where the last row of a period is gone, nothing is reported, which is told as null.
                return _told(graph, demo_copy, code, self.plugin, figure)

            before = told()
            with demo_copy.engine.begin() as connection:
                rows = _rows_of_one(connection, figure, district)
            assert rows, f"{figure.id} rests on no rows"
            _take_away(demo_copy, figure, rows[:-1])
            assert told() == before, f"{figure.id} counts a thing more than once"
            _take_away(demo_copy, figure, rows[-1:])
            assert told() == before - _weight(figure, rows[-1]), figure.id
            _add(demo_copy, figure, rows)
            assert told() == before, figure.id


def _rested(plugin: Plugin) -> Iterator[Rested]:
    """The plugin's figures with their measures, as the report's document reads them."""
    measures = {camel(measure.name): measure for measure in plugin.measures}
    for definition in parse(document()).definitions:
        assert isinstance(definition, OperationDefinitionNode)
        for place in definition.selection_set.selections:
            assert isinstance(place, FieldNode)
            for space in place.selection_set.selections if place.selection_set else ():
                if not isinstance(space, FieldNode) or space.name.value != camel(plugin.name):
                    continue
                for field in space.selection_set.selections if space.selection_set else ():
                    if isinstance(field, FieldNode) and field.alias is not None:
                        measure = measures[field.name.value]
                        assert isinstance(measure, Measure), "a share rests on two measures; compare those"
                        identity = field.alias.value.replace("__", ".")
                        yield Rested(id=identity, measure=measure, period=_period(field))


def _period(field: FieldNode) -> Period:
    (value,) = [given.value for given in field.arguments or () if given.name.value == "period"]
    assert isinstance(value, StringValueNode)
    return Period.parse(value.value)


def _told(graph: Graph, database: Database, code: str, plugin: Plugin, figure: Rested) -> Decimal:
    field = f'{camel(figure.measure.name)}(period: "{figure.period}") {{ value }}'
    data = ask(graph, database, f'{{ district(code: "{code}") {{ space: {camel(plugin.name)} {{ told: {field} }} }} }}')
    return Decimal(str(data["district"]["space"]["told"]["value"] or 0))


def _rows_of_one(connection: Connection, figure: Rested, district: DemoDistrict) -> list[_Row]:
    """All rows that count for one thing: the one with the fewest rows."""
    measure, table = figure.measure, _table(figure)
    end = min(figure.period.end, district.as_of)
    counts = [table.c.district_code == district.code]
    if measure.time is FLOW:
        counts.append(
            table.c[measure.on.key if measure.on is not None else "recorded_on"].between(figure.period.start, end)
        )
    else:
        counts.append(in_force(table, end))
    if measure.where is not None:
        counts.append(measure.where)
    if measure.sum is not None:
        counts.append(table.c[measure.sum.key] != 0)
    counted = select(table, _unit(figure).label("_unit")).where(*counts).subquery()
    fewest = select(counted.c._unit).group_by(counted.c._unit).order_by(func.count(), counted.c._unit).limit(1)
    rows = select(*(counted.c[column.key] for column in table.columns))
    found = connection.execute(rows.where(counted.c._unit == fewest.scalar_subquery()).order_by(counted.c.id))
    return [row._asdict() for row in found]


def _unit(figure: Rested) -> ColumnElement[int]:
    """What is counted once, as an expression over the record's own table."""
    table, distinct = _table(figure), figure.measure.distinct
    if distinct is None:
        return table.c.id
    if distinct in (Grain.HOUSEHOLD, Grain.PERSON):
        return table.c[f"{distinct.unit}_id"]
    place: ColumnElement[int]
    if "place_code" in table.c:
        place = table.c.place_code
    else:
        at_home = and_(Household.district_code == table.c.district_code, Household.id == table.c.household_id)
        place = select(Household.place_code).where(at_home).scalar_subquery()
    return place - place % SPANS[distinct]


def _weight(figure: Rested, row: _Row) -> Decimal:
    return Decimal(1) if figure.measure.sum is None else Decimal(row[figure.measure.sum.key])


def _take_away(database: Database, figure: Rested, rows: list[_Row]) -> None:
    table = _table(figure)
    with database.engine.begin() as connection:
        for row in rows:
            connection.execute(
                delete(table).where(table.c.district_code == row["district_code"], table.c.id == row["id"])
            )


def _add(database: Database, figure: Rested, rows: list[_Row]) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(_table(figure)), [dict(row) for row in rows])


def _table(figure: Rested) -> Table:
    table = figure.measure.of.__table__
    assert isinstance(table, Table)
    return table
