"""Households move, split and become one; people are born, join, leave and die: with what was before in the log."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.write.clerk import BASE, TODAY, Clerk

from bangfu.access import Forbidden, Policy, Viewer
from bangfu.declare.procedures import Procedure
from bangfu.domain.family import BIRTH, FAMILY, JOIN, LEAVE, MERGE, MOVE, SPLIT
from bangfu.domain.households import Departure, Household, HouseholdStatus, Person, Relation, Sex
from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask

ON = date(2015, 10, 1)
LATER = date(2015, 11, 1)


@pytest.fixture
def clerk(demo_copy: Database) -> Iterator[Clerk]:
    """Somebody of the register; the chain of the log holds whatever was done."""
    made = Clerk(demo_copy)
    yield made
    assert all(chain.breaks == () for chain in made.chains())


def do(clerk: Clerk, procedure: Procedure, **given: Any) -> int:
    """Carries something out that can be; the id given back."""
    outcome = clerk.proceed(procedure, **given)
    assert list(outcome.rejections) == []
    (made,) = outcome.ids
    assert made is not None
    return made


def why(clerk: Clerk, procedure: Procedure, **given: Any) -> list[tuple[str | None, str]]:
    """Why something cannot be, of which nothing stays."""
    before = len(clerk.log())
    outcome = clerk.proceed(procedure, **given)
    assert (list(outcome.ids), outcome.written, len(clerk.log())) == ([None], 0, before)
    return [(each.column, each.code.value) for each in outcome.rejections]


class Home:
    """A household of the demo with at least four members, and who they are."""

    def __init__(self, graph: Graph, clerk: Clerk, *, skip: int = 0) -> None:
        self._graph, self._clerk = graph, clerk
        found = ask(
            graph,
            clerk.database,
            '{ households(within: "620502", first: 90) { nodes { id version head { id } members { nodes { id } } } } }',
        )["households"]["nodes"]
        large = [home for home in found if len(home["members"]["nodes"]) >= 4 and home["head"]]
        self.id = _key(large[skip]["id"])
        self.version = large[skip]["version"]
        self.head = _key(large[skip]["head"]["id"])
        self.others = [_key(each["id"]) for each in large[skip]["members"]["nodes"] if _key(each["id"]) != self.head]

    @property
    def place(self) -> int:
        """Where it lives."""
        code: int = row(self._clerk, Household, self.id)["place_code"]
        return code

    def members(self, household: int | None = None) -> list[int]:
        """Who lives there now, as the graph tells it."""
        found = ask(
            self._graph,
            self._clerk.database,
            f'{{ household(id: "household:{household or self.id}") {{ members {{ nodes {{ id }} }} }} }}',
        )
        return sorted(_key(each["id"]) for each in found["household"]["members"]["nodes"])

    def which(self) -> dict[str, int]:
        """Itself, as procedures are given it."""
        return {"household": self.id, "version": row(self._clerk, Household, self.id)["version"]}


def _key(id_: str) -> int:
    return int(id_.partition(":")[2])


def row(clerk: Clerk, record: type[Any], id_: int) -> dict[str, Any]:
    found = clerk.row(record, id_)
    assert found is not None
    return found


def who(clerk: Clerk, id_: int) -> dict[str, int]:
    """Somebody, as procedures are given them."""
    return {"person": id_, "version": row(clerk, Person, id_)["version"]}


def counted(graph: Graph, clerk: Clerk) -> tuple[int, int]:
    """How many households and people there are, by the register's own measures."""
    document = '{ district(code: "620502") { register { households { value } people { value } } } }'
    found = ask(graph, clerk.database, document)["district"]["register"]
    return found["households"]["value"], found["people"]["value"]


