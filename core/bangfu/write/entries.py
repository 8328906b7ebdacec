"""The entries in the log of changes that one transaction makes, one for each district it touches."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import BigInteger, Connection, Table, func, literal, select

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated
from bangfu.seal import Seal
from bangfu.store.audit import CHANGE, CHANGE_RUN, close_entry, hold_districts
from bangfu.store.sealed import note_keys
from bangfu.write.outcome import Author
from bangfu.write.telling import tell


class Entries:
    """Holds the districts that are changed, numbers what is entered, and keeps count of what was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers: dict[int, int] = {}
        self._positions: Counter[int] = Counter()
        self._ids: dict[tuple[str, int], int] = {}
        self._places: dict[type[Dated], Counter[int]] = {}
        self._has_noted_keys = False

    @property
    def rows(self) -> int:
        """How many rows were changed so far."""
        return self._positions.total()

    @property
    def districts(self) -> Collection[int]:
        """Those that are held."""
        return self._numbers.keys()

    def hold(self, districts: Collection[int]) -> None:
        """Waits for others that change rows of these districts, and keeps them waiting until the transaction ends."""
        new = [each for each in districts if each not in self._numbers]
        if new:
            self._numbers |= hold_districts(self._connection, new)

    def number(self, district: int) -> int:
        """The number of the entry in a district that is held."""
        return self._numbers[district]

    def position(self, district: int) -> int:
        """How many rows its entry has."""
        return self._positions[district]

    def add(self, record: type[Dated], district: int, places: Counter[int]) -> None:
        """Counts rows that were entered, by where they lie."""
        self._positions[district] += places.total()
        self._places.setdefault(record, Counter()).update(places)

    def next_id(self, table: Table, district: int, rows: int = 1) -> int:
        """The first of some numbers in a row, which no row of the table has or had, as far as the log knows."""
        key = (table.name, district)
        if key not in self._ids:
            now = select(func.max(table.c.id)).where(table.c.district_code == district).scalar_subquery()
            logged = (
                select(func.max(CHANGE.c.row_id))
                .where(CHANGE.c.district_code == district, CHANGE.c.record == table.name)
                .scalar_subquery()
            )
            run = CHANGE_RUN.c
            in_runs = (
                select(run.row_id + run.rows - 1)
                .where(run.district_code == district, run.record == table.name)
                .order_by(run.row_id.desc())
                .limit(1)
                .scalar_subquery()
            )
            first = literal(district * DISTRICT_SPAN, BigInteger)
            self._ids[key] = self._connection.scalar(select(func.greatest(first, now, logged, in_runs))) or 0
        self._ids[key] += rows
        return self._ids[key] - rows + 1

    def note_keys(self, seal: Seal) -> None:
        """Says, before the first value is sealed, by which keys."""
        if not self._has_noted_keys:
            note_keys(self._connection, seal)
            self._has_noted_keys = True

    def close(self, author: Author) -> dict[int, int]:
        """Makes the entries, and tells whoever listens once the transaction ends; their numbers by district."""
        made = {}
        for district in sorted(+self._positions):
            made[district] = close_entry(
                self._connection,
                district,
                author=author.name,
                token_id=author.token_id,
                request_id=author.request_id,
                reason=author.reason,
            )
        for record, places in self._places.items():
            tell(self._connection, record, places)
        return made
