"""What a measure is, and to whom it is told: plain Python over rows, from the words of the policy."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property, partial
from typing import Any

from sqlalchemy import BindParameter, ColumnElement
from sqlalchemy.schema import Column
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import AsBoolean, BinaryExpression, BooleanClauseList, False_, Grouping, Null, True_
from tests.access.probe import GIFTS_TO_PUPILS
from tests.access.required import columns_in, standing, tables_in
from tests.access.rows import SPANS, Rows, in_force
from tests.access.world import TODAY, Row

from bangfu import Measure, Place, Ratio
from bangfu.declare.measures import AnyMeasure, OverTime
from bangfu.registry import Node

SMALL = 5
_LISTED = {"Village": "Villages", "NaturalVillage": "NaturalVillages", "Household": "Households", "Person": "Persons"}


@dataclass(frozen=True)
class Span:
    """From the first to the last day of a period."""

    text: str
    start: date
    end: date

    @property
    def last(self) -> date:
        """The last day that can be known."""
        return min(self.end, TODAY)

    @property
    def is_of_years(self) -> bool:
        """Whether it is made of whole calendar years."""
        return (self.start.month, self.start.day, self.end.month, self.end.day) == (1, 1, 12, 31)


@dataclass(frozen=True)
class Cell:
    """What is told of a measure for one thing: as nothing where nothing has been reported."""

    value: Decimal | None = None
    reported: int = 0
    source: str | None = None


NOTHING = Cell()


@dataclass(frozen=True)
class Fact:
    """A row as a measure sees it."""

    row: Row
    code: int
    household: int
    person: int
    is_meant: bool
    """Whether the declaration's condition holds."""
    day: date | None

    def key(self, level: int) -> int:
        """The thing of a level that the row belongs to."""
        if level <= 4:
            return self.code - self.code % SPANS[level]
        return self.household if level == 5 else self.person


