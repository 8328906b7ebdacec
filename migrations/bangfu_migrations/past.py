"""The views of rows as they were at a moment, which a connection is told (`bangfu.as_of`).

Of each row, the first change that the log has of it from that moment on tells it: what it was before, or where that
change created it, what it was after; it was entered later, and dates from then. Without such a change it is as it
stands. What is loaded without a log stands as it is; so does what became of places. Places are told by the log like
all rows: whatever a row of the past lay in is there, also where it was taken back since.

Statements that look back find all their tables in two schemas: rows that are kept back in `as_of`, all rows for
measures in `counted_as_of`. Nobody may read the log itself. A row of `as_of` has to lie in the viewer's places then and
now, with the household or person it was about; one that is gone is for viewers of the whole district.
"""

from collections.abc import Iterator, Mapping

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated, columns_of
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place, Succession
from bangfu.domain.targets import Target
from bangfu.query.counted import AS_OF, COUNTED, COUNTED_AS_OF
from bangfu.query.names import quote_name
from bangfu.store.reorganisations import PLACE_MOVE, REORGANISATION
from bangfu.store.setting import SETTING
from bangfu.store.wall import AS_OF_MOMENT, DISTRICT_READER, PERMISSIONS, PLACES, READER

_BOTH = f"{READER}, {DISTRICT_READER}"
_MOMENT = f"(SELECT nullif(current_setting('{AS_OF_MOMENT}', true), '')::timestamptz)"
_LATER = (
    "change c JOIN change_set s ON s.district_code = c.district_code AND s.number = c.number"
    f" AND s.at >= {_MOMENT} WHERE c.record = '{{table}}'"
)
_OWNERS = ("household_id", "person_id", "place_code")
_LOGGED = (Place, Target)
"""What everybody may read, and the log keeps."""


def past_foundation() -> Iterator[str]:
    """The schemas, and the tables that everybody may read; a place and a target are kept in the log like any row."""
    for schema in (AS_OF, COUNTED_AS_OF):
        yield f"CREATE SCHEMA {schema}"
        yield f"GRANT USAGE ON SCHEMA {schema} TO {_BOTH}"
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
    """The two views of a record, whose rows are kept back: with the columns that are counted, and with all.

    `counted` says of these whether it is their values that count, or only whether there is one. `needed` is the
    permission that its rows take.
    """
    table = quote_name(record.__tablename__)
    yield f"CREATE VIEW {COUNTED_AS_OF}.{table} AS {_rows(record, counted)}"
    yield f"GRANT SELECT ON {COUNTED_AS_OF}.{table} TO {_BOTH}"
    names = {column.name: True for column in columns_of(record)}
    shown = f"SELECT * FROM ({_rows(record, names)}) v WHERE {_seen(record, needed)}"  # noqa: S608 - declared names
    yield f"CREATE VIEW {AS_OF}.{table} WITH (security_barrier) AS {shown}"
    yield f"GRANT SELECT ON {AS_OF}.{table} TO {_BOTH}"


def _rows(record: type[Dated], columns: Mapping[str, bool]) -> str:
    """All rows as they were. What rows are joined by is taken from the log as it stands, before a row is made of it."""
    table = quote_name(record.__tablename__)
    later = _LATER.format(table=record.__tablename__)

    def shown(row: str, name: str) -> str:
        quoted = quote_name(name)
        return f"{row}.{quoted}" if columns[name] else f"left({row}.{quoted}, 0) AS {quoted}"

    key = "code" if record is Place else "id"
    told = {"district_code": "l.district_code", key: f"l.row_id AS {key}"}
    told |= {name: f"(l.told ->> '{name}')::bigint AS {name}" for name in _OWNERS}
    same = f"c.district_code = t.district_code AND c.row_id = t.{key}"
    first = (
        "SELECT DISTINCT ON (c.district_code, c.row_id) c.district_code, c.row_id, coalesce(c.before, c.after) AS told"  # noqa: S608
        f" FROM {later} ORDER BY c.district_code, c.row_id, c.number, c.position"
    )
    return (
        f"SELECT {', '.join(shown('t', name) for name in columns)} FROM {table} t"  # noqa: S608 - declared names
        f" WHERE NOT EXISTS (SELECT FROM {later} AND {same})"
        f" UNION ALL SELECT {', '.join(told.get(name) or shown('r', name) for name in columns)}"
        f" FROM ({first}) l CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, l.told) r"
    )


def _seen(record: type[Dated], needed: str) -> str:
    """Which rows of a view a connection sees: of its districts, or of its places; all, where it is behind no wall."""
    holds = f"string_to_array(current_setting('{PERMISSIONS}', true), ',') @> ARRAY['{needed}']"
    given = f"nullif(current_setting('{PLACES}', true), '')"
    whole = (
        f"(SELECT CASE current_user WHEN '{READER}' THEN NULL"
        f" WHEN '{DISTRICT_READER}' THEN CASE WHEN {holds} THEN {given}::int4multirange END"
        " ELSE '{(,)}'::int4multirange END)"
    )
    own = f"(SELECT CASE WHEN current_user = '{READER}' AND {holds} THEN {given}::int8multirange END)"
    return f"v.district_code <@ {whole} OR ({_lay_in(record, 'v', own)} AND {_lies_still(record, 'v', own)})"


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
    owner = _owner_of(record)
    if owner is None:
        return still
    about, column = owner
    alias = f"{row}_{about.__tablename__[0]}"
    same = f"{alias}.district_code = {row}.district_code AND {alias}.id = {row}.{column}"
    was = f"SELECT FROM {COUNTED_AS_OF}.{about.__tablename__} {alias} WHERE {same}"
    return f"{still} AND EXISTS ({was} AND {_lies_still(about, alias, own)})"


def _in(record: type[Dated], row: str, own: str, schema: str) -> str:
    """Whether a row lies in places, by the views of a schema."""
    owner = _owner_of(record)
    if owner is None:
        return f"{row}.place_code <@ {own}"
    about, column = owner
    alias = f"{row}{about.__tablename__[0]}"
    same = f"{alias}.district_code = {row}.district_code AND {alias}.id = {row}.{column}"
    return (
        f"EXISTS (SELECT FROM {schema}.{about.__tablename__} {alias} WHERE {same} AND {_in(about, alias, own, schema)})"
    )


def _owner_of(record: type[Dated]) -> tuple[type[Dated], str] | None:
    """What a row is about, and the column that says so; None for what lies in a place itself."""
    names = {column.name for column in columns_of(record)}
    if "place_code" in names:
        return None
    return (Household, "household_id") if "household_id" in names else (Person, "person_id")
