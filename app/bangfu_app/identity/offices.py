"""Shorthands for what the people of an office are usually given: village, township, sector, analyst, district."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bangfu.access import PERSONAL, permissions, reading, writing
from bangfu.declare.codes import SPANS, level_of, parse_code
from bangfu.declare.grain import Grain
from bangfu.errors import UserError, nearest, quoted
from bangfu.registry import Platform
from bangfu_app.identity.claims import EVERYWHERE

OFFICES: Final = ("village", "township", "sector:PLUGIN", "analyst", "district")
"""What may be named; a sector by its plugin, as `sector:industry`."""

_LEVELS = {"village": Grain.VILLAGE, "township": Grain.TOWNSHIP}


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a token gives: roles, places as official codes or `*`, permissions."""

    roles: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


def grant_of(office: str, platform: Platform, places: Sequence[str]) -> Grant:
    """What an office is usually given; raises UserError where it is none, or its places are of another level.

    Analysts and the district office are given all places unless some are named; the others need to be told.
    """
    to_read = [reading(each.plugin.name) for each in platform.plugins]
    match office.partition(":"):
        case ("village" | "township", "", ""):
            _require_level(office, places)
            to_write = [writing(each.plugin.name) for each in platform.plugins]
            return _grant(office, places, [*to_read, *to_write, PERSONAL])
        case ("sector", ":", sector):
            _require_plugin(sector, [each.plugin.name for each in platform.plugins])
            return _grant(office, places, [reading(sector), writing(sector)])
        case ("analyst", "", ""):
            return _grant(office, places or (EVERYWHERE,), to_read)
        case ("district", "", ""):
            return _grant(office, places or (EVERYWHERE,), permissions(platform))
    raise UserError(
        f"{quoted(office)} is no office.{nearest(office, OFFICES)} Accepted: {', '.join(OFFICES)}.", argument="--as"
    )


def _grant(office: str, places: Sequence[str], permissions: Iterable[str]) -> Grant:
    return Grant(roles=(office,), places=tuple(places), permissions=tuple(sorted(permissions)))


def _require_level(office: str, places: Sequence[str]) -> None:
    level = _LEVELS[office]
    for place in places:
        if place == EVERYWHERE or SPANS[level_of(parse_code(place, argument="--place"))] > SPANS[level]:
            found = "All places are" if place == EVERYWHERE else f"{place} is"
            raise UserError(
                f"{found} more than a {office} officer is given. Name {office}s, or use --permission in place of --as.",
                argument="--place",
            )


def _require_plugin(sector: str, plugins: Collection[str]) -> None:
    if sector not in plugins:
        hint = nearest(sector, sorted(plugins)) or f" Plugins are: {', '.join(plugins)}."
        raise UserError(f"{quoted(sector)} is no plugin.{hint}", argument="--as")
