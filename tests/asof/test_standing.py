"""Tables of which nothing was changed since a day are read as they stand, and the others by the log."""

from datetime import date
from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.world import HERE, TODAY, VILLAGES
from tests.asof.past import LATER, Past

from bangfu.access import Viewer
from bangfu.store.changed import ChangedSince
from bangfu.write.outcome import Action
from bangfu_schema import Graph, Observed, decoded
from bangfu_testing import UNLIMITED

DOCUMENT = f"""query ($day: Date) {{ households(within: "{HERE}", asOf: $day, first: 1000) {{
    nodes {{ id houseArea members {{ nodes {{ id }} }} }} }} }}"""
DISTRICT = Viewer("區", places=(HERE * 10**9,), permissions=frozenset({"register:read"}))
VILLAGE = Viewer("村", places=(next(iter(VILLAGES)) * 1000,), permissions=frozenset({"register:read"}))


@pytest.fixture
def past(asked: Asked) -> Past:
    """The world as it was loaded, of which nobody has asked yet."""
    found = Past(asked)
    found.begin_again()
    asked.database.changed_since = ChangedSince()
    return found


def sent(past: Past, day: date | None, viewer: Viewer | None = None, graph: Graph | None = None) -> list[str]:
    """The statements that a question as of a day is answered by; the last one's answer is right."""
    observed = Observed()
    given = {"day": None if day is None else day.isoformat()}
    graph = graph or past.asked.graph
    running = graph.execute(past.asked.database, DOCUMENT, given, today=LATER, observed=observed, viewer=viewer)
    answers: list[Any] = [decoded(past.asked.run(running))]
    assert "errors" not in answers[0]
    running = graph.execute(past.asked.database, DOCUMENT, given, today=LATER, viewer=viewer, plainly=True)
    answers.append(decoded(past.asked.run(running)))
    assert answers[0] == answers[1]
    for ran in observed.statements:
        assert (ran.wall is not None and bool(ran.wall.as_of)) == (day is not None)
    return [ran.sql for ran in observed.statements]


def change_one(past: Past, name: str, **given: Any) -> None:
    row = past.rows(past.node(name))[0]
    assert past.change(name, Action.UPDATE, {"id": row["id"], "version": row["version"], **given})


def test_one_plan_serves_all_days_and_another_the_present(past: Past) -> None:
    graph = Graph(past.asked.platform, UNLIMITED)
    days = (TODAY, date(2015, 10, 30), None, date(2014, 1, 1))
    (first,), (second,), (now,), (third,) = (sent(past, day, graph=graph) for day in days)
    assert len(graph.compiler.plans) == 2
    assert first == second == third != now
    assert "as_of." not in now


def test_what_was_not_changed_is_read_as_it_stands(past: Past) -> None:
    (text,) = sent(past, TODAY)
    assert " household AS" in text
    assert " person AS" in text
    assert "as_of.household" not in text
    assert "as_of.person" not in text


def test_a_table_that_was_changed_is_noticed_by_the_statement_itself(past: Past) -> None:
    """Which is run again, once; then it is known, and what is not changed is still read as it stands."""
    sent(past, TODAY)
    change_one(past, "Household", house_area=7)
    past.date(0)
    first, second = sent(past, TODAY)
    assert " household AS" in first
    assert "whole_as_of.household AS" in second
    assert " person AS" in second
    assert sent(past, TODAY) == [second]


def test_changes_before_the_day_are_none_since(past: Past) -> None:
    change_one(past, "Household", house_area=7)
    past.date(1)
    (text,) = sent(past, TODAY)
    assert " household AS" in text


def test_what_is_only_thought_to_have_changed_is_right_as_well(past: Past) -> None:
    past.asked.database.changed_since.note("some other moment", ["household", "person"], ["household", "person"])
    (careful,) = sent(past, TODAY)
    assert "whole_as_of.household AS" in careful
    assert "whole_as_of.person AS" in careful
    (text,) = sent(past, TODAY)
    assert " household AS" in text


def test_who_sees_places_sees_what_is_about_a_household_that_was_changed_by_the_log(past: Past) -> None:
    """Such a row lay where the household was; of whole districts nothing has to be looked up."""
    change_one(past, "Household", house_area=7)
    past.date(0)
    *_, of_village = sent(past, TODAY, VILLAGE)
    assert " as_of.person AS" in of_village
    *_, of_district = sent(past, TODAY, DISTRICT)
    assert " person AS" in of_district
    assert "whole_as_of.household AS" in of_district


def test_what_was_created_since_stands_as_it_is(past: Past) -> None:
    """The log is not asked of it; nor is it there twice once it is changed as well."""
    home = past.rows(past.node("Household"))[0]
    row = next(row for row in past.rows(past.node("IndustryPlanting")) if row["household_id"] == home["id"])
    left_out = ("id", "version", "district_code", "source")
    given = {key: value for key, value in row.items() if key not in left_out}
    assert past.change("IndustryPlanting", Action.CREATE, given)
    past.date(0)
    made = past.entries[-1][0].id
    document = (
        f'{{ industry {{ plantings(within: "{HERE}", asOf: "{TODAY}", first: 1000) {{ nodes {{ id area }} }} }} }}'
    )

    def areas() -> list[Any]:
        running = past.asked.graph.execute(past.asked.database, document, today=LATER)
        nodes = decoded(past.asked.run(running))["data"]["industry"]["plantings"]["nodes"]
        return [each["area"] for each in nodes if each["id"] == f"industryPlanting:{made}"]

    before = areas()
    stored = past.entries[-1][0].after
    assert stored is not None
    assert past.change(
        "IndustryPlanting", Action.UPDATE, {"id": made, "version": stored["version"], "area": stored["area"] + 1}
    )
    past.date(0)
    assert before == areas() == [float(stored["area"])]


def test_days_that_nobody_asks_of_any_more_are_forgotten() -> None:
    since = ChangedSince()
    for number in range(3_000):
        since.note(f"moment {number}", ["person"], [])
    since.note("moment 2999", ["household"], ["household"])
    assert since.guess("moment 2999", ["household", "person"]) == {"household"}
    assert since.guess("moment 0", ["household", "person"]) == {"household"}, "as it was found of another moment"
    assert since.guess("moment 2998", ["person"]) == frozenset()
    assert len(since._found) == 1_000
