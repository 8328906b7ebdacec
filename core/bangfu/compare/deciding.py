"""The queue of a comparison, with who is meant and what the department says, and the verdicts on it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import orjson
from sqlalchemy import Connection, Engine, select

from bangfu.compare.loading import SAID
from bangfu.compare.states import Note, State, Verdict
from bangfu.declare.codes import district_of
from bangfu.domain.households import Departure, Person
from bangfu.errors import UserError, quoted
from bangfu.query.values import among
from bangfu.seal import Seal
from bangfu.store.comparisons import (
    StoredComparison,
    StoredItem,
    StoredVerdict,
    add_verdict,
    find_comparison,
    hold_comparison,
    read_items,
)
from bangfu.store.sealed import seal_of


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody whom a line may mean, as the register has them now."""

    id: int
    household_id: int
    name: str
    left_on: date | None
    departure: Departure | None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A line of a list in the queue."""

    line: int
    state: State
    notes: tuple[Note, ...]
    person: Candidate | None
    """Who is meant; None also where the row has been deleted since."""

    candidates: tuple[Candidate, ...]
    said: Mapping[str, str]
    """What the department says, by the headers of its list."""

    verdicts: tuple[StoredVerdict, ...]
    """All there are, the first one first; the last one counts."""


def require_comparison(connection: Connection, id_: str) -> StoredComparison:
    """A comparison by its id; raises UserError where there is none."""
    found = find_comparison(connection, id_)
    if found is None:
        raise UserError(
            f"There is no comparison {quoted(id_)}. `bangfu compare list` shows those there are. 沒有此比對",
            code="UNKNOWN_COMPARISON",
        )
    return found


def read_queue(
    connection: Connection,
    comparison: StoredComparison,
    *,
    state: State | None = None,
    only_open: bool = False,
    after: int = 0,
    most: int,
) -> list[Waiting]:
    """At most so many lines after one, in their order: of a state, or those without a verdict.

    Raises OperationError where the keys are not there, and DamagedValue where what a department says was changed.
    """
    district, seal = district_of(comparison.place_code), seal_of(connection)
    items = read_items(
        *(connection, district, comparison.id),
        state=None if state is None else state.name,
        only_open=only_open,
        after=after,
        most=most,
    )
    meant = {each.person_id for each in items if each.person_id is not None}
    people = _people(connection, district, meant.union(*(each.candidates for each in items)))
    return [_waiting(each, people, seal) for each in items]


def decide(engine: Engine, id_: str, line: int, verdict: Verdict, *, reason: str, decided_by: str) -> None:
    """Gives a line a verdict, in place of one before, which is kept; nothing in the register is changed.

    Raises UserError for a comparison or a line that there is not, and where no reason is given.
    """
    if not reason.strip():
        raise UserError("Say why. 請寫明理由", argument="reason")
    with engine.begin() as connection:
        hold_comparison(connection, id_)
        comparison = require_comparison(connection, id_)
        found = read_items(connection, district_of(comparison.place_code), id_, line=line, most=1)
        if not found:
            raise UserError(
                f"Line {line} of {comparison.file} is not in the queue. 待核清單中沒有此行", argument="line"
            )
        add_verdict(connection, found[0], verdict=verdict.name, reason=reason.strip(), decided_by=decided_by)


def _people(connection: Connection, district: int, ids: Collection[int]) -> dict[int, Candidate]:
    if not ids:
        return {}
    statement = select(Person.id, Person.household_id, Person.name, Person.left_on, Person.departure).where(
        Person.district_code == district, among(Person.__table__.c.id, sorted(ids))
    )
    return {row.id: Candidate(**row) for row in connection.execute(statement).mappings()}


def _waiting(item: StoredItem, people: Mapping[int, Candidate], seal: Seal) -> Waiting:
    return Waiting(
        line=item.line,
        state=State[item.state],
        notes=tuple(Note[each] for each in item.notes),
        person=None if item.person_id is None else people.get(item.person_id),
        candidates=tuple(people[each] for each in item.candidates if each in people),
        said=orjson.loads(seal.open(SAID, item.id, item.said)),
        verdicts=item.verdicts,
    )
