"""The second wall: row-level security, by which PostgreSQL itself keeps back what a viewer may not see.

The compiler writes the policy into each statement; should it ever forget, this still holds. Both follow from the same
declarations. A server reads as one of two roles, for viewers of whole districts and for those of places within one, and
tells each connection for whom:

- a table that is open to every viewer, such as that of places, may be read;
- of any other a row is seen where the viewer holds the record's permission and the row lies in its places;
- what measures count, they count in views of the schema `counted`, which keep no rows back; of sensitive columns these
  have only those that a measure looks at, empty where it only looks whether there is something in them, and none by
  which a sealed one is looked up.

A table that nobody declares may not be read at all; to the log of reads rows may be added, and nothing else be done.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from hashlib import sha256
from itertools import chain

from sqlalchemy import Connection, Engine, String, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bangfu.access import needed_to_count
from bangfu.declare.fields import field_of, is_index
from bangfu.declare.records import Dated, columns_of
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place, Succession
from bangfu.domain.targets import Target
from bangfu.errors import OperationError
from bangfu.query.counted import AS_OF, COUNTED, COUNTED_AS_OF, WHOLE_AS_OF
from bangfu.query.measures import sensitive_looks
from bangfu.query.names import quote_name
from bangfu.registry import Platform, measures_of
from bangfu.store.chained import AUDIT, chain_of_reads
from bangfu.store.reads import READ_HEAD, READ_LOG
from bangfu.store.reorganisations import PLACE_MOVE
from bangfu.store.runs import TOLD
from bangfu.store.setting import SETTING
from bangfu.store.wall import DISTRICT_READER, PERMISSIONS, PLACES, READER
from bangfu_migrations.past import past_foundation, past_moves, past_views

_OPEN = (Place, Succession, Target)
_ROLES = (READER, DISTRICT_READER)
_BOTH = ", ".join(_ROLES)
_PAST = (AS_OF, WHOLE_AS_OF, COUNTED_AS_OF)
_POLICY = "bangfu_rows"
_DISTRICT_POLICY = "bangfu_districts"
_LOCK_KEY = 0x77616C6C  # "wall"


def raise_wall(engine: Engine, platform: Platform) -> None:
    """Makes the wall as the declarations have it, unless it is so; raises OperationError where it cannot."""
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))
        if not lacks_wall(connection, platform):
            return
        for role in _ROLES:
            _make_role(connection, role)
        lower_wall(connection)
        known = set(inspect(connection).get_table_names())  # those of a plugin may still have to be made
        there = {table: each for table, each in _declared(platform).items() if table in known}
        foundation = _foundation(known)
        schema = connection.execute(select(func.quote_ident(func.current_schema()))).scalar_one()
        links = [*chain_of_reads(schema), TOLD] if READ_HEAD.name in known else []
        for statement in (*foundation, *links, *chain.from_iterable(there.values())):
            connection.execute(text(statement))
        connection.execute(
            text(f"COMMENT ON SCHEMA {COUNTED} IS '{_digest([*foundation, *chain_of_reads(''), TOLD])}'")
        )
        for table, statements in there.items():
            connection.execute(text(f"COMMENT ON VIEW {COUNTED}.{quote_name(table)} IS '{_digest(statements)}'"))


def lower_wall(connection: Connection) -> None:
    """Takes down what stands on tables, so that these can be changed; until it is raised again, nobody is served."""
    connection.execute(text(f"DROP SCHEMA IF EXISTS {COUNTED}, {', '.join(_PAST)}, {AUDIT} CASCADE"))


def lacks_wall(connection: Connection, platform: Platform) -> bool:
    """Whether the wall is another than the declarations have it; that of plugins that are off is no matter.

    A part of it may be missing where a database was restored from a part of a dump: its views of the past, the link of
    the log of reads, or that rows are kept back at all.
    """
    found = connection.execute(_STANDING, {"schemas": [COUNTED, *_PAST]}).one()
    known = {name for name in (READ_LOG.name, READ_HEAD.name, PLACE_MOVE.name) if name in found.tables}
    if found.foundation != _digest([*_foundation(known), *chain_of_reads(""), TOLD]):
        return True
    if READ_HEAD.name in known and not found.is_chained:
        return True
    return any(
        found.views.get(f"{COUNTED}.{table}") != digest
        or table not in found.kept
        or not {f"{schema}.{table}" for schema in _PAST} <= found.views.keys()
        for table, digest in _digests(platform).items()
    )


_STANDING = text(
    f"""SELECT
        (SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = '{COUNTED}') AS foundation,
        (SELECT coalesce(jsonb_object_agg(n.nspname || '.' || relname, obj_description(c.oid, 'pg_class')), '{{}}')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY(:schemas) AND relkind = 'v') AS views,
        t.tables, t.kept,
        EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('{READ_LOG.name}') AND tgname = 'chain'
            AND tgenabled <> 'D') AS is_chained
    FROM (SELECT coalesce(array_agg(relname::text), '{{}}') AS tables,
            coalesce(array_agg(relname::text) FILTER (WHERE relrowsecurity), '{{}}') AS kept
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')) t"""  # noqa: S608
)
"""What stands of the wall, in one look: a server asks at each look whether it is ready."""


