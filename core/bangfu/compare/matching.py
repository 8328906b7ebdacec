"""Finds in the register whom lines are about: by ID number, or else by name and place."""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Select, or_, select

from bangfu.bulk.found import Finder
from bangfu.bulk.trying import Refusal
from bangfu.compare.lines import Line
from bangfu.compare.states import Note, State
from bangfu.declare.codes import SPANS, ancestor, code_range, district_of
from bangfu.domain.households import Household, Person
from bangfu.intake.references import Reference
from bangfu.intake.words import folded
from bangfu.seal import Seal
from bangfu.write.outcome import Rejection
from bangfu.write.owners import find_owners, unknown_owner


@dataclass(frozen=True)
class Member:
    """Somebody in the register, who may have left."""

    id: int
    name: str
    has_left: bool


@dataclass(frozen=True, kw_only=True)
class Match:
    """What came of a line."""

    line: Line
    state: State
    person: Member | None = None
    candidates: tuple[Member, ...] = ()
    """Who else may be meant."""

    notes: tuple[Note, ...] = ()


class Register:
    """The register of one district, as lists are held against it; names of places are looked up within a place."""

    def __init__(self, connection: Connection, within: int, seal: Seal, today: date) -> None:
        self._connection = connection
        self._district = district_of(within)
        self._seal = seal
        self._finder = Finder(connection, Household, within, None, today)
        self._people: dict[int, dict[str, list[Member]]] = {}
        self._looked_up: set[int] = set()
        self._known: set[int] = set()

    def match(self, lines: Sequence[Line]) -> tuple[list[Match], list[Refusal]]:
        """What comes of each line; those whose place is not found, and that have no number, are refused.

        At most three statements for any number of lines, and one more the first time a place is named by its name.
        """
        settled, refused = self._settled(lines)
        by_number = self._by_numbers({line.number for line in settled if line.number is not None})
        named = [line for line in settled if line.name is not None and isinstance(line.place, int)]
        self._look_around(
            {line.place for line in named if line.number not in by_number and isinstance(line.place, int)}
        )
        return [self._matched(line, by_number) for line in settled], refused

    def _matched(self, line: Line, by_number: dict[str, Member]) -> Match:
        person = None if line.number is None else by_number.get(line.number)
        if person is not None:
            notes = [Note.LEFT] if person.has_left else []
            if line.name is not None and folded(line.name) != folded(person.name):
                told = (Note.NAME_DIFFERS, *notes)
                return Match(line=line, state=State.CONTRADICTION, person=person, notes=told)
            return Match(line=line, state=State.MATCHED, person=person, notes=tuple(notes))
        around = self._people.get(line.place, {}) if isinstance(line.place, int) else {}
        named = around.get(folded(line.name), []) if line.name is not None else []
        members = [each for each in named if not each.has_left]
        if line.number is not None:
            # Somebody of that name in that place has another number, or none: likely, and nothing more.
            found = tuple(members)
            return Match(line=line, state=State.NOT_FOUND, candidates=found, notes=(Note.SAME_NAME,) if found else ())
        match members:
            case []:
                notes = [Note.LEFT] if named else []
                return Match(line=line, state=State.NOT_FOUND, candidates=tuple(named), notes=tuple(notes))
            case [one]:
                return Match(line=line, state=State.MATCHED, person=one)
        return Match(line=line, state=State.AMBIGUOUS, candidates=tuple(members))

    def _settled(self, lines: Sequence[Line]) -> tuple[list[Line], list[Refusal]]:
        """The lines with codes of places that there are; a number says it all, and the place is then left out."""
        rows = [{"place_code": line.place} if isinstance(line.place, Reference) else {} for line in lines]
        found, rejections = self._finder.settle(rows)
        why = {each.row: each for each in rejections}
        codes = [
            row["place_code"] if row else None if row is None else line.place
            for line, row in zip(lines, found, strict=True)
        ]
        self._look_up({code for code in codes if isinstance(code, int)})
        settled, refused = [], []
        for position, (line, code) in enumerate(zip(lines, codes, strict=True)):
            if isinstance(code, int) and code not in self._known:
                told, message = unknown_owner("place_code", code)
                why[position] = Rejection(row=position, column="place_code", code=told, message=message)
            if position not in why:
                settled.append(replace(line, place=code))
            elif line.number is not None:
                settled.append(replace(line, place=None))
            else:
                refused.append(Refusal(line=line.line, rejection=why[position]))
        return settled, refused

    def _look_up(self, codes: Set[int]) -> None:
        """Notes which codes are those of places of the district."""
        new = {code for code in codes - self._looked_up if district_of(code) == self._district}
        self._looked_up |= codes
        self._known |= find_owners(self._connection, "place_code", new).keys()

    def _by_numbers(self, numbers: Collection[str]) -> dict[str, Member]:
        if not numbers:
            return {}
        indexes = {index: each for each in numbers for index in self._seal.indexes("person.id_number", each)}
        column = Person.__table__.c.id_number_index
        statement = self._members().add_columns(column).where(column.in_(list(indexes)))
        return {
            indexes[bytes(index)]: Member(id_, name, left_on is not None)
            for id_, name, left_on, index in self._connection.execute(statement)
        }

    def _look_around(self, places: Iterable[int]) -> None:
        """Reads who lives, or lived, in places that were not looked at before; names are compared here, as folded."""
        new = sorted(set(places) - self._people.keys())
        if not new:
            return
        self._people |= {place: {} for place in new}
        lives = (Household.id == Person.household_id) & (Household.district_code == Person.district_code)
        here = or_(*(Household.place_code.between(*code_range(place)) for place in new))
        statement = self._members().add_columns(Household.place_code).join(Household, lives).where(here)
        for id_, name, left_on, code in self._connection.execute(statement.order_by(Person.id)):
            member = Member(id_, name, left_on is not None)
            for place in {ancestor(code, grain) for grain in SPANS}.intersection(new):
                self._people[place].setdefault(folded(name), []).append(member)

    def _members(self) -> Select[int, str, date | None]:
        return select(Person.id, Person.name, Person.left_on).where(Person.district_code == self._district)