class Numbers:
    """Measures over the rows of a world: what they are, and how small the groups behind them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._nodes = {node.record: node for node in rows.graph.nodes.values()}
        self.cells = cache(self._cells)
        self.facts = cache(self._facts)
        self.small = cache(self._small)
        self.reads = cache(self._reads)

    def _facts(self, measure: Measure) -> tuple[Fact, ...]:
        node = self.node_of(measure)
        words = self._words.get(measure)
        column = measure.on.key if measure.on is not None else "recorded_on"
        found = []
        for row in self._rows.all(node):
            home = self._rows.home(node, row)
            found.append(
                Fact(
                    row,
                    self._rows.lies(node, row),
                    home["id"] if home else 0,
                    row["person_id"] if "person_id" in row else row.get("id", 0),
                    (measure.where is None or holds(measure.where, row)) if words is None else words(row),
                    row[column],
                )
            )
        return tuple(found)

    def node_of(self, measure: Measure) -> Node:
        """The type of the rows that a measure counts; of places, those of the level that it counts."""
        return self._nodes[measure.of] if measure.of is not Place else self._rows.graph.core[measure.grain]

    def _reads(self, measure: Measure) -> tuple[set[Node], set[tuple[str, str]]]:
        """The types whose rows a number is made of, and the columns that are read, by type."""
        by_table = {node.table.name: node for node in self._nodes.values() if not node.is_place}
        read = {(measure.of.__tablename__, each.key) for each in (measure.sum, measure.on) if each is not None}
        tables = {measure.of.__tablename__}
        if measure.where is not None:
            read |= columns_in(measure.where)
            tables |= tables_in(measure.where)
        nodes = {by_table[table] for table in tables if table in by_table}
        return nodes, {(by_table[table].name, column) for table, column in read if table in by_table}

    @cached_property
    def _words(self) -> dict[Measure, Callable[[Row], bool]]:
        """What the shares count that follow from requirements, in words and not in SQL; and one condition besides."""
        found: dict[Measure, Callable[[Row], bool]] = {GIFTS_TO_PUPILS: self._is_home_of_pupil}
        for node in self._rows.graph.core.values():
            for space in node.namespaces.values():
                for kind, word in (("completeness", "complete"), ("consistency", "consistent")):
                    chosen = [each for each in space.requirements.values() if each.requirement.kind.value == kind]
                    names = {f"{each.name}Rate": [each.qualified] for each in chosen}
                    names |= {f"{word}{_LISTED[node.name]}": [each.qualified for each in chosen]} if chosen else {}
                    for name, qualified in names.items():
                        ratio = space.measures[name].measure
                        assert isinstance(ratio, Ratio)
                        found[ratio.numerator] = partial(self._is_met, qualified)
                        found[ratio.denominator] = partial(self._is_asked, qualified)
        return found

    def _is_met(self, names: list[str], row: Row) -> bool:
        answers = [standing(self._rows, name, row) for name in names]
        return any(each is not None for each in answers) and False not in answers

    def _is_asked(self, names: list[str], row: Row) -> bool:
        return any(standing(self._rows, name, row) is not None for name in names)

    def _is_home_of_pupil(self, row: Row) -> bool:
        people = self._rows.tables["person"]
        return any(each["is_student"] and each["household_id"] == row["household_id"] for each in people)

    def counting(self, measure: Measure, span: Span) -> Iterator[Fact]:
        """The rows that make the number."""
        for fact in self.facts(measure):
            if fact.is_meant and (
                in_force(fact.row, span.last)
                if measure.time is OverTime.STOCK
                else fact.day is not None and span.start <= fact.day <= span.last
            ):
                yield fact

    def _cells(self, measure: AnyMeasure, level: int, span: Span) -> dict[int, Cell]:
        """The measure of everything of a level that has rows that were reported."""
        if isinstance(measure, Ratio):
            below = self.cells(measure.denominator, level, span)
            return {
                key: Cell(_percent(cell.value, below.get(key, NOTHING).value), cell.reported, cell.source)
                for key, cell in self.cells(measure.numerator, level, span).items()
            }
        groups: dict[int, list[Fact]] = defaultdict(list)
        for fact in self.facts(measure):
            recorded = span.start <= fact.row["recorded_on"] <= span.last
            happened = fact.day is not None and span.start <= fact.day <= span.last
            if in_force(fact.row, span.last) if measure.time is OverTime.STOCK else recorded or happened:
                groups[fact.key(level)].append(fact)
        meant = {id(fact.row) for fact in self.counting(measure, span)}
        return {key: _told(measure, level, group, meant) for key, group in groups.items()}

    def _small(self, measure: AnyMeasure, level: int, district: int, span: Span, own: tuple[int, ...]) -> bool:
        """Whether a district's numbers of a level would tell of a few households; `own` are places to leave out."""
        return any(0 < size < SMALL for size in self.sizes(measure, level, district, span, own).values())

    def sizes(
        self, measure: AnyMeasure, level: int, district: int, span: Span, own: tuple[int, ...]
    ) -> dict[tuple[str, int, int], int]:
        """How many households are behind each cell of a district: by part of a share, place and year."""
        found: dict[tuple[str, int, int], set[int]] = defaultdict(set)
        for name, facts in self._parts(measure, span):
            for fact, year in facts:
                if fact.code // SPANS[1] == district and not any(_inside(fact.code, place) for place in own):
                    found[name, fact.key(level), year].add(fact.household)
        return {cell: len(households) for cell, households in found.items()}

    def _parts(self, measure: AnyMeasure, span: Span) -> Iterator[tuple[str, list[tuple[Fact, int]]]]:
        """The rows whose groups must not be small, with their years: of all for a flow, on the last day for a stock.

        Those that count, and of which the amount is known; and all that show that something was reported.
        """
        for part in parts_of(measure):
            if is_of_households(part):
                yield part.name, self._meant(part, span)
                yield f"{part.name} reported", self._reported(part, span)
        if isinstance(measure, Ratio) and is_of_households(measure.denominator):
            above, below = measure.numerator, measure.denominator
            if (above.of, above.time, _dated(above)) == (below.of, below.time, _dated(below)):
                taken = {id(fact.row) for fact in self.counting(above, self._whole(above, span))}
                yield "rest", [each for each in self._meant(below, span) if id(each[0].row) not in taken]

    def _meant(self, measure: Measure, span: Span) -> list[tuple[Fact, int]]:
        return [
            (fact, fact.day.year if measure.time is OverTime.FLOW and fact.day is not None else 0)
            for fact in self.counting(measure, self._whole(measure, span))
            if measure.sum is None or fact.row[measure.sum.key] is not None
        ]

    def _reported(self, measure: Measure, span: Span) -> list[tuple[Fact, int]]:
        if measure.time is OverTime.STOCK:
            return [(fact, 0) for fact in self.facts(measure) if in_force(fact.row, span.last)]
        recorded = ((fact, fact.row["recorded_on"]) for fact in self.facts(measure))
        return [(fact, day.year) for fact, day in recorded if day <= TODAY]

    @staticmethod
    def _whole(measure: Measure, span: Span) -> Span:
        return span if measure.time is OverTime.STOCK else Span("", date.min, TODAY)


