"""Tells subscribers in this process what is changed in the database, by whichever process.

One connection listens. What it hears is collected for a moment, added up by transaction, and given to whom it
concerns: many subscribers cost memory and a comparison, and nothing in the database.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy.engine import URL

from bangfu.access import Viewer, heard_places, may_hear
from bangfu.access.hearing import is_inside
from bangfu.declare.codes import SPANS, ancestor
from bangfu.declare.grain import PLACE_GRAINS, Grain
from bangfu.store.listening import Listener
from bangfu.write.telling import CHANNEL, Told, read_told
from bangfu_schema import Change, Interest

_MOMENT = 0.05
_PACE = 0.25
"""Seconds between two rounds of telling, however much is written."""
_MOST_PENDING = 5_000
_PATIENCE = 5.0  # seconds in which listening has to begin

_log = logging.getLogger("bangfu.feed")


class Subscriber:
    """What one subscription has not been told yet; never more than a fixed number of changes."""

    def __init__(self, interest: Interest, viewer: Viewer | None, most: int) -> None:
        self.interest = interest
        self.viewer = viewer
        self.places = heard_places(viewer, interest.place)
        self._most = most
        self._queue: deque[Change] = deque()
        self._missed: datetime | None = None
        self._woken = asyncio.Event()

    async def next(self) -> Change:
        """The next change, once there is one; without plugin and record: some were missed."""
        await self._woken.wait()
        if self._missed is not None:
            change, self._missed = Change(place=self.interest.place, at=self._missed), None
        else:
            change = self._queue.popleft()
        if not self._queue:
            self._woken.clear()
        return change

    def tell(self, changes: Sequence[Change]) -> None:
        """Keeps changes until they are asked for; where they are too many, only that there were some."""
        if not changes or self._missed is not None:
            return
        if len(self._queue) + len(changes) > self._most:
            self.miss(changes[-1].at)
            return
        self._queue.extend(changes)
        self._woken.set()

    def miss(self, at: datetime) -> None:
        """Anything may have changed."""
        self._queue.clear()
        self._missed = at
        self._woken.set()


class Feed:
    """All subscribers of one process."""

    def __init__(self, url: URL, *, most: int = 100, patience: float = _PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._subscribers: set[Subscriber] = set()
        self._pending: list[Told] = []
        self._has_lost = False
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = 0.0
        self._listener = Listener(url, CHANNEL, heard=self._heard, resumed=self._resumed)
        self.round = 0
        """Grows each time something is told: what was read in one round may be old in the next."""

    @property
    def subscribers(self) -> int:
        """How many there are."""
        return len(self._subscribers)

    async def is_listening(self) -> bool:
        """Whether changes are heard, for which it waits a moment; nobody listens before it is first asked."""
        self._listener.start()
        return await self._listener.wait(self._patience)

    @contextmanager
    def open(self, interest: Interest, viewer: Viewer | None) -> Iterator[Subscriber]:
        """A subscriber for one block."""
        subscriber = Subscriber(interest, viewer, self._most)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    async def aclose(self) -> None:
        """Listens no longer."""
        if self._timer is not None:
            self._timer.cancel()
        await self._listener.aclose()

    def _heard(self, payload: str) -> None:
        told = read_told(payload)
        if told is None:
            _log.warning("something else than bangfu notifies on the channel %s", CHANNEL)
            return
        if len(self._pending) < _MOST_PENDING:
            self._pending.append(told)
        else:
            self._has_lost = True
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time() + _MOMENT, self._told_at + _PACE)
            self._timer = loop.call_at(due, self._tell)

    def _resumed(self) -> None:
        """What was notified while nobody listened is lost."""
        self.round += 1
        for subscriber in self._subscribers:
            subscriber.miss(datetime.now(UTC))

    def _tell(self) -> None:
        self._timer, self._told_at = None, asyncio.get_running_loop().time()
        pending, self._pending = self._pending, []
        has_lost, self._has_lost = self._has_lost, False
        if has_lost:
            self._resumed()
            return
        self.round += 1
        telling = _Round(_added_up(pending))
        for subscriber in self._subscribers:
            telling.tell(subscriber)


class _Round:
    """What is told at once; what several subscribers are told alike is worked out once."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._told = told
        self._places = {code for each in told for code in each.places}
        self._around = {ancestor(code, grain) for code in self._places for grain in PLACE_GRAINS}
        self._rolled: dict[tuple[int, ...] | None, list[Change]] = {}

    def tell(self, subscriber: Subscriber) -> None:
        interest = subscriber.interest
        if not interest.is_listed:
            if interest.place is not None and self._concerns(interest.place):
                subscriber.miss(self._told[-1].at)
            return
        subscriber.tell(
            [
                change
                for change in self._inside(subscriber.places)
                if interest.plugin in (None, change.plugin)
                and change.plugin is not None
                and may_hear(subscriber.viewer, change.plugin, change.record)
            ]
        )

    def _concerns(self, place: int) -> bool:
        """Whether something inside a place has changed, or something told of a wider one may have been inside it."""
        return place in self._around or any(ancestor(place, grain) in self._places for grain in PLACE_GRAINS)

    def _inside(self, places: tuple[int, ...] | None) -> list[Change]:
        if places not in self._rolled:
            self._rolled[places] = [change for each in self._told for change in _rolled_up(each, places)]
        return self._rolled[places]


def _added_up(pending: Sequence[Told]) -> list[Told]:
    """What each transaction has changed in each record, in one."""
    found: dict[tuple[int, str, str], Told] = {}
    for each in pending:
        key = (each.transaction, each.plugin, each.record)
        before = found.get(key)
        if before is not None:
            each = Told(
                transaction=each.transaction,
                at=each.at,
                plugin=each.plugin,
                record=each.record,
                places=Counter(before.places) + Counter(each.places),
            )
        found[key] = each
    return list(found.values())


def _rolled_up(told: Told, places: tuple[int, ...] | None) -> Iterator[Change]:
    """The changes inside some places, by township where all of that is inside, else as narrowly as they are known."""
    counts: Counter[int] = Counter()
    for code, count in told.places.items():
        township = ancestor(code, Grain.TOWNSHIP) if code % SPANS[Grain.TOWNSHIP] else code
        if _is_inside_any(township, places):
            counts[township] += count
        elif _is_inside_any(code, places):
            counts[code] += count
    for code, count in counts.items():
        yield Change(plugin=told.plugin, record=told.record, place=code, count=count, at=told.at)


def _is_inside_any(code: int, places: tuple[int, ...] | None) -> bool:
    return places is None or any(is_inside(code, place) for place in places)
