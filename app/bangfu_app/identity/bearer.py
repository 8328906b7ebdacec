"""Bearer tokens: from the header of a request to its viewer."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from joserfc.jws import extract_compact

from bangfu.access import Viewer
from bangfu.errors import UserError
from bangfu_app.identity.claims import ClaimsError, viewer_of

_LONGEST = 16_384  # characters
_KEPT = 1_000
_KEPT_FOR = 60.0
"""Seconds for which a token is not checked again: a signature takes longer to check than many a query to answer."""


class Unauthenticated(UserError):  # noqa: N818 - reads as what it says
    """Nobody who may ask; `reason` is for the header that tells a client's library."""

    code = "UNAUTHENTICATED"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message, code=self.code)
        self.reason = reason


class Identity(Protocol):
    """What finds out who asks."""

    async def viewer(self, authorization: str | None) -> Viewer | None:
        """The viewer of an `Authorization` header; None where nobody is asked for a token.

        Raises Unauthenticated, and OperationError while that cannot be found out.
        """

    async def viewer_until(self, authorization: str | None) -> tuple[Viewer | None, float]:
        """The viewer, and the second of the epoch from which the token counts no more; raises as `viewer` does."""


class Keys(Protocol):
    """Where the keys come from."""

    async def get(self, key_id: str | None) -> KeySet | Key:
        """All keys in use, among them, if the issuer has it, the one of this id."""


class Bearer:
    """Checks tokens that an issuer has signed for an audience; which algorithms count is ours to say, never theirs."""

    def __init__(
        self,
        keys: Keys,
        *,
        algorithms: Sequence[str],
        audience: str,
        issuer: str | None,
        leeway: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._algorithms = list(algorithms)
        self._leeway = leeway
        self._now = now
        needed: dict[str, jwt.ClaimsOption] = {
            "exp": {"essential": True},
            "aud": {"essential": True, "value": audience},
        }
        if issuer is not None:
            needed["iss"] = {"essential": True, "value": issuer}
        self._rules = jwt.JWTClaimsRegistry(now=lambda: int(now()), leeway=int(leeway), **needed)
        self._known: OrderedDict[bytes, tuple[tuple[Viewer, float], float]] = OrderedDict()

    async def viewer(self, authorization: str | None) -> Viewer:
        """The viewer of an `Authorization` header; raises Unauthenticated, and KeysUnavailable."""
        return (await self.viewer_until(authorization))[0]

    async def viewer_until(self, authorization: str | None) -> tuple[Viewer, float]:
        """The viewer, and the second of the epoch at which the token expires; raises as `viewer` does."""
        return await self._checked(token_of(authorization))

    async def _checked(self, token: str) -> tuple[Viewer, float]:
        mark = sha256(token.encode(errors="replace")).digest()
        known = self._known.get(mark)
        if known is not None and self._now() < known[1]:
            self._known.move_to_end(mark)
            return known[0]
        found = await self._verified(token)
        self._known[mark] = found, min(self._now() + _KEPT_FOR, found[1])
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found

    async def _verified(self, token: str) -> tuple[Viewer, float]:
        try:
            header = extract_compact(token.encode()).headers()
            key_id = header.get("kid")
            if header.get("alg") not in self._algorithms:
                raise invalid("it is signed in a way that is not accepted here")
            keys = await self._keys.get(key_id if isinstance(key_id, str) else None)
            claims = jwt.decode(token, keys, algorithms=self._algorithms).claims
            self._rules.validate(claims)
            return viewer_of(claims), float(claims["exp"]) + self._leeway
        except ClaimsError as error:
            raise invalid(str(error)) from None
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise invalid(_WHY.get(getattr(error, "error", ""), "it cannot be verified")) from error


def only(headers: Sequence[str]) -> str | None:
    """The one `Authorization` header of a request, None without one; raises Unauthenticated where there are several.

    Whoever stands in between may have looked at another one of them.
    """
    if len(headers) > 1:
        raise Unauthenticated("The header Authorization stands there more than once. Send it once.")
    return headers[0] if headers else None


def token_of(authorization: str | None) -> str:
    """The token in an `Authorization` header; raises Unauthenticated where there is none."""
    if authorization is None:
        raise Unauthenticated("A token is needed. Send the header `Authorization: Bearer …`.")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("The header Authorization is of another kind. Accepted: `Bearer` and a token.")
    if len(token) > _LONGEST:
        raise invalid("it is too long")
    return token


_WHY = {
    "expired_token": "it has expired",
    "invalid_claim": "it was issued by or for somebody else, or is not valid yet",
    "missing_claim": "it does not say by whom, for whom or until when it was issued",
    "bad_signature": "its signature is not right",
}
"""What may be told of a token that fails; no more, so that nobody learns by trying."""


def invalid(why: str) -> Unauthenticated:
    """A token that lets nobody in, and why."""
    return Unauthenticated(f"The token is not accepted: {why}.", reason="invalid_token")
