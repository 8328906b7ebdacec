"""What can be said of one request afterwards: where its time went, what it cost, which statements it ran."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from bangfu.store.wall import Wall
from bangfu_schema.execute.limits import Demand


@dataclass(frozen=True)
class Ran:
    """A statement that was run, with the values of its parameters."""

    sql: str
    values: Mapping[str, Any]
    wall: Wall | None


@dataclass
class Observed:
    """Filled while a request is answered."""

    operation: str | None = None
    """The operation that was chosen, where it has a name."""
    demand: Demand = field(default_factory=Demand)
    spent: Demand = field(default_factory=Demand)
    """What was asked for before it, where several requests have one account."""
    seconds: dict[str, float] = field(default_factory=dict)
    statements: list[Ran] = field(default_factory=list)

    @property
    def demand_in_all(self) -> Demand:
        """What is asked for, together with what was asked for before it."""
        return self.spent.beside(self.demand)

    def phase(self, name: str) -> "_Phase":
        """Adds the time of a block to a phase: `parse`, `compile`, `sql`."""
        return _Phase(self.seconds, name)

    def server_timing(self) -> str:
        """The phases as the `Server-Timing` header has them, in milliseconds."""
        return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in self.seconds.items())


class _Phase:
    """A block whose time is taken; every request has four, so it costs less than a generator would."""

    __slots__ = ("_name", "_seconds", "_started")

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self._seconds = seconds
        self._name = name

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._name] = self._seconds.get(self._name, 0.0) + perf_counter() - self._started