def _records(platform: Platform) -> list[type[Dated]]:
    """What is kept back, row by row."""
    own = (record for each in platform.plugins for record in each.plugin.records)
    return [Household, Person, *own]


def _make_role(connection: Connection, role: str) -> None:
    """Roles belong to a server and not to a database: others may have made it, or be making it now."""
    try:
        with connection.begin_nested():
            connection.execute(
                text(
                    f"""DO $$ BEGIN
                        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                            CREATE ROLE {role} NOLOGIN;
                        END IF;
                        IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
                            EXECUTE format('GRANT {role} TO %I', current_user);
                        END IF;
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                    END $$"""
                )
            )
    except DBAPIError as error:
        raise OperationError(
            f"The role {role}, as which the server reads, cannot be made: {error.orig}",
            code="CANNOT_MAKE_ROLE",
            remedy=f"Let an administrator run: CREATE ROLE {READER} NOLOGIN; CREATE ROLE {DISTRICT_READER} NOLOGIN; "
            f"GRANT {_BOTH} TO <the user of BANGFU_DATABASE_URL>; then run `bangfu migrate` again.",
        ) from error


def _foundation(known: AbstractSet[str]) -> list[str]:
    open_tables = ", ".join([*(record.__tablename__ for record in _OPEN), SETTING.name])
    return [
        f"CREATE SCHEMA {COUNTED}",
        f"GRANT USAGE ON SCHEMA {COUNTED} TO {_BOTH}",
        f"GRANT SELECT ON {open_tables} TO {_BOTH}",
        *([f"GRANT INSERT ON {READ_LOG.name} TO {_BOTH}"] if READ_LOG.name in known else ()),
        *past_foundation(),
        *(_moves() if PLACE_MOVE.name in known else ()),
    ]


def _moves() -> list[str]:
    """By which boundaries something is counted, it is counted as everything is."""
    name = f"{COUNTED}.{PLACE_MOVE.name}"
    now = f"CREATE VIEW {name} AS SELECT * FROM {PLACE_MOVE.name}"  # noqa: S608 - names of our own
    return [now, f"GRANT SELECT ON {name} TO {_BOTH}", *past_moves()]


def _declared(platform: Platform) -> dict[str, list[str]]:
    """What is to be run for each table; those of people and households come first, since others look into them."""
    measures = [measure for each in platform.plugins for measure in measures_of(each.plugin)]
    used = {(look.table.name, look.column.name): False for look in sensitive_looks(measures)}
    used |= {
        (look.table.name, look.column.name): True for look in sensitive_looks(measures) if not look.is_for_presence
    }
    found = {}
    for record in _records(platform):
        columns = _counted(record, used)
        past = past_views(record, columns, needed_to_count(record))
        found[record.__tablename__] = [*_view(record, columns), *_policy(record), *past]
    return found


