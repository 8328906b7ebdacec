"""Tokens that were issued here: what is kept of them, which is never the token itself.

No record of the graph: no query leads to this table. It is read with the rights of the account that serves, before
anybody is known, so that an account under which queries run needs no right on it at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    RowMapping,
    Table,
    Text,
    exists,
    func,
    or_,
    select,
    update,
)

TOKEN = Table(
    "token",
    MetaData(),
    Column("id", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("places", ARRAY(Text), nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("issued_on", DateTime(timezone=True), nullable=False),
    Column("expires_on", DateTime(timezone=True), nullable=False),
    Column("revoked_on", DateTime(timezone=True)),
    Column("last_used", DateTime(timezone=True)),
    PrimaryKeyConstraint("id", name="pk_token"),
)

COARSE = timedelta(hours=1)
"""How exactly it is kept when a token was last used: enough to see that nobody needs it any more."""


@dataclass(frozen=True, kw_only=True)
class StoredToken:
    """What is kept of a token; moments are in UTC."""

    id: str
    hash: bytes
    """SHA-256 of the whole token."""

    name: str
    """Whose it is."""

    roles: tuple[str, ...]
    places: tuple[str, ...]
    """Official codes, or `*` for all places: the form in which a signed token says it."""

    permissions: tuple[str, ...]
    is_demo: bool
    """Whether it was made for the demo, whose tokens are shown to everybody."""

    issued_on: datetime
    expires_on: datetime
    revoked_on: datetime | None = None
    last_used: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it lets somebody in at a moment."""
        return self.revoked_on is None and now < self.expires_on


def add_token(connection: Connection, token: StoredToken) -> None:
    """Keeps a token that was made."""
    connection.execute(TOKEN.insert().values({column.name: getattr(token, column.name) for column in TOKEN.columns}))


def read_tokens(connection: Connection, *, ended_after: datetime | None = None) -> list[StoredToken]:
    """The tokens, the first issued first; without those that ended before a moment, if one is given."""
    statement = select(TOKEN).order_by(TOKEN.c.issued_on, TOKEN.c.id)
    if ended_after is not None:
        is_later = or_(TOKEN.c.revoked_on.is_(None), TOKEN.c.revoked_on > ended_after)
        statement = statement.where(TOKEN.c.expires_on > ended_after, is_later)
    return [_stored(row) for row in connection.execute(statement).mappings()]


def read_token(connection: Connection, token_id: str) -> StoredToken | None:
    """The token of an id; None where none was issued."""
    row = connection.execute(select(TOKEN).where(TOKEN.c.id == token_id)).mappings().one_or_none()
    return None if row is None else _stored(row)


def has_tokens(connection: Connection) -> bool:
    """Whether a token was ever issued, also one that has ended since."""
    return bool(connection.scalar(select(exists().select_from(TOKEN))))


def revoke_token(connection: Connection, token_id: str) -> bool:
    """Ends a token from now on; False where there is nothing to end."""
    return bool(_revoke(connection, TOKEN.c.id == token_id))


def revoke_demo_tokens(connection: Connection) -> int:
    """Ends all tokens of the demo from now on; how many."""
    return _revoke(connection, TOKEN.c.is_demo)


def note_use(connection: Connection, token_ids: Sequence[str]) -> None:
    """Notes that tokens are in use now, unless that was noted less than an hour ago."""
    is_old = or_(TOKEN.c.last_used.is_(None), TOKEN.c.last_used <= func.now() - COARSE)
    connection.execute(update(TOKEN).where(TOKEN.c.id.in_(token_ids), is_old).values(last_used=func.now()))


def _revoke(connection: Connection, which: ColumnElement[bool]) -> int:
    statement = update(TOKEN).where(which, TOKEN.c.revoked_on.is_(None)).values(revoked_on=func.now())
    return connection.execute(statement).rowcount


def _stored(row: RowMapping) -> StoredToken:
    listed = {name: tuple(row[name]) for name in ("roles", "places", "permissions")}
    return StoredToken(**{**row, **listed})
