"""Households move, split and become one; people are born, join, leave and die: with what was before in the log."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from tests.write.clerk import BASE, TODAY, Clerk

from bangfu.access import EVERYTHING
from bangfu.domain.households import Departure, Household, HouseholdStatus, Person, Relation, Sex
from bangfu.store import Database
from bangfu.write.changing import Changes
from bangfu.write.family import Family, Refused
from bangfu.write.outcome import Author
from bangfu_schema import Graph
from bangfu_testing import ask

ON = date(2015, 10, 1)
LATER = date(2015, 11, 1)
Do = Callable[[Callable[[Family], int]], int]


@pytest.fixture
def clerk(demo_copy: Database) -> Clerk:
    return Clerk(demo_copy)


@pytest.fixture
def do(clerk: Clerk) -> Iterator[Do]:
    """Does something to a family in a transaction of its own; the chain of the log holds afterwards."""

    def run(what: Callable[[Family], int]) -> int:
        with clerk.database.engine.begin() as connection:
            changes = Changes(connection, Author(name="王主任"), EVERYTHING, TODAY)
            made = what(Family(connection, changes))
            changes.close()
        return made

    yield run
    assert all(chain.breaks == () for chain in clerk.chains())


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

    def members(self, household: int | None = None) -> list[int]:
        """Who lives there now, as the graph tells it."""
        found = ask(
            self._graph,
            self._clerk.database,
            f'{{ household(id: "household:{household or self.id}") {{ members {{ nodes {{ id }} }} }} }}',
        )
        return sorted(_key(each["id"]) for each in found["household"]["members"]["nodes"])


def _key(id_: str) -> int:
    return int(id_.partition(":")[2])


def row(clerk: Clerk, record: type[Any], id_: int) -> dict[str, Any]:
    found = clerk.row(record, id_)
    assert found is not None
    return found


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str | None, str]]:
    return [(each.column, each.code.value) for each in refused.value.rejections]


def test_a_household_moves(graph: Graph, clerk: Clerk, do: Do) -> None:
    home = Home(graph, clerk)
    village = BASE + 100200000
    do(lambda family: family.move(home.id, home.version, village, ON))
    moved = row(clerk, Household, home.id)
    assert (moved["place_code"], moved["recorded_on"], moved["version"]) == (village, ON, home.version + 1)
    (logged,) = clerk.log()
    assert logged["before"]["place_code"] != logged["after"]["place_code"] == village
    with pytest.raises(Refused) as refused:
        do(lambda family: family.move(home.id, home.version, village, ON))
    assert reasons(refused) == [("version", "STALE")]
    with pytest.raises(Refused) as refused:
        do(lambda family: family.move(home.id, home.version + 1, BASE, ON))
    assert reasons(refused) == [("place", "WRONG_LEVEL")]


def test_a_household_splits_and_becomes_one_again(graph: Graph, clerk: Clerk, do: Do) -> None:
    home = Home(graph, clerk)
    before = home.members()
    son, wife = home.others[:2]
    made = do(lambda family: family.split(home.id, home.version, [son, wife], ON, head=son))
    assert home.members(made) == sorted([son, wife])
    assert home.members() == sorted(set(before) - {son, wife})
    old, new = row(clerk, Household, home.id), row(clerk, Household, made)
    assert [new[name] for name in ("place_code", "category", "status")] == [
        old[name] for name in ("place_code", "category", "status")
    ]
    assert new["valid_from"] == ON
    assert (row(clerk, Person, son)["relation"], row(clerk, Person, wife)["relation"]) == ("HEAD", "OTHER")
    with pytest.raises(Refused) as refused:
        do(lambda family: family.merge(made, new["version"], home.id, ON))
    assert reasons(refused) == [("on", "CHECK_FAILED")], "it has to have been one for a day"
    do(lambda family: family.merge(made, new["version"], home.id, LATER))
    assert home.members() == before
    assert home.members(made) == []
    ended = row(clerk, Household, made)
    assert (ended["status"], ended["valid_to"]) == ("REMOVED", LATER)
    heads = [id_ for id_ in before if row(clerk, Person, id_)["relation"] == "HEAD"]
    assert heads == [home.head]


def test_what_no_split_can_be(graph: Graph, clerk: Clerk, do: Do) -> None:
    home = Home(graph, clerk)
    stranger = Home(graph, clerk, skip=1).head
    son = home.others[0]

    def split(members: list[int], **how: Any) -> list[tuple[str | None, str]]:
        with pytest.raises(Refused) as refused:
            do(lambda family: family.split(home.id, home.version, members, ON, **how))
        return reasons(refused)

    assert split([], head=son) == [("members", "UNKNOWN_PERSON")]
    assert split([stranger], head=stranger) == [("members", "UNKNOWN_PERSON")]
    assert split(home.members(), head=son) == [("members", "CHECK_FAILED")]
    assert split([son], head=home.head) == [("head", "NOT_FOUND")]
    assert split([home.head], head=home.head) == [("remaining_head", "MISSING")]
    assert split([home.head], head=home.head, remaining_head=stranger) == [("remaining_head", "UNKNOWN_PERSON")]
    assert clerk.log() == [], "nothing stays of it"
    made = do(lambda f: f.split(home.id, home.version, [home.head], ON, head=home.head, remaining_head=son))
    assert home.members(made) == [home.head]
    assert row(clerk, Person, son)["relation"] == "HEAD"


def test_a_birth_a_death_and_those_who_come_and_go(graph: Graph, clerk: Clerk, do: Do) -> None:
    home, other = Home(graph, clerk), Home(graph, clerk, skip=1)
    child = do(lambda family: family.birth(home.id, "王小寶", Sex.FEMALE, ON))
    assert child in home.members()
    born = row(clerk, Person, child)
    assert (born["born_on"], born["joined_on"], born["relation"], born["valid_from"]) == (ON, ON, "CHILD", ON)
    wife, heir = home.others[:2]
    version = row(clerk, Person, wife)["version"]
    do(lambda family: family.join(wife, version, other.id, Relation.SPOUSE, ON))
    assert wife in other.members()
    assert wife not in home.members()
    version = row(clerk, Person, home.head)["version"]
    with pytest.raises(Refused) as refused:
        do(lambda family: family.leave(home.head, version, date(1900, 1, 1), Departure.DIED))
    assert ("on", "CHECK_FAILED") in reasons(refused)
    do(lambda family: family.leave(home.head, version, ON, Departure.DIED, new_head=heir))
    dead = row(clerk, Person, home.head)
    assert (dead["left_on"], dead["departure"]) == (ON, "DIED")
    assert home.head not in home.members()
    assert row(clerk, Person, heir)["relation"] == "HEAD"
    kept = [each["before"]["relation"] for each in clerk.log() if each["row_id"] == home.head]
    assert kept == ["HEAD"]


def test_merging_with_what_is_not_there(graph: Graph, clerk: Clerk, do: Do) -> None:
    home = Home(graph, clerk)
    nowhere = BASE + 999_999_998
    for into, reason in ((home.id, "CHECK_FAILED"), (nowhere, "UNKNOWN_HOUSEHOLD")):
        with pytest.raises(Refused) as refused:
            do(lambda family, into=into: family.merge(home.id, home.version, into, ON))  # type: ignore[misc]
        assert reasons(refused) == [("into", reason)]
    assert row(clerk, Household, home.id)["status"] != HouseholdStatus.REMOVED.name
