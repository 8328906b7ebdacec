"""What a client would rather have: media types of `Accept`, codings of `Accept-Encoding`, each with its weight."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

_UNSAID = 10_000  # behind whatever a client names


@lru_cache(maxsize=256)  # clients of one kind send the same at each request
def best_type(accept: str, offered: tuple[str, ...]) -> str | None:
    """The best of what is offered, None where nothing is accepted; without a wish, the first.

    Of types that are as good as each other, one that is named comes before one that only `*/*` lets through, and
    what is named first comes first.
    """
    if not accept.strip():
        return offered[0]
    said = list(_weighed(accept))
    ranked = []
    for place, kind in enumerate(offered):
        weight, position = _weight(kind, said)
        if weight > 0:
            ranked.append((-weight, position, place, kind))
    return min(ranked)[-1] if ranked else None


@lru_cache(maxsize=256)
def best_coding(accept: str, offered: tuple[str, ...]) -> str | None:
    """The best coding for a body, the first of those that are as good; None to send it as it is."""
    said = dict(_weighed(accept))
    others = said.get("*", 0.0)
    plain = said.get("identity", 0.0)
    best, chosen = 0.0, None
    for name in offered:
        weight = said.get(name, others)
        if weight > best and weight >= plain:
            best, chosen = weight, name
    return chosen


def _weight(kind: str, said: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """What the most exact of a client's wishes says of a media type, and where it stands."""
    main = kind.partition("/")[0]
    for wish, is_named in ((kind, True), (f"{main}/*", False), ("*/*", False)):
        for position, (name, weight) in enumerate(said):
            if name == wish:
                return weight, position if is_named else _UNSAID
    return 0.0, _UNSAID


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    """The names in a header with their weights, from 0 to 1; a weight that is no number is none."""
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            weight = min(float(quality), 1.0)
        except ValueError:
            weight = 0.0
        if name:
            yield name, weight if weight > 0 else 0.0  # also where it is not a number
