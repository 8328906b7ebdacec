"""What a plugin is given to make up rows for the demo district, and the arithmetic that lets them add up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from bangfu.declare.codes import DISTRICT_SPAN, ancestor
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """A made-up person, with what a sector needs to choose whom it reaches."""

    id: int
    born_on: date
    male: bool
    can_work: bool


@dataclass(frozen=True, kw_only=True)
class DemoHousehold:
    """A made-up registered household: members begin with its head; `income` is yuan a head, net, in 2014."""

    id: int
    place_code: int
    income: int
    is_allowance_poor: bool
    members: tuple[DemoPerson, ...]

    @property
    def village_code(self) -> int:
        """The village in which it lives."""
        return ancestor(self.place_code, Grain.VILLAGE)


@dataclass(frozen=True, kw_only=True)
class DemoVillage:
    """A made-up village as of the report: `remoteness` from 0 (in town) to 1."""

    code: int
    name: str
    is_poor: bool
    is_community: bool
    remoteness: float
    natural_villages: tuple[int, ...]
    households: tuple[DemoHousehold, ...]


@dataclass(frozen=True, kw_only=True)
class DemoDistrict:
    """The demo district as a plugin sees it: its places and households, on the report's date."""

    code: int
    as_of: date
    townships: tuple[int, ...]
    villages: tuple[DemoVillage, ...]
    seed: int = 20150831
    source: str = "demo"

    @property
    def place_code(self) -> int:
        """The district's own place code."""
        return self.code * DISTRICT_SPAN

    @property
    def households(self) -> Iterator[DemoHousehold]:
        """All households, village by village."""
        return (household for village in self.villages for household in village.households)

    def random(self, purpose: str) -> Random:
        """A random source of its own for each purpose, so that one plugin's draw never moves another's."""
        return Random(f"{self.seed}:{self.code}:{purpose}")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of one record to be loaded with COPY; ids, district, version, source and basis are filled in.

    Each row maps column names to values; `recorded_on` and `valid_from` default to the demo's date.
    """

    of: type[Dated]
    rows: Sequence[Mapping[str, Any]] = field(repr=False)


def spread(total: int, weights: Sequence[float], *, least: int = 0, most: int | None = None) -> list[int]:
    """Whole parts of `total` in proportion to `weights`, each from `least` to `most`, that add up exactly.

    Raises ValueError where no such parts exist.
    """
    count = len(weights)
    if total < count * least or total > (count * most if most is not None else total * count):
        raise ValueError(f"{total} cannot be spread over {count} parts from {least} to {most}")
    parts = [least] * count
    left = total - count * least
    order = sorted(range(count), key=lambda index: -weights[index])
    scale = sum(weights) or 1.0
    for index in range(count):
        room = left if most is None else most - least
        parts[index] += min(int((total - count * least) * weights[index] / scale), room)
    left = total - sum(parts)
    while left:
        for index in order:
            if left and (most is None or parts[index] < most):
                parts[index] += 1
                left -= 1
    return parts


def spread_amount(total: Decimal, weights: Sequence[float], *, step: Decimal = Decimal("0.01")) -> list[Decimal]:
    """Parts of an amount in whole steps (a hundredth by default) that add up exactly.

    Raises ValueError for an amount that is not made of whole steps.
    """
    if total % step:
        raise ValueError(f"{total} is not made of steps of {step}")
    return [part * step for part in spread(int(total / step), weights)]


def pick(random: Random, weights: Sequence[float], count: int) -> list[int]:
    """`count` different positions, drawn with the given weights (heavier first, without replacement)."""
    keys = [(random.random() ** (1.0 / weight) if weight > 0 else -1.0, index) for index, weight in enumerate(weights)]
    chosen = sorted(keys, reverse=True)[:count]
    if len(chosen) < count or any(value < 0 for value, _ in chosen):
        raise ValueError(f"cannot pick {count} of {len(weights)} positions")
    return sorted(index for _, index in chosen)
