"""Changes rows: checks them, writes them, and enters them in the log of changes.

Whoever changes rows of a district holds its place in the log from then on until the transaction ends. Writers of one
district therefore come one after the other: nothing they look at changes under them, and no two wait for each other.
"""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Connection, RootTransaction

from bangfu.access import PERSONAL, Forbidden, Policy, needed_to_change
from bangfu.declare.records import Dated, columns_of
from bangfu.write.batch import Batch
from bangfu.write.entries import Entries
from bangfu.write.loading import Loading
from bangfu.write.outcome import Action, Applied, Author, Outcome, Row
from bangfu.write.step import Step, is_sensitive


class Changes:
    """The changes of one transaction, which make one entry in the log of each district they touch."""

    def __init__(self, connection: Connection, author: Author, policy: Policy, today: date) -> None:
        self._connection = connection
        self._author = author
        self._policy = policy
        self._today = today
        self._entries = Entries(connection)

    @property
    def written(self) -> int:
        """How many rows were changed so far."""
        return self._entries.rows

    def hold(self, districts: Collection[int]) -> None:
        """Waits for others that change rows of these districts; what is read from then on is as it will be changed."""
        self._entries.hold(districts)

    @property
    def districts(self) -> Collection[int]:
        """Those that are held."""
        return self._entries.districts

    def covers(self, code: int) -> bool:
        """Whether a place lies in those of the author."""
        return self._policy.covers_code(code)

    def apply(self, record: type[Dated], action: Action, rows: Sequence[Row]) -> Applied:
        """Writes rows that can be taken, and tells why others cannot.

        Raises Forbidden where the author lacks a permission. What is rejected leaves nothing behind.
        """
        require_to_change(self._policy, record)
        return Step(
            *(self._connection, self._entries, record, action, rows),
            policy=self._policy,
            author=self._author,
            today=self._today,
        ).run()

    def load(self, record: type[Dated], batch: Batch) -> bool:
        """Writes many new rows at once; False where one of them cannot be taken, and then none of them is.

        It is for records that are plain, and `apply` says why. Raises Forbidden where the author lacks a permission.
        """
        require_to_change(self._policy, record, batch.columns)
        self.hold([batch.district])
        loading = Loading(
            *(self._connection, self._entries, record),
            policy=self._policy,
            author=self._author,
            today=self._today,
        )
        return loading.write(batch)

    def close(self) -> dict[int, int]:
        """Makes the entries, and tells whoever listens once the transaction ends; their numbers by district."""
        return self._entries.close(self._author)


def require_to_change(policy: Policy, record: type[Dated], columns: Collection[str] = ()) -> None:
    """Raises Forbidden where somebody may not change rows of a record, or not give values of some columns."""
    needed = needed_to_change(record)
    if not policy.holds(needed):
        raise Forbidden(needed)
    known = {column.key: column for column in columns_of(record)}
    if not policy.reads_personal and any(is_sensitive(known.get(name)) for name in columns):
        raise Forbidden(PERSONAL)


def change(
    connection: Connection,
    record: type[Dated],
    action: Action,
    rows: Sequence[Row],
    *,
    author: Author,
    policy: Policy,
    today: date,
    dry: bool = False,
    partial: bool = False,
) -> Outcome:
    """Changes rows of one record in a transaction of its own: all of them, or none unless `partial`.

    Nothing stays of a dry run. Raises Forbidden where the author lacks a permission.
    """
    with connection.begin() as transaction:
        changes = Changes(connection, author, policy, today)
        return carry_out(transaction, changes, record, action, rows, dry=dry, partial=partial)


def carry_out(
    transaction: RootTransaction,
    changes: Changes,
    record: type[Dated],
    action: Action,
    rows: Sequence[Row],
    *,
    dry: bool,
    partial: bool,
) -> Outcome:
    """Carries out one action as the only one of a transaction, which it rolls back where nothing is to stay."""
    ids, rejections, _ = changes.apply(record, action, rows)
    if dry or (rejections and not partial):
        transaction.rollback()
        return Outcome(ids=[None] * len(rows), rejections=rejections)
    written = changes.written
    return Outcome(ids=ids, rejections=rejections, written=written, change_sets=changes.close())
