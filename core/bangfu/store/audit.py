"""The log of changes (審計鏈): what was changed by whom, in entries that are chained by their hashes for each district.

No record of the graph. An entry, a change set, has one row for each row that it changed, with what that was before and
after; many new rows that were written at once stand in runs, as they were written. Its digest is made of these rows and
runs, and its hash of the digest, of who and when, and of the hash before: whoever
changes a word, takes something out or puts something in, has to make all later hashes anew, and the last one is known
elsewhere (`bangfu audit verify` prints it). A sealed value stands in it as sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TextClause,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_METADATA = MetaData()

CHANGE_SET = Table(
    "change_set",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("author", Text, nullable=False),
    Column("token_id", Text),
    Column("request_id", Text),
    Column("reason", Text),
    Column("rows", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("district_code", "number", name="pk_change_set"),
    Index("ix_change_set_at", "at"),
    Index("ix_change_set_district_code_at", "district_code", "at", "number"),
)
"""One entry, which was made in one transaction: numbers run from 1 in each district, without a gap."""

OWNERS = ("place_code", "household_id", "person_id")
OWNER = "coalesce(before ->> 'place_code', before ->> 'household_id', before ->> 'person_id')::bigint"
"""What a changed row belonged to before, by the one of these columns that it has; places have none of them."""

_CHANGED = text("before IS NOT NULL")

CHANGE = Table(
    "change",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB),
    PrimaryKeyConstraint("district_code", "number", "position", name="pk_change"),
    Index("ix_change_row", "district_code", "record", "row_id"),
    # By which rows are found as they were; those that were created since are as they stand.
    Index("ix_change_number", "district_code", "record", "number", postgresql_where=_CHANGED),
    Index("ix_change_owner", "district_code", "record", text(f"({OWNER})"), postgresql_where=_CHANGED),
)
"""One row that an entry changed: the record's table, the row's id, and its columns before and after."""

CHANGE_RUN = Table(
    "change_run",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("columns", ARRAY(Text), nullable=False),
    Column("usual", Text, nullable=False),
    Column("lines", Text, nullable=False),
    PrimaryKeyConstraint("district_code", "number", "position", name="pk_change_run"),
    Index("ix_change_run_row", "district_code", "record", "row_id"),
)
"""Many rows that an entry created, whose ids and positions run on from those of the first.

Each has a line in COPY's text form, without escapes; after which comes what is usual, the same for all of them. The
columns are those of a line and of what is usual; the district and the id stand beside.
"""

CHANGE_HEAD = Table(
    "change_head",
    _METADATA,
    Column("district_code", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("district_code", name="pk_change_head"),
)
"""The last entry of each district. Whoever changes rows of a district holds its lock, so that they come one by one."""

AUDIT_TABLES = (CHANGE_SET, CHANGE, CHANGE_RUN, CHANGE_HEAD)

# What an entry's hash is made of; the same words where it is written and where it is verified.
_LINK = """sha256({before} || convert_to(jsonb_build_array({entry}.district_code, {entry}.number,
    to_char({entry}.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), {entry}.author, {entry}.token_id,
    {entry}.request_id, {entry}.reason, {entry}.rows, encode({entry}.digest, 'hex'))::text, 'UTF8'))"""
_HASHED = """SELECT c.district_code, c.number, c.position, 1 AS rows,
        sha256(convert_to(jsonb_build_array(c.position, c.record, c.row_id, c.action, c.before, c.after)::text, 'UTF8'))
            AS hash
    FROM change c UNION ALL
    SELECT r.district_code, r.number, r.position, r.rows,
        sha256(convert_to(jsonb_build_array(r.position, r.record, r.row_id, r.rows, r.columns, r.usual,
            encode(sha256(convert_to(r.lines, 'UTF8')), 'hex'))::text, 'UTF8'))
    FROM change_run r"""
_DIGESTED = """coalesce(sum(p.rows), 0)::int AS rows,
            sha256(coalesce(string_agg(p.hash, ''::bytea ORDER BY p.position), ''::bytea)) AS digest"""

_BEGIN = text(
    "INSERT INTO change_head (district_code, number, hash) SELECT d, 0, ''::bytea"
    " FROM unnest(CAST(:districts AS int[])) d ON CONFLICT DO NOTHING"
)
_HOLD = text(
    "SELECT district_code, number FROM change_head WHERE district_code = ANY(:districts)"
    " ORDER BY district_code FOR UPDATE"
)
_CLOSE = text(
    f"""WITH entry AS (
        SELECT h.district_code, h.number + 1 AS number, clock_timestamp() AS at, CAST(:author AS text) AS author,
            CAST(:token_id AS text) AS token_id, CAST(:request_id AS text) AS request_id,
            CAST(:reason AS text) AS reason, told.rows, told.digest, h.hash AS before
        FROM change_head h CROSS JOIN LATERAL (
            SELECT {_DIGESTED} FROM ({_HASHED}) p
            WHERE p.district_code = h.district_code AND p.number = h.number + 1
        ) told
        WHERE h.district_code = :district
    ), made AS (
        INSERT INTO change_set (district_code, number, at, author, token_id, request_id, reason, rows, digest, hash)
        SELECT district_code, number, at, author, token_id, request_id, reason, rows, digest,
            {_LINK.format(entry="entry", before="entry.before")}
        FROM entry RETURNING district_code, number, hash
    )
    UPDATE change_head h SET number = made.number, hash = made.hash FROM made
    WHERE h.district_code = made.district_code RETURNING h.number"""  # noqa: S608 - our own words
)
_VERIFY = text(
    f"""WITH seen AS (
        SELECT s.*, row_number() OVER w AS expected, lag(s.hash, 1, ''::bytea) OVER w AS before
        FROM change_set s WHERE s.district_code = :district WINDOW w AS (ORDER BY s.number)
    ), told AS (
        SELECT p.number, {_DIGESTED} FROM ({_HASHED}) p WHERE p.district_code = :district GROUP BY p.number
    )
    SELECT coalesce(s.number, t.number) AS number,
        CASE WHEN s.number IS NULL THEN 'rows without an entry'
             WHEN s.number <> s.expected THEN 'an entry before this one is missing'
             WHEN s.rows <> coalesce(t.rows, 0) THEN 'rows of it are missing, or were added'
             WHEN s.digest <> coalesce(t.digest, sha256(''::bytea)) THEN 'a row of it was changed'
             ELSE 'the entry was changed, or one before it' END AS what
    FROM seen s FULL JOIN told t ON t.number = s.number
    WHERE s.number IS NULL OR s.number <> s.expected OR s.rows <> coalesce(t.rows, 0)
        OR s.digest <> coalesce(t.digest, sha256(''::bytea)) OR s.hash <> {_LINK.format(entry="s", before="s.before")}
    ORDER BY 1"""  # noqa: S608 - our own words
)


@dataclass(frozen=True, kw_only=True)
class Break:
    """Where the chain of a district does not hold."""

    district_code: int
    number: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The chain of one district, as it is found."""

    district_code: int
    entries: int
    hash: str
    """That of the last entry, in hexadecimal digits: who notes it knows later that nothing was taken off the end."""

    breaks: tuple[Break, ...]


