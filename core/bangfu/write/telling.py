"""Tells whoever listens that rows have changed: of which record, where and how many, and never what is in them.

A notification belongs to its transaction: PostgreSQL sends it on commit, and forgets it with a rollback.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Text, cast, func, literal, select

from bangfu.access.hearing import CORE
from bangfu.declare.codes import DISTRICT_SPAN, SPANS, ancestor, level_of
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated

CHANNEL = "bangfu_changes"

_FORM = "1"
_LONGEST = 7_800
"""Bytes of a payload; PostgreSQL takes fewer than 8,000."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one transaction has changed in one record, as far as one notification says it."""

    transaction: int
    at: datetime
    plugin: str
    record: str
    places: Mapping[int, int]
    """How many rows, by the place they lie in: a village, or a wider place where they belong to that."""


def tell(connection: Connection, of: type[Dated], places: Mapping[int, int]) -> None:
    """Tells, once the transaction commits, how many rows of a record it has changed in which places, by their codes.

    Call it once for each record and transaction, where that is possible; places may be of any level.
    """
    plugin = of.__plugin__ or CORE
    by_district: dict[int, Counter[int]] = {}
    for code, count in places.items():
        by_district.setdefault(code // DISTRICT_SPAN, Counter())[_up_to(code, Grain.VILLAGE)] += count
    for district, counts in by_district.items():
        written = _written(f"{plugin} {of.__name__} {district}", counts)
        stamp = func.concat(
            _FORM,
            " ",
            cast(func.pg_current_xact_id(), Text),
            " ",
            # To the microsecond; PostgreSQL sends the same words only once for a transaction.
            cast(func.extract("epoch", func.clock_timestamp()), Text),
            " ",
            literal(written, Text),
        )
        connection.execute(select(func.pg_notify(CHANNEL, stamp)))


def read_told(payload: str) -> Told | None:
    """What a notification says; None for words that are not ours, which anybody may send who has the database."""
    try:
        form, transaction, at, plugin, record, district, counts = payload.split(" ")
        if form != _FORM:
            return None
        first = int(district) * DISTRICT_SPAN
        pairs = (each.split(":") for each in counts.split(","))
        return Told(
            transaction=int(transaction),
            at=datetime.fromtimestamp(float(at), UTC),
            plugin=plugin,
            record=record,
            places={first + int(within) * SPANS[Grain.VILLAGE]: int(count) for within, count in pairs},
        )
    except (ValueError, OverflowError, OSError):
        return None


def _written(head: str, counts: Counter[int]) -> str:
    """The words for villages; for townships, or the district, where there are too many of them."""
    for grain in (Grain.VILLAGE, Grain.TOWNSHIP, Grain.DISTRICT):
        rolled: Counter[int] = Counter()
        for code, count in counts.items():
            rolled[_up_to(code, grain)] += count
        pairs = (f"{code % DISTRICT_SPAN // SPANS[Grain.VILLAGE]}:{count}" for code, count in sorted(rolled.items()))
        text = f"{head} {','.join(pairs)}"
        if len(text.encode()) <= _LONGEST:
            return text
    raise AssertionError("one number fits")


def _up_to(code: int, grain: Grain) -> int:
    """The place of that level around another; a wider one stays what it is."""
    return code if level_of(code).covers(grain) else ancestor(code, grain)