def test_a_household_moves(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    village = BASE + 100200000
    move = {"household": home.id, "place": village, "on": ON}
    assert do(clerk, MOVE, **move, version=home.version) == home.id
    moved = row(clerk, Household, home.id)
    assert (moved["place_code"], moved["recorded_on"], moved["version"]) == (village, ON, home.version + 1)
    (logged,) = clerk.log()
    assert logged["before"]["place_code"] != logged["after"]["place_code"] == village
    assert why(clerk, MOVE, **move, version=home.version) == [("version", "STALE")]
    for place, code in ((BASE, "WRONG_LEVEL"), (BASE + 999_999_999, "UNKNOWN_PLACE")):
        assert why(clerk, MOVE, **move | {"place": place}, version=home.version + 1) == [("place", code)]


def test_a_household_splits_and_becomes_one_again(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    before, count = home.members(), counted(graph, clerk)
    son, wife = home.others[:2]
    made = do(clerk, SPLIT, **home.which(), members=[son, wife], on=ON, head=son)
    assert home.members(made) == sorted([son, wife])
    assert home.members() == sorted(set(before) - {son, wife})
    old, new = row(clerk, Household, home.id), row(clerk, Household, made)
    assert [new[name] for name in ("place_code", "category", "status")] == [
        old[name] for name in ("place_code", "category", "status")
    ]
    assert new["valid_from"] == ON
    assert (row(clerk, Person, son)["relation"], row(clerk, Person, wife)["relation"]) == ("HEAD", "OTHER")
    assert counted(graph, clerk) == (count[0] + 1, count[1])
    merge = {"household": made, "version": new["version"], "into": home.id}
    assert why(clerk, MERGE, **merge, on=ON) == [("on", "CHECK_FAILED")], "it has to have been one for a day"
    assert do(clerk, MERGE, **merge, on=LATER) == home.id
    assert home.members() == before
    assert home.members(made) == []
    ended = row(clerk, Household, made)
    assert (ended["status"], ended["valid_to"]) == ("REMOVED", LATER)
    heads = [id_ for id_ in before if row(clerk, Person, id_)["relation"] == "HEAD"]
    assert heads == [home.head]
    assert counted(graph, clerk) == count


def test_a_new_household_may_live_elsewhere(graph: Graph, clerk: Clerk) -> None:
    home, village = Home(graph, clerk), BASE + 100200000
    split = home.which() | {"members": home.others[:1], "on": ON, "head": home.others[0]}
    assert why(clerk, SPLIT, **split, place=BASE) == [("place", "WRONG_LEVEL")]
    made = do(clerk, SPLIT, **split, place=village)
    assert row(clerk, Household, made)["place_code"] == village != home.place


def test_what_no_split_can_be(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    stranger = Home(graph, clerk, skip=1).head
    son = home.others[0]

    def split(members: list[int], **how: Any) -> list[tuple[str | None, str]]:
        return why(clerk, SPLIT, **home.which(), members=members, **{"on": ON} | how)

    assert split([], head=son) == [("members", "MISSING")]
    assert split([son, son], head=son) == [("members", "DUPLICATE")]
    assert split([stranger], head=stranger) == [("members", "UNKNOWN_PERSON")]
    assert split(home.members(), head=son) == [("members", "CHECK_FAILED")]
    assert split([son], head=home.head) == [("head", "NOT_FOUND")]
    assert split([home.head], head=home.head) == [("remaining_head", "MISSING")]
    assert split([home.head], head=home.head, remaining_head=stranger) == [("remaining_head", "UNKNOWN_PERSON")]
    assert split([son], head=son, remaining_head=home.others[1]) == [("remaining_head", "CHECK_FAILED")]
    assert split([son], head=son, on=date(1900, 1, 1)) == [("on", "CHECK_FAILED")]
    assert clerk.log() == [], "nothing stays of it"
    made = do(clerk, SPLIT, **home.which(), members=[home.head], on=ON, head=home.head, remaining_head=son)
    assert home.members(made) == [home.head]
    assert row(clerk, Person, son)["relation"] == "HEAD"


def test_a_birth_a_death_and_those_who_come_and_go(graph: Graph, clerk: Clerk) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    count = counted(graph, clerk)
    child = do(clerk, BIRTH, household=home.id, name="王小寶", sex=Sex.FEMALE, on=ON)
    assert child in home.members()
    born = row(clerk, Person, child)
    assert (born["born_on"], born["joined_on"], born["relation"], born["valid_from"]) == (ON, ON, "CHILD", ON)
    assert counted(graph, clerk) == (count[0], count[1] + 1)
    wife, heir = home.others[:2]
    assert do(clerk, JOIN, **who(clerk, wife), household=other.id, relation=Relation.SPOUSE, on=ON) == wife
    assert wife in other.members()
    assert wife not in home.members()
    dies = who(clerk, home.head) | {"departure": Departure.DIED}
    assert ("on", "CHECK_FAILED") in why(clerk, LEAVE, **dies, on=date(1900, 1, 1), new_head=heir)
    do(clerk, LEAVE, **dies, on=ON, new_head=heir)
    dead = row(clerk, Person, home.head)
    assert (dead["left_on"], dead["departure"], dead["valid_to"]) == (ON, "DIED", ON)
    assert home.head not in home.members()
    assert row(clerk, Person, heir)["relation"] == "HEAD"
    kept = [each["before"]["relation"] for each in clerk.log() if each["row_id"] == home.head]
    assert kept == ["HEAD"]
    assert counted(graph, clerk) == count, "one was born, one has died"


def test_merging_with_what_is_not_there(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    nowhere = BASE + 999_999_998
    for into, reason in ((home.id, "CHECK_FAILED"), (nowhere, "UNKNOWN_HOUSEHOLD")):
        assert why(clerk, MERGE, **home.which(), into=into, on=ON) == [("into", reason)]
    assert row(clerk, Household, home.id)["status"] != HouseholdStatus.REMOVED.name


def test_a_head_who_goes_leaves_another_one(graph: Graph, clerk: Clerk) -> None:
    """Whichever way; and where the head stays, nobody else is made one."""
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    heir, guest = home.others[:2]
    ways: list[tuple[Procedure, dict[str, Any]]] = [
        (LEAVE, {"departure": Departure.MARRIED, "on": ON}),
        (JOIN, {"household": other.id, "relation": Relation.OTHER, "on": ON}),
    ]
    for procedure, how in ways:
        going = who(clerk, home.head) | how
        assert why(clerk, procedure, **going) == [("new_head", "MISSING")]
        assert why(clerk, procedure, **going, new_head=other.head) == [("new_head", "UNKNOWN_PERSON")]
        assert why(clerk, procedure, **who(clerk, guest), **how, new_head=heir) == [("new_head", "CHECK_FAILED")]
    joins = {"household": other.id, "relation": Relation.HEAD, "on": ON}
    assert why(clerk, JOIN, **who(clerk, guest), **joins) == [("relation", "CHECK_FAILED")]
    do(clerk, JOIN, **who(clerk, home.head), **joins | {"relation": Relation.PARENT}, new_head=heir)
    assert [row(clerk, Person, id_)["relation"] for id_ in (home.head, heir)] == ["PARENT", "HEAD"]


def test_a_merged_head_stays_one_where_there_is_none(graph: Graph, clerk: Clerk) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    for id_ in other.others:
        do(clerk, LEAVE, **who(clerk, id_), on=ON, departure=Departure.MARRIED)
    do(clerk, LEAVE, **who(clerk, other.head), on=ON, departure=Departure.DIED)
    do(clerk, MERGE, **home.which(), into=other.id, on=LATER)
    assert [id_ for id_ in other.members() if row(clerk, Person, id_)["relation"] == "HEAD"] == [home.head]


def test_who_has_left_may_come_back_and_leaves_once(graph: Graph, clerk: Clerk) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    (guest, *_), count = home.others, counted(graph, clerk)
    leaves = {"on": LATER, "departure": Departure.MOVED_AWAY}
    do(clerk, LEAVE, **who(clerk, guest), **leaves)
    assert counted(graph, clerk) == (count[0], count[1] - 1)
    assert why(clerk, LEAVE, **who(clerk, guest), **leaves) == [("person", "CHECK_FAILED")]
    back = {"household": other.id, "relation": Relation.OTHER}
    assert why(clerk, JOIN, **who(clerk, guest), **back, on=ON) == [("on", "CHECK_FAILED")], "before it has left"
    assert why(clerk, JOIN, **who(clerk, guest), **back, on=LATER, new_head=home.head) == [("new_head", "CHECK_FAILED")]
    do(clerk, JOIN, **who(clerk, guest), **back, on=LATER)
    there = row(clerk, Person, guest)
    assert (there["left_on"], there["departure"], there["valid_to"]) == (None, None, None)
    assert why(clerk, JOIN, **who(clerk, guest), **back, on=LATER) == [("household", "CHECK_FAILED")]
    assert counted(graph, clerk) == count


def test_who_has_died_joins_no_household(graph: Graph, clerk: Clerk) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    (late, *_) = home.others
    do(clerk, LEAVE, **who(clerk, late), on=ON, departure=Departure.DIED)
    back = {"household": other.id, "relation": Relation.OTHER, "on": LATER}
    assert why(clerk, JOIN, **who(clerk, late), **back) == [("person", "CHECK_FAILED")]


def test_nothing_happens_any_more_in_a_household_that_has_ended(graph: Graph, clerk: Clerk) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    do(clerk, MERGE, **home.which(), into=other.id, on=ON)
    gone = home.which()
    assert why(clerk, MOVE, **gone, place=other.place, on=LATER) == [("household", "CHECK_FAILED")]
    assert why(clerk, SPLIT, **gone, members=home.others, head=home.head, on=LATER) == [("household", "CHECK_FAILED")]
    assert why(clerk, MERGE, **other.which(), into=home.id, on=LATER) == [("into", "CHECK_FAILED")]
    birth = {"household": home.id, "name": "王小寶", "sex": Sex.MALE, "on": LATER}
    assert why(clerk, BIRTH, **birth) == [("household", "CHECK_FAILED")]
    join = who(clerk, home.others[0]) | {"household": home.id, "relation": Relation.OTHER, "on": LATER}
    assert why(clerk, JOIN, **join) == [("household", "CHECK_FAILED")]


def test_a_child_that_dies_on_the_day_of_its_birth_was_there_for_a_day(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    child = do(clerk, BIRTH, household=home.id, name="王小寶", sex=Sex.MALE, on=ON, relation=Relation.GRANDCHILD)
    do(clerk, LEAVE, **who(clerk, child), on=ON, departure=Departure.DIED)
    told = row(clerk, Person, child)
    assert (told["left_on"], told["valid_from"], told["valid_to"]) == (ON, ON, ON + timedelta(1))
    assert told["relation"] == "GRANDCHILD"


def test_what_is_still_to_come_has_not_happened(graph: Graph, clerk: Clerk) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    given: dict[Procedure, dict[str, Any]] = {
        MOVE: home.which() | {"place": other.place},
        SPLIT: home.which() | {"members": home.others[:2], "head": home.others[0]},
        MERGE: home.which() | {"into": other.id},
        JOIN: who(clerk, home.others[0]) | {"household": other.id, "relation": Relation.OTHER},
        LEAVE: who(clerk, home.others[0]) | {"departure": Departure.MARRIED},
        BIRTH: {"household": home.id, "name": "王小寶", "sex": Sex.MALE},
    }
    assert given.keys() == set(FAMILY)
    for procedure, arguments in given.items():
        late = arguments | {"on": TODAY + timedelta(1)}
        assert why(clerk, procedure, **late) == [("on", "OUT_OF_RANGE")], procedure.name
        outcome = clerk.proceed(procedure, dry=True, **arguments, on=TODAY)
        assert list(outcome.rejections) == [], procedure.name


def test_nothing_stays_of_a_dry_run(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    outcome = clerk.proceed(MERGE, dry=True, **home.which(), into=Home(graph, clerk, skip=1).id, on=ON)
    assert (list(outcome.ids), list(outcome.rejections), outcome.written, outcome.change_sets) == ([None], [], 0, {})
    assert clerk.log() == []


def test_one_entry_tells_all_that_was_done(graph: Graph, clerk: Clerk) -> None:
    home = Home(graph, clerk)
    given: dict[str, Any] = home.which() | {"members": home.others[:2], "on": ON, "head": home.others[0]}
    outcome = clerk.proceed(SPLIT, **given)
    assert outcome.written == 3
    assert list(outcome.change_sets) == [620502]
    assert [(each["record"], each["action"]) for each in clerk.log()] == [
        ("household", "create"),
        ("person", "update"),
        ("person", "update"),
    ]
    assert {each["number"] for each in clerk.log()} == set(outcome.change_sets.values())


def test_a_household_of_another_place_is_not_there(graph: Graph, clerk: Clerk) -> None:
    """Whoever lies outside is told of in the words for what is not there, and nothing can be done with it."""
    home = Home(graph, clerk)
    away = next(
        each for each in (Home(graph, clerk, skip=n) for n in range(1, 40)) if each.place // 1000 != home.place // 1000
    )
    everything = frozenset({"register:read", "register:write", "personal:read"})
    here = Viewer("村委會", places=(home.place // 1000 * 1000,), permissions=everything)
    clerk.policy = Policy(here)
    for household in (away.id, BASE + 999_999_998):
        outside = {"household": household, "version": 99}
        unknown = [("household", "UNKNOWN_HOUSEHOLD")]
        assert why(clerk, MOVE, **outside, place=home.place, on=ON) == unknown
        assert why(clerk, SPLIT, **outside, members=[away.head], head=away.head, on=ON) == unknown
        assert why(clerk, MERGE, **outside, into=home.id, on=ON) == unknown
        assert why(clerk, BIRTH, household=household, name="王小寶", sex=Sex.MALE, on=ON) == unknown
        assert why(clerk, MERGE, **home.which(), into=household, on=ON) == [("into", "UNKNOWN_HOUSEHOLD")]
        join = who(clerk, home.others[0]) | {"household": household, "relation": Relation.OTHER, "on": ON}
        assert why(clerk, JOIN, **join) == unknown
    for person in (away.head, BASE + 999_999_998):
        one = {"person": person, "version": 99, "on": ON}
        assert why(clerk, LEAVE, **one, departure=Departure.DIED) == [("person", "UNKNOWN_PERSON")]
        join = one | {"household": home.id, "relation": Relation.OTHER}
        assert why(clerk, JOIN, **join) == [("person", "UNKNOWN_PERSON")]
    assert why(clerk, MOVE, **home.which(), place=away.place, on=ON) == [("place", "UNKNOWN_PLACE")]
    do(clerk, MOVE, **home.which(), place=home.place // 1000 * 1000, on=ON)


def test_nobody_is_told_anything_without_the_right_to_write(graph: Graph, clerk: Clerk) -> None:
    """Not even that a version is old, or a household unknown."""
    home = Home(graph, clerk)
    reader = Viewer("讀者", is_everywhere=True, permissions=frozenset({"register:read", "personal:read"}))
    for procedure in FAMILY:
        for household in (home.id, BASE + 999_999_998):
            clerk.policy = Policy(reader)
            with pytest.raises(Forbidden, match="register:write"):
                clerk.proceed(procedure, household=household, person=household, version=99)
    clerk.policy = Policy(replace(reader, permissions=frozenset({"register:write"})))
    with pytest.raises(Forbidden, match="personal:read"):
        clerk.proceed(BIRTH, household=home.id, name="王小寶", sex=Sex.MALE, on=ON)
    do(clerk, LEAVE, **who(clerk, home.others[0]), on=ON, departure=Departure.OTHER)


def test_what_is_missing_or_cannot_be_read_is_told_by_its_argument(clerk: Clerk) -> None:
    missing = [(each.name, "MISSING") for each in SPLIT.arguments if each.required]
    assert why(clerk, SPLIT) == missing
    given: dict[str, Any] = {"household": "x", "version": 1, "place": "62", "on": "gestern"}
    codes = [("household", "UNREADABLE"), ("place", "UNREADABLE"), ("on", "UNREADABLE")]
    assert why(clerk, MOVE, **given) == codes
    birth: dict[str, Any] = {
        "household": BASE + 1,
        "name": "王" * 51,
        "sex": Sex.MALE,
        "on": TODAY,
        "id_number": "620502198001010018",
    }
    assert why(clerk, BIRTH, **birth) == [("name", "TOO_LONG"), ("id_number", "BAD_ID_NUMBER")]
    many = list(range(BASE + 1, BASE + 1002))
    assert ("members", "TOO_LONG") in why(clerk, SPLIT, members=many)
