"""Many new rows of one record in one district, as they are handed to COPY: made of values, and made values again."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, Integer, Numeric
from sqlalchemy.schema import Column

from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated, table_of
from bangfu.write.copy import NULL, Writer, writer_of

_ESCAPED = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}
_ESCAPE = re.compile(r"\\(.)")
_REMEMBERED = 100_000


@dataclass(frozen=True, kw_only=True)
class Batch:
    """New rows of a district; what they leave out has a value by itself, or one for all of them."""

    district: int
    columns: Sequence[str]
    """The first is that of what the rows are about."""

    body: str
    """The rows in COPY's text form: one on each line, its values between tabs."""


class Lines:
    """Makes rows of one record lines for COPY."""

    def __init__(self, record: type[Dated]) -> None:
        self._written = {column.key: _Written(writer_of(column.type)) for column in table_of(record).columns}

    def of(self, columns: Mapping[str, Sequence[Any]]) -> list[str]:
        """Rows that are given by columns, all of which the record has."""
        written = [map(self._written[name].__getitem__, values) for name, values in columns.items()]
        return list(map("\t".join, zip(*written, strict=True)))


def rows_of(record: type[Dated], batch: Batch) -> list[dict[str, Any]]:
    """The rows that the lines were made of."""
    readers = [_reader(table_of(record).c[name]) for name in batch.columns]
    found = []
    for line in batch.body.split("\n"):
        values = zip(batch.columns, readers, line.split("\t"), strict=True)
        found.append({name: None if text == NULL else read(text) for name, read, text in values})
    return found


def in_parts(lines: Sequence[int], batch: Batch, most: int) -> Iterator[tuple[Sequence[int], Batch]]:
    """The rows of a batch, at most so many at a time, each part with their lines in the file."""
    if len(lines) <= most:
        yield lines, batch
        return
    rows = batch.body.split("\n")
    for begin in range(0, len(rows), most):
        part = replace(batch, body="\n".join(rows[begin : begin + most]))
        yield lines[begin : begin + most], part


class _Written(dict[Any, str]):
    """The text of values of one column, which repeat themselves; a value of a column is always of one kind."""

    def __init__(self, write: Writer) -> None:
        super().__init__({None: NULL})
        self._write = write

    def __missing__(self, value: Any) -> str:
        written = self._write(value)
        # Equal numbers may be written in two ways, and are then kept as the same.
        if len(self) < _REMEMBERED:
            self[value] = written
        return written


def _reader(column: Column[Any]) -> Callable[[str], Any]:
    field = field_of(column)
    if field is not None and field.choice is not None:
        return field.choice.__getitem__
    for kind, read in _READERS:
        if isinstance(column.type, kind):
            return read
    return _plain


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED[found[1]], text) if "\\" in text else text


_READERS: tuple[tuple[Any, Callable[[str], Any]], ...] = (
    (Boolean, lambda text: text == "t"),
    (Date, date.fromisoformat),
    (Numeric, Decimal),
    (Integer, int),
)
