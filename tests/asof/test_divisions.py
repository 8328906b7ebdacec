"""Places were redrawn since: as of a day rows lie where they were known to lie, and that place is there."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.access.asked import Asked
from tests.access.world import HERE
from tests.asof.past import LATER, Past

from bangfu.access import EVERYTHING, Viewer
from bangfu.divisions.carrying import reorganise
from bangfu.divisions.plan import Plan, Recode, Rename, Step
from bangfu.divisions.undoing import undo
from bangfu.write.outcome import Action, Author
from bangfu_schema.execute.encoding import encoded

DISTRICT = HERE * 10**9
A, B, C = (620502_101_000_000 + number * 1000 for number in (201, 202, 203))
NEW_B, NEW_C = 620502_101_298_000, 620502_101_299_000
AUTHOR = Author(name="民政局", reason="a test")

# Of each entry of the log, the day on which it was made.
MOVED, REDRAWN, UNDONE, REDRAWN_LATE = date(2015, 11, 10), date(2015, 11, 20), date(2015, 12, 20), date(2016, 2, 10)
LIVING = """{ households(within: "620502", asOf: "DAY", first: 1000) { nodes { id village { code name } } }
    villages(within: "620502", asOf: "DAY", first: 100) { nodes { code name householdCount
        register { households { value } then: households(boundaries: THEN) { value } } } } }"""


@pytest.fixture(scope="module")
def mover(asked: Asked) -> int:
    """A household that moved from A to C; then B and A were redrawn and that was undone, then C was, for good."""
    past = Past(asked)
    home = next(row for row in past.rows(past.node("Household")) if row["place_code"] == A)
    moving = {"id": home["id"], "version": home["version"], "place_code": C}
    assert past.change("Household", Action.UPDATE, moving)
    redraw(asked, date(2015, 11, 15), Recode(place=B, code=NEW_B), Rename(place=A, name="新名村"))
    with asked.database.engine.connect() as connection:
        assert not undo(connection, asked.platform, DISTRICT, 1, author=AUTHOR, policy=EVERYTHING).rejections
    redraw(asked, date(2016, 2, 1), Recode(place=C, code=NEW_C))
    with asked.database.engine.begin() as connection:
        for number, day in enumerate((MOVED, REDRAWN, UNDONE, REDRAWN_LATE), 1):
            at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
            told = "UPDATE change_set SET at = :at WHERE district_code = :district AND number = :number"
            connection.execute(text(told), {"at": at, "district": HERE, "number": number})
    found: int = home["id"]
    return found


def redraw(asked: Asked, on: date, *steps: Step) -> None:
    with asked.database.engine.connect() as connection:
        plan = Plan(district=DISTRICT, on=on, steps=steps)
        done = reorganise(connection, asked.platform, plan, author=AUTHOR, policy=EVERYTHING, today=LATER)
        assert not done.rejections


def told(asked: Asked, document: str, viewer: Viewer | None = None) -> dict[str, Any]:
    """What both paths answer, without mistakes."""
    answers = []
    for plainly in (False, True):
        running = asked.graph.execute(asked.database, document, today=LATER, viewer=viewer, plainly=plainly)
        answers.append(json.loads(encoded(asked.run(running)).decode()))
    assert answers[0] == answers[1]
    assert "errors" not in answers[0], answers[0]["errors"]
    data: dict[str, Any] = answers[0]["data"]
    return data


@pytest.mark.parametrize(
    ("day", "codes"),
    {
        "2015-11-01": (A, B, C),
        "2015-11-20": (A, NEW_B, C),
        "2015-12-31": (A, B, C),
        "2016-02-05": (A, B, C),
        "2016-06-30": (A, B, NEW_C),
    }.items(),
)
def test_rows_lie_in_places_that_there_were(asked: Asked, mover: int, day: str, codes: tuple[int, ...]) -> None:
    data = told(asked, LIVING.replace("DAY", day))
    villages = {each["code"]: each for each in data["villages"]["nodes"]}
    lived = [each["village"]["code"] for each in data["households"]["nodes"]]
    assert {str(code // 1000) for code in codes} <= villages.keys()
    for code in {A, B, C, NEW_B, NEW_C} - set(codes):
        assert lived.count(str(code // 1000)) == 0
    for code, village in villages.items():
        value = village["register"]["households"]["value"]
        assert (village["householdCount"], value or 0) == (lived.count(code), lived.count(code)), code
        assert village["register"]["then"]["value"] == value, code


def test_a_place_has_the_name_that_it_had(asked: Asked, mover: int) -> None:
    named = [
        told(asked, f'{{ village(code: "{A // 1000}", asOf: "{day}") {{ name }} }}')["village"]["name"]
        for day in ("2015-11-01", "2015-11-20", "2015-12-31")
    ]
    assert named[1] == "新名村"
    assert named[0] == named[2] != "新名村"


def test_a_place_that_was_taken_back_is_there_as_of_its_days_alone(asked: Asked, mover: int) -> None:
    document = 'households(within: "620502101298"'
    data = told(asked, f'{{ then: {document}, asOf: "2015-12-01") {{ totalCount }} }}')
    assert data["then"]["totalCount"] > 0
    running = asked.graph.execute(asked.database, f"{{ {document}) {{ totalCount }} }}", today=LATER)
    assert "errors" in json.loads(encoded(asked.run(running)).decode())


def test_boundaries_are_those_that_were_known(asked: Asked, mover: int) -> None:
    """What moved by itself after the day, and was redrawn after that, counts where it lived on the day."""
    counted = 'register { households(boundariesAt: "2015-11-01") { value } }'
    for day, code, there in (("2015-11-01", A, 13), ("2015-11-01", C, 8), ("2015-11-12", A, 12), ("2015-11-12", C, 9)):
        found = told(asked, f'{{ village(code: "{code // 1000}", asOf: "{day}") {{ {counted} }} }}')
        assert found["village"]["register"]["households"]["value"] == there, (day, code)


def test_who_moved_away_is_not_told_of_to_the_village_it_left(asked: Asked, mover: int) -> None:
    """Nor to the one it came to; to whoever sees both it is."""
    then = f'asOf: "2015-11-01") {{ id }} list: households(within: "{HERE}", first: 1000, asOf: "2015-11-01") '
    id_ = f"household:{mover}"
    for places, is_told in (((A,), False), ((NEW_C,), False), ((A, NEW_C), True)):
        viewer = Viewer("村", places=places, permissions=frozenset({"register:read"}))
        data = told(asked, f'{{ household(id: "{id_}", {then} {{ totalCount nodes {{ id }} }} }}', viewer)
        listed = [each["id"] for each in data["list"]["nodes"]]
        assert (data["household"] is not None, id_ in listed) == (is_told, is_told), places
        assert data["list"]["totalCount"] == len(listed)
