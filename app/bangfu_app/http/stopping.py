"""Whether the server is about to end; whoever keeps something open is told."""

from collections.abc import Callable


class Stopping:
    """False until the server stops."""

    def __init__(self) -> None:
        self._has_begun = False
        self._told: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        return self._has_begun

    def tell(self, listener: Callable[[], None]) -> None:
        """Has a function called when the server begins to stop."""
        self._told.append(listener)

    def begin(self) -> None:
        """Says that the server stops: nothing new is begun, what is in flight is finished."""
        if not self._has_begun:
            self._has_begun = True
            for listener in self._told:
                listener()