def _counted(record: type[Dated], used: Mapping[tuple[str, str], bool]) -> dict[str, bool]:
    """The columns that measures may look at, and whether at their values; else only at whether there is one.

    `used` says so of the sensitive columns that are looked at.
    """
    table, found = record.__tablename__, {}
    for column in columns_of(record):
        field = field_of(column)
        is_sensitive = field is not None and field.sensitive is not None
        if not (is_index(column) or (is_sensitive and (table, column.name) not in used)):
            is_emptied = is_sensitive and not used[table, column.name] and isinstance(column.type, String)
            found[column.name] = not is_emptied
    return found


def _view(record: type[Dated], columns: Mapping[str, bool]) -> Iterator[str]:
    table, quote = record.__tablename__, quote_name
    listed = ", ".join(
        quote(name) if is_whole else f"left({quote(name)}, 0) AS {quote(name)}" for name, is_whole in columns.items()
    )
    yield f"CREATE VIEW {COUNTED}.{quote(table)} AS SELECT {listed} FROM {quote(table)}"  # noqa: S608 - declared names
    yield f"GRANT SELECT ON {COUNTED}.{quote(table)} TO {_BOTH}"


def _policy(record: type[Dated]) -> Iterator[str]:
    """A row is seen with the record's permission, in the viewer's places; what is not set lets nothing through.

    The sub-selects are looked at once for each statement, not once for each row.
    """
    table = quote_name(record.__tablename__)
    holds = f"string_to_array(current_setting('{PERMISSIONS}', true), ',') @> ARRAY['{needed_to_count(record)}']"
    places = f"SELECT CASE WHEN {holds} THEN nullif(current_setting('{PLACES}', true), '')"
    # PostgreSQL guesses how many rows pass: of nearly all it says so only of what is not null, and plans accordingly.
    inside = f"nullif(district_code <@ ({places}::int4multirange END), false) IS NOT NULL"
    lies = _lies_in(record, f"({places}::int8multirange END)")
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for policy, role, condition in ((_POLICY, READER, lies), (_DISTRICT_POLICY, DISTRICT_READER, inside)):
        yield f"DROP POLICY IF EXISTS {policy} ON {table}"
        yield f"CREATE POLICY {policy} ON {table} FOR SELECT TO {role} USING ({condition})"
    yield f"GRANT SELECT ON {table} TO {_BOTH}"


def _lies_in(record: type[Dated], own: str) -> str:
    """Whether a row lies in places; asked of the views, since the household itself may be one that is kept back."""
    table, columns = quote_name(record.__tablename__), {column.name for column in columns_of(record)}
    if "place_code" in columns:
        return f"place_code <@ {own}"
    if "household_id" in columns:
        home = f"SELECT FROM {COUNTED}.household h WHERE h.district_code = {table}.district_code"
        return f"EXISTS ({home} AND h.id = {table}.household_id AND h.place_code <@ {own})"
    home = (
        f"SELECT FROM {COUNTED}.person p JOIN {COUNTED}.household h"
        " ON h.district_code = p.district_code AND h.id = p.household_id"
        f" WHERE p.district_code = {table}.district_code"
    )
    return f"EXISTS ({home} AND p.id = {table}.person_id AND h.place_code <@ {own})"


@cache
def _digests(platform: Platform) -> dict[str, str]:
    """What each table's wall is to be known by; asked for at each look whether a server is ready."""
    return {table: _digest(statements) for table, statements in _declared(platform).items()}


def _digest(statements: Sequence[str]) -> str:
    return sha256("\n".join(statements).encode()).hexdigest()[:16]
