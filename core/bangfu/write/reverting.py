"""Brings rows of one record back to what an entry of the log says they were, many by one statement.

The rows never leave PostgreSQL: what the log has of them becomes rows again there, and is entered in the log anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, text

from bangfu.declare.fields import INDEXED, field_of, index_of
from bangfu.query.names import quote_name
from bangfu.store.entries import rows_of_entry
from bangfu.write.outcome import Action
from bangfu.write.writing import LOG

OPPOSITE = {Action.CREATE: Action.DELETE, Action.UPDATE: Action.UPDATE, Action.DELETE: Action.CREATE}
"""What undoes an action."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Changes of one record that follow each other in an entry and are of one kind, by their positions."""

    record: str
    action: Action
    first: int
    last: int


class Reverter:
    """Takes changes of one record back, entry `undone` of a district, in the entry that is being made.

    `logged` are the columns that the log knows, and the table has; `changed` those of them that an update sets.
    `resealed` has for rows by their ids what their sealed columns are to hold where that is not what the log has.
    """

    def __init__(
        self,
        connection: Connection,
        table: Table,
        given: Mapping[str, int],
        *,
        logged: Sequence[str],
        changed: Collection[str],
        resealed: Mapping[int, str],
    ) -> None:
        self._connection = connection
        self._name = quote_name(table.name)
        self._table = table
        self._logged = logged
        self._changed = [name for name in logged if name in changed]
        self._resealed = resealed
        self._given = {**given, "record": table.name}

    def revert(self, run: Run, position: int) -> int:
        """Takes a run back, with `position` rows in the new entry so far; how many rows that are.

        Raises what the driver raises where the table's constraints do not hold.
        """
        action = OPPOSITE[run.action]
        statement = f"WITH {self._rows()}, {self._made(action)}"
        given = {**self._given, "first": run.first, "last": run.last, "offset": position, "action": action.value}
        if self._resealed:
            given |= {"ids": list(self._resealed), "sealed": list(self._resealed.values())}
        self._connection.execute(text(statement), given)
        count = text(
            "SELECT count(*) FROM change WHERE district_code = :district AND number = :made AND position > :offset"
        )
        return int(self._connection.execute(count, given).scalar_one())

    def _rows(self) -> str:
        """The rows of a run, each once: what it was before the first of its changes, and after the last."""
        resealed = ("g.row", "")
        if self._resealed:
            sealed = "unnest(CAST(:ids AS bigint[]), CAST(:sealed AS jsonb[])) AS s(id, row)"
            resealed = "g.row || coalesce(s.row, '{}')", f" LEFT JOIN {sealed} ON s.id = g.id"
        window = "(PARTITION BY e.row_id ORDER BY e.position DESC)"
        return (
            "told AS (SELECT DISTINCT ON (e.row_id) e.row_id AS id, e.before AS row,"  # noqa: S608 - names of our own
            f" first_value(e.after) OVER {window} AS stood FROM ({rows_of_entry()}) e"
            " WHERE e.record = :record AND e.position BETWEEN :first AND :last ORDER BY e.row_id, e.position),"
            f" given AS (SELECT g.id, {resealed[0]} AS row, g.row AS was, g.stood FROM told g{resealed[1]})"
        )

    def _made(self, action: Action) -> str:
        name, here = self._name, "t.district_code = :district AND t.id = g.id"
        told = (
            f"{LOG} SELECT CAST(:district AS int), CAST(:made AS bigint), CAST(:offset AS int) + row_number()"
            " OVER (ORDER BY m.id), CAST(:record AS text), m.id, CAST(:action AS text)"
        )
        as_row = f"jsonb_populate_record(NULL::{name}"
        match action:
            case Action.DELETE:
                made = f"DELETE FROM {name} t USING given g WHERE {here} RETURNING t.*"  # noqa: S608 - declared names
                return f"made AS ({made}) {told}, to_jsonb(m), NULL FROM made m"
            case Action.UPDATE:
                sets = ", ".join([*map(self._set, self._changed), "version = t.version + 1"])
                old = f"SELECT t.id, to_jsonb(t) AS was FROM {name} t JOIN given g ON {here}"  # noqa: S608
                made = (
                    f"UPDATE {name} t SET {sets} FROM given g CROSS JOIN LATERAL {as_row}, g.row) r"  # noqa: S608
                    f" WHERE {here} RETURNING t.*"
                )
                return (
                    f"old AS ({old}), made AS ({made}) {told}, o.was, to_jsonb(m) FROM made m JOIN old o ON o.id = m.id"
                )
            case Action.CREATE:
                names = ", ".join(map(quote_name, self._logged))
                values = ", ".join(f"r.{quote_name(each)}" for each in self._logged)
                # Later than any version it had: whoever has read an earlier one is told.
                row = "g.row || jsonb_build_object('version', CAST(g.row ->> 'version' AS int) + 1)"
                made = (
                    f"INSERT INTO {name} ({names}) SELECT {values}"  # noqa: S608 - names that are declared
                    f" FROM given g CROSS JOIN LATERAL {as_row}, {row}) r RETURNING *"
                )
                return f"made AS ({made}) {told}, NULL, to_jsonb(m) FROM made m"

    def _set(self, name: str) -> str:
        quoted = quote_name(name)
        sealed = _sealed_of(self._table, name)
        if sealed is None:
            return f"{quoted} = r.{quoted}"
        # What the entry left alone may have been sealed anew since, under another key.
        same = f"g.was ->> '{sealed}' IS NOT DISTINCT FROM g.stood ->> '{sealed}'"
        return f"{quoted} = CASE WHEN {same} THEN t.{quoted} ELSE r.{quoted} END"


def sealed_columns_of(table: Table) -> list[str]:
    """The sealed columns of a table."""
    fields = {column.key: field_of(column) for column in table.columns}
    return [key for key, field in fields.items() if field is not None and field.sealed]


def never_the_same(table: Table) -> list[str]:
    """The columns whose values become others without a change: what is sealed anew, under another key."""
    return [each for name in sealed_columns_of(table) for each in (name, index_of(name))]


def _sealed_of(table: Table, name: str) -> str | None:
    """The sealed column that a column is, or belongs to."""
    if name in sealed_columns_of(table):
        return name
    found: str | None = table.c[name].info.get(INDEXED)
    return found
