"""What a token's claims say of its viewer."""

import json
from collections.abc import Mapping
from typing import Any

from bangfu.access import Viewer
from bangfu.declare.codes import parse_code
from bangfu.errors import UserError

EVERYWHERE = "*"
"""Among `places`: all there are."""


class ClaimsError(Exception):
    """Claims that tell of no viewer; says which one, and what it would have to be."""


def viewer_of(claims: Mapping[str, Any]) -> Viewer:
    """The viewer: `sub` (or a better name), `roles`, `places` as official codes, `permissions`.

    A claim that is missing gives nothing; one of another form is refused, since it may have been meant to give less.
    """
    places = _texts(claims, "places")
    return Viewer(
        name=_name(claims),
        roles=_texts(claims, "roles"),
        places=tuple(sorted({_code(place) for place in places if place != EVERYWHERE})),
        is_everywhere=EVERYWHERE in places,
        permissions=frozenset(_texts(claims, "permissions")),
        token_id=token_id if isinstance(token_id := claims.get("jti"), str) else None,
        subject=_subject(claims),
    )


def _subject(claims: Mapping[str, Any]) -> str | None:
    """Issuer and `sub`, which are together one person's, as a text that no other two make."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(subject, str) or not subject:
        return None
    return json.dumps([issuer if isinstance(issuer, str) else None, subject])


def _name(claims: Mapping[str, Any]) -> str:
    for claim in ("name", "preferred_username", "sub"):
        value = claims.get(claim)
        if isinstance(value, str) and value.strip():
            return value.strip()
    raise ClaimsError("the claim `sub` is missing: a token has to say whose it is")


def _texts(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    value = claims.get(claim, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ClaimsError(f"the claim `{claim}` is not a list of strings")
    return tuple(value)


def _code(place: str) -> int:
    try:
        return parse_code(place, argument="places")
    except UserError as error:
        raise ClaimsError(str(error)) from None
