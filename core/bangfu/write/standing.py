"""Looks at the rows of an entry of the log before it is taken back: what they are, where they lie, how they stand."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from bangfu.access import AUDIT, Policy
from bangfu.access.permissions import is_open, needed_to_count
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated, table_of
from bangfu.query.names import quote_name
from bangfu.store.entries import StoredEntry, later_entries, rows_of_entry
from bangfu.write.outcome import Action
from bangfu.write.owners import find_owners, owner_column
from bangfu.write.reverting import Run, never_the_same
from bangfu.write.undone import NotUndone, gone, stale

MOST = 100
"""Rows that are told of one entry: whoever mends so many will ask again."""

Entry = Mapping[str, int]
"""Which entry: its `district` and its `number`."""

_RUNS = text(
    f"""SELECT record, action, min(position) AS first, max(position) AS last FROM (
        SELECT e.record, e.action, e.position,
            e.position - row_number() OVER (PARTITION BY e.record, e.action ORDER BY e.position) AS island
        FROM ({rows_of_entry()}) e
    ) x GROUP BY record, action, island ORDER BY first DESC"""  # noqa: S608 - our own words, as below
)
_KEYS = text(
    f"SELECT ARRAY(SELECT jsonb_object_keys(coalesce(e.after, e.before))) FROM ({rows_of_entry()}) e"  # noqa: S608
    " WHERE e.record = :record LIMIT 1"
)
_WAS = (
    "SELECT DISTINCT ON (e.row_id) e.row_id AS id, CAST(e.before ->> '{owner}' AS bigint) AS owner FROM e"
    " WHERE e.record = '{table}' AND e.before IS NOT NULL ORDER BY e.row_id, e.position"
)
_PLACES = {
    "place_code": "SELECT key FROM owners",
    "household_id": """SELECT DISTINCT coalesce(h.place_code, w.owner, :whole) FROM owners o
        LEFT JOIN household h ON h.district_code = :district AND h.id = o.key
        LEFT JOIN household_was w ON w.id = o.key""",
    "person_id": """SELECT DISTINCT coalesce(h.place_code, w.owner, :whole) FROM owners o
        LEFT JOIN person p ON p.district_code = :district AND p.id = o.key
        LEFT JOIN person_was l ON l.id = o.key
        LEFT JOIN household h ON h.district_code = :district AND h.id = coalesce(p.household_id, l.owner)
        LEFT JOIN household_was w ON w.id = coalesce(p.household_id, l.owner)""",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The columns of one record as an entry has them."""

    logged: Sequence[str]
    """Those that the table still has."""

    changed: frozenset[str]
    """Those that come back as something else than they are, in any of its rows."""

    gone: frozenset[str]
    """Those that the table no longer has."""

    lost: frozenset[str]
    """Those of these that would come back."""


def runs_of(connection: Connection, entry: Entry) -> list[Run]:
    """What an entry has done, one thing after the other, the last first."""
    return [
        Run(record=each.record, action=Action(each.action), first=each.first, last=each.last)
        for each in connection.execute(_RUNS, entry)
    ]


def places_of(connection: Connection, entry: Entry, record: type[Dated]) -> list[int]:
    """The places in which the rows of a record lie by what an entry says of them, before and after.

    What is about a household that is gone lies where that lay, if the entry says it; else in the district.
    """
    owner = owner_column(record)
    statement = (
        f"WITH e AS ({rows_of_entry()}), owners AS ("  # noqa: S608 - names that are declared, here and below
        f"SELECT DISTINCT CAST(x.row ->> '{owner}' AS bigint) AS key"
        " FROM e CROSS JOIN LATERAL (VALUES (e.before), (e.after)) AS x(row)"
        " WHERE e.record = :record AND x.row IS NOT NULL"
        f"), household_was AS ({_WAS.format(table='household', owner='place_code')}),"
        f" person_was AS ({_WAS.format(table='person', owner='household_id')}) {_PLACES[owner]}"
    )
    whole = {} if owner == "place_code" else {"whole": entry["district"] * DISTRICT_SPAN}
    return list(connection.scalars(text(statement), {**entry, "record": record.__tablename__, **whole}))


