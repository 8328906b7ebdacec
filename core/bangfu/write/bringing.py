"""Brings the rows of one record back, as an entry of the log found them: looks at what comes, writes it, checks it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, String, cast, or_, select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import aliased
from sqlalchemy.schema import Column

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated, table_of
from bangfu.declare.text import Text
from bangfu.store.entries import rows_of_entry
from bangfu.write.entries import Entries
from bangfu.write.outcome import Action, Code
from bangfu.write.owners import not_in_force, owner_column, wrong_level
from bangfu.write.places import count_places
from bangfu.write.refused import told_by
from bangfu.write.returning import sealed_anew
from bangfu.write.reverting import OPPOSITE, Reverter, Run
from bangfu.write.standing import MOST, Entry, Shape
from bangfu.write.undone import CannotUndo, NotUndone
from bangfu.write.values import refusal

_COMING = f"({rows_of_entry()}) e WHERE e.record = :record AND e.action <> 'create'"
_CODES = text(
    "SELECT DISTINCT CAST(e.before ->> 'place_code' AS bigint)"  # noqa: S608 - our own words, here and below
    f" FROM {_COMING} AND e.before ->> 'place_code' IS DISTINCT FROM e.after ->> 'place_code'"
)
_IN_PLACES = text(
    f"SELECT DISTINCT e.row_id, CAST(e.before ->> 'place_code' AS bigint) AS code FROM {_COMING}"  # noqa: S608
    " AND e.before ->> 'place_code' IS DISTINCT FROM e.after ->> 'place_code'"
    f" AND CAST(e.before ->> 'place_code' AS bigint) = ANY(:codes) ORDER BY e.row_id LIMIT {MOST}"
)
_AT = text(f"SELECT e.row_id FROM ({rows_of_entry()}) e WHERE e.position = :first")  # noqa: S608
_OWNERS = text(
    "SELECT CAST(coalesce(after, before) ->> CAST(:owner AS text) AS bigint) AS owner, count(*) AS rows FROM change"
    " WHERE district_code = :district AND number = :made AND position > :offset GROUP BY 1"
)


class Bringing:
    """Brings rows of one record back, in the entry of a district that is being made."""

    def __init__(
        self, connection: Connection, entries: Entries, record: type[Dated], entry: Entry, shape: Shape, *, today: date
    ) -> None:
        self._connection = connection
        self._entries = entries
        self._record = record
        self._table = table = table_of(record)
        self._shape = shape
        self._today = today
        self._district = entry["district"]
        self._given: dict[str, Any] = {**entry, "record": table.name}
        self._made = entries.number(self._district)
        self._reverter = Reverter(
            connection,
            table,
            {**entry, "made": self._made},
            logged=shape.logged,
            changed=shape.changed,
            resealed=sealed_anew(connection, entries, record, entry, shape),
        )

    def check_places(self) -> None:
        """Raises CannotUndo where rows would come back to places in which nothing is entered any more."""
        if owner_column(self._record) != "place_code" or "place_code" not in self._shape.changed:
            return
        codes = list(self._connection.scalars(_CODES, self._given))
        wrong = {code: told for code in codes if (told := wrong_level(self._record, code)) is not None}
        wrong |= not_in_force(self._connection, codes, self._today)
        if wrong:
            rows = self._connection.execute(_IN_PLACES, {**self._given, "codes": list(wrong)})
            raise CannotUndo([self._refused(row.row_id, "place_code", *wrong[row.code]) for row in rows])

    def bring(self, run: Run) -> None:
        """Takes one run of changes back; raises CannotUndo where the table does not take some of the rows."""
        refused: list[NotUndone] = []
        self._attempt(run, refused)
        if refused:
            raise CannotUndo(refused)

    def broken(self) -> Iterator[NotUndone]:
        """The first of the rows that came back and break what is declared of them, each with all that it breaks."""
        yield from self._out_of_range()
        checks = self._record.__checks__
        if not checks or not self._shape.changed:
            return
        row: Any = aliased(self._record)
        holds = [check.holds(row).is_(False) for check in checks]
        for id_, *offends in self._connection.execute(self._of_these(row, holds), self._given):
            for check, is_broken in zip(checks, offends, strict=True):
                if is_broken:
                    yield self._refused(id_, check.column, Code.CHECK_FAILED, check.title)

    def _attempt(self, run: Run, refused: list[NotUndone]) -> None:
        """Where the database refuses some rows, halves lead to the row that it refuses; the later half comes first."""
        if len(refused) == MOST:
            return
        offset = self._entries.position(self._district)
        try:
            with self._connection.begin_nested():
                rows = self._reverter.revert(run, offset)
        except (IntegrityError, DataError) as error:
            if run.first == run.last:
                (id_,) = self._connection.scalars(_AT, {**self._given, "first": run.first})
                refused.append(self._refused(id_, *self._told(error, run.action)))
                return
            middle = (run.first + run.last) // 2
            for first, last in ((middle + 1, run.last), (run.first, middle)):
                self._attempt(Run(record=run.record, action=run.action, first=first, last=last), refused)
            return
        self._entries.add(self._record, self._district, self._places(rows, offset))

    def _told(self, error: IntegrityError | DataError, action: Action) -> tuple[str | None, Code, Text]:
        if isinstance(error, IntegrityError):
            return told_by(error, self._table, OPPOSITE[action])
        zh, en = "此表的列其後已改變，原值無法恢復。", "The table's columns have changed since: its values do not fit."
        return None, Code.UNREADABLE, Text(zh, en)

    def _places(self, rows: int, offset: int) -> Counter[int]:
        """Where the rows lie that were written; what is about nothing that there is, in the district."""
        owner, district = owner_column(self._record), self._district
        given = {"owner": owner, "district": district, "made": self._made, "offset": offset}
        counts: dict[int, int] = dict(self._connection.execute(_OWNERS, given).all())
        found = Counter(counts) if owner == "place_code" else count_places(self._connection, owner, counts)
        elsewhere = rows - found.total()
        return found + Counter({district * DISTRICT_SPAN: elsewhere})

    def _out_of_range(self) -> Iterator[NotUndone]:
        """Values that are no longer accepted: a column may take less than it did."""
        row: Any = aliased(self._record)
        columns = {name: self._table.c[name] for name in self._shape.changed}
        limits = {name: limit for name, each in columns.items() if (limit := _limit(each, row)) is not None}
        if not limits:
            return
        shown = [_shown(columns[name], getattr(row, name)) for name in limits]
        statement = self._of_these(row, list(limits.values()), shown)
        for id_, *found in self._connection.execute(statement, self._given):
            values = found[len(limits) :]
            for name, offends, value in zip(limits, found, values, strict=False):
                told = refusal(columns[name], value) if offends else None
                if told is not None:
                    yield self._refused(id_, name, *told)

    def _of_these(self, row: Any, offends: Sequence[ColumnElement[bool]], shown: list[Any] | None = None) -> Any:
        """The first rows that came back of which one of some conditions holds."""
        came = text(f"SELECT e.row_id FROM {_COMING}").columns(Column("row_id", BigInteger)).subquery()  # noqa: S608
        return (
            select(row.id, *offends, *(shown or ()))
            .where(row.district_code == self._district, row.id.in_(select(came.c.row_id)), or_(*offends))
            .order_by(row.id)
            .limit(MOST)
        )

    def _refused(self, id_: int, column: str | None, code: Code, message: Text) -> NotUndone:
        return NotUndone(record=self._table.name, row_id=id_, column=column, code=code, message=message)


def _limit(column: Column[Any], row: Any) -> ColumnElement[bool] | None:
    """What a value offends that its column alone does not accept."""
    field, value = field_of(column), getattr(row, column.key, None)
    if field is None or value is None:
        return None
    if field.choice is not None:
        return cast(value, String).not_in([each.name for each in field.choice])
    ends = [value < field.least] if field.least is not None else []
    ends += [value > field.most] if field.most is not None else []
    return or_(*ends) if ends else None


def _shown(column: Column[Any], value: Any) -> Any:
    """A value as it is told; a choice that is none any more cannot be read as one."""
    field = field_of(column)
    return cast(value, String) if field is not None and field.choice is not None else value
