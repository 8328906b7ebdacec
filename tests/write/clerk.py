"""Somebody who changes rows, and what is then in the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import event, text

from bangfu.access import EVERYTHING, Policy
from bangfu.declare.procedures import Procedure
from bangfu.declare.records import Dated
from bangfu.registry import discover
from bangfu.store import Database
from bangfu.store.audit import Chain, verify
from bangfu.write.changing import change
from bangfu.write.outcome import Action, Author, Outcome
from bangfu.write.proceeding import proceed_once
from bangfu.write.undoing import undo_once, undone_for
from bangfu.write.undone import Undone
from bangfu_industry.records import CropKind
from bangfu_schema.derive.changes import changeable

TODAY = date(2015, 12, 31)
DISTRICT = 620502
BASE = DISTRICT * 10**9
HOME = BASE + 1


def planting(**given: Any) -> dict[str, Any]:
    """A row as it is given, of a household's planting; what is given stands in it."""
    row = {
        "household_id": HOME,
        "kind": CropKind.ORCHARD,
        "crop": "蘋果",
        "area": Decimal("2.5"),
        "planted_on": date(2015, 3, 5),
        "is_new": True,
        "is_supported": False,
    }
    return row | given


class Clerk:
    """Changes rows of one database, with the rights of a policy."""

    def __init__(self, database: Database, policy: Policy = EVERYTHING) -> None:
        self.database = database
        self.policy = policy

    def change(self, record: type[Dated], action: Action, rows: Sequence[dict[str, Any]], **how: bool) -> Outcome:
        """One change, in a transaction of its own."""
        author = Author(name="王主任", token_id="t1", request_id="r-1", reason="a test")
        with self.database.engine.connect() as connection:
            return change(connection, record, action, rows, author=author, policy=self.policy, today=TODAY, **how)

    def create(self, record: type[Dated], *rows: dict[str, Any], **how: bool) -> Outcome:
        """New rows."""
        return self.change(record, Action.CREATE, rows, **how)

    def proceed(self, procedure: Procedure, *, dry: bool = False, **given: Any) -> Outcome:
        """A procedure, in a transaction of its own."""
        author = Author(name="王主任", token_id="t1", request_id="r-1", reason=procedure.name)
        with self.database.engine.connect() as connection:
            return proceed_once(connection, procedure, given, author=author, policy=self.policy, today=TODAY, dry=dry)

    def undo(self, number: int, *, dry: bool = False, reason: str = "錄入錯誤") -> Undone:
        """An entry taken back, in a transaction of its own."""
        author = Author(name="李主任", token_id="t2", request_id="r-2", reason=undone_for(reason, number))
        with self.database.engine.connect() as connection:
            given: dict[str, Any] = {"author": author, "policy": self.policy, "today": TODAY, "dry": dry}
            return undo_once(connection, entered(), DISTRICT, number, **given)

    def row(self, record: type[Dated], id_: int) -> dict[str, Any] | None:
        """A row as it stands in the table."""
        with self.database.engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {record.__tablename__} WHERE id = :id"), {"id": id_})
            row = found.mappings().one_or_none()
        return None if row is None else dict(row)

    def log(self) -> list[dict[str, Any]]:
        """All rows of the log of changes, in their order."""
        with self.database.engine.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT c.*, s.author, s.rows FROM (SELECT * FROM change UNION ALL SELECT"
                    " r.district_code, r.number, r.position + l.n - 1, r.record, r.row_id + l.n - 1, 'create', NULL,"
                    " l.after FROM change_run r, audit.run_rows("
                    " r.district_code, r.record, r.row_id, r.columns, r.usual, r.lines, NULL) l) c"
                    " JOIN change_set s USING (district_code, number) ORDER BY district_code, number, position"
                )
            )
            return [dict(row) for row in found.mappings()]

    def chains(self) -> list[Chain]:
        """What the log's verification finds."""
        with self.database.engine.connect() as connection:
            return list(verify(connection))

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The statements that are sent to the database meanwhile."""
        found: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            found.append(statement)

        engine = self.database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(engine, "before_cursor_execute", note)


@cache
def entered() -> dict[str, type[Dated]]:
    """All records whose rows are entered, by their tables."""
    return {node.table.name: node.record for node in changeable(discover().graph)}


def why_not(undone: Undone) -> list[tuple[int | None, str | None, str]]:
    """Why an entry was not taken back, in short: by rows, columns and codes."""
    return [(each.row_id, each.column, each.code.value) for each in undone.refused]


def said(outcome: Outcome) -> list[tuple[int, str | None, str]]:
    """Why rows were rejected, in short."""
    return [(each.row, each.column, each.code.value) for each in outcome.rejections]
