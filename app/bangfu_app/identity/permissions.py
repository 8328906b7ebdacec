"""Permissions as somebody types them, who may have meant another."""

from collections.abc import Iterable

from bangfu.access import permissions
from bangfu.errors import UserError, nearest, quoted
from bangfu.registry import Platform


def require_known(given: Iterable[str], platform: Platform) -> None:
    """Raises UserError for a permission that there is none of: nothing would ever ask for it."""
    known = sorted(permissions(platform))
    for permission in given:
        if permission not in known:
            raise UserError(
                f"{quoted(permission)} is no permission.{nearest(permission, known)} Known are: {', '.join(known)}.",
                argument="--permission",
            )
