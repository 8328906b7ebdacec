"""Whether the server is about to end; whoever keeps something open is told."""

from collections.abc import Callable


class Stopping:
    """Known to whoever answers requests, and begun by whoever runs the server."""

    def __init__(self) -> None:
        self.has_begun = False
        self._told: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Has a function called when the server begins to stop."""
        self._told.append(listener)

    def begin(self) -> None:
        """Says that the server stops: nothing new is begun, what is in flight is finished."""
        if not self.has_begun:
            self.has_begun = True
            for listener in self._told:
                listener()
