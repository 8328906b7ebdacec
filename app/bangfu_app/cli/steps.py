"""Shows what a long command is doing: a line for each step, and a detail beside the one that runs."""

import time
from collections.abc import Sized
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape


def count(things: Sized, name: str) -> str:
    """How many there are, as a sentence says it."""
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


class Steps:
    """Progress on stderr, so that what a command prints on stdout stays what was asked for."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("")
        self._step = ""
        self._started = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end("[green]✓[/]" if error is None else "[red]✗[/]")

    def begin(self, step: str) -> None:
        """Ends the step that runs, and begins another."""
        self.end()
        self._step, self._started = escape(step), time.monotonic()
        self._status.update(self._step)
        self._status.start()

    def detail(self, text: str) -> None:
        """What the step is at, on the same line."""
        self._status.update(f"{self._step} [dim]{escape(text)}[/]")

    def end(self, outcome: str = "") -> None:
        """Ends the step that runs; `outcome` says what came of it."""
        self._end("[green]✓[/]", outcome)

    def _end(self, mark: str, outcome: str = "") -> None:
        self._status.stop()
        if self._step:
            took = time.monotonic() - self._started
            told = f": {escape(outcome)}" if outcome else ""
            self._console.print(f"{mark} {self._step}{told} [dim]{took:.1f} s[/]")
            self._step = ""
