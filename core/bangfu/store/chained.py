"""The chain of the log of reads: how an entry is linked to the one before, and whether the chain holds.

PostgreSQL makes the links itself, in a trigger that has the rights of the tables' owner: whoever adds an entry can
neither leave its link out nor see the head of the chain.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from bangfu.store.audit import Chain, verify_chains
from bangfu.store.reads import READ_HEAD, READ_LOG

AUDIT = "audit"
"""The schema of what keeps logs."""

# What an entry's hash is made of; the same words where it is written and where it is verified.
_LINK = """sha256({before} || convert_to(jsonb_build_array({entry}.district_code, {entry}.number,
    to_char({entry}.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), {entry}.request_id, {entry}.viewer,
    {entry}.token_id, {entry}.operation, {entry}.document, {entry}.places, {entry}.shown, {entry}.filtered,
    {entry}.ordered, {entry}.counts, {entry}.succeeded)::text, 'UTF8'))"""


def chain_of_reads(schema: str) -> list[str]:
    """The statements that have entries linked as they are added; `schema` is that of the tables."""
    link = _LINK.format(before="last.hash", entry="NEW")
    name, head = f"{AUDIT}.chain_read", READ_HEAD.name
    return [
        f"CREATE SCHEMA {AUDIT}",
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = {schema}, pg_temp AS $$
        DECLARE last {head}%ROWTYPE;
        BEGIN
            SELECT * INTO last FROM {head} WHERE district_code = NEW.district_code FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO {head} VALUES (NEW.district_code, 0, ''::bytea) ON CONFLICT DO NOTHING;
                SELECT * INTO last FROM {head} WHERE district_code = NEW.district_code FOR UPDATE;
            END IF;
            NEW.number := last.number + 1;
            NEW.at := clock_timestamp();
            NEW.hash := {link};
            UPDATE {head} SET number = NEW.number, hash = NEW.hash WHERE district_code = NEW.district_code;
            RETURN NEW;
        END $$""",  # noqa: S608 - our own words
        f"CREATE TRIGGER chain BEFORE INSERT ON {READ_LOG.name} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


_VERIFY = text(
    f"""WITH seen AS (
        SELECT r.*, row_number() OVER w AS expected, lag(r.hash, 1, ''::bytea) OVER w AS before
        FROM read_log r WHERE r.district_code = :district WINDOW w AS (ORDER BY r.number)
    )
    SELECT r.number, CASE WHEN r.number <> r.expected THEN 'an entry before this one is missing'
        ELSE 'the entry was changed, or one before it' END AS what
    FROM seen r WHERE r.number <> r.expected OR r.hash <> {_LINK.format(before="r.before", entry="r")}
    ORDER BY 1"""  # noqa: S608 - our own words
)


def verify_reads(connection: Connection, district: int | None = None) -> Iterator[Chain]:
    """Goes through the chains, of one district or of all, and tells where each is broken; 0 stands for no district."""
    return verify_chains(connection, district, head="read_head", tables=("read_log",), broken=_VERIFY)