def shape_of(connection: Connection, entry: Entry, record: type[Dated]) -> Shape:
    """Which columns of a record's rows come back."""
    table, given = table_of(record), {**entry, "record": record.__tablename__}
    keys: list[str] = connection.scalar(_KEYS, given) or []
    columns = ", ".join(
        f"bool_or(e.before ->> CAST(:c{index} AS text) IS DISTINCT FROM e.after ->> CAST(:c{index} AS text))"
        for index in range(len(keys))
    )
    statement = f"SELECT {columns} FROM ({rows_of_entry()}) e WHERE e.record = :record AND e.action <> 'create'"  # noqa: S608
    names = {f"c{index}": name for index, name in enumerate(keys)}
    flags = connection.execute(text(statement), given | names).one()
    changed = {name for name, is_changed in zip(keys, flags, strict=True) if is_changed} - {"version"}
    known = [column.name for column in table.columns if column.computed is None and column.name in keys]
    gone = frozenset(keys) - frozenset(column.name for column in table.columns)
    return Shape(logged=known, changed=frozenset(changed & set(known)), gone=gone, lost=frozenset(changed & gone))


def changed_since(
    connection: Connection, entry: Entry, record: type[Dated], shape: Shape, policy: Policy
) -> list[NotUndone]:
    """The first rows of a record that no longer stand as an entry has left them."""
    table = table_of(record)
    statement = text(
        f"""SELECT l.row_id, t.version FROM (
            SELECT DISTINCT ON (e.row_id) e.row_id, e.action, e.after FROM ({rows_of_entry()}) e
            WHERE e.record = :record ORDER BY e.row_id, e.position DESC
        ) l LEFT JOIN {quote_name(table.name)} t ON t.district_code = :district AND t.id = l.row_id
        WHERE CASE WHEN l.action = 'delete' THEN t.id IS NOT NULL OR EXISTS (
            SELECT FROM change c WHERE c.district_code = :district AND c.record = :record AND c.row_id = l.row_id
                AND c.number > :number
        ) ELSE t.id IS NULL OR t.version <> CAST(l.after ->> 'version' AS int)
            OR NOT to_jsonb(t) @> (l.after - CAST(:left_out AS text[])) END
        ORDER BY l.row_id LIMIT {MOST}"""  # noqa: S608 - names that are declared
    )
    given = {**entry, "record": table.name, "left_out": [*never_the_same(table), *sorted(shape.gone)]}
    found = {row.row_id: row.version for row in connection.execute(statement, given)}
    return list(_told(connection, entry, record, found, policy)) if found else []


def _told(
    connection: Connection, entry: Entry, record: type[Dated], found: Mapping[int, int | None], policy: Policy
) -> Iterator[NotUndone]:
    """What is told of rows that were changed since: by whom, to whoever is shown a row's history."""
    name = record.__tablename__
    later: Mapping[int, StoredEntry] = later_entries(connection, entry["district"], entry["number"], name, list(found))
    knows_all = policy.holds(AUDIT) and policy.covers_code(entry["district"] * DISTRICT_SPAN)
    own = _own(connection, record, [id_ for id_, version in found.items() if version is not None], policy)
    reads = is_open(record) or policy.holds(needed_to_count(record))
    for id_, version in found.items():
        knows = knows_all or (reads and id_ in own)
        told = later.get(id_) if knows else None
        if version is None or id_ not in own:
            yield gone(name, id_, told)
        else:
            yield stale(name, id_, version, told)


def _own(connection: Connection, record: type[Dated], ids: Collection[int], policy: Policy) -> set[int]:
    """Which rows lie in the author's places now."""
    table, owner = table_of(record), owner_column(record)
    if not ids:
        return set()
    statement = text(
        f"SELECT id, {owner} FROM {quote_name(table.name)} WHERE id = ANY(:ids)"  # noqa: S608 - declared names
        " AND district_code = ANY(:districts)"
    )
    districts = sorted({id_ // DISTRICT_SPAN for id_ in ids})
    owners: dict[int, Any] = dict(connection.execute(statement, {"ids": list(ids), "districts": districts}).all())
    places = find_owners(connection, owner, set(owners.values()))
    return {id_ for id_, key in owners.items() if policy.covers_code(places[key])}