def hold_districts(connection: Connection, districts: list[int]) -> dict[int, int]:
    """Waits until nobody else changes rows of these districts, and keeps others waiting; the next entries' numbers."""
    given = {"districts": sorted(districts)}
    connection.execute(_BEGIN, given)
    return {row.district_code: row.number + 1 for row in connection.execute(_HOLD, given)}


def close_entry(
    connection: Connection,
    district: int,
    *,
    author: str,
    token_id: str | None,
    request_id: str | None,
    reason: str | None,
) -> int:
    """Makes the entry of the rows that were added under the next number of a district that is held; that number."""
    given: dict[str, Any] = {
        "district": district,
        "author": author,
        "token_id": token_id,
        "request_id": request_id,
        "reason": reason,
    }
    return int(connection.execute(_CLOSE, given).scalar_one())


def verify(connection: Connection, district: int | None = None) -> Iterator[Chain]:
    """Goes through the chains, of one district or of all, and tells where each is broken."""
    return verify_chains(
        connection, district, head="change_head", tables=("change_set", "change", "change_run"), broken=_VERIFY
    )


def verify_chains(
    connection: Connection, district: int | None, *, head: str, tables: Sequence[str], broken: TextClause
) -> Iterator[Chain]:
    """Goes through the chains of a log whose entries stand in the first of these tables; `broken` finds the breaks."""
    each = " UNION ALL SELECT DISTINCT district_code, NULL::bigint, NULL FROM "
    others = "".join(each + name for name in tables)
    known = connection.execute(
        text(
            "SELECT d, max(number), max(hash) FROM ("  # noqa: S608 - our own words
            f" SELECT district_code d, number, encode(hash, 'hex') hash FROM {head}{others}) x"
            " WHERE CAST(:district AS int) IS NULL OR d = :district GROUP BY d ORDER BY d"
        ),
        {"district": district},
    ).all()
    for code, number, hash_ in known:
        breaks = [
            Break(district_code=code, number=row.number, what=row.what)
            for row in connection.execute(broken, {"district": code})
        ]
        last = connection.execute(
            text(
                f"SELECT number, encode(hash, 'hex') hash FROM {tables[0]} WHERE district_code = :district"  # noqa: S608
                " ORDER BY number DESC LIMIT 1"
            ),
            {"district": code},
        ).one_or_none()
        found = (0, "") if last is None else (last.number, last.hash)
        if found != (number, hash_):
            breaks.append(Break(district_code=code, number=number or 0, what="the last entry is another one"))
        yield Chain(district_code=code, entries=found[0], hash=found[1], breaks=tuple(breaks))
