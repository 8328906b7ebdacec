"""What is large, deep, long or odd is answered where it means something, and refused where nobody could run it."""

from typing import Any

import pytest
from tests.schema.documents import LONG, households, measure, villages

from bangfu.store import Database
from bangfu_schema import Graph, Limits
from bangfu_testing import ask

ACCEPTED = {
    "an integer that only just fits": "version: { lte: 2147483647 }",
    "the least integer": "version: { gte: -2147483648 }",
    "no values": "category: { in: [] }",
    "a number with many decimals": "houseArea: { gt: 1.00000000000000000000001 }",
    "a tiny number": "houseArea: { gt: 1e-300 }",
    "a pattern's own letters": 'source: { contains: "%_\\\\" }',
    "a quote": 'source: { eq: "\'; drop table place; --" }',
    "an empty text": 'source: { startsWith: "" }',
    "a far day": 'recordedOn: { lt: "9999-12-31" }',
    "the first day": 'recordedOn: { gte: "0001-01-01" }',
    "nothing in and, or, not": "and: [], or: [{}], not: { or: [] }",
    "null for a whole condition": "category: null, and: null, not: null",
    "a number that would round over the edge": "houseArea: { in: [9999999999999.999] }",
    "a text longer than the column": f'source: {{ in: ["{LONG[:300]}"] }}',
    "a level of conditions less than too many": "not: { " * 14 + "category: { eq: DESTITUTE }" + " }" * 14,
}


@pytest.mark.parametrize("odd", ACCEPTED)
def test_what_is_odd_but_means_something_is_answered(graph: Graph, demo_database: Database, odd: str) -> None:
    found = ask(graph, demo_database, households(ACCEPTED[odd], "first: 1"))
    assert found["households"]["totalCount"] >= 0


@pytest.mark.parametrize("operator", ["eq", "ne", "gt", "gte", "lt", "lte", "in"])
@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 10**30])
def test_whole_numbers_that_fit_no_column_are_refused(told: Any, operator: str, number: int) -> None:
    value = f"[{number}]" if operator == "in" else str(number)
    error = told(households(f"version: {{ {operator}: {value} }}"))
    assert error["extensions"]["code"] in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")
    assert str(number)[:9] in error["message"]


@pytest.mark.parametrize("operator", ["eq", "ne", "contains", "startsWith", "in"])
def test_very_long_texts_are_compared_like_others(graph: Graph, demo_database: Database, operator: str) -> None:
    value = f'["{LONG}"]' if operator == "in" else f'"{LONG}"'
    found = ask(graph, demo_database, villages(f"name: {{ {operator}: {value} }}", "first: 1"))
    assert (found["villages"]["totalCount"] == 0) is (operator != "ne")


@pytest.mark.parametrize(
    "document",
    [
        f'{{ district(code: "{LONG}") {{ id }} }}',
        f'{{ node(id: "{LONG}") {{ id }} }}',
        f'{{ node(id: "household:{LONG}") {{ id }} }}',
        f'{{ measures(plugin: "{LONG}") {{ name }} }}',
        measure(f'period: "{LONG}"'),
        households(rest=f'after: "{LONG}"'),
        households(f'recordedOn: {{ eq: "{LONG}" }}'),
        villages(rest=f'asOf: "{LONG}"'),
        f'{{ district(code: "{"6" * 60_000}") {{ id }} }}',
        households(f"houseArea: {{ gt: {'9' * 5000} }}"),
    ],
    ids=["code", "id", "key", "plugin", "period", "after", "day", "as of", "digits", "number"],
)
def test_a_message_does_not_repeat_a_very_long_mistake(told: Any, document: str) -> None:
    error = told(document)
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
    assert len(error["message"]) < 1000


def test_digits_of_other_scripts_are_no_key(told: Any) -> None:
    error = told('{ node(id: "household:6' + "２" * 14 + '") { id } }')
    assert "15 digits" in error["message"]


DEEPER = ("not: {", "}"), ("members: { some: { household: {", "} } }"), ("village: { households: { every: {", "} } }")


@pytest.mark.parametrize(("begin", "end"), DEEPER)
@pytest.mark.parametrize("depth", [15, 60, 150, 2000])
def test_a_filter_deeper_than_anybody_means_is_refused(told: Any, begin: str, end: str, depth: int) -> None:
    """By us, or by the parser before us."""
    error = told(households(f"{begin} " * depth + "category: { eq: DESTITUTE }" + f" {end}" * depth, "first: 1"))
    if error["extensions"]["code"] == "TOO_LONG":
        assert depth == 2000
    elif error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED":
        assert depth > 15
        assert "nested too deeply" in error["message"]
    else:
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.filter"}
        assert "Accepted: up to 16" in error["message"]


@pytest.mark.parametrize("depth", [20, 1000])
def test_a_variable_deeper_than_anybody_means_is_refused(told: Any, depth: int) -> None:
    filter_: dict[str, Any] = {"category": {"eq": "DESTITUTE"}}
    for _ in range(depth):
        filter_ = {"not": filter_}
    document = 'query ($filter: HouseholdFilter) { households(within: "620502", filter: $filter) { totalCount } }'
    error = told(document, {"filter": filter_})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert len(error["message"]) < 500


def test_an_ordering_of_more_steps_than_anybody_reads_is_refused(
    told: Any, graph: Graph, demo_database: Database
) -> None:
    """Each step is a column of the statement, of which PostgreSQL takes 1,664."""
    step = "{ category: ASC }, "
    ask(graph, demo_database, households(rest=f"orderBy: [{step * 16}]"))
    for number in (17, 300):
        error = told(households(rest=f"orderBy: [{step * number}]"))
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.orderBy"}
        assert "Accepted: up to 16" in error["message"]


def test_an_ordering_deeper_than_anybody_means_is_refused(told: Any) -> None:
    step = "head: { household: { " * 12 + "category: ASC" + " } }" * 12
    error = told(households(rest=f"orderBy: [{{ {step} }}]"))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.orderBy[0]"}


def test_a_number_is_compared_as_it_is_sent(graph: Graph, demo_database: Database) -> None:
    """Not rounded to the column's two decimals, in a list of values as alone."""
    (some,) = ask(
        graph,
        demo_database,
        '{ households(within: "620502", first: 1, filter: { houseArea: { gt: 1 } }) { nodes { houseArea } } }',
    )["households"]["nodes"]
    near = f"{some['houseArea'] + 0.001:.3f}"
    for operators in (f"eq: {near}", f"in: [{near}]"):
        found = ask(graph, demo_database, households(f"houseArea: {{ {operators} }}"))
        assert found["households"]["totalCount"] == 0


def test_very_many_values_are_compared(graph: Graph, demo_database: Database) -> None:
    """PostgreSQL takes 65,535 parameters in a statement; an operator may allow more values than that."""
    generous = Graph(graph.platform, Limits(values=100_000))
    document = (
        'query ($names: [String!]) { villages(within: "620502", filter: { name: { in: $names } }) { totalCount } }'
    )
    found = ask(generous, demo_database, document, {"names": [str(number) for number in range(70_000)]})
    assert found["villages"]["totalCount"] == 0
