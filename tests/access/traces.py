"""What of a row can be found in an answer's bytes: its id, and values that no other row has."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.access.eyes import Eyes
from tests.access.rows import Rows, typed_id
from tests.access.world import AMOUNTS, COUNTS, Row

from bangfu import Measure
from bangfu.registry import Node

_MARKS = re.compile(r"Q\d{6}Z")
_NUMBERS = re.compile(r"(?<![\w.:-])\d{5,7}(?:\.\d{1,2})?(?![\w.])")
_IDS = re.compile(r'(?<=")[A-Za-z]+:\d{6,15}(?=")')
_CURSORS = re.compile(r'"(?:cursor|startCursor|endCursor)":"([^"]+)"')


class Traces:
    """Whose row a value is."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._owners: dict[str, tuple[Node, Row, str]] = {}
        for node in rows.graph.nodes.values():
            if node.is_place or node.name in ("Target", "PlaceSuccession"):
                continue
            for row in rows.all(node):
                self._owners[typed_id(node, row)] = (node, row, "id")
                for column, value in row.items():
                    for mark in self._of(value):
                        self._owners[mark] = (node, row, column)

    def __len__(self) -> int:
        return len(self._owners)

    def hidden(self, eyes: Eyes) -> set[str]:
        """All that a viewer must not find in any answer."""
        told = {
            (measure.of, column)
            for space in next(iter(self._rows.graph.core.values())).namespaces.values()
            for field in space.measures.values()
            for measure in (field.measure,)
            # A number of places is told to everybody, and where it is made of one row it is that row's.
            if isinstance(measure, Measure) and measure.of.__grain__.is_place
            for column in ("source", measure.sum.key if measure.sum is not None else "")
        }
        return {
            trace
            for trace, (node, row, column) in self._owners.items()
            if (node.record, column) not in told
            and (not eyes.sees(node, row) or (column != "id" and eyes.value(node, row, column) != row[column]))
        }

    def found(self, answer: str) -> set[str]:
        """What of all rows stands in an answer, cursors included."""
        cursors = (urlsafe_b64decode(each + "=" * (-len(each) % 4)).decode() for each in _CURSORS.findall(answer))
        texts = [answer, *cursors]
        return {trace for text in texts for trace in self._in(text) if trace in self._owners}

    def _in(self, text: str) -> Iterator[str]:
        yield from _MARKS.findall(text)
        yield from _IDS.findall(text)
        yield from (str(Decimal(number).normalize()) for number in _NUMBERS.findall(text))

    def _of(self, value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield from _MARKS.findall(value)
        elif isinstance(value, Decimal) and AMOUNTS[0] < value < AMOUNTS[1]:
            yield str(value.normalize())
        elif type(value) is int and COUNTS[0] < value < COUNTS[1]:
            yield str(Decimal(value).normalize())
