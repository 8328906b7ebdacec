"""Takes an entry of the log of changes back: a new entry, by which each of its rows is again what it was before.

A row that it created is deleted, one that it changed has its former values, one that it deleted is there again under
its id. Nothing is taken out of the log, and an undoing can be undone like all else. It is done where every row still
stands as the entry has left it, in the author's own places and with the author's permissions; else nothing is done.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, RootTransaction, select, text

from bangfu.access import PERSONAL, Forbidden, Policy, needed_to_change
from bangfu.access.permissions import is_open, needed_to_count
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated, columns_of
from bangfu.errors import UserError
from bangfu.store.entries import find_entry, rows_of_entry
from bangfu.store.reorganisations import REORGANISATION
from bangfu.write.bringing import Bringing
from bangfu.write.entries import Entries
from bangfu.write.once import Key, once
from bangfu.write.outcome import Author, Code, Outcome
from bangfu.write.reverting import OPPOSITE, Run
from bangfu.write.standing import Shape, changed_since, places_of, runs_of, shape_of
from bangfu.write.step import is_sensitive
from bangfu.write.undone import CannotUndo, NotUndone, Undone, UndoneRows, no_entry, whole

_LONGEST = 200
_PLACE_TABLES = frozenset(("place", "place_succession"))

Records = Mapping[str, type[Dated]]
"""The records whose rows are entered one by one, by their tables."""


def undo_once(
    connection: Connection,
    records: Records,
    district: int,
    number: int,
    *,
    key: Key | None = None,
    author: Author,
    policy: Policy,
    today: date,
    dry: bool = False,
) -> Undone:
    """Takes an entry of a district, of six digits, back in a transaction of its own; nothing stays of a dry run.

    Where the author has used the key before, what came of it then. Raises Forbidden where the author lacks a permission
    that the same changes take, and what `once` raises.
    """
    refused: Sequence[NotUndone] = ()

    def work(transaction: RootTransaction) -> Outcome:
        nonlocal refused
        undoing = Undoing(connection, records, district, number, policy, today)
        try:
            undoing.run()
        except CannotUndo as error:
            refused = error.refused
        if dry or refused:
            transaction.rollback()
            return Outcome(ids=())
        return Outcome(ids=(), written=undoing.entries.rows, change_sets=undoing.entries.close(author))

    outcome = once(connection, None if dry else key, author, work)
    return Undone(outcome=outcome, refused=refused, rows=() if refused else _rows(connection, district, number))


def undone_for(reason: str, number: int) -> str:
    """What an undoing is entered as in the log; raises UserError for a reason that is none."""
    kept = reason.replace("\u3000", " ").strip()  # the space of Chinese type
    if not (kept and kept.isprintable() and len(kept) <= _LONGEST):
        told = f"this is no reason. Accepted: 1 to {_LONGEST} printable characters."
        raise UserError(told, argument="reason")
    return f"changesUndo {number}: {kept}"


class Undoing:
    """Takes one entry back, in a transaction of somebody else's."""

    def __init__(
        self, connection: Connection, records: Records, district: int, number: int, policy: Policy, today: date
    ) -> None:
        self.entries = Entries(connection)
        self._connection = connection
        self._records = records
        self._number = number
        self._policy = policy
        self._today = today
        self._entry = {"district": district, "number": number}

    def run(self) -> None:
        """Writes what is to be written; raises CannotUndo, after which all of it has to be rolled back."""
        district = self._entry["district"]
        if find_entry(self._connection, district, self._number) is None:
            raise no_entry(self._number)
        runs = runs_of(self._connection, self._entry)
        tables = sorted({each.record for each in runs})
        self._check_places(tables)
        if unknown := [each for each in tables if each not in self._records]:
            raise self._not_here(unknown)
        records = [self._records[each] for each in tables]
        self._check_permissions(records)
        # What an entry says stays so. Nobody is kept waiting by whoever may not change its rows anyway.
        self.entries.hold([district])
        self._check_places(tables)  # where a household lies that its rows are about, others may have changed meanwhile
        shapes = {each.__tablename__: shape_of(self._connection, self._entry, each) for each in records}
        self._check_columns(shapes)
        changed = []
        for each in records:
            shape = shapes[each.__tablename__]
            changed += changed_since(self._connection, self._entry, each, shape, self._policy)
        if changed:
            raise CannotUndo(changed)
        self._write(runs, shapes)

    def _write(self, runs: Sequence[Run], shapes: Mapping[str, Shape]) -> None:
        bringing = {
            table: Bringing(self._connection, self.entries, self._records[table], self._entry, shape, today=self._today)
            for table, shape in shapes.items()
        }
        for each in bringing.values():
            each.check_places()
        # In the order in which it was done, turned round, so that at each step all is there that a row is about.
        for run in runs:
            bringing[run.record].bring(run)
        refused = [told for each in bringing.values() for told in each.broken()]
        if refused:
            raise CannotUndo(refused)

    def _check_places(self, tables: Sequence[str]) -> None:
        """Whoever is elsewhere learns of an entry nothing, not even that there is one."""
        if self._policy.covers_code(self._entry["district"] * DISTRICT_SPAN):
            return
        for table in tables:
            record = self._records.get(table)
            if record is None:
                raise no_entry(self._number)
            if not all(map(self._policy.covers_code, places_of(self._connection, self._entry, record))):
                raise no_entry(self._number)

    def _check_permissions(self, records: Sequence[type[Dated]]) -> None:
        """As for the same changes by hand; of what the author may not read either, there is no entry."""
        lacking = [each for each in records if not self._policy.holds(needed_to_change(each))]
        if any(not (is_open(each) or self._policy.holds(needed_to_count(each))) for each in lacking):
            raise no_entry(self._number)
        for each in lacking:
            raise Forbidden(needed_to_change(each))

    def _check_columns(self, shapes: Mapping[str, Shape]) -> None:
        for table, shape in shapes.items():
            columns = {column.name: column for column in columns_of(self._records[table])}
            if not self._policy.reads_personal and any(is_sensitive(columns[name]) for name in shape.changed):
                raise Forbidden(PERSONAL)
            if shape.lost:
                names = sorted(shape.lost)
                zh = f"{table}已沒有這些列，無法恢復其值：{'、'.join(names)}。"
                en = f"{table} no longer has these columns, whose values would come back: {', '.join(names)}."
                raise whole("number", Code.UNKNOWN_COLUMN, zh, en)

    def _not_here(self, tables: Sequence[str]) -> CannotUndo:
        """That an entry has rows which are not entered one by one."""
        table, district = REORGANISATION.c, self._entry["district"]
        mine = (table.entry == self._number) | (table.undone_entry == self._number)
        statement = select(table.number, table.undone_entry).where(table.district_code == district, mine)
        found = self._connection.execute(statement).first()
        if found is not None and found.undone_entry == self._number:
            zh = f"此變更撤銷了第{found.number}次區劃調整；如需恢復，請以placesReorganize重新調整。"
            en = f"This entry took reorganisation {found.number} back: carry that out anew by placesReorganize."
        elif found is not None:
            zh = f"此變更是第{found.number}次區劃調整；請用placesUndo撤銷。"
            en = f"This entry is reorganisation {found.number}: take that back by placesUndo."
        elif _PLACE_TABLES & set(tables):
            zh = "此變更涉及區劃本身，不能在此撤銷；區劃調整請用placesUndo撤銷。"
            en = "This entry changed places themselves; a reorganisation is taken back by placesUndo."
        else:
            told = ", ".join(tables)
            zh = f"此變更含有本系統未啟用的記錄：{told}。"
            en = f"This entry has rows of records that are not known here, as of a plugin that is off: {told}."
        return whole("number", Code.CHECK_FAILED, zh, en)


def _rows(connection: Connection, district: int, number: int) -> list[UndoneRows]:
    """What undoing an entry does with how many rows; what it did to them is what the log says it was."""
    statement = text(
        "SELECT record, action, count(DISTINCT row_id) AS rows"  # noqa: S608 - our own words
        f" FROM ({rows_of_entry()}) e GROUP BY record, action ORDER BY record, action"
    )
    with connection.begin():
        found = connection.execute(statement, {"district": district, "number": number}).all()
    actions = {action.value: opposite for action, opposite in OPPOSITE.items()}
    return [UndoneRows(record=each.record, action=actions[each.action], rows=each.rows) for each in found]
