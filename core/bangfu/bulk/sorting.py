"""Sorts rows of a file: new ones that can be taken as they are, many at once, and those in question.

What is in question goes to the engine that goes row by row, which takes it, or says why not. Sorting has to find all
that the engine would refuse, and all that changes rows which are there; it may be wrong the other way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from typing import Any

from sqlalchemy import Connection

from bangfu.access import Policy
from bangfu.bulk.found import Finder, known_rows
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated, table_of
from bangfu.intake.blocks import Block
from bangfu.intake.references import Reference
from bangfu.write.batch import Batch, Lines
from bangfu.write.outcome import Row
from bangfu.write.owners import find_owners, owner_column, wrong_level
from bangfu.write.plainly import Values, fits, is_plain, unique_keys

_REMEMBERED = 200_000
"""Owners that are remembered to be there."""


@dataclass(kw_only=True)
class Sorted:
    """Rows of a block in two sorts, each with its line."""

    batches: list[tuple[list[int], Batch]] = field(default_factory=list)
    """New rows that can be taken, by district; with the line of each."""

    doubtful: list[tuple[int, Row]] = field(default_factory=list)
    """The others, in the order of the file."""


class Sorter:
    """Sorts the rows of one file."""

    def __init__(self, record: type[Dated], policy: Policy, today: date) -> None:
        self._record = record
        self._policy = policy
        self._today = today
        table = table_of(record)
        self._table = table
        self._owner = owner_column(record)
        self._is_plain = is_plain(record)
        self._values = Values(record)
        self._lines = Lines(record)
        self._good: set[int] = set()
        """Owners that rows may be about."""

    def sort(self, connection: Connection, block: Block, finder: Finder) -> Sorted:
        """The rows of a block, as the database is now."""
        columns = self._given(block) if self._is_plain else None
        if block.rows and any(unique_keys(self._table)):
            columns = None  # rows of two shapes may have the same key
        found = Sorted(doubtful=list(block.rows))
        if columns is None:
            bad = set(range(len(block.lines)))
        else:
            columns = self._settled(columns, finder)
            bad = self._in_question(connection, columns)
            found.batches = self._batches(block.lines, columns, bad)
        found.doubtful += [(block.lines[position], block.row(position)) for position in bad]
        found.doubtful.sort(key=lambda each: each[0])
        return found

    def _given(self, block: Block) -> dict[str, Sequence[Any]] | None:
        """The columns of which a row has something, that of the owner first; None where many cannot be taken so."""
        columns = {name: values for name, values in block.columns.items() if any(value is not None for value in values)}
        if not columns or not fits(self._record, columns):
            return None
        if "recorded_on" in columns and "valid_from" not in columns:
            columns["valid_from"] = columns["recorded_on"]
        return {self._owner: columns.pop(self._owner), **columns}

    def _settled(self, columns: Mapping[str, Sequence[Any]], finder: Finder) -> dict[str, Sequence[Any]]:
        """The columns with codes and ids in place of names, as far as each means one."""
        owners = columns[self._owner]
        names = {each.text for each in owners if isinstance(each, Reference)}
        if not names:
            return dict(columns)
        single = {Reference(name): keys[0] for name, keys in finder.keys_of(names).items() if len(keys) == 1}
        return {**columns, self._owner: [single.get(each, each) for each in owners]}

    def _in_question(self, connection: Connection, columns: Mapping[str, Sequence[Any]]) -> set[int]:
        bad = self._values.in_question(columns)
        for name in ("source", "basis", "recorded_on", "valid_from"):
            bad |= {position for position, value in enumerate(columns.get(name, ())) if value is None}
        bad |= self._ending_early(columns)
        owners = columns[self._owner]
        wrong = self._wrong_owners(connection, {each for each in set(owners) if isinstance(each, int)})
        bad |= {position for position, each in enumerate(owners) if each in wrong} if wrong else set()
        return bad | self._of_keys(connection, columns, bad)

    def _ending_early(self, columns: Mapping[str, Sequence[Any]]) -> set[int]:
        """Rows that end before they begin to hold, or of which that is told only when they are written."""
        if "valid_to" not in columns:
            return set()
        if "valid_from" not in columns:
            return {position for position, end in enumerate(columns["valid_to"]) if end is not None}
        pairs = enumerate(zip(columns["valid_from"], columns["valid_to"], strict=True))
        return {position for position, (begin, end) in pairs if begin is None or (end is not None and end <= begin)}

    def _wrong_owners(self, connection: Connection, owners: set[int]) -> set[int]:
        new = owners - self._good
        places = find_owners(connection, self._owner, new, on=self._today)
        wrong = {
            each
            for each in new
            if each not in places
            or not self._policy.covers_code(places[each])
            or (self._owner == "place_code" and wrong_level(self._record, each) is not None)
        }
        if len(self._good) > _REMEMBERED:
            self._good.clear()
        self._good |= new - wrong
        return wrong

    def _of_keys(self, connection: Connection, columns: Mapping[str, Sequence[Any]], bad: set[int]) -> set[int]:
        """Rows that are there already by what there may be only one of, or come twice."""
        found: set[int] = set()
        keys = list(unique_keys(self._table))
        if not keys:
            return found
        named = {column.key for each in keys for column in each} | {self._owner}
        left = [position for position in range(len(columns[self._owner])) if position not in bad]
        rows = [{name: columns[name][position] for name in named} for position in left]
        known = known_rows(connection, self._record, rows)
        found |= {position for position, has in zip(left, known, strict=True) if has}
        for each in keys:
            # All rows, those in question too: two of which one is refused may still be taken one after the other.
            values = list(zip(*(columns[column.key] for column in each), strict=True))
            times = Counter(values)
            found |= {position for position, key in enumerate(values) if times[key] > 1 and None not in key}
        return found

    def _batches(
        self, lines: Sequence[int], columns: Mapping[str, Sequence[Any]], bad: set[int]
    ) -> list[tuple[list[int], Batch]]:
        left = [position not in bad for position in range(len(lines))] if bad else []
        if left:
            lines = list(compress(lines, left))
            columns = {name: list(compress(values, left)) for name, values in columns.items()}
        if not lines:
            return []
        owners = columns[self._owner]
        if min(owners) // DISTRICT_SPAN == max(owners) // DISTRICT_SPAN:
            return [self._batch(lines, columns)]
        districts = [each // DISTRICT_SPAN for each in owners]
        found = []
        for district in dict.fromkeys(districts):
            here = [each == district for each in districts]
            of_it = {name: list(compress(values, here)) for name, values in columns.items()}
            found.append(self._batch(list(compress(lines, here)), of_it))
        return found

    def _batch(self, lines: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> tuple[list[int], Batch]:
        """Rows that all lie in the same district, by what they are about.

        PostgreSQL looks at the same household for one row after the other, which is twice as fast as at another each.
        """
        district = columns[self._owner][0] // DISTRICT_SPAN
        order = sorted(range(len(lines)), key=columns[self._owner].__getitem__)
        written = self._lines.of(columns)
        body = "\n".join([written[each] for each in order])
        return [lines[each] for each in order], Batch(district=district, columns=tuple(columns), body=body)
