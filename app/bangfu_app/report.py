"""Holds the figures of the report against the graph: one document asks, its aliases say which figure is which."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bangfu.errors import OperationError
from bangfu_app.examples import text_of

DOCUMENT = "report.graphql"
FIGURES = "figures.csv"
_DOT = "__"
_UNKNOWN_FIELD = "GRAPHQL_VALIDATION_FAILED"
_DEMO = "`bangfu demo --no-serve` builds the demo district."
_ALL_PLUGINS = "It asks all plugins that came with bangfu; is one switched off? See `bangfu plugin list`."


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number as the report tells it."""

    id: str
    phrase: str
    reported: Decimal
    unit: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A figure beside what the graph says; `actual` is None where the graph says that nothing was reported."""

    figure: Figure
    actual: Decimal | None

    @property
    def equal(self) -> bool:
        """Whether the two are the same number, to the last digit."""
        return self.actual == self.figure.reported


def document() -> str:
    """The document that asks for every figure the graph can tell."""
    return text_of(DOCUMENT)


def figures() -> dict[str, Figure]:
    """All figures of the report by their ids, those included that the graph cannot tell yet."""
    rows = csv.DictReader(text_of(FIGURES).splitlines())
    return {
        row["id"]: Figure(id=row["id"], phrase=row["phrase"], reported=Decimal(row["value"]), unit=row["unit"])
        for row in rows
    }


def compare(answer: Mapping[str, Any]) -> list[Line]:
    """One line for each figure that the document asked for, in the document's order."""
    errors = answer.get("errors")
    if errors:
        told = "; ".join(error["message"].rstrip(".") for error in errors[:3])
        is_unknown = any(error.get("extensions", {}).get("code") == _UNKNOWN_FIELD for error in errors)
        remedy = _ALL_PLUGINS if is_unknown else _DEMO
        raise OperationError(f"The graph did not answer the report's query: {told}.", remedy=remedy)
    known = figures()
    lines = [Line(figure=known[identity], actual=value) for identity, value in _told(answer.get("data"))]
    if not lines:
        raise OperationError("The district of the report is not in this database.", remedy=_DEMO)
    return lines


def _told(node: object) -> Iterator[tuple[str, Decimal | None]]:
    """Every aliased value below: `industry__orchard_area: … { value }` is figure `industry.orchard_area`."""
    if not isinstance(node, Mapping):
        return
    for alias, value in node.items():
        if _DOT in alias:
            number = value["value"] if value is not None else None
            # Through text: a JSON number with at most 15 digits is the decimal that was stored.
            yield alias.replace(_DOT, "."), None if number is None else Decimal(str(number))
        else:
            yield from _told(value)
