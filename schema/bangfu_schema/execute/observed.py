"""What can be said of one request afterwards: where its time went, what it cost, which statements it ran."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from bangfu_schema.execute.limits import Demand


@dataclass(frozen=True)
class Ran:
    """A statement that was run, with the values of its parameters."""

    sql: str
    values: Mapping[str, Any]


@dataclass
class Observed:
    """Filled while a request is answered."""

    demand: Demand = field(default_factory=Demand)
    seconds: dict[str, float] = field(default_factory=dict)
    statements: list[Ran] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the time of a block to a phase: `parse`, `compile`, `sql`."""
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - started

    def server_timing(self) -> str:
        """The phases as the `Server-Timing` header has them, in milliseconds."""
        return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in self.seconds.items())
