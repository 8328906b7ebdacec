"""What may be asked as of a day, and what is told of odd things: what has ended, what is gone, what is sealed."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from tests.access.asked import Asked
from tests.access.world import HERE, TODAY, VILLAGES, Row
from tests.asof.past import LATER, Past

from bangfu.access import Viewer
from bangfu.write.outcome import Action
from bangfu_schema import Graph
from bangfu_schema.execute.encoding import encoded
from bangfu_testing import UNLIMITED

DAY = f'asOf: "{TODAY}"'
WITHIN = f'within: "{HERE}", {DAY}'


@pytest.fixture(scope="module")
def whole(asked: Asked) -> Past:
    """The world, once for the module."""
    return Past(asked)


@pytest.fixture
def past(whole: Past) -> Past:
    """The world as it was before anything was changed."""
    whole.begin_again()
    return whole


def ask(past: Past, document: str, viewer: Viewer | None = None, graph: Graph | None = None) -> dict[str, Any]:
    """What both paths answer to a request that stands on the later day."""
    answers = []
    for plainly in (False, True):
        running = (graph or past.asked.graph).execute(
            past.asked.database, document, today=LATER, viewer=viewer, plainly=plainly
        )
        answers.append(json.loads(encoded(past.asked.run(running)).decode()))
    assert answers[0] == answers[1]
    found: dict[str, Any] = answers[0]
    return found


def told(past: Past, document: str, viewer: Viewer | None = None) -> dict[str, Any]:
    """The data of an answer without mistakes."""
    found = ask(past, document, viewer)
    assert "errors" not in found, found["errors"]
    data: dict[str, Any] = found["data"]
    return data


def update(past: Past, name: str, row: Row, **given: Any) -> None:
    assert past.change(name, Action.UPDATE, {"id": row["id"], "version": row["version"], **given})


REFUSED = {
    "a day still to come": (
        'households(within: "620502", asOf: "2016-07-01") { totalCount }',
        "households.asOf",
        "later",
    ),
    "a row of a day still to come": (
        'household(id: "household:620502000000001", asOf: "2017-01-01") { id }',
        "",
        "later",
    ),
    "a day of another century": ('villages(asOf: "1899-12-31") { totalCount }', "villages.asOf", "1900-01-01"),
    "no day": ('district(code: "620502", asOf: "yesterday") { name }', "district.asOf", "2015-12-31"),
    "two days in one namespace": (
        f'industry {{ plantings({WITHIN}) {{ totalCount }} herds(within: "620502") {{ totalCount }} }}',
        "herds.asOf",
        "one day",
    ),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(past: Past, refused: tuple[str, str, str]) -> None:
    asked, argument, words = refused
    (error,) = ask(past, f"{{ {asked} }}")["errors"]
    assert words in error["message"]
    assert argument in error["extensions"].get("argument", argument)
    assert error["locations"]
    assert error["path"][0] == asked.partition("(")[0].split(" ")[0]


def test_which_places_are_in_force_is_told_of_later_days_too(past: Past) -> None:
    later = told(past, '{ villages(within: "620502", asOf: "2030-01-01") { totalCount } }')
    assert later == told(past, '{ villages(within: "620502") { totalCount } }')
    early = told(past, '{ villages(within: "620502", asOf: "2015-01-01") { totalCount } }')
    assert early["villages"]["totalCount"] == 1 + sum(code // 10**6 == HERE for code in VILLAGES)


def test_the_days_of_several_fields_are_told_apart(past: Past) -> None:
    (home, *_) = past.rows(past.node("Household"))
    update(past, "Household", home, house_area=1)
    past.date(0)
    id_ = f'id: "household:{home["id"]}"'
    data = told(past, f"{{ then: household({id_}, {DAY}) {{ houseArea }} now: household({id_}) {{ houseArea }} }}")
    assert data["now"]["houseArea"] == 1
    assert data["then"] == {"houseArea": None if home["house_area"] is None else float(home["house_area"])}
    by_node = told(past, f"{{ nodeAsOf({id_}, {DAY}) {{ ... on Household {{ houseArea }} }} }}")["nodeAsOf"]
    assert by_node == data["then"]


def test_a_day_ends_in_the_time_zone_of_the_installation(past: Past) -> None:
    (home, *_) = past.rows(past.node("Household"))
    update(past, "Household", home, house_area=1)
    past.date(0)  # at midnight in China, when it is still the day before further west
    document = f'{{ household(id: "household:{home["id"]}", {DAY}) {{ houseArea }} }}'
    west = Graph(past.asked.platform, UNLIMITED, time_zone="Europe/Lisbon")
    assert ask(past, document, graph=west)["data"]["household"] == {"houseArea": 1}
    assert told(past, document)["household"] != {"houseArea": 1}


def test_a_row_that_is_not_in_force_on_the_day_is_not_there(past: Past) -> None:
    node = past.node("IndustryPlanting")
    ended = next(row for row in past.rows(node) if row["valid_to"] is None and row["valid_from"] < date(2015, 5, 1))
    update(past, "IndustryPlanting", ended, valid_to=date(2015, 6, 1))
    past.date(1)
    id_ = f'id: "industryPlanting:{ended["id"]}"'
    then = f"{{ nodeAsOf({id_}, {DAY}) {{ id }} }}"
    assert told(past, f"{{ node({id_}) {{ id }} }}")["node"] is not None
    assert told(past, then) == {"nodeAsOf": None}
    assert told(past, f'{{ nodeAsOf({id_}, asOf: "2015-05-31") {{ id }} }}')["nodeAsOf"] is not None
    past.date(0)
    assert told(past, then)["nodeAsOf"] is not None, "its end was entered later"


def test_a_row_that_was_entered_later_is_there_if_it_dates_from_then(past: Past) -> None:
    node = past.node("IndustryPlanting")
    like = {key: value for key, value in past.rows(node)[0].items() if key not in ("id", "version", "district_code")}
    for since, there in ((date(2015, 1, 1), True), (date(2016, 1, 1), False)):
        past.begin_again()
        assert past.change("IndustryPlanting", Action.CREATE, {**like, "valid_from": since, "valid_to": None})
        past.date(0)
        (made,) = past.entries[0]
        found = told(past, f'{{ nodeAsOf(id: "industryPlanting:{made.id}", {DAY}) {{ id }} }}')
        assert (found["nodeAsOf"] is not None) == there


def test_a_row_that_is_gone_is_there_for_the_whole_district_alone(past: Past) -> None:
    node = past.node("IndustryPlanting")
    row = next(row for row in past.rows(node) if row["valid_to"] is None and row["valid_from"] < date(2015, 5, 1))
    place = past.asked.rows.lies(node, row) // 10**6 * 10**6
    assert past.change("IndustryPlanting", Action.DELETE, {"id": row["id"], "version": row["version"]})
    past.date(0)
    document = f'{{ nodeAsOf(id: "industryPlanting:{row["id"]}", {DAY}) {{ id ... on IndustryPlanting {{ crop }} }} }}'
    reading = frozenset({"industry:read"})
    district = Viewer("區", places=(HERE * 10**9,), permissions=reading)
    beside = Viewer("區和村", places=(HERE * 10**9, 620503101201000), permissions=reading)
    for viewer in (None, district, beside):
        assert told(past, document, viewer)["nodeAsOf"]["crop"] == row["crop"]
    assert told(past, document, Viewer("鄉", places=(place,), permissions=reading)) == {"nodeAsOf": None}


def test_a_column_that_an_old_entry_does_not_have_is_null(past: Past) -> None:
    home = next(row for row in past.rows(past.node("Household")) if row["house_area"] is not None)
    update(past, "Household", home, road_distance=1)
    past.date(0)
    with past.asked.database.engine.begin() as connection:
        connection.execute(text("UPDATE change SET before = before - 'house_area'"))
    found = told(past, f'{{ household(id: "household:{home["id"]}", {DAY}) {{ houseArea category }} }}')["household"]
    assert found == {"houseArea": None, "category": home["category"].name}


def test_sealed_values_are_opened_and_looked_up_as_they_were(past: Past) -> None:
    person = next(row for row in past.rows(past.node("Person")) if row["id_number"] is not None)
    new = "620502198001010019"
    update(past, "Person", person, id_number=new)
    past.date(0)
    id_ = f'person(id: "person:{person["id"]}"'
    assert told(past, f"{{ {id_}, {DAY}) {{ idNumber }} }}")["person"]["idNumber"] == person["id_number"]
    assert told(past, f"{{ {id_}) {{ idNumber }} }}")["person"]["idNumber"] == new
    masked = Viewer("區", places=(HERE * 10**9,), permissions=frozenset({"register:read"}))
    shown = told(past, f"{{ {id_}, {DAY}) {{ idNumber name }} }}", masked)["person"]
    assert shown == {"idNumber": f"{person['id_number'][:6]}************", "name": f"{person['name'][:1]}**"}
    for number, count in ((person["id_number"], 1), (new, 0)):
        asked = f'filter: {{ members: {{ some: {{ idNumber: {{ eq: "{number}" }} }} }} }}'
        expected = count if person["left_on"] is None else 0
        assert (
            told(past, f"{{ households({WITHIN}, {asked}) {{ totalCount }} }}")["households"]["totalCount"] == expected
        )


def test_pages_go_on_with_the_same_day_only(past: Past) -> None:
    rest = "{ nodes { id } pageInfo { endCursor hasNextPage } edges { cursor } }"
    listed = told(past, f"{{ households({WITHIN}, first: 1000) {{ nodes {{ id }} }} }}")["households"]["nodes"]
    found: list[str] = []
    after = ""
    while True:
        page = told(past, f"{{ households({WITHIN}, first: 25{after}) {rest} }}")["households"]
        found += [each["id"] for each in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        assert page["edges"][-1]["cursor"] == cursor
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{cursor}"'
    assert found == [each["id"] for each in listed]
    for arguments in (f'within: "{HERE}"', f'within: "{HERE}", asOf: "2015-10-30"'):
        (error,) = ask(past, f'{{ households({arguments}, after: "{cursor}") {{ totalCount }} }}')["errors"]
        assert "as of another day" in error["message"]
        assert error["path"] == ["households"]
    now = told(past, f'{{ households(within: "{HERE}", first: 1) {rest} }}')["households"]["pageInfo"]["endCursor"]
    (error,) = ask(past, f'{{ households({WITHIN}, after: "{now}") {{ totalCount }} }}')["errors"]
    assert "as of another day" in error["message"]


def test_history_ends_with_the_day(past: Past) -> None:
    (home, *_) = past.rows(past.node("Household"))
    for area in (1, 2, 3):
        update(past, "Household", _now(past, home), house_area=area)
    past.date(2)
    entries = "{ history { entry action values { field before after } } }"
    id_ = f'household(id: "household:{home["id"]}"'
    now, then = (told(past, f"{{ {id_}{day}) {entries} }}")["household"]["history"] for day in ("", f", {DAY}"))
    assert [each["entry"] for each in now] == [3, 2, 1]
    assert then == now[1:]


def _now(past: Past, row: Row) -> Row:
    return next(each for each in past.rows(past.node("Household")) if each["id"] == row["id"])
