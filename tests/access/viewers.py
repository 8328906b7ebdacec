"""Who asks: one viewer for each way of being allowed something and not something else."""

from bangfu.access import Viewer
from bangfu.registry import Platform

_DISTRICT, _TOWNSHIP, _SMALL_TOWNSHIP = 620502 * 10**9, 620502_101 * 10**6, 620502_102 * 10**6
VILLAGE, OTHER_VILLAGE, THIRD_VILLAGE = 620502_101_201 * 1000, 620502_102_201 * 1000, 620502_103_201 * 1000
HAMLET = 620502_101_203_001


def viewers(platform: Platform) -> dict[str, Viewer | None]:
    """All viewers by name; None is the process itself, from which nothing is kept."""
    reads = frozenset(f"{each.plugin.name}:read" for each in platform.plugins)
    everything = reads | {"personal:read", "sql:read", "audit:read"} | {f"{each[:-5]}:write" for each in reads}
    return {
        "process": None,
        "everybody": _viewer(is_everywhere=True, permissions=everything),
        "analyst": _viewer(is_everywhere=True, permissions=reads),
        "district": _viewer(_DISTRICT, permissions=everything),
        "township": _viewer(_TOWNSHIP, permissions=everything),
        "villages": _viewer(VILLAGE, OTHER_VILLAGE, HAMLET, permissions=everything),
        "village": _viewer(THIRD_VILLAGE, permissions=reads),
        "sector": _viewer(is_everywhere=True, permissions={"industry:read"}),
        "sector in a township": _viewer(_SMALL_TOWNSHIP, permissions={"industry:read"}),
        "persons only": _viewer(_TOWNSHIP, permissions={"public_services:read", "probe:read", "personal:read"}),
        "nowhere": _viewer(permissions=everything),
        "none": _viewer(),
    }


def _viewer(*places: int, is_everywhere: bool = False, permissions: frozenset[str] | set[str] = frozenset()) -> Viewer:
    return Viewer("somebody", (), places, is_everywhere, frozenset(permissions))
