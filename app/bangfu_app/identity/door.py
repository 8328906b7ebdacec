"""The door of a server: who is let in by a token that an issuer signed, by one that was issued here, or without."""

from math import inf

from bangfu.access import Viewer
from bangfu_app.identity.bearer import Bearer, invalid, token_of
from bangfu_app.identity.form import PREFIX
from bangfu_app.identity.local import LocalTokens


class Door:
    """Asks for a token, which tells by its prefix where it comes from.

    One that `may_be_open` lets everybody in as long as no keys are set and no token was ever issued.
    """

    def __init__(self, *, signed: Bearer | None, local: LocalTokens, may_be_open: bool) -> None:
        self._signed = signed
        self._local = local
        self._may_be_open = may_be_open and signed is None

    async def viewer(self, authorization: str | None) -> Viewer | None:
        """The viewer of an `Authorization` header; None where nobody is asked for a token.

        Raises Unauthenticated, and OperationError while that cannot be found out.
        """
        return (await self.viewer_until(authorization))[0]

    async def viewer_until(self, authorization: str | None) -> tuple[Viewer | None, float]:
        """The viewer, and the second of the epoch at which the token expires; raises as `viewer` does."""
        is_ours = authorization is not None and PREFIX in authorization
        # Who shows one of ours is told whether it counts, also where nobody has to show any.
        if self._may_be_open and not is_ours and not await self._local.exist():
            return None, inf
        token = token_of(authorization)
        if token.startswith(PREFIX):
            return await self._local.viewer_until(token)
        if self._signed is None:
            raise invalid(f"this server takes those that were issued here, which begin with `{PREFIX}`")
        return await self._signed.viewer_until(authorization)

    async def aclose(self) -> None:
        """Finishes what goes on beside the requests."""
        await self._local.aclose()
