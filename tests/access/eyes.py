"""What one viewer sees of rows, columns and measures: the policy, word by word, over plain rows."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from functools import cached_property
from typing import Any

from tests.access.numbers import NOTHING, Cell, Numbers, Span, is_of_households, is_tellable, parts_of
from tests.access.required import columns_in, required_of, standing, tables_in
from tests.access.rows import Rows, inside, typed_id
from tests.access.world import TODAY, Row
from tests.query.oracle import compare

from bangfu import Period
from bangfu.access import Viewer
from bangfu.declare.measures import AnyMeasure
from bangfu.registry import Link, MeasureField, Namespace, Node, Required

# By hand, so that a column that loses its mark is found, and one that gets one is looked at.
MASKS = {
    ("Person", "name"): "NAME",
    ("Person", "id_number"): "ID_NUMBER",
    ("Person", "health"): "HIDDEN",
    ("RegisterHelpMeasure", "responsible"): "NAME",
    ("PartyBuildingPartyOrganisation", "secretary"): "NAME",
    ("PublicServicesWelfareGrant", "kind"): "HIDDEN",
    ("ProbeCard", "holder"): "NAME",
    ("ProbeCard", "phone"): "PHONE",
    ("ProbeCard", "account"): "BANK_CARD",
    ("ProbeCard", "passport"): "ID_NUMBER",
    ("ProbeCard", "remark"): "HIDDEN",
    ("ProbeCard", "balance"): "HIDDEN",
    ("ProbeCard", "opened_on"): "HIDDEN",
}
PERSONAL = "personal:read"
KINDS = ("completeness", "consistency")


def masked(mask: str, value: Any) -> Any:
    """What is shown of a value to whoever may not read it."""
    if value is None or mask == "HIDDEN":
        return None
    shown = {
        "NAME": f"{value[:1]}**",
        "ID_NUMBER": f"{value[:6]}************",
        "PHONE": f"{value[:3]}****{value[-4:]}",
        "BANK_CARD": f"************{value[-4:]}",
    }
    return shown[mask]


def permission_of(node: Node) -> str | None:
    """What it takes to see rows of a type; nothing for places, their lineage and their targets."""
    if node.plugin is not None:
        return f"{node.plugin.name}:read"
    return "register:read" if node.name in ("Household", "Person") else None


class Eyes:
    """The world as a viewer sees it; a viewer that is None is the process itself and sees all."""

    def __init__(self, rows: Rows, numbers: Numbers, viewer: Viewer | None) -> None:
        self.rows = rows
        self.numbers = numbers
        self.viewer = viewer
        self._tables = {node.table.name: node for node in rows.graph.nodes.values() if not node.is_place}

    def may(self, permission: str | None) -> bool:
        """Whether the viewer holds a permission."""
        return permission is None or self.viewer is None or permission in self.viewer.permissions

    def sees(self, node: Node, row: Row) -> bool:
        """Whether a row is there for the viewer, who may look at rows of its type at all."""
        needed = permission_of(node)
        return needed is None or (self.may(needed) and self.covers(self.rows.lies(node, row)))

    def covers(self, code: int) -> bool:
        """Whether a place lies wholly inside one of the viewer's places."""
        if self.viewer is None or self.viewer.is_everywhere:
            return True
        return any(inside(code, place) for place in self.viewer.places)

    def all(self, node: Node) -> list[Row]:
        """The rows of a type that are there for the viewer."""
        return [row for row in self.rows.all(node) if self.sees(node, row)]

    def one(self, node: Node, link: Link, row: Row) -> Row | None:
        """What a row has one of."""
        found = self.rows.one(node, link.name, row)
        return found if found is not None and self.sees(link.target, found) else None

    def many(self, node: Node, link: Link, row: Row, **options: Any) -> list[Row]:
        """What a row has several of."""
        record = link.target if link.target.plugin is not None else None
        found = self.rows.many(node, link.name, row, record, **options)
        return [each for each in found if self.sees(link.target, each)]

    def value(self, node: Node, row: Row, column: str) -> Any:
        """A column, masked where it has to be."""
        mask = MASKS.get((node.name, column))
        return row[column] if mask is None or self.may(PERSONAL) else masked(mask, row[column])

    def shown(self, node: Node, row: Row) -> Row:
        """A row as a hand-written field gets it."""
        return {column: self.value(node, row, column) for column in row}

    def is_full(self, measure: AnyMeasure) -> bool:
        """Whether the viewer may see what a number is made of, wherever that lies inside its places."""
        read = [self.numbers.reads(part) for part in parts_of(measure)]
        may_read = all(self.may(permission_of(node)) for nodes, _ in read for node in nodes)
        return may_read and (
            self.may(PERSONAL) or not any(column in MASKS for _, columns in read for column in columns)
        )

    def is_told(self, measure: AnyMeasure, node: Node, row: Row, span: Span) -> bool:
        """Whether a number is told for a place, a household or a person."""
        looks_at_people = any(
            not node.grain.is_place for part in parts_of(measure) for node in self.numbers.reads(part)[0]
        )
        if not looks_at_people:
            return True
        full = self.is_full(measure)
        if not node.is_place:
            return full
        if full and self.covers(row["code"]):
            return True
        # How few households are behind a number of places that looks at them, nobody counts.
        is_of_places = not is_of_households(measure)
        if node.grain.value > 2 or is_of_places or not is_tellable(measure, span):
            return False
        own = self._own if full else ()
        return not self.numbers.small(measure, node.grain.value, row["district_code"], span, own)

    def told(self, measure: AnyMeasure, node: Node, row: Row, span: Span) -> Cell | None:
        """A number as it is told; None where it is withheld."""
        if not self.is_told(measure, node, row, span):
            return None
        return self.numbers.cells(measure, node.grain.value, span).get(row[node.key], NOTHING)

    def measured(self, field: MeasureField, node: Node, row: Row, span: Span) -> dict[str, Any]:
        """All that is told of a number but its receipt."""
        cell = self.told(field.measure, node, row, span)
        target = self._target(field, node, row, span)
        found: dict[str, Any] = {"value": None, "reported": None, "source": None, "isWithheld": cell is None}
        if cell is not None:
            found |= {"value": cell.value, "reported": cell.reported, "source": cell.source}
        return found | {
            "unit": field.measure.unit,
            "title": {"zh": field.measure.title.zh, "en": field.measure.title.en},
            "period": span.text,
            "asOf": span.last.isoformat(),
            "expected": self._expected(field.measure, node, row),
            "target": target,
            **self._progress(field, cell, target, span),
        }

    def parts(self, field: MeasureField, node: Node, row: Row, span: Span) -> list[dict[str, Any]]:
        """What each place one level below adds, as it is told."""
        if not node.is_place or node.grain.value == 4 or field.measure.grain.value <= node.grain.value:
            return []
        below = next(each for each in self.rows.graph.core.values() if each.grain.value == node.grain.value + 1)
        found = []
        for place in self.rows.tables["place"]:
            kind = {node.grain.value: node, below.grain.value: below}.get(place["level"])
            if kind is None or not inside(place["code"], row["code"]):
                continue
            is_due = kind is below and place["valid_from"] <= TODAY < (place["valid_to"] or TODAY.max)
            cells = self.numbers.cells(field.measure, below.grain.value, span)
            is_told = self.is_told(field.measure, kind, place, span)
            if is_due or (is_told and place["code"] in cells):
                cell = cells.get(place["code"], NOTHING) if is_told else Cell(None, None, None)  # type: ignore[arg-type]  # withheld
                part = {"code": place["code"], "name": place["name"], "value": cell.value, "reported": cell.reported}
                found.append(part | {"isWithheld": not is_told})
        return sorted(found, key=lambda part: part["code"])

    @cached_property
    def _own(self) -> tuple[int, ...]:
        if self.viewer is None or self.viewer.is_everywhere:
            return tuple(row["code"] for row in self.rows.tables["place"] if row["level"] == 1)
        return self.viewer.places

    def needs_of(self, required: Required) -> set[str]:
        """What it takes to be told of a requirement: to see its plugin's records and all that it looks at."""
        requirement, thing = required.requirement, self.rows.graph.core[required.requirement.of]
        found = {f"{required.plugin.name}:read", permission_of(thing) or f"{required.plugin.name}:read"}
        for condition in (requirement.holds, requirement.asked_of):
            if condition is not None:
                said = condition(thing.record)
                tables = {
                    self._tables[table].name: self._tables[table] for table in tables_in(said) & set(self._tables)
                }
                found |= {permission_of(node) or f"{required.plugin.name}:read" for node in tables.values()}
                marked = {(self._tables[table].name, name) for table, name in columns_in(said) if table in self._tables}
                found |= {PERSONAL} if marked & set(MASKS) else set()
        return found

    def standing(self, node: Node, row: Row, required: Required) -> bool | None:
        """Whether a requirement is met by a row; None where it is not asked of it, or not of this viewer."""
        if not all(map(self.may, self.needs_of(required))):
            return None
        if node.is_place and not self.covers(row["code"]):
            return None  # what is about other places is not seen
        return standing(self.looked_at, required.qualified, row)

    @property
    def looked_at(self) -> Rows:
        """The rows among which a requirement looks: all there are, in force or not."""
        return self.rows

    def completeness(self, node: Node, row: Row, kind: str) -> dict[str, Any]:
        """What is told of what is required of a row."""
        found = {each: self.standing(node, row, each) for each in required_of(node, kind)}
        answers = [is_met for is_met in found.values() if is_met is not None]
        return {
            "isComplete": all(answers) if answers else None,
            "met": answers.count(True),
            "asked": len(answers),
            "missing": [
                {
                    "name": each.qualified,
                    "plugin": each.plugin.name,
                    "group": each.requirement.group.name,
                    "groupTitle": vars(each.requirement.group.title),
                    "title": vars(each.requirement.title),
                    "mutation": each.mutation,
                    "column": each.column,
                }
                for each, is_met in found.items()
                if is_met is False
            ],
        }

    def _expected(self, measure: AnyMeasure, node: Node, row: Row) -> int:
        """How many units are to report: villages for what lies in them, wider places for their own facts."""
        unit = min(measure.of.__grain__.value, 3)
        if node.grain.value >= unit:
            return 1
        return sum(
            place["level"] == unit
            and inside(place["code"], row["code"])
            and place["valid_from"] <= TODAY < (place["valid_to"] or TODAY.max)
            for place in self.rows.tables["place"]
        )

    def _target(self, field: MeasureField, node: Node, row: Row, span: Span) -> Decimal | None:
        if field.indicator is None or not node.is_place:
            return None
        for target in self._targets.get((f"{field.plugin.name}.{field.measure.name}", row["code"]), ()):
            if (target["starts_on"], target["ends_on"]) == (span.start, span.end):
                value: Decimal = target["value"]
                return value
        return None

    @cached_property
    def _targets(self) -> dict[tuple[str, int], list[Row]]:
        found: dict[tuple[str, int], list[Row]] = {}
        for row in self.rows.tables["target"]:
            found.setdefault((row["indicator"], row["place_code"]), []).append(row)
        return found

    def _progress(self, field: MeasureField, cell: Cell | None, target: Decimal | None, span: Span) -> dict[str, Any]:
        found: dict[str, Any] = {"gap": None, "progress": None, "expectedByNow": None, "status": "NO_TARGET"}
        if target is None:
            return found
        assert field.indicator is not None
        assert not field.indicator.at_most, "the oracle knows no falling numbers"
        days = (span.end - span.start).days + 1
        elapsed = min(max((TODAY - span.start).days + 1, 0), days)
        expected = (target * elapsed / days).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if cell is None or cell.value is None:
            return found | {"expectedByNow": expected, "status": "WITHHELD" if cell is None else "NOT_REPORTED"}
        value = cell.value
        return {
            "gap": target - value,
            "progress": (value * 100 / target).quantize(Decimal("0.01"), ROUND_HALF_UP) if target else None,
            "expectedByNow": expected,
            "status": "ACHIEVED" if value >= target else "ON_TRACK" if value >= expected else "BEHIND",
        }


