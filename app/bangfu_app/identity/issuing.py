"""Issues tokens: checks what each is to give, makes it, and keeps its hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from bangfu.declare.codes import level_of, official_code, parse_code
from bangfu.domain.places import Place
from bangfu.errors import OperationError, UserError, nearest, quoted
from bangfu.registry import Platform
from bangfu.store.tokens import StoredToken, add_token, read_token, read_tokens, revoke_token
from bangfu_app.identity.claims import EVERYWHERE
from bangfu_app.identity.form import PREFIX, Token, make_token
from bangfu_app.identity.offices import Grant
from bangfu_app.identity.permissions import require_known

_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new token, with what is kept of it and the names of its places."""

    token: Token
    stored: StoredToken
    places: Mapping[str, str]


def issue_token(
    connection: Connection, platform: Platform, name: str, grant: Grant, *, days: int, is_demo: bool = False
) -> Issued:
    """Issues a token to somebody; raises UserError for a place or a permission that is not known.

    Nothing is kept then.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UserError(f"{quoted(name)} is no name. Accepted: 1 to {_LONGEST_NAME} letters.", argument="NAME")
    require_known(grant.permissions, platform)
    places = _named(connection, [place for place in grant.places if place != EVERYWHERE])
    token, now = make_token(), datetime.now(UTC)
    stored = StoredToken(
        id=token.id,
        hash=token.hash,
        name=name,
        roles=grant.roles,
        # All places, and one of them besides, are all places.
        places=(EVERYWHERE,) if EVERYWHERE in grant.places else tuple(places),
        permissions=grant.permissions,
        is_demo=is_demo,
        issued_on=now,
        expires_on=now + timedelta(days=days),
    )
    add_token(connection, stored)
    return Issued(token=token, stored=stored, places=places)


def revoke(connection: Connection, token_id: str) -> tuple[StoredToken, bool]:
    """Revokes a token by its id, or by its text; it, and whether it was valid until now.

    Raises OperationError where it was not issued here.
    """
    # Who has found a token somewhere has its text, and should not have to take it apart.
    wanted = token_id.strip().removeprefix(PREFIX).partition("_")[0]
    found = read_token(connection, wanted)
    if found is None:
        hint = nearest(wanted, [each.id for each in read_tokens(connection)])
        raise OperationError(
            f"No token {quoted(wanted)} was issued here.{hint}",
            code="TOKEN_UNKNOWN",
            remedy="`bangfu token list --all` shows all.",
        )
    return found, revoke_token(connection, wanted)


def _named(connection: Connection, places: Sequence[str]) -> dict[str, str]:
    """The places' names by their official codes, in the order in which they were given."""
    codes = {official_code(code): code for code in (parse_code(place, argument="--place") for place in places)}
    rows = connection.execute(select(Place.code, Place.name).where(Place.code.in_(codes.values())))
    names = {row.code: row.name for row in rows}
    for official, code in codes.items():
        if code not in names:
            raise UserError(f"There is no place {quoted(official)}.{_near(connection, code)}", argument="--place")
    return {official: names[code] for official, code in codes.items()}


def _near(connection: Connection, code: int) -> str:
    """A place of the same level that may have been meant."""
    known = connection.scalars(select(Place.code).order_by(Place.code))
    level = level_of(code)
    return nearest(official_code(code), [official_code(each) for each in known if level_of(each) is level])
