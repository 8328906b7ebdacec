"""How many connections stay open, how many subscriptions somebody has, and how long the server waits for whom."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bangfu.errors import UserError


@dataclass(frozen=True, kw_only=True)
class SocketLimits:
    """What one process bears. Seconds, where nothing else is said."""

    connections: int = 1_000
    """Connections that stay open, of both kinds together."""

    subscriptions: int = 200
    """Subscriptions of one viewer, or of one address where nobody is asked for a token, in all connections."""

    operations: int = 100
    """Operations that one WebSocket may have under way, subscriptions among them."""

    message: int = 2**20
    """Bytes of a message from a client."""

    init_wait: float = 10.0
    """For `connection_init`."""

    idle: float = 15.0
    """Silence after which the server shows that it is there; a proxy in between would take it for dead."""

    send_wait: float = 30.0
    """For a client to take what it is sent; what it has not read by then is not kept for it."""

    check: float = 60.0
    """Between two looks at whether a token still counts."""

    queue: int = 100
    """Changes kept for a slow client; with one more it is told that it has missed some."""


class TooMany(UserError):  # noqa: N818 - reads as what it says
    """A limit is reached, and will not be for ever."""


class Doorkeeper:
    """Counts what is open."""

    def __init__(self, limits: SocketLimits) -> None:
        self._limits = limits
        self._subscriptions: Counter[str] = Counter()
        self.connections = 0

    @property
    def subscriptions(self) -> int:
        """How many subscriptions are open in all."""
        return self._subscriptions.total()

    @contextmanager
    def connection(self) -> Iterator[None]:
        """One more connection for a block; raises TooMany."""
        if self.connections >= self._limits.connections:
            raise TooMany("Too many connections are open. Try again later.", code="TOO_MANY_CONNECTIONS")
        self.connections += 1
        try:
            yield
        finally:
            self.connections -= 1

    @contextmanager
    def subscription(self, who: str) -> Iterator[None]:
        """One more subscription of somebody for a block; raises TooMany."""
        most = self._limits.subscriptions
        if self._subscriptions[who] >= most:
            message = f"You have {most} subscriptions open already. End some of them first."
            raise TooMany(message, code="TOO_MANY_SUBSCRIPTIONS")
        self._subscriptions[who] += 1
        try:
            yield
        finally:
            self._subscriptions[who] -= 1
            if not self._subscriptions[who]:
                del self._subscriptions[who]
