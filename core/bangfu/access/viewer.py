"""Who asks: a name, roles, the places and the permissions that a token gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewer:
    """A person or a program that has shown who it is."""

    name: str
    roles: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    """15-digit codes of the places whose rows may be seen, each with all inside it; none where `is_everywhere`."""

    is_everywhere: bool = False
    """Whether the rows of all places may be seen."""

    permissions: frozenset[str] = frozenset()
    """What may be done, as `industry:read`."""
