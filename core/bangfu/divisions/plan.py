"""What is to become of places on a day (區劃調整方案): steps, taken one after the other, all of them or none."""

from dataclasses import dataclass
from datetime import date

from bangfu.domain.places import PlaceKind


@dataclass(frozen=True, kw_only=True)
class Rename:
    """A place gets another name (更名); its code stays."""

    place: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Recode:
    """A place gets another code below the same place (變更代碼), and with it all places inside; its name stays."""

    place: int
    code: int


@dataclass(frozen=True, kw_only=True)
class Move:
    """A place comes to lie in another one of the level above (劃轉), with all that is inside.

    Without a `code` it keeps its last digits where they are free there, else it gets the next ones.
    """

    place: int
    to: int
    code: int | None = None


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Places of one level become one (合併): one of them, another one, or with a name a new one.

    What was inside comes to lie in it; the kind of a new place is that of the first where none is given.
    """

    places: tuple[int, ...]
    into: int
    name: str | None = None
    kind: PlaceKind | None = None


@dataclass(frozen=True, kw_only=True)
class Split:
    """Part of a place becomes a place of its own, beside it (拆分): places inside, households, or both.

    Facts about the place itself stay with it: what was counted for the whole cannot be divided.
    """

    place: int
    name: str
    code: int | None = None
    kind: PlaceKind | None = None
    places: tuple[int, ...] = ()
    households: tuple[int, ...] = ()


Step = Rename | Recode | Move | Merge | Split


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to become of places of one district on a day."""

    district: int
    """Its code of 15 digits."""

    on: date
    steps: tuple[Step, ...]
    note: str | None = None
    """The paper it goes back to, for one."""
