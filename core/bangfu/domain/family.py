"""What happens in a household: it moves, it splits, two become one, somebody is born, joins, leaves or dies.

Each is a few changes of rows that belong together, on a day; what was before stands in the log. Rows about a household
(its land, its loans) stay with it. A household that had a head has one afterwards, as long as anybody lives in it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bangfu.declare.fields import Sensitive, choice, day, text
from bangfu.declare.procedures import Argument, Procedure, Steps, place, row_of, rows_of, version
from bangfu.declare.refusals import Code, Refusal
from bangfu.declare.text import Text
from bangfu.domain.households import Departure, Household, HouseholdStatus, Person, Relation, Sex

_Found = Mapping[str, Any]

_INHERITED = ("category", "status", "main_cause", "has_safe_water", "has_electricity", "has_broadcast", "road_distance")
_ON = dict.fromkeys(("recorded_on", "valid_from", "valid_to", "born_on", "joined_on", "left_on"), "on")
"""All days that are written follow from the one on which it happened."""


def _move(steps: Steps, household: int, version: int, place: int, on: date) -> int:
    _check_day(steps, on)
    _home(steps, household, "household", version=version)
    row = {"id": household, "version": version, "place_code": place, "recorded_on": on}
    steps.update(Household, row, arguments=_ON)
    return household


def _split(
    steps: Steps,
    household: int,
    version: int,
    members: Sequence[int],
    on: date,
    head: int,
    remaining_head: int | None,
    place: int | None,
) -> int:
    _check_day(steps, on)
    home = _home(steps, household, "household", version=version)
    people = {each["id"]: each for each in _members(steps, household)}
    unknown = [id_ for id_ in members if id_ not in people]
    if unknown:
        told = "、".join(map(str, unknown))
        raise _refusal("members", Code.UNKNOWN_PERSON, f"不是該戶成員：{told}。", f"No members of it: {told}.")
    leaving = [people[id_] for id_ in members]
    staying = [each for id_, each in people.items() if id_ not in members]
    if not staying:
        raise _refusal("members", Code.CHECK_FAILED, "至少要有一人留在原戶。", "Somebody has to stay.")
    if head not in members:
        raise _refusal("head", Code.NOT_FOUND, "新戶主應是分出的成員。", "The head has to be one of them.")
    row = {name: home[name] for name in _INHERITED} | {"place_code": place or home["place_code"]}
    (made,) = steps.create(Household, row | _since(on), arguments=_ON)
    _settle(steps, leaving, made, on, {each["id"]: Relation.OTHER for each in leaving} | {head: Relation.HEAD})
    _succeed(steps, leaving, staying, remaining_head, on, "remaining_head")
    return made


def _merge(steps: Steps, household: int, version: int, into: int, on: date) -> int:
    _check_day(steps, on)
    if household == into:
        raise _refusal("into", Code.CHECK_FAILED, "不能並入自己。", "A household does not join itself.")
    home = _home(steps, household, "household", version=version)
    _home(steps, into, "into")
    people = _members(steps, household)
    relations = {each["id"]: each["relation"] for each in people}
    if _has_head(_members(steps, into)):
        relations |= {each["id"]: Relation.OTHER for each in people if each["relation"] is Relation.HEAD}
    _settle(steps, people, into, on, relations)
    ended = {"id": household, "version": home["version"], "status": HouseholdStatus.REMOVED, "valid_to": on}
    steps.update(Household, ended, arguments=_ON)
    return into


def _join(
    steps: Steps,
    person: int,
    version: int,
    household: int,
    relation: Relation,
    on: date,
    new_head: int | None,
) -> int:
    _check_day(steps, on)
    who = steps.row(Person, person, "person", version=version)
    _home(steps, household, "household")
    if who["departure"] is Departure.DIED:
        zh = "此人已登記死亡。如登記有誤，請撤銷該次變更（changesUndo）。"
        en = "This person is entered as dead. Where that is a mistake, take it back (changesUndo)."
        raise _refusal("person", Code.CHECK_FAILED, zh, en)
    if who["left_on"] is None and who["household_id"] == household:
        zh, en = "此人已是該戶成員。", "This is a member of that household already."
        raise _refusal("household", Code.CHECK_FAILED, zh, en)
    _check_relation(_members(steps, household), relation)
    _settle(steps, [who], household, on, {person: relation})
    if who["left_on"] is None:
        _succeed(steps, [who], _members(steps, who["household_id"]), new_head, on)
    elif new_head is not None:
        raise _head_stays("new_head")
    return person


def _leave(steps: Steps, person: int, version: int, on: date, departure: Departure, new_head: int | None) -> int:
    _check_day(steps, on)
    who = steps.row(Person, person, "person", version=version)
    if who["left_on"] is not None:
        raise _refusal("person", Code.CHECK_FAILED, "此人已離戶。", "This is no member of a household any more.")
    # Whoever was counted at all was so for a day: a child that dies on the day of its birth.
    until = max(on, who["valid_from"] + timedelta(1))
    row = {"id": person, "version": version, "left_on": on, "departure": departure, "valid_to": until}
    steps.update(Person, row, arguments=_ON)
    _succeed(steps, [who], _members(steps, who["household_id"]), new_head, on)
    return person


def _birth(
    steps: Steps,
    household: int,
    name: str,
    sex: Sex,
    on: date,
    id_number: str | None,
    relation: Relation | None,
) -> int:
    _check_day(steps, on)
    _home(steps, household, "household")
    relation = relation or Relation.CHILD
    _check_relation(_members(steps, household), relation)
    row = {"household_id": household, "name": name, "sex": sex, "id_number": id_number, "relation": relation}
    (made,) = steps.create(Person, row | {"born_on": on, "joined_on": on} | _since(on), arguments=_ON)
    return made


def _check_day(steps: Steps, on: date) -> None:
    """What is to come has not happened: who is in which household is told of today, whatever day is written."""
    if on > steps.today:
        zh = f"日期不能晚於報告日期{steps.today}。"
        en = f"This is told once it has happened, up to the reporting date, {steps.today}."
        raise _refusal("on", Code.OUT_OF_RANGE, zh, en)


def _home(steps: Steps, id_: int, argument: str, *, version: int | None = None) -> _Found:
    """A household as it is now; one that has ended has no more to do."""
    home = steps.row(Household, id_, argument, version=version)
    ended = home["valid_to"]
    if ended is not None and ended <= steps.today:
        raise _refusal(argument, Code.CHECK_FAILED, f"此戶已於{ended}終止。", f"This household has ended on {ended}.")
    return home


def _members(steps: Steps, household: int) -> list[dict[str, Any]]:
    return steps.rows(Person, Person.household_id == household, Person.left_on.is_(None))


def _settle(
    steps: Steps, people: Sequence[_Found], household: int, on: date, relations: Mapping[int, Relation]
) -> None:
    """People come to live in a household."""
    since = [each["left_on"] or each["joined_on"] for each in people]
    if any(each > on for each in since):
        told = f"不得早於成員在原戶的日期（{max(since)}）。", f"Not before what they did last, on {max(since)}."
        raise _refusal("on", Code.CHECK_FAILED, *told)
    rows = [
        {"id": each["id"], "version": each["version"], "household_id": household, "relation": relations[each["id"]]}
        | {"joined_on": on, "left_on": None, "departure": None, "valid_to": None}
        for each in people
    ]
    steps.update(Person, *rows, arguments=_ON)


def _succeed(
    steps: Steps,
    gone: Collection[_Found],
    staying: Collection[_Found],
    head: int | None,
    on: date,
    argument: str = "new_head",
) -> None:
    """Where the head has gone, one of those who stay takes over."""
    is_needed = _has_head(gone) and bool(staying) and not _has_head(staying)
    if not is_needed:
        if head is not None:
            raise _head_stays(argument)
        return
    chosen = next((each for each in staying if each["id"] == head), None)
    if chosen is None:
        zh, en = "原戶主離開後，應由留下的成員任戶主。", "One of those who stay has to become the head."
        raise _refusal(argument, Code.MISSING if head is None else Code.UNKNOWN_PERSON, zh, en)
    row = {"id": head, "version": chosen["version"], "relation": Relation.HEAD, "recorded_on": on}
    steps.update(Person, row, arguments=_ON)


def _has_head(people: Collection[_Found]) -> bool:
    return any(each["relation"] is Relation.HEAD for each in people)


def _check_relation(people: Collection[_Found], relation: Relation) -> None:
    if relation is Relation.HEAD and _has_head(people):
        raise _refusal("relation", Code.CHECK_FAILED, "該戶已有戶主。", "That household has a head already.")


def _since(on: date) -> dict[str, date]:
    return {"recorded_on": on, "valid_from": on}


def _head_stays(argument: str) -> Refusal:
    return _refusal(argument, Code.CHECK_FAILED, "不需另定戶主。", "Nobody has to become the head in place of another.")


def _refusal(argument: str, code: Code, zh: str, en: str) -> Refusal:
    return Refusal(argument, code, Text(zh, en))


_VERSION = Argument("version", version())
_NEW_HEAD = Argument(
    "new_head",
    row_of(Person, zh="新戶主", en="Who becomes the head, where the one who goes was it and others stay"),
    required=False,
)

MOVE = Procedure(
    name="move",
    title=Text("遷居", "A household moves to another place of its district"),
    on=Household,
    arguments=(
        Argument("household", row_of(Household, zh="戶", en="The household that moves")),
        _VERSION,
        Argument("place", place(zh="遷入地", en="Where it lives from then on: a village or a natural village")),
        Argument("on", day(zh="遷居日期", en="The day of the move")),
    ),
    does=_move,
)
SPLIT = Procedure(
    name="split",
    title=Text(
        "分戶", "Some members found a household of their own, poor as the one they leave; the row is the new one"
    ),
    on=Household,
    arguments=(
        Argument("household", row_of(Household, zh="原戶", en="The household that they leave")),
        _VERSION,
        Argument("members", rows_of(Person, zh="分出的成員", en="Those who found a household of their own")),
        Argument("on", day(zh="分戶日期", en="The day on which they do")),
        Argument("head", row_of(Person, zh="新戶戶主", en="The head of the new household, one of them")),
        Argument(
            "remaining_head",
            row_of(Person, zh="原戶新戶主", en="Who of those who stay becomes the head, where the old head goes along"),
            required=False,
        ),
        Argument(
            "place",
            place(zh="新戶居住地", en="Where the new household lives, if not where the old one does"),
            required=False,
        ),
    ),
    does=_split,
    changes=(Household, Person),
)
MERGE = Procedure(
    name="merge",
    title=Text("並戶", "All members of a household join another one, and it ends; the row is the other one"),
    on=Household,
    arguments=(
        Argument("household", row_of(Household, zh="並出的戶", en="The household that ends")),
        _VERSION,
        Argument("into", row_of(Household, zh="並入的戶", en="The household that its members join")),
        Argument("on", day(zh="並戶日期", en="The day on which they do")),
    ),
    does=_merge,
    changes=(Household, Person),
)
JOIN = Procedure(
    name="join",
    title=Text("入戶", "Somebody of the register joins another household of the district"),
    on=Person,
    arguments=(
        Argument("person", row_of(Person, zh="人員", en="Who joins, also one who had left")),
        _VERSION,
        Argument("household", row_of(Household, zh="加入的戶", en="The household that is joined")),
        Argument("relation", choice(Relation, zh="與戶主關係", en="Relation to the head there")),
        Argument("on", day(zh="入戶日期", en="The day of joining")),
        _NEW_HEAD,
    ),
    does=_join,
)
LEAVE = Procedure(
    name="leave",
    title=Text("離戶、死亡", "A member leaves a household, or dies"),
    on=Person,
    arguments=(
        Argument("person", row_of(Person, zh="人員", en="Who leaves")),
        _VERSION,
        Argument("on", day(zh="離戶日期", en="The day of leaving, or of death")),
        Argument("departure", choice(Departure, zh="減員原因", en="Why")),
        _NEW_HEAD,
    ),
    does=_leave,
)
BIRTH = Procedure(
    name="birth",
    title=Text("出生", "A child is born into a household"),
    on=Person,
    arguments=(
        Argument("household", row_of(Household, zh="戶", en="The household it is born into")),
        Argument("name", text(50, zh="姓名", en="Name", sensitive=Sensitive.NAME)),
        Argument("sex", choice(Sex, zh="性別", en="Sex")),
        Argument("on", day(zh="出生日期", en="The day of its birth")),
        Argument(
            "id_number",
            text(18, zh="證件號碼", en="Resident ID number", sensitive=Sensitive.ID_NUMBER),
            required=False,
        ),
        Argument(
            "relation",
            choice(Relation, zh="與戶主關係", en="Relation to the head, by default that of a child"),
            required=False,
        ),
    ),
    does=_birth,
)

FAMILY = (MOVE, SPLIT, MERGE, JOIN, LEAVE, BIRTH)