def is_of_households(measure: AnyMeasure) -> bool:
    """Whether a number is made of what is known of households or people."""
    return any(not part.of.__grain__.is_place for part in parts_of(measure))


def is_tellable(measure: AnyMeasure, span: Span) -> bool:
    """Whether outsiders are told numbers of such a period at all."""
    for part in parts_of(measure):
        if part.time is OverTime.STOCK and span.end < TODAY:
            return False  # two days differ by whoever came or went between
        if part.time is OverTime.FLOW and part.distinct is not None and span.start.year != span.end.year:
            return False  # several years differ from their sum by whoever was there twice
    return span.is_of_years


def parts_of(measure: AnyMeasure) -> tuple[Measure, ...]:
    """A measure, or the two that make a share."""
    return (measure,) if isinstance(measure, Measure) else (measure.numerator, measure.denominator)


def holds(condition: ColumnElement[Any], row: Row) -> bool:
    """Whether a declaration's condition holds for a row; not where a value is missing."""
    return _evaluated(condition, row) is True


def _evaluated(part: Any, row: Row) -> Any:
    match part:
        case Grouping():
            return _evaluated(part.element, row)
        case AsBoolean():
            assert part.operator is operators.is_true
            return _evaluated(part.element, row)
        case BooleanClauseList():
            # No declaration has an `or`, nor a `not`; one that has would stop here.
            assert part.operator is operators.and_
            return all(_evaluated(each, row) is True for each in part.clauses)
        case BinaryExpression():
            left, right = (_evaluated(each, row) for each in (part.left, part.right))
            return _COMPARISONS[part.operator](left, right)
        case BindParameter():
            return part.effective_value
        case Column():
            return row[part.key]
        case True_() | False_() | Null():
            return {True_: True, False_: False, Null: None}[type(part)]
    raise NotImplementedError(f"the oracle cannot evaluate {part!r}")


_COMPARISONS: dict[Any, Callable[[Any, Any], bool]] = {
    operators.eq: lambda left, right: left is not None and left == right,
    operators.is_: lambda left, right: left is right,
    operators.is_not: lambda left, right: left is not right,
    operators.in_op: lambda left, right: left in right,
}


def _told(measure: Measure, level: int, group: list[Fact], meant: set[int]) -> Cell:
    counted = [fact for fact in group if id(fact.row) in meant]
    unit = min(measure.of.__grain__.value, 3)
    unit = unit if level <= unit else level
    sources = {fact.row["source"] for fact in group}
    source = sources.pop() if len(sources) == 1 else "several sources"
    if measure.sum is None:
        reported = {fact.key(unit) for fact in group}
        level_counted = measure.distinct.value if measure.distinct is not None else 0
        things = {fact.key(level_counted) if level_counted else id(fact) for fact in counted}
        return Cell(Decimal(len(things)), len(reported), source)
    column = measure.sum.key
    known = [Decimal(fact.row[column]) for fact in counted if fact.row[column] is not None]
    # A row that counts and does not say how much has not reported.
    told = {fact.key(unit) for fact in group if fact.row[column] is not None or id(fact.row) not in meant}
    return Cell(sum(known, Decimal(0)) if known or not counted else None, len(told), source)


def _percent(above: Decimal | None, below: Decimal | None) -> Decimal | None:
    if above is None or not below:
        return None
    return (above * 100 / below).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _dated(measure: Measure) -> str:
    return "recorded_on" if measure.on is None else measure.on.key


def _inside(code: int, place: int) -> bool:
    span = next(SPANS[level] for level in (4, 3, 2, 1) if place % (SPANS[level] * 1000) or level == 1)
    return place <= code < place + span
