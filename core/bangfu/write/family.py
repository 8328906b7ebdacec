"""What happens in a household: it moves, it splits, two become one, somebody is born, joins, leaves or dies.

Each is a few changes of rows that belong together, on a day; what was before stands in the log. Rows about a household
(its land, its loans) stay with it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.text import Text
from bangfu.domain.households import Departure, Household, HouseholdStatus, Person, Relation, Sex
from bangfu.query.values import among
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Code, Rejection

_INHERITED = ("category", "status", "main_cause", "has_safe_water", "has_electricity", "has_broadcast", "road_distance")


class Refused(Exception):  # noqa: N818 - reads as what it says
    """A change that cannot be: why, each with the argument that is meant."""

    def __init__(self, rejections: Sequence[Rejection]) -> None:
        super().__init__("; ".join(each.message.en for each in rejections))
        self.rejections = tuple(rejections)


class Family:
    """Changes households and their members as one set of changes; raises Refused, and the caller rolls back."""

    def __init__(self, connection: Connection, changes: Changes) -> None:
        self._connection = connection
        self._changes = changes

    def move(self, household: int, version: int, place: int, on: date) -> int:
        """A household moves to another place of its district (遷居); its id."""
        row = {"id": household, "version": version, "place_code": place, "recorded_on": on}
        self._update(Household, [row], {"id": "household", "place_code": "place"})
        return household

    def split(
        self,
        household: int,
        version: int,
        members: Sequence[int],
        on: date,
        *,
        head: int,
        remaining_head: int | None = None,
        place: int | None = None,
    ) -> int:
        """Some members found a household of their own (分戶), poor as the one they leave; its id.

        `head` is one of them; where the old head goes along, `remaining_head` is one of those who stay.
        """
        home, people = self._home(household, version, "household")
        leaving = self._members(people, members, "members")
        staying = [each for each in people.values() if each["id"] not in leaving]
        if not staying:
            raise _refused("members", Code.CHECK_FAILED, "至少要有一人留在原戶。", "Somebody has to stay.")
        if head not in leaving:
            raise _refused("head", Code.NOT_FOUND, "新戶主應是分出的成員。", "The head has to be one of them.")
        row = {name: home[name] for name in _INHERITED} | {"place_code": place or home["place_code"]}
        (made,) = self._apply(Household, Action.CREATE, [row | _since(on)], {"place_code": "place"})
        assert made is not None, "what is rejected is raised"
        self._settle(leaving.values(), made, head, on)
        if any(each["relation"] is Relation.HEAD for each in leaving.values()):
            self._name_head(staying, remaining_head, on)
        return made

    def merge(self, household: int, version: int, into: int, on: date) -> int:
        """All members of a household join another one (並戶), and it ends; the id of the other."""
        if household == into:
            raise _refused("into", Code.CHECK_FAILED, "不能並入自己。", "A household does not join itself.")
        home, people = self._home(household, version, "household")
        self._home(into, None, "into")
        self._settle(people.values(), into, None, on)
        ended = {"id": household, "version": home["version"], "status": HouseholdStatus.REMOVED, "valid_to": on}
        self._update(Household, [ended], {"id": "household", "valid_to": "on"})
        return into

    def join(self, person: int, version: int, household: int, relation: Relation, on: date) -> int:
        """Somebody of the register joins another household (入戶); the person's id."""
        row = {"id": person, "version": version, "household_id": household, "relation": relation}
        row |= {"joined_on": on, "left_on": None, "departure": None}
        self._update(Person, [row], {"id": "person", "household_id": "household", "joined_on": "on"})
        return person

    def leave(self, person: int, version: int, on: date, departure: Departure, *, new_head: int | None = None) -> int:
        """A member leaves, or dies (離戶、死亡); where that was the head, `new_head` takes over. The person's id."""
        row = {"id": person, "version": version, "left_on": on, "departure": departure}
        self._update(Person, [row], {"id": "person", "left_on": "on"})
        left = self._rows(Person, [person])[person]
        if new_head is not None:
            self._name_head(list(self._people(left["household_id"]).values()), new_head, on, "new_head")
        return person

    def birth(self, household: int, name: str, sex: Sex, on: date, *, id_number: str | None = None) -> int:
        """A child is born into a household (出生); its id."""
        row = {"household_id": household, "name": name, "sex": sex, "id_number": id_number, "relation": Relation.CHILD}
        row |= {"born_on": on, "joined_on": on, **_since(on)}
        arguments = {"household_id": "household", "born_on": "on", "joined_on": "on"}
        (made,) = self._apply(Person, Action.CREATE, [row], arguments)
        assert made is not None, "what is rejected is raised"
        return made

    def _home(self, id_: int, version: int | None, argument: str) -> tuple[Mapping[str, Any], dict[int, Any]]:
        """A household that is held, as it is now, and its members."""
        self._changes.hold([id_ // DISTRICT_SPAN])
        home = self._rows(Household, [id_]).get(id_)
        if home is None or not self._changes.covers(home["place_code"]):
            raise _refused(argument, Code.UNKNOWN_HOUSEHOLD, f"沒有編號為{id_}的戶。", f"There is no household {id_}.")
        if version is not None and home["version"] != version:
            zh, en = f"此戶已被他人修改，現為第{home['version']}版。", "Somebody has changed this household since."
            raise _refused("version", Code.STALE, zh, f"{en} It is version {home['version']} now.")
        return home, self._people(id_)

    def _people(self, household: int) -> dict[int, Any]:
        person = Person.__table__
        here = (person.c.district_code == household // DISTRICT_SPAN) & (person.c.household_id == household)
        statement = select(person).where(here, person.c.left_on.is_(None)).order_by(person.c.id)
        return {row["id"]: dict(row) for row in self._connection.execute(statement).mappings()}

    def _rows(self, record: type[Household] | type[Person], ids: Sequence[int]) -> dict[int, Any]:
        table = record.__table__
        districts = sorted({id_ // DISTRICT_SPAN for id_ in ids})
        statement = select(table).where(table.c.district_code.in_(districts), among(table.c.id, ids))
        return {row["id"]: dict(row) for row in self._connection.execute(statement).mappings()}

    @staticmethod
    def _members(people: Mapping[int, Any], ids: Sequence[int], argument: str) -> dict[int, Any]:
        unknown = [id_ for id_ in ids if id_ not in people]
        if unknown or not ids:
            told = "、".join(map(str, unknown)) or "—"
            raise _refused(argument, Code.UNKNOWN_PERSON, f"不是該戶成員：{told}。", f"No members of it: {told}.")
        return {id_: people[id_] for id_ in ids}

    def _settle(self, people: Any, household: int, head: int | None, on: date) -> None:
        """Members come to live in a household, one of them as its head, if any."""
        rows = []
        for each in people:
            was_head = each["relation"] is Relation.HEAD
            relation = Relation.HEAD if each["id"] == head else Relation.OTHER if was_head or head else each["relation"]
            row = {"id": each["id"], "version": each["version"], "household_id": household}
            rows.append(row | {"relation": relation, "joined_on": on})
        if rows:
            self._update(Person, rows, {"joined_on": "on"})

    def _name_head(self, people: Sequence[Any], head: int | None, on: date, argument: str = "remaining_head") -> None:
        chosen = next((each for each in people if each["id"] == head), None)
        if chosen is None:
            zh, en = "原戶主離開後，應由留下的成員任戶主。", "One of those who stay has to become the head."
            raise _refused(argument, Code.MISSING if head is None else Code.UNKNOWN_PERSON, zh, en)
        row = {"id": head, "version": chosen["version"], "relation": Relation.HEAD, "recorded_on": on}
        self._update(Person, [row], {})

    def _update(self, record: type[Any], rows: Sequence[Mapping[str, Any]], arguments: Mapping[str, str]) -> None:
        self._apply(record, Action.UPDATE, rows, arguments)

    def _apply(
        self, record: type[Any], action: Action, rows: Sequence[Mapping[str, Any]], arguments: Mapping[str, str]
    ) -> list[int | None]:
        ids, rejections, _ = self._changes.apply(record, action, rows)
        if rejections:
            raise Refused(
                [
                    Rejection(
                        row=0,
                        column=arguments.get(each.column or "", each.column),
                        code=each.code,
                        message=each.message,
                        suggestion=each.suggestion,
                    )
                    for each in rejections
                ]
            )
        return ids


def _since(on: date) -> dict[str, date]:
    return {"recorded_on": on, "valid_from": on}


def _refused(argument: str, code: Code, zh: str, en: str) -> Refused:
    return Refused([Rejection(row=0, column=argument, code=code, message=Text(zh, en))])
