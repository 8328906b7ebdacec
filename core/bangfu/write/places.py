"""Counts rows by the place they lie in, whatever they are about."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, func, select, text

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Dated
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place

_BY_ROW = ("household_id", "person_id")


class Places:
    """Takes rows of one record as they are written, and tells afterwards where they lie."""

    def __init__(self, of: type[Dated], district_code: int) -> None:
        self._column = "code" if of is Place else _column_of(of)
        self._district = district_code * DISTRICT_SPAN
        self._counts: Counter[int] = Counter()

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Counts some rows; what is about no place lies in the district."""
        self._counts.update((row.get(self._column) if self._column else None) or self._district for row in rows)

    def found(self, connection: Connection) -> Counter[int]:
        """How many rows, by the code of a place; households and people are looked up where they live."""
        if self._column not in _BY_ROW or not self._counts:
            return self._counts
        elsewhere = self._counts.pop(self._district, 0)  # no key of a row, which begins at one
        found = count_places(connection, self._column, self._counts)
        return found + Counter({self._district: elsewhere})


def count_places(connection: Connection, column: str, counts: Mapping[int, int]) -> Counter[int]:
    """Rows about households or people by where these live; `counts` has them by the ids of those.

    What is about somebody whom there is not is left out.
    """
    table = text("SELECT * FROM unnest(CAST(:keys AS bigint[]), CAST(:rows AS bigint[])) AS given(key, rows)").columns(
        Column("key", BigInteger), Column("rows", BigInteger)
    )
    given = table.bindparams(keys=array_of(counts.keys()), rows=array_of(counts.values())).subquery("given")
    statement = select(Household.place_code, func.sum(given.c.rows)).group_by(Household.place_code).select_from(given)
    if column == "person_id":
        statement = statement.join(Person, (Person.id == given.c.key) & _in_its_district(Person, given.c.key)).join(
            Household, (Household.id == Person.household_id) & (Household.district_code == Person.district_code)
        )
    else:
        statement = statement.join(Household, (Household.id == given.c.key) & _in_its_district(Household, given.c.key))
    return Counter({code: int(rows) for code, rows in connection.execute(statement)})


def array_of(numbers: Iterable[int]) -> str:
    """Numbers as the text of an array: psycopg takes longer to write a list than PostgreSQL to read it."""
    return f"{{{','.join(map(str, numbers))}}}"


def _column_of(of: type[Dated]) -> str | None:
    return next((name for name in ("place_code", *_BY_ROW) if name in of.__table__.columns), None)


def _in_its_district(record: type[Household] | type[Person], key: Any) -> Any:  # as SQLAlchemy has it
    return record.district_code == key // DISTRICT_SPAN
