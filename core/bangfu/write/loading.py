"""Writes many new rows of one record with COPY, and enters them in the log of changes by one statement.

All of them or none: where the database, or the policy, has anything against one of them, nothing stays, and whoever
wants to know which one gives them to the engine that goes row by row.
"""

from collections import Counter
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from bangfu.access import Policy
from bangfu.declare.records import Basis, Dated, table_of
from bangfu.query.names import quote_name
from bangfu.write.aside import Aside
from bangfu.write.batch import Batch
from bangfu.write.copy import copy_text, writer_of
from bangfu.write.entries import Entries
from bangfu.write.outcome import Action, Author
from bangfu.write.owners import find_owners, owner_column
from bangfu.write.places import count_places
from bangfu.write.writing import LOG

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
        aside: Aside | None = None,
    ) -> None:
        self._connection = connection
        self._aside = aside
        self._entries = entries
        self._record = record
        table = table_of(record)
        self._table = table
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
        places = self._places(batch)
        if places is None:
            return False
        first = self._entries.next_id(self._table, batch.district, len(batch.lines))
        columns, written = self._written(batch, first)
        digest = None
        if self._aside is not None and not self._entries.position(batch.district):
            given = {"record": self._table.name, "action": Action.CREATE.value, "first": first}
            digest = self._aside.digest(self._table, columns, written, given)
        try:
            with self._connection.begin_nested():
                copy_text(self._connection, self._table.name, columns, written)
                self._enter(batch, first)
        except _REFUSED:
            return False
        self._entries.add(self._record, batch.district, places, digest)
        return True

    def _places(self, batch: Batch) -> Counter[int] | None:
        """How many rows lie where; None where one is about something that there is not, or not for the author."""
        owner = owner_column(self._record)
        assert batch.columns[0] == owner, "it comes first"
        counts = Counter(line.partition("\t")[0] for line in batch.lines)
        by_key = {int(key): rows for key, rows in counts.items()}
        if owner == "place_code":
            known = find_owners(self._connection, owner, by_key, on=self._today)
            found = Counter({code: rows for code, rows in by_key.items() if code in known})
        else:
            found = count_places(self._connection, owner, by_key)
        is_all = found.total() == len(batch.lines) and all(map(self._policy.covers_code, found))
        return found if is_all else None

    def _written(self, batch: Batch, first: int) -> tuple[tuple[str, ...], str]:
        """The columns that are written, and the rows in COPY's text form: with their keys, and what they leave out."""
        assert "recorded_on" not in batch.columns or "valid_from" in batch.columns, "a row holds from its own day on"
        given = {name: value for name, value in self._usual.items() if name not in batch.columns}
        usual = "".join(f"\t{writer_of(self._table.c[name].type)(value)}" for name, value in given.items())
        lines = [f"{batch.district}\t{id_}\t{line}{usual}\n" for id_, line in enumerate(batch.lines, first)]
        return ("district_code", "id", *batch.columns, *given), "".join(lines)

    def _enter(self, batch: Batch, first: int) -> None:
        """Notes the rows in the log as they now stand; ids and positions both run without a gap."""
        name = quote_name(self._table.name)
        told = (
            "CAST(:number AS bigint), CAST(:offset + m.id - :first AS int), CAST(:record AS text), m.id,"
            " CAST(:action AS text), NULL, to_jsonb(m)"
        )
        rows = f"{name} m WHERE m.district_code = :district AND m.id BETWEEN :first AND :last"
        statement = f"{LOG} SELECT :district, {told} FROM {rows}"  # noqa: S608 - names that are declared
        given = {
            "district": batch.district,
            "number": self._entries.number(batch.district),
            "offset": self._entries.position(batch.district) + 1,
            "record": self._table.name,
            "action": Action.CREATE.value,
            "first": first,
            "last": first + len(batch.lines) - 1,
        }
        self._connection.execute(text(statement), given)
