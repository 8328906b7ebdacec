"""What was changed is told in the graph: of a row to whoever sees it, of a district to whoever audits it."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from tests.write.clerk import BASE, Clerk, planting

from bangfu.access import AUDIT, PERSONAL, Viewer
from bangfu.domain.households import Household, Person, Relation, Sex
from bangfu.store import Database, changes
from bangfu.write.outcome import Action
from bangfu_industry.records import Planting
from bangfu_schema import Graph, decoded
from bangfu_schema.execute import history

FIELDS = "at author reason requestId action row entry cursor values { field before after isSensitive }"
AUDITOR = Viewer("審計", places=(BASE,), permissions=frozenset({AUDIT, "industry:read"}))


@pytest.fixture
def changed(demo_copy: Database) -> tuple[Database, int, int]:
    """A database in which a planting and a person were changed, and their ids."""
    clerk = Clerk(demo_copy)
    (id_,) = clerk.create(Planting, planting()).ids
    clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "crop": "梨", "is_new": False}])
    born = {"household_id": BASE + 1, "name": "試", "sex": Sex.MALE, "relation": Relation.CHILD}
    (person,) = clerk.create(Person, born | {"joined_on": date(2015, 2, 1), "id_number": "620502198001010019"}).ids
    assert id_ is not None
    assert person is not None
    return demo_copy, id_, person


def ask(graph: Graph, database: Database, document: str, viewer: Viewer | None) -> Mapping[str, Any]:
    async def run() -> Mapping[str, Any]:
        try:
            return decoded(await graph.execute(database, document, viewer=viewer))
        finally:
            await database.aclose()

    return asyncio.run(run())


def test_the_history_of_a_row(graph: Graph, changed: tuple[Database, int, int]) -> None:
    database, planting, _ = changed
    document = f'{{ history(id: "industryPlanting:{planting}") {{ {FIELDS} }} }}'
    update, creation = ask(graph, database, document, AUDITOR)["data"]["history"]
    assert (update["author"], update["reason"], update["requestId"]) == ("王主任", "a test", "r-1")
    assert (update["action"], update["entry"], update["row"]) == ("update", 2, f"industryPlanting:{planting}")
    assert update["values"] == [
        {"field": "crop", "before": "蘋果", "after": "梨", "isSensitive": False},
        {"field": "isNew", "before": "true", "after": "false", "isSensitive": False},
    ]
    told = {each["field"]: each["after"] for each in creation["values"]}
    assert (told["area"], told["kind"], told["plantedOn"]) == ("2.5", "ORCHARD", "2015-03-05")
    assert {each["before"] for each in creation["values"]} == {None}
    (newest,) = ask(graph, database, document.replace('")', '", first: 1)'), AUDITOR)["data"]["history"]
    assert newest == update


def test_a_row_tells_its_own_history_wherever_it_stands(graph: Graph, changed: tuple[Database, int, int]) -> None:
    database, planting, person = changed
    home = f'household(id: "household:{BASE + 1}")'
    own = f"history {{ {FIELDS} }}"
    document = f"""{{ {home} {{ history {{ action }} industry {{ plantings(first: 1000) {{ nodes {{ id {own} }} }} }}
        members {{ nodes {{ id {own} }} }} village {{ history {{ action }} }} }} }}"""
    viewer = Viewer("區", places=(BASE,), permissions=frozenset({"register:read", "industry:read"}))
    found = ask(graph, database, document, viewer)["data"]["household"]
    assert (found["history"], found["village"]["history"]) == ([], [])
    told = {
        each["id"]: each["history"] for each in (*found["members"]["nodes"], *found["industry"]["plantings"]["nodes"])
    }
    for id_ in (f"industryPlanting:{planting}", f"person:{person}"):
        assert (
            told[id_] == ask(graph, database, f'{{ history(id: "{id_}") {{ {FIELDS} }} }}', viewer)["data"]["history"]
        )
    assert len([id_ for id_, entries in told.items() if entries]) == 2


def test_the_history_of_a_row_page_by_page(graph: Graph, changed: tuple[Database, int, int]) -> None:
    database, planting, _ = changed
    own = "... on IndustryPlanting { history(ARGS) { entry cursor } }"
    document = f'{{ node(id: "industryPlanting:{planting}") {{ {own} }} }}'

    def page(arguments: str) -> Any:
        answer = ask(graph, database, document.replace("ARGS", arguments), AUDITOR)
        return answer["errors"][0] if "errors" in answer else answer["data"]["node"]["history"]

    first, second = page("first: 2")
    assert page(f'first: 5, after: "{first["cursor"]}"') == [second]
    assert page(f'after: "{second["cursor"]}"') == []
    for wrong in ('after: "x"', "first: 1001"):
        error = page(wrong)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["path"] == ["node", "history"]


def test_the_histories_of_many_rows_take_one_statement(
    graph: Graph, changed: tuple[Database, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _, _ = changed
    asked: list[int] = []
    real = changes.read_histories

    def counted(*given: Any, **more: Any) -> Any:
        asked.append(len(more["keys"]))
        return real(*given, **more)

    monkeypatch.setattr(history, "read_histories", counted)
    ask(graph, database, '{ households(within: "620502", first: 30) { nodes { history { entry } } } }', None)
    assert asked == [30]


def test_a_list_of_long_histories_costs_what_it_may_read(graph: Graph, demo_database: Database) -> None:
    document = '{ households(within: "620502", first: 1000) { nodes { history(first: 1000) { values { field } } } } }'
    (error,) = ask(graph, demo_database, document, None)["errors"]
    assert error["extensions"]["code"] == "TOO_COSTLY"


def test_who_does_not_see_a_row_does_not_see_its_history(graph: Graph, changed: tuple[Database, int, int]) -> None:
    database, planting, _ = changed
    document = f'{{ history(id: "industryPlanting:{planting}") {{ action }} }}'
    elsewhere = Viewer("別處", places=(620503 * 10**9,), permissions=frozenset({"industry:read", AUDIT}))
    assert ask(graph, database, document, elsewhere)["data"] == {"history": None}
    without = Viewer("無權", places=(BASE,), permissions=frozenset({"register:read"}))
    (error,) = ask(graph, database, document, without)["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    nowhere = document.replace(str(planting), str(BASE + 999_999_999))
    assert ask(graph, database, nowhere, AUDITOR)["data"] == {"history": None}


@pytest.mark.parametrize("permissions", [{"register:read"}, {"register:read", PERSONAL}])
def test_of_personal_data_it_is_only_told_that_it_changed(
    graph: Graph, changed: tuple[Database, int, int], permissions: set[str]
) -> None:
    database, _, person = changed
    viewer = Viewer("鄉鎮", places=(BASE,), permissions=frozenset(permissions))
    answer = ask(graph, database, f'{{ history(id: "person:{person}") {{ {FIELDS} }} }}', viewer)
    (creation,) = answer["data"]["history"]
    sensitive = {each["field"]: (each["before"], each["after"]) for each in creation["values"] if each["isSensitive"]}
    assert sensitive == {"name": (None, None), "idNumber": (None, None)}
    assert "試" not in str(answer)
    assert "620502198001010019" not in str(answer)


def test_the_log_of_a_district_page_by_page(graph: Graph, changed: tuple[Database, int, int]) -> None:
    database, planting, person = changed
    found: list[str] = []
    after = ""
    while True:
        asked = f'{{ auditLog(district: "620502", first: 2{after}) {{ row cursor }} }}'
        page = ask(graph, database, asked, AUDITOR)["data"]["auditLog"]
        if not page:
            break
        found += [each["row"] for each in page]
        after = f', after: "{page[-1]["cursor"]}"'
    assert found == [f"person:{person}", f"industryPlanting:{planting}", f"industryPlanting:{planting}"]
    nobody = '{ auditLog(district: "620502", author: "nobody") { row } }'
    assert ask(graph, database, nobody, AUDITOR)["data"] == {"auditLog": []}
    later = '{ auditLog(district: "620502", since: "2999-01-01") { row } }'
    assert ask(graph, database, later, AUDITOR)["data"] == {"auditLog": []}


REFUSED = {
    "no permission": ('district: "620502"', Viewer("x", places=(BASE,)), "FORBIDDEN"),
    "a part of the district": (
        'district: "620502"',
        Viewer("x", places=(BASE + 100000000,), permissions=frozenset({AUDIT})),
        "FORBIDDEN",
    ),
    "another district": ('district: "620503"', AUDITOR, "FORBIDDEN"),
    "a township": ('district: "620502100"', AUDITOR, "BAD_USER_INPUT"),
    "too many": ('district: "620502", first: 1001', AUDITOR, "BAD_USER_INPUT"),
    "a cursor of something else": ('district: "620502", after: "x"', AUDITOR, "BAD_USER_INPUT"),
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(graph: Graph, demo_database: Database, asked: tuple[str, Viewer, str]) -> None:
    arguments, viewer, code = asked
    (error,) = ask(graph, demo_database, f"{{ auditLog({arguments}) {{ row }} }}", viewer)["errors"]
    assert error["extensions"]["code"] == code
    assert error["path"] == ["auditLog"]


def test_places_have_a_history_too(graph: Graph, demo_database: Database) -> None:
    assert Household.__tablename__ == "household"
    told = ask(graph, demo_database, '{ history(id: "village:620502100200") { action } }', AUDITOR)
    assert told["data"] == {"history": []}
