"""Who is told that rows have changed: places and a permission decide, as they do for the rows."""

from collections.abc import Iterable

from bangfu.access.permissions import reading
from bangfu.access.viewer import Viewer
from bangfu.declare.codes import code_range

_REGISTERED = ("Household", "Person")
"""Those of the core's own records that need a permission; its places and targets are no secret."""

CORE = "core"
"""Stands for the plugin of records that are the core's own."""


def needed_to_hear(plugin: str, record: str | None = None) -> str | None:
    """The permission without which nobody is told of changes; None where none is needed."""
    if plugin == CORE:
        return reading("register") if record in _REGISTERED else None
    return reading(plugin)


def may_hear(viewer: Viewer | None, plugin: str, record: str | None = None) -> bool:
    """Whether somebody may be told of changes of a plugin's records, as far as permissions decide."""
    needed = needed_to_hear(plugin, record)
    return viewer is None or needed is None or needed in viewer.permissions


def heard_places(viewer: Viewer | None, place: int | None) -> tuple[int, ...] | None:
    """The places of whose changes somebody is told who asks for those in `place`; None for all there are."""
    if viewer is None or viewer.is_everywhere:
        return None if place is None else (place,)
    if place is None:
        return viewer.places
    return tuple(sorted({narrower for own in viewer.places for narrower in _common(own, place)}))


def is_inside(code: int, place: int) -> bool:
    """Whether a place is inside another, or is that itself."""
    first, last = code_range(place)
    return first <= code <= last


def _common(one: int, other: int) -> Iterable[int]:
    """What two places have in common: the narrower one, or nothing."""
    return (a for a, b in ((one, other), (other, one)) if is_inside(a, b))
