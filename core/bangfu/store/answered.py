"""What was answered to a request that may come again: its key, what it asked for, and what came of it."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

KNOWN_FOR = 30
"""Days for which a key is known; later it may be used anew."""

ANSWERED = Table(
    "answered",
    MetaData(),
    Column("viewer", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("outcome", JSONB),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("viewer", "key", name="pk_answered"),
    Index("ix_answered_at", "at"),
)
"""By whom, and under which key; the outcome is written before the request's transaction ends."""


def take_key(connection: Connection, viewer: str, key: str, asked: bytes) -> tuple[bytes, Any] | None:
    """Takes a viewer's key for this transaction; what was asked and answered under it, if it has been used already.

    Whoever takes the same one at the same time waits until this transaction has ended.
    """
    row = {"viewer": viewer, "key": key, "asked": asked}
    taken = insert(ANSWERED).values(row).on_conflict_do_nothing().returning(ANSWERED.c.key)
    if connection.scalar(taken) is not None:  # of an insert the driver is not asked how many rows it made
        return None
    here = (ANSWERED.c.viewer == viewer) & (ANSWERED.c.key == key)
    found = connection.execute(select(ANSWERED.c.asked, ANSWERED.c.outcome).where(here)).one()
    return bytes(found.asked), found.outcome


def note_outcome(connection: Connection, viewer: str, key: str, outcome: Any) -> None:
    """Notes what comes of the request, as JSON; and forgets some of the keys that are too old to come again."""
    connection.execute(_NOTE, {"viewer": viewer, "key": key, "outcome": outcome})


_NOTE = text(
    f"""WITH old AS (
        SELECT viewer, key FROM answered WHERE at < now() - interval '{KNOWN_FOR} days'
        ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED
    ), forgotten AS (DELETE FROM answered a USING old WHERE a.viewer = old.viewer AND a.key = old.key)
    UPDATE answered SET outcome = :outcome WHERE viewer = :viewer AND key = :key"""  # noqa: S608 - our own number
).bindparams(bindparam("outcome", type_=JSONB))
