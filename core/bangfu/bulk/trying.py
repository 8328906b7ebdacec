"""Tries rows that are in question: really writes them, so that all rules are kept that will be, and takes them back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bangfu.access import Policy
from bangfu.bulk.found import Finder, known_rows
from bangfu.declare.records import Dated
from bangfu.declare.text import Text
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Author, Code, Rejection, Row


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a row of the file is not taken, with its line as people count them."""

    line: int
    rejection: Rejection


class Trial:
    """Tries the rows of one file, some at a time."""

    def __init__(self, record: type[Dated], *, author: Author, policy: Policy, today: date) -> None:
        self._record = record
        self._author = author
        self._policy = policy
        self._today = today
        self._named: dict[int, int] = {}
        """The rows that are there and that the file names, each with the first line that does."""

    def tried(
        self, connection: Connection, finder: Finder, read: Sequence[tuple[int, Row]], counts: Counter[str]
    ) -> tuple[list[tuple[int, Row]], list[Refusal]]:
        """Those of some rows that can be taken, by their lines, and why others cannot; nothing stays of the trial."""
        lines = [line for line, _ in read]
        with connection.begin() as transaction:
            settled, unknown = finder.settle([row for _, row in read])
            refused = [Refusal(line=lines[each.row], rejection=each) for each in unknown]
            named = [(line, row) for line, row in zip(lines, settled, strict=True) if row is not None]
            known = known_rows(connection, self._record, [row for _, row in named], self._policy)
            whole = [(line, {**row, **has}) for (line, row), has in zip(named, known, strict=True)]
            changing, again = self._named_once([each for each in whole if "id" in each[1]])
            refused += again
            changes = Changes(connection, self._author, self._policy, self._today)
            taken: list[tuple[int, Row]] = []
            for action, given in (
                (Action.UPDATE, changing),
                (Action.CREATE, [each for each in whole if "id" not in each[1]]),
            ):
                if not given:
                    continue
                ids, rejections, unchanged = changes.apply(self._record, action, [row for _, row in given])
                refused += [Refusal(line=given[each.row][0], rejection=each) for each in rejections]
                counts["unchanged"] += len(unchanged)
                written = [each for n, each in enumerate(given) if ids[n] is not None and n not in unchanged]
                counts["updates" if action is Action.UPDATE else "creates"] += len(written)
                taken += written
            transaction.rollback()
        return sorted(taken, key=lambda each: each[0]), refused

    def _named_once(self, given: Sequence[tuple[int, Row]]) -> tuple[list[tuple[int, Row]], list[Refusal]]:
        """The rows that no line before theirs has named, and why the others are not taken: which of two holds?"""
        first = []
        again = []
        for line, row in given:
            before = self._named.setdefault(row["id"], line)
            if before == line:
                first.append((line, row))
                continue
            message = Text(
                f"此行與第{before}行是同一條記錄，一個文件中只能出現一次。",
                f"This is the same row as that of line {before}; a file may have it only once.",
            )
            rejection = Rejection(row=0, column="id", code=Code.DUPLICATE, message=message)
            again.append(Refusal(line=line, rejection=rejection))
        return first, again
