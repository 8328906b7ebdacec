"""Finds the places, households and people that a file names otherwise than by codes and ids, and rows by their keys."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from bangfu.access import EVERYTHING, Policy
from bangfu.declare.codes import DISTRICT_SPAN, code_range, level_of, official_code
from bangfu.declare.records import Dated, table_of
from bangfu.declare.text import Text
from bangfu.domain.households import Person
from bangfu.domain.places import Place
from bangfu.errors import quoted
from bangfu.intake.references import Reference
from bangfu.query.scope import in_force
from bangfu.seal import Seal
from bangfu.write.outcome import Code, Rejection, Row
from bangfu.write.owners import find_owners, levels_of, owner_column
from bangfu.write.plainly import unique_keys

_WAYS = ("/", "／", ">", "·", " ")
"""What stands between the names of places inside each other, as in 皂郊鎮/賈家寺村."""


class Finder:
    """Finds what rows of one record are about, within a place."""

    def __init__(
        self,
        connection: Connection,
        record: type[Dated],
        within: int | None,
        seal: Seal | None,
        today: date,
        policy: Policy = EVERYTHING,
    ) -> None:
        self._connection = connection
        self._record = record
        self._column = owner_column(record)
        self._within = within
        self._seal = seal
        self._policy = policy
        self.has_looked_people_up = False
        """Whether ID numbers were looked up, which is to read them."""
        self._today = today
        """The day of the books: a place goes by its name as long as it is in force."""
        self._places: dict[str, list[int]] | None = None

    def settle(self, rows: Sequence[Row]) -> tuple[list[Row | None], list[Rejection]]:
        """The rows with codes and ids in place of names; None for one of which that is not found, and why."""
        named = {row[self._column].text for row in rows if isinstance(row.get(self._column), Reference)}
        if not named:
            return list(rows), []
        found = self._find(named)
        settled: list[Row | None] = []
        rejections = []
        for position, row in enumerate(rows):
            given = row.get(self._column)
            if not isinstance(given, Reference):
                settled.append(row)
                continue
            keys = found.get(given.text, [])
            if len(keys) == 1:
                settled.append({**row, self._column: keys[0]})
                continue
            settled.append(None)
            rejections.append(self._rejection(position, given.text, keys))
        return settled, rejections

    def keys_of(self, named: Collection[str]) -> Mapping[str, list[int]]:
        """The codes or ids that each of some names may mean."""
        return self._find(named)

    def _find(self, named: Collection[str]) -> Mapping[str, list[int]]:
        if self._column == "place_code":
            return {name: self._places_of(name) for name in named}
        return self._people(named)

    def _places_of(self, name: str) -> list[int]:
        """The codes of places of the right level that go by a name, each inside those that are named before it."""
        parts = next(([*filter(None, name.split(way))] for way in _WAYS if way in name), [name])
        if self._places is None:
            self._places = {}
            for code, known in self._all_places():
                self._places.setdefault(known, []).append(code)
        found = [code for code in self._places.get(parts[-1], []) if level_of(code) in levels_of(self._record)]
        for part in parts[:-1]:
            around = [code_range(code) for code in self._places.get(part, [])]
            found = [code for code in found if any(first <= code <= last for first, last in around)]
        return found

    def _all_places(self) -> Iterator[tuple[int, str]]:
        places = Place.__table__
        statement = select(places.c.code, places.c.name).where(in_force(places, self._today)).order_by(places.c.code)
        if self._within is not None:
            first, last = code_range(self._within)
            here = places.c.district_code == first // DISTRICT_SPAN
            statement = statement.where(here, places.c.code.between(first, last))
        for row in self._connection.execute(statement):
            yield row.code, row.name

    def _people(self, named: Collection[str]) -> Mapping[str, list[int]]:
        """People by their ID numbers; a household by the number of any of its members.

        Nobody is found by what the author may not read, nor anybody in other places than the author's own: that there
        is somebody, and under which id, would be told by it.
        """
        if self._seal is None or self._within is None or not self._policy.reads_personal:
            return {}
        self.has_looked_people_up = True
        indexes: dict[bytes, str] = {}
        for name in named:
            indexes |= dict.fromkeys(self._seal.indexes("person.id_number", name), name)
        table = Person.__table__
        key = table.c.id if self._column == "person_id" else table.c.household_id
        statement = select(table.c.id_number_index, key).where(
            table.c.district_code == self._within // DISTRICT_SPAN,
            table.c.id_number_index.in_(list(indexes)),
        )
        found: dict[str, list[int]] = {}
        for index, id_ in self._connection.execute(statement):
            found.setdefault(indexes[bytes(index)], []).append(id_)
        if self._policy.is_everywhere:
            return found
        places = find_owners(self._connection, self._column, {id_ for ids in found.values() for id_ in ids})
        own = {id_ for id_, code in places.items() if self._policy.covers_code(code)}
        return {name: left for name, ids in found.items() if (left := [id_ for id_ in ids if id_ in own])}

    def _rejection(self, position: int, name: str, keys: Sequence[int]) -> Rejection:
        shown = quoted(name)
        told: dict[str, Any] = {"row": position, "column": self._column}
        if keys:
            if self._column != "place_code":
                message = Text("此處所指的不只一個，請填編號。", "Several are found by what stands here. Give the id.")
                return Rejection(**told, code=Code.AMBIGUOUS, message=message)
            codes = "、".join(official_code(key) for key in keys[:5])
            message = Text(f"{shown}有多個：{codes}。請填代碼。", f"{shown} may be any of {codes}. Give the code.")
            return Rejection(**told, code=Code.AMBIGUOUS, message=message, suggestion=official_code(keys[0]))
        match self._column:
            case "place_code":
                code, message = Code.UNKNOWN_PLACE, Text(f"沒有名為{shown}的地方。", f"No place is called {shown}.")
            case "household_id":
                code = Code.UNKNOWN_HOUSEHOLD
                # What stands there may be somebody's ID number, and messages are kept and sent on.
                message = Text("找不到此處所指的戶。", "No household is found by what stands here.")
            case _:
                code = Code.UNKNOWN_PERSON
                message = Text("找不到此處所指的人。", "Nobody is found by what stands here.")
        return Rejection(**told, code=code, message=message)


def known_rows(
    connection: Connection, record: type[Dated], rows: Sequence[Row], policy: Policy = EVERYTHING
) -> list[dict[str, int]]:
    """The id and version of the row that there is already for each, by what there may be only one of.

    Only of rows in the author's own places: of others not even the id is told.
    """
    table = table_of(record)
    found: list[dict[str, int]] = [{} for _ in rows]
    owner = owner_column(record)
    districts = sorted({row[owner] // DISTRICT_SPAN for row in rows if owner in row})
    for columns in unique_keys(table):
        wanted: dict[tuple[object, ...], list[int]] = {}
        for position, row in enumerate(rows):
            key = tuple(row.get(column.key) for column in columns)
            if "id" not in row and None not in key:
                wanted.setdefault(key, []).append(position)
        if not wanted:
            continue
        first = columns[0]
        statement = select(table.c.id, table.c.version, table.c[owner].label("about"), *columns).where(
            table.c.district_code.in_(districts), first.in_(sorted({key[0] for key in wanted}, key=str))
        )
        there = connection.execute(statement).all()
        places = {} if policy.is_everywhere else find_owners(connection, owner, {row.about for row in there})
        for id_, version, about, *values in there:
            if not policy.is_everywhere and not policy.covers_code(places[about]):
                continue
            for position in wanted.get(tuple(values), ()):
                found[position] = {"id": id_, "version": version}
    return found
