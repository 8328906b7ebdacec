"""Subscriptions: what one wants to be told of, and its answer to each event."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bangfu.access import Forbidden, Viewer, heard_places, may_hear, needed_to_hear
from bangfu.access.hearing import CORE
from bangfu.declare.codes import official_code, parse_code
from bangfu.errors import UserError, nearest, quoted
from bangfu.registry import Platform
from bangfu_schema.derive.fields import Meaning, OfPlace
from bangfu_schema.derive.scalars import PlaceCode
from bangfu_schema.derive.subscription import ChangeEntry


@dataclass(frozen=True, kw_only=True)
class Interest:
    """What a subscription wants to be told of."""

    place: int | None
    """Only changes in this place, or, of `progress`, around it."""

    plugin: str | None
    """Only of this plugin's records."""

    is_listed: bool
    """Whether each change is told by itself; else only that there was one."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change as it is told to one viewer; without plugin and record it says that changes were missed."""

    plugin: str | None = None
    record: str | None = None
    place: int | None = None
    count: int | None = None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A subscription that was understood; `answer` gives the response to an event."""

    interest: Interest
    answer: Callable[[Change], Awaitable[dict[str, Any]]]
    """The response to a change, as `Graph.execute` gives it; raises what that raises."""


def interest_of(
    meaning: Meaning | None, given: Mapping[str, Any], platform: Platform, viewer: Viewer | None
) -> Interest:
    """What a field of the root with these arguments wants to be told of; raises UserError where it cannot be."""
    place = None if given.get("place") is None else parse_code(given["place"], argument="place")
    if isinstance(meaning, OfPlace):
        return Interest(place=place, plugin=None, is_listed=False)
    plugin: str | None = given.get("plugin")
    if plugin is not None:
        _require_plugin(plugin, platform, viewer)
    if heard_places(viewer, place) == ():
        where = "any place" if place is None else official_code(place)
        raise UserError(f"You may not see the rows of {where}.", argument="place", code="FORBIDDEN")
    return Interest(place=place, plugin=plugin, is_listed=True)


def entry_of(change: Change) -> ChangeEntry:
    """A change in the graph's own terms."""
    place = None if change.place is None else PlaceCode(official_code(change.place))
    return ChangeEntry(plugin=change.plugin, record=change.record, place=place, count=change.count, at=change.at)


def _require_plugin(plugin: str, platform: Platform, viewer: Viewer | None) -> None:
    known = [CORE, *(each.plugin.name for each in platform.plugins)]
    if plugin not in known:
        raise UserError(
            f"{quoted(plugin)} is not an installed plugin. Installed: {', '.join(known)}.{nearest(plugin, known)}",
            argument="plugin",
        )
    needed = needed_to_hear(plugin)
    if needed is not None and not may_hear(viewer, plugin):
        raise Forbidden(needed, argument="plugin")