class Choosing:
    """Filters and orderings over what a viewer sees."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    def needs(self, node: Node, given: dict[str, Any]) -> Iterator[str]:
        """What it takes to ask for a filter, or for one step of an ordering."""
        for name, inner in given.items():
            if name in ("and", "or"):
                for each in inner:
                    yield from self.needs(node, each)
            elif name == "not":
                yield from self.needs(node, inner)
            elif name in node.attributes:
                if (node.name, node.attributes[name].column) in MASKS:
                    yield PERSONAL
            elif name in node.links:
                yield from self._needs_of_link(node.links[name], inner)
            elif name in KINDS:
                for key, each in inner.items():
                    for asked in each if key != "isComplete" else ():
                        yield from self._eyes.needs_of(node.namespaces[key].requirements[asked])
            elif name in node.namespaces:
                for key, each in inner.items():
                    if key in node.namespaces[name].links:
                        yield from self._needs_of_link(node.namespaces[name].links[key], each)

    def _needs_of_link(self, link: Link, given: dict[str, Any]) -> Iterator[str]:
        permission = permission_of(link.target)
        if permission is not None:
            yield permission
        for inner in given.values() if link.many else (given,):
            yield from self.needs(link.target, inner)

    def holds(self, node: Node, row: Row, given: dict[str, Any]) -> bool:
        """Whether a filter holds for a row: yes or no, also where values are missing."""
        return all(self._condition(node, row, name, inner) for name, inner in given.items())

    def ordered(self, node: Node, rows: list[Row], order: list[dict[str, Any]]) -> list[Row]:
        """Rows in the order asked for, those without a value last either way, by their keys where they tie."""
        found = sorted(rows, key=lambda row: row[node.key])
        for step in reversed(order):
            told = [(self._term(node, row, step), row) for row in found]
            known = [(value, row) for value, row in told if value is not None]
            known.sort(key=lambda pair: pair[0], reverse=_is_down(step))
            found = [row for _, row in known] + [row for value, row in told if value is None]
        return found

    def _condition(self, node: Node, row: Row, name: str, given: Any) -> bool:
        if name in ("and", "or"):
            return {"and": all, "or": any}[name](self.holds(node, row, each) for each in given)
        if name == "not":
            return not self.holds(node, row, given)
        if name == "id":
            return compare(typed_id(node, row), given, "text")
        if name in node.attributes:
            attribute = node.attributes[name]
            return compare(row[attribute.column], given, attribute.kind.value)
        if name in node.links:
            return self._linked(node, row, node.links[name], given)
        if name in KINDS:
            return all(self._required(node, row, name, key, inner) for key, inner in given.items())
        space = node.namespaces[name]
        return all(self._spaced(node, row, space, key, inner) for key, inner in given.items())

    def _required(self, node: Node, row: Row, kind: str, name: str, given: dict[str, Any]) -> bool:
        if name == "isComplete":
            return compare(self._eyes.completeness(node, row, kind)["isComplete"], given, "flag")
        asked = node.namespaces[name].requirements
        return all(compare(self._eyes.standing(node, row, asked[key]), inner, "flag") for key, inner in given.items())

    def _spaced(self, node: Node, row: Row, space: Namespace, name: str, given: dict[str, Any]) -> bool:
        if name in space.links:
            return self._linked(node, row, space.links[name], given)
        span = span_of(space.measures[name], {"period": given.get("period")})
        cell = self._eyes.told(space.measures[name].measure, node, row, span)
        rest = {operator: value for operator, value in given.items() if operator != "period"}
        return compare(cell.value if cell else None, rest, "decimal")

    def _linked(self, node: Node, row: Row, link: Link, given: dict[str, Any]) -> bool:
        if not link.many:
            other = self._eyes.one(node, link, row)
            return other is not None and self.holds(link.target, other, given)
        others = self._eyes.many(node, link, row)
        for quantifier, inner in given.items():
            held = [self.holds(link.target, each, inner) for each in others]
            if not {"some": any(held), "every": all(held), "none": not any(held)}[quantifier]:
                return False
        return True

    def _term(self, node: Node, row: Row, step: dict[str, Any]) -> Any:
        ((name, inner),) = step.items()
        if name in node.attributes:
            value = row[node.attributes[name].column]
            return value.name if isinstance(value, Enum) else value
        if name in node.links:
            other = self._eyes.one(node, node.links[name], row)
            return None if other is None else self._term(node.links[name].target, other, inner)
        field = node.namespaces[name].measures[next(iter(inner))]
        cell = self._eyes.told(field.measure, node, row, span_of(field, {}))
        return cell.value if cell else None


def span_of(field: MeasureField, given: dict[str, Any]) -> Span:
    """The period of a measure's arguments."""
    if given.get("milestone") is not None:
        since = field.indicator.since if field.indicator else date(TODAY.year, 1, 1)
        return Span(f"{since.year}/{given['milestone']}", since, date(given["milestone"], 12, 31))
    period = Period.parse(given.get("period") or str(TODAY.year))
    return Span(period.text, period.start, period.end)


def _is_down(step: dict[str, Any]) -> bool:
    inner = next(iter(step.values()))
    return inner == "DESC" if isinstance(inner, str) else _is_down(inner)


def plain_of(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
