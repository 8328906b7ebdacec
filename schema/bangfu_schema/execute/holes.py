"""Fills the holes that a statement leaves in its JSON, where fields are written by hand: all of them at once."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

import orjson

from bangfu.registry import Node
from bangfu_schema.compile.build import Hole
from bangfu_schema.derive.row import Row
from bangfu_schema.execute.seam import Reached

_Read = Callable[[Any], Any]


async def filled(answer: bytes, mark: str, holes: Sequence[Hole], reached: Reached) -> bytes | None:
    """The JSON with a value in each hole; all around them stays as it came. None where a value cannot be had."""
    found = list(_pattern(mark).finditer(answer))
    fields = [(holes[int(each[1])], _row(holes[int(each[1])].node, each[2])) for each in found]
    values = await reached.filling([(hole.field, hole.key, row) for hole, row in fields])
    if values is None:
        return None
    parts: list[bytes] = []
    end = 0
    for each, value in zip(found, values, strict=True):
        parts += (answer[end : each.start()], orjson.dumps(value))
        end = each.end()
    return b"".join((*parts, answer[end:]))


def _pattern(mark: str) -> re.Pattern[bytes]:
    """A text that begins with the mark, then the number of the hole, then the row."""
    return re.compile(rb'"' + mark.encode() + rb':(\d+):((?:[^"\\]|\\.)*)"')


def _row(node: Node, text: bytes) -> Row:
    """The row as hand-written fields see it: the columns' own types."""
    plain = json.loads(orjson.loads(b'"' + text + b'"'), parse_float=Decimal)
    reads = _reads(node)
    return Row(node, {name: None if value is None else reads[name](value) for name, value in plain.items()})


@cache
def _reads(node: Node) -> Mapping[str, _Read]:
    return {column.name: _read_of(column.type.python_type) for column in node.table.c}


def _read_of(type_: type[Any]) -> _Read:
    """How a column's value follows from its JSON."""
    if issubclass(type_, Enum):
        return type_.__getitem__
    return date.fromisoformat if type_ is date else type_
