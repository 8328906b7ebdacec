"""What lists and measures mean, in plain Python over plain rows: slow, simple, and sharing nothing with the queries."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

from tests.query.kinds import KINDS, LEVELS, NUMBERS, PERIODS, PLACES, SPANS, Kind
from tests.query.world import TODAY, Row, Tables


class World:
    """The rows, and what can be asked of them."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        for rows in tables.values():
            for row in rows:
                row["version"] = 1
        self._places = {row["code"]: row for row in tables["place"]}
        self._households = {row["id"]: row for row in tables["household"]}
        self._people = {row["id"]: row for row in tables["person"]}

    def all(self, kind: Kind) -> list[Row]:
        """All rows of a kind, whether in force or not."""
        rows = self.tables[kind.table]
        return [row for row in rows if row["level"] == kind.level] if kind.table == "place" else rows

    def listed(self, kind: Kind, within: int | None = None) -> list[Row]:
        """The rows of a list from the root: places have to be in force, and all inside the place that is given.

        Households and records of a place that is no more are still rows of the district: only the place is gone.
        """
        return [
            row
            for row in self.all(kind)
            if _listed(row) and (within is None or _inside(self._code(kind.table, row), within))
        ]

    def id(self, kind: Kind, row: Row) -> str:
        """A row's typed id."""
        if kind.table != "place":
            return f"{kind.prefix}:{row['id']}"
        return f"{kind.prefix}:{str(row['code'])[: 3 + 3 * kind.level]}"

    def one(self, kind: Kind, name: str, row: Row) -> Row | None:
        """The row at the other end of a to-one link; a place also where it is no longer in force."""
        if name == "household":
            return self._households[row["household_id"]]
        if name == "person":
            return self._people[row["person_id"]]
        if name == "head":
            # Where there are two by mistake, the one entered first.
            heads = [each for each in self.many(kind, "members", row) if each["relation"].name == "HEAD"]
            return heads[0] if heads else None
        code = row["code"] if kind.table == "place" else row["place_code"]
        place = self._places.get(code // SPANS[name] * SPANS[name])
        return place if place is not None and place["level"] == LEVELS[name] else None

    def many(self, kind: Kind, name: str, row: Row, space: str | None = None) -> list[Row]:
        """The rows at the other end of a to-many link: places in force, members who have not left."""
        tables = self.tables
        if space is not None:
            table, column = {
                "plots": ("plot", "household_id"),
                "works": ("work", "place_code"),
                "lessons": ("lesson", "person_id"),
            }[name]
            return [each for each in tables[table] if each[column] == row["code" if kind.table == "place" else "id"]]
        if name == "members":
            return [each for each in tables["person"] if each["household_id"] == row["id"] and each["left_on"] is None]
        if name == "households":
            return [each for each in tables["household"] if _inside(each["place_code"], row["code"])]
        return [
            each
            for each in tables["place"]
            if each["level"] == PLACES[name] and _listed(each) and _inside(each["code"], row["code"])
        ]

    def measure(self, kind: Kind, row: Row, space: str, name: str, period: str = "2015") -> Decimal | None:
        """A measure's value; None where nothing has been reported.

        A row that is there but does not count says "none", which is zero; one without its amount says nothing.
        What lies in a place counts for it, whether or not the place is still in force, as a yearbook's totals do.
        """
        number = NUMBERS[space, name]
        if number.by is not None:
            above = self.measure(kind, row, "beta", "trained", period)
            below = self.measure(kind, row, *number.by, period)
            if above is None or not below:
                return None
            return (above * 100 / below).quantize(Decimal("0.01"), ROUND_HALF_UP)
        start, end = PERIODS[period]
        end = min(end, TODAY)
        mine = [each for each in self.tables[number.table] if self._belongs(number.table, each, kind, row)]
        if number.flow:
            counted = [each for each in mine if each[number.on] is not None and start <= each[number.on] <= end]
            reported = counted or [each for each in mine if start <= each["recorded_on"] <= end]
        else:
            counted = [
                each
                for each in mine
                if each["valid_from"] <= end and (each["valid_to"] is None or each["valid_to"] > end)
            ]
            reported = counted
        return number.of([each for each in counted if number.where(each)]) if reported else None

    def holds(self, kind: Kind, row: Row, given: dict[str, Any]) -> bool:
        """Whether a filter holds for a row: yes or no, also where values are missing.

        Each row is either in a list or in the list of `not` the same filter, so that the two counts add up to all rows.
        """
        return all(self._condition(kind, row, name, value) for name, value in given.items())

    def ordered(self, kind: Kind, rows: list[Row], order: list[dict[str, Any]]) -> list[Row]:
        """Rows in the order asked for, by code or id where it ties, whichever way the order goes.

        Rows without a value come last in both directions: whoever asks for the most or the least wants to see numbers
        first. Texts go by code point, so that two databases with different locales agree.
        """
        found = sorted(rows, key=lambda row: row["code" if kind.table == "place" else "id"])
        for step in reversed(order):
            told = [(self._value(kind, row, step), row) for row in found]
            known = [(value[0], row) for value, row in told if value[0] is not None]
            descending = _direction(step) == "DESC"
            known.sort(key=lambda pair: pair[0], reverse=descending)
            found = [row for _, row in known] + [row for value, row in told if value[0] is None]
        return found

    def _condition(self, kind: Kind, row: Row, name: str, value: Any) -> bool:
        if name == "and":
            return all(self.holds(kind, row, each) for each in value)
        if name == "or":
            return any(self.holds(kind, row, each) for each in value)
        if name == "not":
            return not self.holds(kind, row, value)
        if name == "id":
            return compare(self.id(kind, row), value, "text")
        if name in kind.attributes:
            column, sort = kind.attributes[name]
            return compare(row.get(column), value, sort)
        if name in kind.ones:
            other = self.one(kind, name, row)
            return other is not None and self.holds(KINDS[kind.ones[name]], other, value)
        if name in kind.many:
            return self._quantified(KINDS[kind.many[name]], self.many(kind, name, row), value)
        return all(self._spaced(kind, row, name, inner, each) for inner, each in value.items())

    def _spaced(self, kind: Kind, row: Row, space: str, name: str, value: dict[str, Any]) -> bool:
        lists = kind.spaces[space]
        if name in lists:
            return self._quantified(KINDS[lists[name]], self.many(kind, name, row, space), value)
        rest = {operator: each for operator, each in value.items() if operator != "period"}
        return compare(self.measure(kind, row, space, name, value.get("period", "2015")), rest, "decimal")

    def _quantified(self, kind: Kind, rows: list[Row], given: dict[str, Any]) -> bool:
        for name, inner in given.items():
            held = [self.holds(kind, row, inner) for row in rows]
            if not {"some": any(held), "every": all(held), "none": not any(held)}[name]:
                return False
        return True

    def _value(self, kind: Kind, row: Row, step: dict[str, Any]) -> tuple[Any]:
        name, inner = next(iter(step.items()))
        if name in kind.attributes:
            value = row.get(kind.attributes[name][0])
            return (value.name if isinstance(value, Enum) else value,)
        if name in kind.ones:
            other = self.one(kind, name, row)
            return (None,) if other is None else self._value(KINDS[kind.ones[name]], other, inner)
        return (self.measure(kind, row, name, next(iter(inner))),)

    def _belongs(self, table: str, each: Row, kind: Kind, row: Row) -> bool:
        if kind.table == "place":
            return _inside(self._code(table, each), row["code"])
        if kind.table == "household":
            home = {
                "household": each.get("id"),
                "lesson": self._people.get(each.get("person_id", 0), {}).get("household_id"),
            }
            return bool(home.get(table, each.get("household_id")) == row["id"])
        return bool({"person": each["id"]}.get(table, each.get("person_id")) == row["id"])

    def _code(self, table: str, row: Row) -> int:
        """Where a row lies."""
        if table == "lesson":
            return self._code("person", self._people[row["person_id"]])
        if table in ("person", "plot"):
            return self._code("household", self._households[row["household_id"]])
        code: int = row["code" if table == "place" else "place_code"]
        return code


def compare(value: Any, operators: dict[str, Any], sort: str) -> bool:
    """Whether a value passes all operators; a missing one passes `ne` and `isNull: true` only."""
    return all(_passes(value, operator, given, sort) for operator, given in operators.items())


def _passes(value: Any, operator: str, given: Any, sort: str) -> bool:
    if operator == "isNull":
        return (value is None) is given
    if operator == "in":
        return any(_passes(value, "eq", each, sort) for each in given)
    wanted = _sent(given, sort)
    if operator == "ne":
        return value is None or _plain(value) != wanted
    if value is None:
        return False
    found = _plain(value)
    operations: dict[str, Callable[[], bool]] = {
        "eq": lambda: found == wanted,
        "gt": lambda: found > wanted,
        "gte": lambda: found >= wanted,
        "lt": lambda: found < wanted,
        "lte": lambda: found <= wanted,
        "contains": lambda: wanted in found,
        "startsWith": lambda: found[: len(wanted)] == wanted,
    }
    return operations[operator]()


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Enum) else value


def _sent(given: Any, sort: str) -> Any:
    if sort == "decimal":
        return Decimal(str(given))
    if sort == "day":
        return date.fromisoformat(given)
    return int(given.ljust(15, "0")) if sort == "code" else given


def _direction(step: dict[str, Any]) -> str:
    inner = next(iter(step.values()))
    return inner if isinstance(inner, str) else _direction(inner)


def _listed(row: Row) -> bool:
    if "level" not in row:
        return True
    return bool(row["valid_from"] <= TODAY and (row["valid_to"] is None or row["valid_to"] > TODAY))


def _inside(code: int, place: int) -> bool:
    digits = str(place)
    while digits.endswith("000"):
        digits = digits[:-3]
    return str(code).startswith(digits) or code == place
