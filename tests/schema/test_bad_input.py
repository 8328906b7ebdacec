"""A caller's mistake is told as one: which argument, what was found, what is accepted; never silence, never ours."""

from typing import Any

import pytest
from tests.schema.documents import CODE, households, measure, villages

from bangfu.query.page import encode_cursor
from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask

# A document, the argument its error has to name, and what the message has to say.
REFUSED: dict[str, tuple[str, str, str]] = {
    "a code of seven digits": ('{ village(code: "6205021") { id } }', "code", "Accepted: 6 digits"),
    "an empty code": ('{ village(code: "") { id } }', "code", "Accepted: 6 digits"),
    "a code with trailing zeros": ('{ township(code: "620502000") { id } }', "code", "Leave out trailing zeros"),
    "a code in full-width digits": ('{ district(code: "６２０５０２") { id } }', "code", "Accepted: 6 digits"),
    "the code of another level": (f'{{ village(code: "{CODE}101") {{ id }} }}', "code", "not the code of a village"),
    "a place to look in that is none": (
        '{ households(within: "秦州") { totalCount } }',
        "households.within",
        "Accepted",
    ),
    "a place to look in with zeros": ('{ villages(within: "620502000") { totalCount } }', "villages.within", "zeros"),
    "a code to compare with": (villages('code: { eq: "x" }'), "villages.filter.code.eq", "Accepted: 6 digits"),
    "one code of many": (villages('code: { in: ["620502", "7"] }'), "villages.filter.code.in[1]", "Accepted: 6 digits"),
    "a first below zero": (households(rest="first: -1"), "households.first", "Accepted: 0 to 1000"),
    "a first of ten million": (households(rest="first: 10000000"), "households.first", "Accepted: 0 to 1000"),
    "a cursor that is none": (households(rest='after: "page 2"'), "households.after", "is not a cursor"),
    "an empty cursor": (households(rest='after: ""'), "households.after", "is not a cursor"),
    "a cursor in Chinese": (households(rest='after: "第二頁"'), "households.after", "is not a cursor"),
    "a cursor with a text for a number": (
        households(rest=f'after: "{encode_cursor("x", ["y"])}"'),
        "households.after",
        "is not a cursor",
    ),
    "a cursor that is no list": (households(rest='after: "MQ"'), "households.after", "is not a cursor"),
    "a period that is none": (measure('period: "2015-Q5"'), "households.period", "'2015-Q3'"),
    "an empty period": (measure('period: ""'), "households.period", "'2015-Q3'"),
    "a period in full-width digits": (measure('period: "２０１５"'), "households.period", "'2015-Q3'"),
    "a period from later to earlier": (measure('period: "2020/2015"'), "households.period", "'2015/2020'"),
    "a milestone long gone": (measure("milestone: 1066"), "households.milestone", "Accepted: a year from"),
    "a milestone far away": (measure("milestone: 99999"), "households.milestone", "Accepted: a year from"),
    "a period and a milestone": (measure('period: "2015", milestone: 2016'), "households.milestone", "contradicts"),
    "a measure's period in a filter": (
        villages('register: { households: { gt: 1, period: "soon" } }'),
        "villages.filter.register.households.period",
        "'2015-Q3'",
    ),
    "eq and in": (
        households("category: { eq: DESTITUTE, in: [DESTITUTE] }"),
        "households.filter.category",
        "contradicts",
    ),
    "eq and ne": (households("houseArea: { eq: 3, ne: 3 }"), "households.filter.houseArea", "eq contradicts ne"),
    "eq and a bound": (households("houseArea: { eq: 3, gt: 2 }"), "households.filter.houseArea", "eq contradicts gt"),
    "missing and a bound": (
        households("houseArea: { isNull: true, gt: 2 }"),
        "households.filter.houseArea",
        "isNull contradicts gt",
    ),
    "missing and equal": (
        households("houseArea: { isNull: true, eq: 2 }"),
        "households.filter.houseArea",
        "contradicts",
    ),
    "two lower bounds": (
        households("houseArea: { gt: 1, gte: 2 }"),
        "households.filter.houseArea",
        "gt contradicts gte",
    ),
    "two upper bounds": (
        households("houseArea: { lt: 1, lte: 2 }"),
        "households.filter.houseArea",
        "lt contradicts lte",
    ),
    "bounds with nothing between": (
        households("houseArea: { gt: 5, lt: 3 }"),
        "households.filter.houseArea",
        "gt 5 contradicts lt 3",
    ),
    "bounds that only meet": (
        households("houseArea: { gt: 5, lte: 5 }"),
        "households.filter.houseArea",
        "gt 5 contradicts lte 5",
    ),
    "days with nothing between": (
        households('recordedOn: { gte: "2016-01-01", lt: "2015-01-01" }'),
        "households.filter.recordedOn",
        "contradicts",
    ),
    "a measure with nothing between": (
        villages("register: { households: { gt: 5, lt: 3 } }"),
        "villages.filter.register.households",
        "contradicts",
    ),
    "equal to null": (households("houseArea: { eq: null }"), "households.filter.houseArea.eq", "isNull: true"),
    "missing or null": (households("houseArea: { isNull: null }"), "households.filter.houseArea.isNull", "isNull"),
    "a day of a month that has fewer": (
        households('recordedOn: { eq: "2015-02-30" }'),
        "households.filter.recordedOn.eq",
        "'2015-12-31'",
    ),
    "a day in another form": (
        households('recordedOn: { lt: "31.12.2015" }'),
        "households.filter.recordedOn.lt",
        "'2015-12-31'",
    ),
    "a day in full-width digits": (
        households('recordedOn: { lt: "２０１５-１２-３１" }'),
        "households.filter.recordedOn.lt",
        "'2015-12-31'",
    ),
    "a day on which places are asked": (villages(rest='asOf: "yesterday"'), "villages.asOf", "'2015-12-31'"),
    "two fields in one step": (
        households(rest="orderBy: [{ category: ASC, status: ASC }]"),
        "households.orderBy[0]",
        "one field in each step",
    ),
    "no field in a step": (households(rest="orderBy: [{}]"), "households.orderBy[0]", "one field in each step"),
    "two measures in one step": (
        villages(rest="orderBy: [{ register: { households: ASC, people: ASC } }]"),
        "villages.orderBy[0].register",
        "give one",
    ),
    "measures of nobody": ('{ measures(plugin: "industri") { name } }', "measures.plugin", "Did you mean 'industry'?"),
    "indicators of nobody": ('{ indicators(plugin: "") { name } }', "indicators.plugin", "Installed: register"),
    "an id that is none": ('{ node(id: "7") { id } }', "id", "'household:620502000000001'"),
    "an id of no type": ('{ node(id: "househol:620502000000001") { id } }', "id", "Did you mean 'household'?"),
    "an id with too few digits": ('{ node(id: "household:12") { id } }', "id", "15 digits"),
    "an id in full-width digits": (
        '{ node(id: "household:１２３４５６７８９０１２３４５") { id } }',
        "id",
        "15 digits",
    ),
    "an id of a place that is none": ('{ node(id: "village:62050") { id } }', "id", "Accepted: 6 digits"),
    "an id of another type": ('{ household(id: "person:620502000000001") { id } }', "id", "types are household"),
    "an id of another level": ('{ node(id: "village:620502101") { id } }', "id", "not the code of a village"),
    "an id to compare with": (
        households('id: { eq: "person:620502000000001" }'),
        "households.filter.id.eq",
        "household",
    ),
    "a null character": (villages('name: { eq: "a\\u0000b" }'), "villages.filter.name.eq", "null character"),
    "a null character inside": (
        villages('name: { contains: "\\u0000" }'),
        "villages.filter.name.contains",
        "null character",
    ),
    "a null character among others": (
        villages('name: { in: ["a", "\\u0000"] }'),
        "villages.filter.name.in[1]",
        "null character",
    ),
    "half a surrogate pair": (villages('name: { eq: "\\uD800" }'), "", ""),
    "a number too large": (
        households("houseArea: { gt: 99999999999999 }"),
        "households.filter.houseArea.gt",
        "at most 13 digits",
    ),
    "a number much too large": (
        households("houseArea: { gt: 1e400 }"),
        "households.filter.houseArea.gt",
        "at most 13 digits",
    ),
    "a measure's bound too large": (
        villages("register: { people: { gt: 1e40 } }"),
        "villages.filter.register.people.gt",
        "at most 13 digits",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_names_the_argument_and_what_is_accepted(told: Any, mistake: str) -> None:
    document, argument, says = REFUSED[mistake]
    error = told(document)
    if not argument:  # refused by GraphQL's own grammar
        assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
        return
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    assert error["message"].startswith(f"{argument}: ")
    assert says in error["message"]
    assert len(error["message"]) < 500


GRAMMAR: dict[str, tuple[str, str, str]] = {
    "an unclosed brace": ("{ districts { nodes { id }", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    "nothing": ("", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    "a null character": ("{ districts \u0000 }", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    "a field there is not": ("{ districs { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED", "or 'districts'?"),
    "a plugin there is not": (
        f'{{ district(code: "{CODE}") {{ fishery {{ id }} }} }}',
        "GRAPHQL_VALIDATION_FAILED",
        "Cannot query field 'fishery'",
    ),
    "an argument there is not": (
        f'{{ households(within: "{CODE}", last: 3) {{ totalCount }} }}',
        "GRAPHQL_VALIDATION_FAILED",
        "Unknown argument 'last'",
    ),
    "an operator there is not": (
        households('category: { contains: "A" }'),
        "GRAPHQL_VALIDATION_FAILED",
        "unknown field 'contains'",
    ),
    "no place where one is needed": ("{ households { totalCount } }", "GRAPHQL_VALIDATION_FAILED", "(within:)"),
    "an enum's value there is not": (
        households("category: { eq: DESTITUT }"),
        "GRAPHQL_VALIDATION_FAILED",
        "'DESTITUTE'",
    ),
    "a text for a number": (households('houseArea: { gt: "5" }'), "GRAPHQL_VALIDATION_FAILED", "Not a number"),
    "a number for a text": ("{ district(code: 620502) { id } }", "GRAPHQL_VALIDATION_FAILED", "not a text"),
    "a first beyond 32 bits": (households(rest="first: 99999999999"), "GRAPHQL_VALIDATION_FAILED", "32-bit"),
    "a first with decimals": (households(rest="first: 2.5"), "GRAPHQL_VALIDATION_FAILED", "Int"),
    "an object without fields": (
        f'{{ district(code: "{CODE}") }}',
        "GRAPHQL_VALIDATION_FAILED",
        "selection of subfields",
    ),
}


@pytest.mark.parametrize("mistake", GRAMMAR)
def test_a_mistake_in_the_document_is_found_before_anything_runs(told: Any, mistake: str) -> None:
    document, code, says = GRAMMAR[mistake]
    error = told(document)
    assert error["extensions"]["code"] == code
    assert says in error["message"]


VARIABLES: dict[str, tuple[str, dict[str, Any], str]] = {
    "none": ("$code: PlaceCode!", {}, "'$code'"),
    "null": ("$code: PlaceCode!", {"code": None}, "'$code'"),
    "a number": ("$code: PlaceCode!", {"code": 620502}, "'$code'"),
    "a list": ("$code: PlaceCode!", {"code": ["620502"]}, "'$code'"),
    "a mapping": ("$code: PlaceCode!", {"code": {"eq": "620502"}}, "'$code'"),
}


@pytest.mark.parametrize("mistake", VARIABLES)
def test_a_wrong_variable_is_named(told: Any, mistake: str) -> None:
    declared, variables, says = VARIABLES[mistake]
    error = told(f"query Q({declared}) {{ district(code: $code) {{ id }} }}", variables)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert says in error["message"]


@pytest.mark.parametrize(
    "filter_",
    [
        {"houseArea": {"gt": "5"}},
        {"houseArea": {"gt": True}},
        {"houseArea": {"gt": [5]}},
        {"category": {"eq": "DESTITUT"}},
        {"category": {"equals": "DESTITUTE"}},
        {"nothing": {"eq": 1}},
        {"and": [3]},
        {"id": {"eq": {}}},
        [],
        "all",
    ],
    ids=str,
)
def test_a_wrong_filter_in_a_variable_is_named(told: Any, filter_: Any) -> None:
    document = 'query Q($filter: HouseholdFilter) { households(within: "620502", filter: $filter) { totalCount } }'
    error = told(document, {"filter": filter_})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "'$filter'" in error["message"]


def test_a_row_that_does_not_exist_is_null(graph: Graph, demo_database: Database) -> None:
    """Rows come and go, so that asking for one that is gone is no mistake."""
    found = ask(
        graph,
        demo_database,
        """{
          household(id: "household:620502999999999") { id }
          person(id: "person:999999999999999") { id }
          node(id: "industryPlanting:620502999999999") { id }
          place: node(id: "village:620502999999") { id }
        }""",
    )
    assert set(found.values()) == {None}


@pytest.mark.parametrize("kind", ["mutation", "subscription"])
def test_what_the_schema_cannot_do_is_told(told: Any, kind: str) -> None:
    assert told(f"{kind} {{ anything }}")["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("district", "999999"),
        ("township", "620502999"),
        ("village", "620502101999"),
        ("naturalVillage", "620502101999001"),
    ],
)
def test_a_place_that_does_not_exist_is_told(told: Any, field: str, code: str) -> None:
    error = told(f'{{ {field}(code: "{code}") {{ id }} }}')
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "code"}
    assert f"'{code}'" in error["message"]
    assert f"`{field}s` lists them" in error["message"]


@pytest.mark.parametrize("rest", ["", "first: 0", "filter: { category: { in: [] } }", "orderBy: [{ status: ASC }]"])
@pytest.mark.parametrize("code", ["999999", "620502999", "620502101999", "620502101999001"])
def test_a_place_to_look_in_that_does_not_exist_is_told(told: Any, code: str, rest: str) -> None:
    """A list of nothing would look like a place without poor households."""
    error = told(f'{{ households(within: "{code}", {rest}) {{ totalCount }} }}')
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.within"}
    assert f"'{code}'" in error["message"]


def test_a_list_below_a_plugin_names_its_place_too(told: Any) -> None:
    error = told('{ industry { plantings(within: "999999") { totalCount } } }')
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "plantings.within"}


def test_a_place_where_nobody_lives_has_an_empty_list(graph: Graph, demo_database: Database) -> None:
    """Nothing found is an answer, as long as there was somewhere to look."""
    document = '{ villages(within: "620502", first: 1, filter: { households: { none: {} } }) { nodes { code } } }'
    (village,) = ask(graph, demo_database, document)["villages"]["nodes"]
    found = ask(graph, demo_database, f'{{ households(within: "{village["code"]}") {{ totalCount nodes {{ id }} }} }}')
    assert found["households"] == {"totalCount": 0, "nodes": []}


def test_a_cursor_of_another_list_or_ordering_is_refused(told: Any, graph: Graph, demo_database: Database) -> None:
    document = '{ households(within: "620502", first: 1, orderBy: [{ houseArea: ASC }]) { pageInfo { endCursor } } }'
    cursor = ask(graph, demo_database, document)["households"]["pageInfo"]["endCursor"]
    for other in (
        households(rest=f'after: "{cursor}"'),
        households(rest=f'after: "{cursor}", orderBy: [{{ houseArea: DESC }}]'),
        households(rest=f'after: "{cursor}", orderBy: [{{ roadDistance: ASC }}]'),
        villages(rest=f'after: "{cursor}"'),
    ):
        error = told(other)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argument"].endswith(".after")
    error = told(households(rest=f'after: "{cursor[:-4]}", orderBy: [{{ houseArea: ASC }}]'))
    assert "is not a cursor" in error["message"]
