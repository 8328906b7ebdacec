"""The views of rows as they were at a moment, which a connection is told (`bangfu.as_of`).

Of each row, the first change from that moment on that has something before tells what it was. Without such a change it
is as it stands: also where it was created since, it was entered later, and dates from then. What is loaded without a
log stands as it is; so does what became of places. Places are told by the log like all rows: whatever a row of the past
lay in is there, also where it was taken back since.

Statements that look back find all their tables in two schemas: rows that are kept back in `as_of`, all rows for
measures in `counted_as_of`. Nobody may read the log itself, but for which tables have changes. A row of `as_of` has to
lie in the viewer's places then and now, with the household or person it was about; one that is gone is for viewers of
the whole district. Of these all conditions but the district fall away, and they have `whole_as_of` beside.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ARRAY, JSON
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated, columns_of
from bangfu.domain.places import Place, Succession
from bangfu.domain.targets import Target
from bangfu.query.counted import AS_OF, COUNTED, COUNTED_AS_OF, WHOLE_AS_OF, owner_of
from bangfu.query.names import quote_name
from bangfu.store.audit import OWNER, OWNERS
from bangfu.store.reorganisations import PLACE_MOVE, REORGANISATION
from bangfu.store.setting import SETTING
from bangfu.store.wall import AS_OF_MOMENT, DISTRICT_READER, PERMISSIONS, PLACES, READER

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_BOTH = f"{READER}, {DISTRICT_READER}"
_MOMENT = f"(SELECT nullif(current_setting('{AS_OF_MOMENT}', true), '')::timestamptz)"
FIRST = f"{COUNTED_AS_OF}.first_entry"
"""The first entry of each district that was made from the moment on: numbers run as time does within a district."""

_SINCE = f"{FIRST} f JOIN change c ON c.district_code = f.district_code AND c.number >= f.number"
_OWNER = OWNER.replace("before", "c.before")
_SPAN = 10**12
_IS_LATER = (
    f"nullif(c.district_code * {_SPAN} + c.number <@ (SELECT range_agg(int8range(f.district_code * {_SPAN} + f.number,"  # noqa: S608
    f" (f.district_code + 1) * {_SPAN})) FROM {FIRST} f), false) IS NOT NULL"
)
"""PostgreSQL takes it for nearly always true, and plans for many changes; else it would for hardly any."""

_LOGGED = (Place, Target)
"""What everybody may read, and the log keeps."""


def past_foundation() -> Iterator[str]:
    """The schemas, and the tables that everybody may read; a place and a target are kept in the log like any row."""
    for schema in (AS_OF, COUNTED_AS_OF):
        yield f"CREATE SCHEMA {schema}"
        yield f"GRANT USAGE ON SCHEMA {schema} TO {_BOTH}"
    yield f"CREATE SCHEMA {WHOLE_AS_OF}"
    yield f"GRANT USAGE ON SCHEMA {WHOLE_AS_OF} TO {DISTRICT_READER}"
    yield (
        f"CREATE VIEW {FIRST} AS SELECT h.district_code, s.number FROM change_head h CROSS JOIN LATERAL ("  # noqa: S608
        "SELECT s.number FROM change_set s WHERE s.district_code = h.district_code"
        f" AND s.at >= {_MOMENT} ORDER BY s.at, s.number LIMIT 1) s"
    )
    yield (
        f"CREATE VIEW {AS_OF}.changed AS SELECT c.record FROM {_SINCE} WHERE c.before IS NOT NULL"  # noqa: S608
    )
    yield f"GRANT SELECT ON {AS_OF}.changed TO {_BOTH}"
    for name in (Succession.__tablename__, SETTING.name):
        yield f"CREATE VIEW {AS_OF}.{name} AS SELECT * FROM {name}"  # noqa: S608 - names of our own
        yield f"GRANT SELECT ON {AS_OF}.{name} TO {_BOTH}"
    for record in _LOGGED:
        names = {column.name: True for column in columns_of(record)}
        yield f"CREATE VIEW {AS_OF}.{record.__tablename__} AS {_rows(record, names)}"
        yield f"GRANT SELECT ON {AS_OF}.{record.__tablename__} TO {_BOTH}"


def past_moves() -> Iterator[str]:
    """What the reorganisations have moved that had been entered by then: rows lie where those had brought them."""
    name, entered = f"{COUNTED_AS_OF}.{PLACE_MOVE.name}", REORGANISATION.name
    yield (
        f"CREATE VIEW {name} AS SELECT m.* FROM {PLACE_MOVE.name} m"  # noqa: S608 - names of our own
        f" JOIN {entered} r ON r.district_code = m.district_code AND r.number = m.reorganisation"
        " JOIN change_set s ON s.district_code = r.district_code AND s.number = r.entry"
        f" WHERE s.at < {_MOMENT}"
    )
    yield f"GRANT SELECT ON {name} TO {_BOTH}"


def past_views(record: type[Dated], counted: Mapping[str, bool], needed: str) -> Iterator[str]:
    """The views of a record, whose rows are kept back: with the columns that are counted, and with all.

    `counted` says of these whether it is their values that count, or only whether there is one. `needed` is the
    permission that its rows take.
    """
    table = quote_name(record.__tablename__)
    yield f"CREATE VIEW {COUNTED_AS_OF}.{table} AS {_rows(record, counted)}"
    yield f"GRANT SELECT ON {COUNTED_AS_OF}.{table} TO {_BOTH}"
    rows = _rows(record, {column.name: True for column in columns_of(record)})
    for schema, condition, roles in (
        (AS_OF, _seen(record, needed), _BOTH),
        (WHOLE_AS_OF, _seen_whole(needed), DISTRICT_READER),
    ):
        shown = f"SELECT * FROM ({rows}) v WHERE {condition}"  # noqa: S608 - declared names
        yield f"CREATE VIEW {schema}.{table} WITH (security_barrier) AS {shown}"
        yield f"GRANT SELECT ON {schema}.{table} TO {roles}"


def _rows(record: type[Dated], columns: Mapping[str, bool]) -> str:
    """All rows as they were: those that no later change concerns, and of each other its first later change.

    Both halves are looked up by the same indexes as rows are, and no column is taken out of the log that nobody asks
    for.
    """
    table = quote_name(record.__tablename__)
    types = {column.name: column.type for column in columns_of(record)}
    key = "code" if record is Place else "id"

    def shown(name: str, value: str) -> str:
        quoted = quote_name(name)
        return f"{value} AS {quoted}" if columns[name] else f"left({value}, 0) AS {quoted}"

    def told(name: str) -> str:
        if name in ("district_code", key):
            return "c.district_code" if name == "district_code" else "c.row_id"
        return _OWNER if name in OWNERS else _taken(name, types[name], table)

    same = f"c.district_code = t.district_code AND c.row_id = t.{key}"
    one = f"c.record = '{record.__tablename__}' AND c.before IS NOT NULL"
    earlier = (
        f"SELECT FROM change e WHERE e.district_code = c.district_code AND e.record = '{record.__tablename__}'"
        " AND e.row_id = c.row_id AND e.before IS NOT NULL AND e.number >= f.number"
        " AND (e.number, e.position) < (c.number, c.position)"
    )
    return (
        f"SELECT {', '.join(shown(name, f't.{quote_name(name)}') for name in columns)} FROM {table} t"  # noqa: S608
        f" WHERE NOT EXISTS (SELECT FROM change c WHERE {same} AND {one} AND {_IS_LATER})"
        f" UNION ALL SELECT {', '.join(shown(name, told(name)) for name in columns)}"
        f" FROM {_SINCE} WHERE {one} AND NOT EXISTS ({earlier})"
    )


def _taken(name: str, type_: TypeEngine[Any], table: str) -> str:
    """A column of a row in the log, of the same type as in the table; a row of then may not have it."""
    told = type_.compile(dialect=_DIALECT).partition("(")[0]
    if isinstance(type_, ARRAY | JSON):
        return f"(jsonb_populate_record(NULL::{table}, c.before)).{quote_name(name)}"
    return f"CAST(c.before ->> '{name}' AS {told})"


def _seen(record: type[Dated], needed: str) -> str:
    """Which rows of a view a connection sees: of its districts, or of its places; all, where it is behind no wall."""
    own = f"(SELECT CASE WHEN current_user = '{READER}' AND {_holds(needed)} THEN {_GIVEN}::int8multirange END)"
    here = f"({_lay_in(record, 'v', own)} AND {_lies_still(record, 'v', own)})"
    return f"nullif(v.district_code <@ {_whole(needed)} OR {here}, false) IS NOT NULL"


def _seen_whole(needed: str) -> str:
    """Which rows a connection for a viewer of whole districts sees; none is seen by any other that is behind a wall."""
    return f"nullif(v.district_code <@ {_whole(needed)}, false) IS NOT NULL"


def _whole(needed: str) -> str:
    """The districts of which a connection sees all rows that take a permission."""
    return (
        f"(SELECT CASE current_user WHEN '{READER}' THEN NULL"
        f" WHEN '{DISTRICT_READER}' THEN CASE WHEN {_holds(needed)} THEN {_GIVEN}::int4multirange END"
        " ELSE '{(,)}'::int4multirange END)"
    )


_GIVEN = f"nullif(current_setting('{PLACES}', true), '')"


def _holds(needed: str) -> str:
    return f"string_to_array(current_setting('{PERMISSIONS}', true), ',') @> ARRAY['{needed}']"


def _lay_in(record: type[Dated], row: str, own: str) -> str:
    """Whether a row lay in places."""
    return _in(record, row, own, COUNTED_AS_OF)


def _lies_still(record: type[Dated], row: str, own: str) -> str:
    """Whether a row of the past lies in places now, with what it was about; or is gone, and the whole district seen."""
    table = f"{COUNTED}.{quote_name(record.__tablename__)}"
    now = f"SELECT FROM {table} n WHERE n.district_code = {row}.district_code AND n.id = {row}.id"
    first = f"{row}.district_code::bigint * {DISTRICT_SPAN}"
    gone = f"NOT EXISTS ({now}) AND int8range({first}, {first} + {DISTRICT_SPAN}) <@ {own}"
    still = f"(EXISTS ({now} AND {_in(record, 'n', own, COUNTED)}) OR ({gone}))"
    owner = owner_of(record)
    if owner is None:
        return still
    about, column = owner
    alias = f"{row}_{about.__tablename__[0]}"
    same = f"{alias}.district_code = {row}.district_code AND {alias}.id = {row}.{column}"
    was = f"SELECT FROM {COUNTED_AS_OF}.{about.__tablename__} {alias} WHERE {same}"
    return f"{still} AND EXISTS ({was} AND {_lies_still(about, alias, own)})"


def _in(record: type[Dated], row: str, own: str, schema: str) -> str:
    """Whether a row lies in places, by the views of a schema."""
    owner = owner_of(record)
    if owner is None:
        return f"{row}.place_code <@ {own}"
    about, column = owner
    alias = f"{row}{about.__tablename__[0]}"
    same = f"{alias}.district_code = {row}.district_code AND {alias}.id = {row}.{column}"
    return (
        f"EXISTS (SELECT FROM {schema}.{about.__tablename__} {alias} WHERE {same} AND {_in(about, alias, own, schema)})"
    )
