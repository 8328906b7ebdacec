"""How many requests somebody may send in a minute: a bucket of tokens for each, refilled steadily."""

import time
from collections import OrderedDict
from collections.abc import Callable

_KNOWN = 50_000
"""Buckets kept; the one not asked for the longest goes first, and is full when its owner comes back."""


class Rate:
    """Requests are counted, and not what they cost: the answer is known before anything of one is read, and people can
    reckon with it. What a single request may cost is limited by itself."""

    def __init__(self, per_minute: int, *, now: Callable[[], float] = time.monotonic, known: int = _KNOWN) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._now = now
        self._known = known
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, who: str, requests: int = 1) -> float:
        """Lets requests through, and gives 0; or lets none through, and gives the seconds until they would be."""
        if not self._per_second:
            return 0.0
        now = self._now()
        left, since = self._buckets.get(who, (self._most, now))
        left = min(self._most, left + (now - since) * self._per_second)
        wanted = min(float(requests), self._most)  # more than a whole bucket is never there
        wait = 0.0 if left >= wanted else (wanted - left) / self._per_second
        self._buckets[who] = (left if wait else left - wanted, now)
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._known:
            self._buckets.popitem(last=False)
        return wait
