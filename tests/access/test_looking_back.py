"""The same matrix as of a day before a change: what each viewer sees of rows that were other rows, or lay elsewhere.

Each case is asked with `asOf`, on both paths, of a district in which households, people and records have moved to other
places since, were changed or deleted. What is expected is told by the policy's words over the rows as they were, of
which nobody sees more than lies in its places now as well.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.access.asked import Asked, faults
from tests.access.entering import changeable
from tests.access.matrix import Case, Matrix
from tests.access.oracle import Oracle
from tests.access.rows import in_force
from tests.access.viewers import viewers
from tests.access.world import HERE, TODAY, Row, platform
from tests.asof.past import LATER, Past, PastEyes
from tests.compile.paths import EXAMPLES

from bangfu.access import Viewer
from bangfu.registry import Node
from bangfu.write.outcome import Action
from bangfu_schema.execute.encoding import encoded

IS_LONG = EXAMPLES > 200
SHARES = (1, 1, 1) if IS_LONG else (48, 100, 72)
"""As in `test_matrix`: a part of the cases for each viewer, fewer of those that are costly, or refused."""

_NAMES = list(viewers(platform()))
_DAY = f'asOf: "{TODAY}"'
_ROOT = re.compile(r"^(query \([^)]*\) \{ \w+)\(")


@dataclass(frozen=True)
class Then:
    """A district that was changed, and how many entries of its log were made before the day was over."""

    past: Past
    early: int

    def eyes(self, viewer: Viewer | None) -> PastEyes:
        """What a viewer should see of the day."""
        return self.past.eyes(viewer, self.early)


@pytest.fixture(scope="module")
def then(asked: Asked) -> Then:
    """A little was changed before the day, and much after it."""
    past = Past(asked)
    for node in changeable(list(asked.rows.graph.nodes.values())):
        change_some(past, node, 0)
    early = len(past.entries)
    for node in changeable(list(asked.rows.graph.nodes.values())):
        for turn in (1, 2):
            change_some(past, node, turn)
    past.date(early)
    assert 30 < early < len(past.entries) - early
    return Then(past, early)


def change_some(past: Past, node: Node, turn: int) -> None:
    """Some rows of a type each time others, and in part the same: most are moved, some told by others, one is deleted.

    What the engine does not take, as a household with members to be deleted, stays as it is.
    """
    rows = past.rows(node)
    for number, row in enumerate(rows[turn :: max(1, len(rows) // 6)] + rows[:2]):
        now = next(each for each in past.rows(node) if each["id"] == row["id"])
        key = {"id": now["id"], "version": now["version"]}
        if number == 4:
            past.change(node.name, Action.DELETE, key)
        elif number % 3 == 2:
            past.change(node.name, Action.UPDATE, key | {"source": f"改{turn}-{number}"})
        else:
            past.change(node.name, Action.UPDATE, key | elsewhere(past, now, turn * 7 + number))


def elsewhere(past: Past, row: Row, number: int) -> Row:
    """Another owner, in another village."""
    homes = past.rows(past.node("Household"))
    if "household_id" in row:
        return {"household_id": homes[(number * 17) % len(homes)]["id"]}
    if "person_id" in row:
        people = past.rows(past.node("Person"))
        return {"person_id": people[(number * 29) % len(people)]["id"]}
    places = [
        place["code"]
        for place in past.tables["place"]
        if place["district_code"] == HERE and place["level"] == _level(past, row) and in_force(place, TODAY)
    ]
    return {"place_code": places[(number * 5) % len(places)]}


def _level(past: Past, row: Row) -> int:
    found: int = next(each["level"] for each in past.tables["place"] if each["code"] == row["place_code"])
    return found


@pytest.fixture(scope="module")
def cases(asked: Asked) -> list[Case]:
    found = map(as_of, Matrix(asked.rows, together=1 if IS_LONG else 6).cases())
    return [case for case in found if case is not None]


def as_of(case: Case) -> Case | None:
    """A case as of the day; none for what names another day already, and what is told of no day."""
    if "asOf" in case.document.partition("{")[2].partition(")")[0]:
        return None
    document = case.document.replace(" node(id: $id)", " nodeAsOf(id: $id)")
    for given in ("within: $within", f'within: "{HERE}"', "id: $id", "code: $code"):
        document = document.replace(f"({given}", f"({given}, {_DAY}")
    if _DAY not in document:
        document = _ROOT.sub(rf"\1({_DAY}, ", document)
    assert _DAY in document, document
    return replace(case, document=document)


@pytest.mark.parametrize("plainly", [False, True], ids=["compiled", "plainly"])
def test_what_lay_elsewhere_is_told_to_who_sees_both_places(then: Then, plainly: bool) -> None:
    """What the cases are about: rows that lay in a viewer's places then and no longer, or do now and did not then."""
    asked, viewer = then.past.asked, then.past.asked.viewers["villages"]
    assert viewer is not None
    node = then.past.node("Household")
    now: dict[int, int] = {row["id"]: row["place_code"] for row in then.past.rows(node)}
    left, came = set(), set()
    for row in then.eyes(None).all(node):
        lay, lies = viewer.covers(row["place_code"]), viewer.covers(now.get(row["id"]) or row["place_code"])
        left |= {f"household:{row['id']}"} if lay and not lies else set()
        came |= {f"household:{row['id']}"} if lies and not lay else set()
    assert left
    assert came
    document = f'{{ households(within: "{HERE}", first: 1000, {_DAY}) {{ nodes {{ id }} }} }}'
    found = {
        name: {each["id"] for each in json.loads(answer)["data"]["households"]["nodes"]}
        for name in ("villages", "district")
        for answer in [answered(asked, name, document, {}, plainly=plainly)]
    }
    assert found["villages"]
    assert not (left | came) & found["villages"]
    assert left | came <= found["district"]


@pytest.mark.parametrize("name", _NAMES)
def test_a_viewer_is_answered_what_it_may_see_as_of_a_day(then: Then, cases: list[Case], name: str) -> None:
    asked, number = then.past.asked, _NAMES.index(name)
    oracle = Oracle(then.eyes(asked.viewers[name]))
    wrong: list[str] = []
    count: Counter[str] = Counter()
    for index, case in enumerate(cases):
        share = SHARES[2 if case.is_refusal else int(case.is_costly)]
        for variables in case.variables if (index + number) % share == 0 else ():
            refused = oracle.refused(case.document, variables)
            if case.is_refusal and not refused:
                continue
            count["refused" if refused else "answered"] += 1
            expected = {} if refused else oracle.answer(case.document, variables)
            for plainly in (False, True):
                answer = answered(asked, name, case.document, variables, plainly=plainly)
                told = f"{case.name} {variables} {'plainly' if plainly else 'compiled'}"
                wrong += [f"{told}: {fault}" for fault in faults(answer, expected, refused)]
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])
    assert count["answered"] > (500 if IS_LONG else 3), count


def answered(asked: Asked, name: str, document: str, variables: dict[str, Any], *, plainly: bool) -> str:
    """The answer to a request that stands on the later day."""
    running = asked.graph.execute(
        asked.database, document, variables, today=LATER, viewer=asked.viewers[name], plainly=plainly
    )
    return encoded(asked.run(running)).decode()
