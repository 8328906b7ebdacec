"""Writes many new rows of one record with COPY, and enters them in the log of changes as they are written.

All of them or none: where the database, or the policy, has anything against one of them, nothing stays, and whoever
wants to know which one gives them to the engine that goes row by row.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from bangfu.access import Policy
from bangfu.declare.records import Basis, Dated, table_of
from bangfu.query.names import quote_name
from bangfu.store.runs import add_runs
from bangfu.write.batch import Batch
from bangfu.write.copy import copy_text, writer_of
from bangfu.write.entries import Entries
from bangfu.write.outcome import Action, Author
from bangfu.write.owners import find_owners, hold_owners, owner_column
from bangfu.write.places import count_places
from bangfu.write.writing import LOG

_ESCAPE = re.compile(r"\\[^N]")
"""What stands in a line for something else: all escapes of COPY's text form but that for nothing."""

_MAY_LEAVE_OUT = text(
    "SELECT current_setting('session_replication_role') = 'origin'"
    " AND has_parameter_privilege('session_replication_role', 'SET')"
)
_SAME = re.compile(r"^([^\t\n]+)(?:\t.*)?$(?:\n\1(?:\t.*)?$)*", re.MULTILINE)
"""Lines that follow each other and begin with the same value."""

_CHANGED = text(
    """SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.id AND NOT tgisinternal)
        OR (SELECT count(*) FROM pg_constraint WHERE conrelid = t.id AND contype = 'f') > 1
        OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.id AND attnum > 0 AND NOT attisdropped
            AND (atthasdef OR attidentity <> '') AND attname <> ALL(CAST(:columns AS text[])))
    FROM (SELECT to_regclass(quote_ident(:name)) AS id) t"""
)
_REFUSED = (psycopg.IntegrityError, psycopg.DataError, IntegrityError, DataError)


class Loading:
    """Writes batches of one record into the entries of a transaction."""

    def __init__(
        self,
        connection: Connection,
        entries: Entries,
        record: type[Dated],
        *,
        policy: Policy,
        author: Author,
        today: date,
    ) -> None:
        self._connection = connection
        self._entries = entries
        self._record = record
        table = table_of(record)
        self._table = table
        self._owner = owner_column(record)
        self._policy = policy
        self._today = today
        self._usual: dict[str, Any] = {
            "version": 1,
            "source": author.name[:200],
            "basis": Basis.ADMINISTRATIVE,
            "recorded_on": today,
            "valid_from": today,
        }

    def write(self, batch: Batch) -> bool:
        """Writes the rows of a batch of a district that is held; says whether that could be done."""
        owners = _owners(batch.body)
        places = self._places(owners)
        if places is None:
            return False
        lines = batch.body.split("\n")
        first = self._entries.next_id(self._table, batch.district, len(lines))
        usual = self._left_out(batch)
        rest = "".join(f"\t{writer_of(self._table.c[name].type)(value)}" for name, value in usual.items())
        columns = (*batch.columns, *usual)
        written = "".join([f"{batch.district}\t{id_}\t{line}{rest}\n" for id_, line in enumerate(lines, first)])
        try:
            with self._connection.begin_nested():
                is_plain = not self._makes_more_of(columns)
                with self._held(owners, is_plain=is_plain):
                    copy_text(self._connection, self._table.name, ("district_code", "id", *columns), written)
                if is_plain and not _ESCAPE.search(f"{rest}\n{batch.body}"):
                    self._enter(batch.district, first, columns, lines, rest)
                else:
                    self._enter_as_they_stand(batch.district, first, len(lines))
        except _REFUSED:
            return False
        self._entries.add(self._record, batch.district, places)
        return True

    @contextmanager
    def _held(self, owners: Collection[int], *, is_plain: bool) -> Iterator[None]:
        """Holds what the rows are about, all of it at once, where that may stand for PostgreSQL's look at each row.

        Its own look, that of a foreign key, takes longer than all the rest of a row; whether it may be left out is said
        by a right that not every installation gives. Raises IntegrityError where something is not there any more.
        """
        if not (is_plain and self._connection.scalar(_MAY_LEAVE_OUT)):
            yield
            return
        if hold_owners(self._connection, self._owner, owners) != len(owners):
            raise IntegrityError("hold_owners", None, ValueError("some of them are gone"))
        self._connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        self._connection.execute(text("SET LOCAL session_replication_role = origin"))

    def _left_out(self, batch: Batch) -> dict[str, Any]:
        """What the rows leave out, which is the same for all of them."""
        assert "recorded_on" not in batch.columns or "valid_from" in batch.columns, "a row holds from its own day on"
        return {name: value for name, value in self._usual.items() if name not in batch.columns}

    def _places(self, owners: Mapping[int, int]) -> Counter[int] | None:
        """How many rows lie where; None where one is about something that there is not, or not for the author."""
        if self._owner == "place_code":
            known = find_owners(self._connection, self._owner, owners, on=self._today)
            found = Counter({code: rows for code, rows in owners.items() if code in known})
        else:
            found = count_places(self._connection, self._owner, owners)
        is_all = found.total() == sum(owners.values()) and all(map(self._policy.covers_code, found))
        return found if is_all else None

    def _enter(self, district: int, first: int, columns: Sequence[str], lines: Sequence[str], rest: str) -> None:
        """Notes the rows in the log as they were written; ids and positions both run without a gap."""
        add_runs(
            *(self._connection, district, self._entries.number(district), self._entries.position(district) + 1),
            record=self._table.name,
            first=first,
            columns=columns,
            lines=lines,
            usual=rest,
        )

    def _makes_more_of(self, columns: Sequence[str]) -> bool:
        """Whether somebody has given the table more than is declared: triggers, values of its own, foreign keys."""
        given = {"name": self._table.name, "columns": ["district_code", "id", *columns]}
        return bool(self._connection.scalar(_CHANGED, given))

    def _enter_as_they_stand(self, district: int, first: int, rows: int) -> None:
        """Notes each row as it now stands."""
        name = quote_name(self._table.name)
        told = (
            "CAST(:number AS bigint), CAST(:offset + m.id - :first AS int), CAST(:record AS text), m.id,"
            " CAST(:action AS text), NULL, to_jsonb(m)"
        )
        these = f"{name} m WHERE m.district_code = :district AND m.id BETWEEN :first AND :last"
        statement = f"{LOG} SELECT :district, {told} FROM {these}"  # noqa: S608 - names that are declared
        given = {
            "district": district,
            "number": self._entries.number(district),
            "offset": self._entries.position(district) + 1,
            "record": self._table.name,
            "action": Action.CREATE.value,
            "first": first,
            "last": first + rows - 1,
        }
        self._connection.execute(text(statement), given)


def _owners(body: str) -> Counter[int]:
    """How many rows are about what; quickest where those that are about the same stand together."""
    counts: Counter[int] = Counter()
    for found in _SAME.finditer(body):
        counts[int(found[1])] += found[0].count("\n") + 1
    return counts
