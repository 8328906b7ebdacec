"""The forms of a statement that looks back: each reads some tables by the log, and the others as they stand.

Tables of which nothing was changed since the moment hold what they held, and to read them as they stand takes no more
than it takes today. Which these are is guessed (`Database.changed_since`); the statement itself tells in its last
column which of its tables were changed, as it finds them, and is run in another form where the guess was wrong.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, String, Table, column, func, select, table, true
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGIdentifierPreparer_psycopg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from bangfu.access import is_open
from bangfu.declare.records import record_of
from bangfu.query.counted import AS_OF, LOOKING_BACK, WHOLE_AS_OF, told_by
from bangfu.store.command import Command
from bangfu_schema.compile.form import constant

Form = tuple[str, Command]
"""A statement for people, and as the driver takes it."""


class Past:
    """A statement that looks back, in all its forms."""

    def __init__(self, statement: Select[Any], options: dict[str, Any]) -> None:
        self._options = options
        names = _Names(None, sees_whole=False)
        self.whole = self._compiled(statement, names)
        """The statement with all of its tables as they were."""
        self.tables = frozenset(names.met)
        """The tables on whose changes it depends."""
        self._statement = statement.add_columns(_changed_of(self.tables))
        self._forms: dict[tuple[frozenset[str], bool], Form] = {}

    def form(self, changed: frozenset[str], *, sees_whole: bool) -> Form:
        """The statement that is right where no others of its tables than these were changed.

        `sees_whole` says whether it is for a viewer of whole districts, or for the process itself.
        """
        if (changed, sees_whole) not in self._forms:
            sql = str(self._compiled(self._statement, _Names(changed, sees_whole=sees_whole)))
            self._forms[changed, sees_whole] = sql, Command.of(sql)
        return self._forms[changed, sees_whole]

    def _compiled(self, statement: Select[Any], names: "_Names") -> SQLCompiler:
        dialect = _dialect()
        dialect.identifier_preparer = names
        made = statement.compile(dialect=dialect, compile_kwargs=self._options)
        assert isinstance(made, SQLCompiler), "a statement is SQL"
        return made


class _Names(PGIdentifierPreparer_psycopg):
    """Says in which schema each table of a statement is found; all are those of the past where nothing is known."""

    def __init__(self, changed: frozenset[str] | None, *, sees_whole: bool) -> None:
        super().__init__(_dialect())
        self._changed = changed
        self._sees_whole = sees_whole
        self.met: set[str] = set()
        self.schema_for_object = self._schema  # type: ignore[assignment]  # SQLAlchemy does it this way

    def _schema(self, thing: Any) -> str | None:  # types and sequences are asked for too
        """What is no `Table` is found in its own schema in any statement."""
        own: str | None = thing.schema
        if not isinstance(thing, Table) or own not in LOOKING_BACK:
            return own
        record = record_of(thing)
        if record is None:  # which divisions were redrawn, and the settings
            return LOOKING_BACK[own]
        # Whether a row is seen by a viewer of places depends on what it is about.
        needed = frozenset({record.__tablename__}) if own is not None or self._sees_whole else told_by(record)
        self.met |= needed
        if self._changed is not None and not needed & self._changed:
            return own
        return WHOLE_AS_OF if own is None and self._sees_whole and not is_open(record) else LOOKING_BACK[own]


def _dialect() -> Dialect:
    made: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    return made


def _changed_of(tables: Collection[str]) -> ColumnElement[str]:
    """Those of some tables of which rows were changed since, by commas; null where of none."""
    names: ColumnElement[Any] = array([constant(name) for name in sorted(tables)], type_=ARRAY(String()))
    asked = func.unnest(names).table_valued(column("record", String()), name="asked").render_derived()
    one = select(_CHANGED.c.record).where(_CHANGED.c.record == asked.c.record).limit(constant(1)).lateral("one")
    found = select(func.string_agg(one.c.record, constant(","))).select_from(asked.join(one, true()))
    return found.scalar_subquery().label("changed")


_CHANGED = table("changed", column("record", String()), schema=AS_OF)
"""One row for each row that was changed since: its record's table."""
