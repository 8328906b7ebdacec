"""One action on rows of one record: looks at what is given, and writes what can be taken."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlalchemy.schema import Column

from bangfu.access import PERSONAL, Forbidden, Policy
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import field_of, is_index
from bangfu.declare.records import Basis, Dated, table_of
from bangfu.declare.text import Text
from bangfu.query.values import among
from bangfu.write.entries import Entries
from bangfu.write.outcome import Action, Applied, Author, Code, Rejection, Row
from bangfu.write.owners import find_owners, not_in_force, owner_column, unknown_owner, wrong_level
from bangfu.write.plainly import Values
from bangfu.write.refused import told_by
from bangfu.write.sealing import Resealing
from bangfu.write.values import missing, refusal
from bangfu.write.writing import Writer

_OURS = ("district_code", "id", "version")
"""Columns of which a new row brings nothing."""

_DISTRICTS = range(100_000, 1_000_000)


class Step:
    """One action on rows of one record, by somebody, on a day."""

    def __init__(
        self,
        connection: Connection,
        entries: Entries,
        record: type[Dated],
        action: Action,
        rows: Sequence[Row],
        *,
        policy: Policy,
        author: Author,
        today: date,
    ) -> None:
        self._connection = connection
        self._entries = entries
        self._policy = policy
        self._record = record
        self._action = action
        self._rows = rows
        table = table_of(record)
        self._table = table
        self._columns = {each.key: each for each in table.columns if each.computed is None and not is_index(each)}
        self._owner = owner_column(record)
        self._today = today
        self._sealing = Resealing(connection, table)
        self._defaults = {
            "version": 1,
            "source": author.name[:200],
            "basis": Basis.ADMINISTRATIVE,
            "recorded_on": today,
            "valid_from": today,
        }
        """What a new row holds where nothing else is given."""

        self._rejections: list[Rejection] = []
        self._rejected: set[int] = set()
        self._unchanged: dict[int, int] = {}
        self._current: Mapping[int, Mapping[str, Any]] = {}
        self._gone: Mapping[int, tuple[Code, Text]] = {}
        """Places that are given and not in force, each with what is said of it."""

        self._where: dict[int, int] = {}
        """Where each row lies that is written, by its position."""

    def run(self) -> Applied:
        """Goes through what is given; a row that is rejected is looked at no further."""
        self._check_values()
        self._hold()
        self._find_current()
        self._check_owners()
        written = self._write_all()
        ids = [written.get(position) for position in range(len(self._rows))]
        rejections = sorted(self._rejections, key=lambda each: each.row)
        return Applied(ids, rejections, frozenset(self._unchanged))

    @property
    def _left(self) -> list[int]:
        return [position for position in range(len(self._rows)) if position not in self._rejected]

    def _reject(self, position: int, column: str | None, code: Code, message: Text) -> None:
        self._rejected.add(position)
        self._rejections.append(Rejection(row=position, column=column, code=code, message=message))

    def _check_values(self) -> None:
        # In a new row null is nothing; in one that is there, it takes away what is.
        is_new = self._action is Action.CREATE
        names = {name for row in self._rows for name, value in row.items() if value is not None or not is_new}
        sensitive = [name for name in names if is_sensitive(self._columns.get(name))]
        if sensitive and self._action is not Action.DELETE and not self._policy.reads_personal:
            raise Forbidden(PERSONAL)
        for position in sorted(self._in_question()):
            for name, value in self._rows[position].items():
                self._check_value(position, name, value)
        needed = {
            name: column
            for name, column in self._columns.items()
            if not column.nullable and name not in (*self._defaults, *_OURS)
        }
        seen: set[int] = set()
        for position, row in enumerate(self._rows):
            if self._action is Action.CREATE:
                for name, column in needed.items():
                    if name not in row:
                        self._reject(position, name, *missing(column))
                continue
            for name in ("id", "version"):
                if row.get(name) is None:
                    self._reject(position, name, *missing(self._columns[name]))
            if row.get("id") in seen:
                told = Text("同一行不能在一次變更中出現兩次。", "The same row may not be changed twice at once.")
                self._reject(position, "id", Code.DUPLICATE, told)
            seen.add(row.get("id", 0))

    def _in_question(self) -> Collection[int]:
        """The positions of rows of which values may be refused: rows of one shape are looked at by column."""
        every = range(len(self._rows))
        shapes = {tuple(row) for row in self._rows}
        names = next(iter(shapes), ())
        if len(shapes) != 1 or not all(self._may_be_given(name) for name in names):
            return every
        try:
            return Values(self._record).in_question({name: [row[name] for row in self._rows] for name in names})
        except TypeError:  # a list stands where one value should, and is no member of a set
            return every

    def _may_be_given(self, name: str) -> bool:
        return name in self._columns and name not in (_OURS if self._action is Action.CREATE else _OURS[:1])

    def _check_value(self, position: int, name: str, value: Any) -> None:
        column = self._columns[name] if self._may_be_given(name) else None
        if column is None:
            told = Text(f"沒有可填的列{name}。", f"There is no column {name} to be given.")
            self._reject(position, name, Code.UNKNOWN_COLUMN, told)
        elif (found := refusal(column, value)) is not None:
            self._reject(position, name, *found)

    def _hold(self) -> None:
        key = self._owner if self._action is Action.CREATE else "id"
        districts = {self._rows[position][key] // DISTRICT_SPAN for position in self._left}
        # Of a district that nobody has heard of there is nothing to hold, and its rows are told to be unknown.
        self._entries.hold([each for each in districts if each in _DISTRICTS])

    def _find_current(self) -> None:
        if self._action is Action.CREATE:
            return
        keys = sorted(self._rows[position]["id"] for position in self._left)
        districts = sorted({key // DISTRICT_SPAN for key in keys})
        table = self._table
        statement = select(table).where(table.c.district_code.in_(districts), among(table.c.id, keys)).with_for_update()
        rows = self._connection.execute(statement).mappings()
        self._current = {row["id"]: dict(row) for row in rows}

    def _check_owners(self) -> None:
        """Rows have to lie in the author's own places, before and after."""
        before = {row[self._owner] for row in self._current.values()}
        given = {row[self._owner] for row in self._rows if isinstance(row.get(self._owner), int)}
        places = find_owners(self._connection, self._owner, before | given)
        if self._owner == "place_code" and self._action is not Action.DELETE:
            self._gone = not_in_force(self._connection, given, self._today)
        for position in self._left:
            row = self._rows[position]
            current = self._current.get(row["id"]) if self._action is not Action.CREATE else None
            if self._action is not Action.CREATE:
                if current is None or not self._policy.covers_code(places[current[self._owner]]):
                    told = Text(f"沒有編號為{row['id']}的記錄。", f"There is no row {row['id']}.")
                    self._reject(position, "id", Code.NOT_FOUND, told)
                    continue
                self._where[position] = places[current[self._owner]]
                if current["version"] != row["version"]:
                    told = Text(
                        f"此行已被他人修改，現為第{current['version']}版。",
                        f"Somebody has changed this row since: it is version {current['version']} now.",
                    )
                    self._reject(position, "version", Code.STALE, told)
                    continue
            if self._owner in row and self._action is not Action.DELETE:
                self._check_owner(position, row[self._owner], current, places)

    def _check_owner(
        self, position: int, key: int, current: Mapping[str, Any] | None, places: Mapping[int, int]
    ) -> None:
        code = places.get(key)
        if self._owner == "place_code" and (wrong := wrong_level(self._record, key)) is not None:
            self._reject(position, self._owner, *wrong)
        elif code is None or not self._policy.covers_code(code):
            self._reject(position, self._owner, *unknown_owner(self._owner, key))
        elif key in self._gone and (current is None or current[self._owner] != key):
            self._reject(position, self._owner, *self._gone[key])
        elif current is not None and key // DISTRICT_SPAN != current["district_code"]:
            told = Text("不能改到另一個區縣。", "A row cannot be moved to another district.")
            self._reject(position, self._owner, Code.OUT_OF_RANGE, told)
        else:
            self._where[position] = code

    def _write_all(self) -> dict[int, int]:
        rows = {position: self._whole(position) for position in self._left}
        if self._action is Action.UPDATE:
            self._unchanged = {position: row["id"] for position, row in rows.items() if not self._differs(row)}
        by_district: dict[int, list[int]] = {}
        for position, row in rows.items():
            if position not in self._unchanged:
                by_district.setdefault(row["district_code"], []).append(position)
        written = dict(self._unchanged)
        for district, positions in sorted(by_district.items()):
            taken = self._write_district(district, positions, rows)
            self._entries.add(self._record, district, Counter(self._where[position] for position in taken))
            written |= {position: rows[position]["id"] for position in taken}
        return written

    def _write_district(self, district: int, positions: list[int], rows: Mapping[int, Row]) -> list[int]:
        """Writes rows of a district that keep all rules; the positions of those that did."""
        writer = Writer(self._connection, self._table, district, self._entries.number(district))
        if not self._record.__checks__ or self._action is Action.DELETE:
            return list(self._attempt(writer, positions, rows, self._entries.position(district)))
        while positions:
            attempt = self._connection.begin_nested()
            written = list(self._attempt(writer, positions, rows, self._entries.position(district)))
            broken = self._broken(written, rows)
            if not broken:
                attempt.commit()
                return written
            attempt.rollback()
            positions = [position for position in written if position not in broken]
        return []

    def _attempt(self, writer: Writer, positions: list[int], rows: Mapping[int, Row], last: int) -> Iterator[int]:
        """Writes what can be written; where the database refuses some, halves lead to the row that it refuses."""
        try:
            with self._connection.begin_nested():
                writer.write(self._action, [rows[position] for position in positions], last)
        except IntegrityError as error:
            if len(positions) == 1:
                self._reject(positions[0], *told_by(error, self._table, self._action))
                return
            middle = len(positions) // 2
            first = list(self._attempt(writer, positions[:middle], rows, last))
            yield from first
            yield from self._attempt(writer, positions[middle:], rows, last + len(first))
        else:
            yield from positions

    def _broken(self, written: list[int], rows: Mapping[int, Row]) -> set[int]:
        """The rows that break a declared rule as they stand now, each rejected with all that it breaks."""
        checks = self._record.__checks__
        if not written:
            return set()
        row = aliased(self._record)
        ids = {rows[position]["id"]: position for position in written}
        holds = [check.holds(row).is_(False) for check in checks]
        districts = sorted({key // DISTRICT_SPAN for key in ids})
        statement = select(row.id, *holds).where(  # type: ignore[attr-defined]  # what has checks has an id
            row.district_code.in_(districts),
            among(row.id, sorted(ids)),  # type: ignore[attr-defined]
            or_(*holds),
        )
        found = set()
        for id_, *offends in self._connection.execute(statement):
            found.add(ids[id_])
            for check, is_broken in zip(checks, offends, strict=True):
                if is_broken:
                    self._reject(ids[id_], check.column, Code.CHECK_FAILED, check.title)
        return found

    def _whole(self, position: int) -> dict[str, Any]:
        """A row as it is written: with its keys, and sealed where it has to be."""
        given, keys = self._rows[position], ("district_code", "id")
        if self._action is Action.CREATE:
            district = given[self._owner] // DISTRICT_SPAN
            row = {**dict.fromkeys(self._columns), **self._defaults, **given}
            row |= {"district_code": district, "id": self._entries.next_id(self._table, district)}
            if "valid_from" not in given:
                row["valid_from"] = row["recorded_on"]
            return self._sealing.seal(self._entries, row, given, {})
        current = self._current[given["id"]]
        row = {name: current[name] for name in keys}
        if self._action is Action.UPDATE:
            row |= {name: given.get(name, current[name]) for name in self._changed}
            return self._sealing.seal(self._entries, row, given, current)
        return row

    @cached_property  # asked for each row
    def _changed(self) -> list[str]:
        """The columns that any of the rows changes, in the table's order."""
        given = {name for row in self._rows for name in row} - set(_OURS)
        return [name for name in self._columns if name in given]

    def _differs(self, row: Row) -> bool:
        current = self._current[row["id"]]
        return any(value != current[name] for name, value in row.items())


def is_sensitive(column: Column[Any] | None) -> bool:
    """Whether a column holds personal data."""
    field = None if column is None else field_of(column)
    return field is not None and field.sensitive is not None
