"""Carries out a procedure: its function runs while the district is held, and all it changes is written or nothing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RootTransaction, select

from bangfu.access import Policy
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.fields import field_of, is_index
from bangfu.declare.procedures import Procedure, Row
from bangfu.declare.records import Dated, snake, table_of
from bangfu.declare.refusals import Refusal
from bangfu.declare.text import Text
from bangfu.write.arguments import districts_named, require_permissions, wrong_arguments
from bangfu.write.changing import Changes
from bangfu.write.once import Key, once
from bangfu.write.outcome import Action, Author, Code, Outcome, Rejection
from bangfu.write.owners import find_owners, not_in_force, owner_column, unknown_owner

_CALLED = {"place_code": "place", "household_id": "household", "person_id": "person"}
"""Under which argument a column is mostly given, where that is not called as the column."""

_NONE: Mapping[str, str] = {}


def proceed_once(
    connection: Connection,
    procedure: Procedure,
    given: Mapping[str, Any],
    *,
    key: Key | None = None,
    author: Author,
    policy: Policy,
    today: date,
    dry: bool = False,
) -> Outcome:
    """Carries out a procedure in a transaction of its own; where the author has used the key before, what came then.

    The outcome has one id, that of the row given back, and rejections by their arguments. Nothing stays of a dry run.
    Raises Forbidden where the author lacks a permission, and what `once` raises.
    """
    require_permissions(procedure, given, policy)

    def work(transaction: RootTransaction) -> Outcome:
        changes = Changes(connection, author, policy, today)
        id_, rejections = None, wrong_arguments(procedure, given)
        if not rejections:
            # All of them at once, in their order, so that no two who name the same ones wait for each other.
            changes.hold(districts_named(procedure, given))
            id_, rejections = _run(Proceeding(connection, changes, procedure, today), procedure, given)
        if dry or rejections:
            transaction.rollback()
            return Outcome(ids=[None], rejections=rejections)
        written = changes.written
        return Outcome(ids=[id_], written=written, change_sets=changes.close())

    return once(connection, None if dry else key, author, work)


def _run(steps: "Proceeding", procedure: Procedure, given: Mapping[str, Any]) -> tuple[int | None, list[Rejection]]:
    try:
        made = procedure.does(steps, **{each.name: given.get(each.name) for each in procedure.arguments})
    except Refusal as refusal:
        told = Rejection(row=0, column=refusal.argument, code=refusal.code, message=refusal.text)
        return None, steps.rejections or [told]
    # Also where the function went on: a part of what it wanted to write may have been written.
    return (None, steps.rejections) if steps.rejections else (made, [])


class Proceeding:
    """The steps of one procedure under way, as `Steps` has them."""

    def __init__(self, connection: Connection, changes: Changes, procedure: Procedure, today: date) -> None:
        self._connection = connection
        self._changes = changes
        self._procedure = procedure
        self._arguments = {each.name for each in procedure.arguments}
        self._today = today
        self.rejections: list[Rejection] = []
        """Why the engine did not take what was to be written."""

    @property
    def today(self) -> date:
        """The day on which the books stand."""
        return self._today

    def row(self, record: type[Dated], id_: int, argument: str, *, version: int | None = None) -> dict[str, Any]:
        """The row of an id."""
        self._changes.hold([id_ // DISTRICT_SPAN])
        table = table_of(record)
        found = self._rows(record, [table.c.district_code == id_ // DISTRICT_SPAN, table.c.id == id_])
        if not found:
            called = f"{snake(record.__name__)}_id"
            code, text = (
                unknown_owner(called, id_)
                if called in _CALLED
                else (Code.NOT_FOUND, Text(f"沒有編號為{id_}的記錄。", f"There is no row {id_}."))
            )
            raise Refusal(argument, code, text)
        (row,) = found
        if version is not None and row["version"] != version:
            zh = f"此行已被他人修改，現為第{row['version']}版。"
            en = f"Somebody has changed this row since: it is version {row['version']} now."
            raise Refusal("version", Code.STALE, Text(zh, en))
        return row

    def rows(self, record: type[Dated], *where: ColumnElement[bool]) -> list[dict[str, Any]]:
        """The rows of which the conditions hold, by their ids."""
        here = table_of(record).c.district_code.in_(sorted(self._changes.districts))
        return self._rows(record, [here, *where])

    def place(self, code: int, argument: str) -> None:
        """Refuses the argument where there is no such place in force, or none in the author's own."""
        known = find_owners(self._connection, "place_code", [code])
        if code not in known or not self._changes.covers(code):
            raise Refusal(argument, *unknown_owner("place_code", code))
        for gone in not_in_force(self._connection, [code], self._today).values():
            raise Refusal(argument, *gone)

    def create(self, record: type[Dated], *rows: Row, arguments: Mapping[str, str] = _NONE) -> list[int]:
        """Enters new rows; their ids."""
        return self._apply(record, Action.CREATE, rows, arguments)

    def update(self, record: type[Dated], *rows: Row, arguments: Mapping[str, str] = _NONE) -> None:
        """Changes rows."""
        self._apply(record, Action.UPDATE, rows, arguments)

    def delete(self, record: type[Dated], *rows: Row, arguments: Mapping[str, str] = _NONE) -> None:
        """Deletes rows."""
        self._apply(record, Action.DELETE, rows, arguments)

    def _rows(self, record: type[Dated], where: Sequence[ColumnElement[bool]]) -> list[dict[str, Any]]:
        """Rows in the author's places, without what the database keeps no clear text of."""
        table = table_of(record)
        columns = [each for each in table.c if not (is_index(each) or _is_sealed(each))]
        statement = select(*columns).where(*where).order_by(table.c.district_code, table.c.id)
        rows = [dict(row) for row in self._connection.execute(statement).mappings()]
        owner = owner_column(record)
        places = find_owners(self._connection, owner, {row[owner] for row in rows})
        return [row for row in rows if self._changes.covers(places[row[owner]])]

    def _apply(
        self, record: type[Dated], action: Action, rows: Sequence[Row], arguments: Mapping[str, str]
    ) -> list[int]:
        if record not in self._procedure.changed:
            name = self._procedure.name
            raise TypeError(f"procedure {name!r} changes rows of {record.__name__}, which its `changes` do not name")
        if not rows:
            return []
        ids, rejections, _ = self._changes.apply(record, action, rows)
        if rejections:
            self.rejections += [self._told(record, each, arguments) for each in rejections]
            first = self.rejections[0]
            raise Refusal(first.column, first.code, first.message)
        return [id_ for id_ in ids if id_ is not None]

    def _told(self, record: type[Dated], rejection: Rejection, arguments: Mapping[str, str]) -> Rejection:
        """Why a row was not taken, by the argument that was given for the column."""
        column = rejection.column or ""
        called = snake(record.__name__) if column == "id" else _CALLED.get(column, column)
        argument = arguments.get(column, called)
        return Rejection(
            row=0,
            column=argument if argument in self._arguments else None,
            code=rejection.code,
            message=rejection.message,
            suggestion=rejection.suggestion,
        )


def _is_sealed(column: Any) -> bool:
    field = field_of(column)
    return field is not None and field.sealed
