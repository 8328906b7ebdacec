"""What nobody would send who means well is refused for little work; `bench/hostile.py` measures how little."""

import asyncio
import contextlib
from typing import Any
from unittest.mock import patch

import pytest
from graphql import GraphQLError, OperationDefinitionNode, Source, TokenKind, get_introspection_query, parse
from graphql.language.lexer import Lexer
from hypothesis import given
from hypothesis import strategies as st
from tests.schema.hostile import DOCUMENTS, largest

from bangfu.errors import UserError
from bangfu.store import Database
from bangfu_app.examples import SHOWN, text_of
from bangfu_schema import Graph, Limits, count_tokens, decoded, operations_of
from bangfu_schema.execute import documents, itself, tokens

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
LIMITS = Limits()
UNREAD = {"GRAPHQL_PARSE_FAILED", "TOO_LONG"}


def code(graph: Graph, document: str, variables: dict[str, Any] | None = None) -> str:
    """The code with which a document is refused, before any database is asked."""
    found = asyncio.run(graph.execute(Database(NOWHERE), document, variables))
    assert "data" not in found
    return str(found["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_megabyte_of_it_is_refused_unread(graph: Graph, name: str) -> None:
    document = DOCUMENTS[name](largest(lambda number: len(DOCUMENTS[name](number)) < 1_000_000))
    with patch.object(documents, "parse", wraps=parse) as parser:
        assert code(graph, document) == "TOO_LONG"
    assert not parser.called


REFUSED = {
    "one field, over and over": "TOO_WIDE",
    "aliases of one field": "TOO_WIDE",
    "aliases of one list": "TOO_WIDE",
    "one list, over and over": "TOO_WIDE",
    "unknown fields": "GRAPHQL_VALIDATION_FAILED",
    "unknown types": "TOO_WIDE",
    "levels": "GRAPHQL_PARSE_FAILED",
    "objects in objects": "GRAPHQL_PARSE_FAILED",
    "a chain of fragments": None,
    "a cycle of fragments": "GRAPHQL_VALIDATION_FAILED",
    "fragments that double": "TOO_WIDE",
    "fragments that double below": "TOO_WIDE",
    "fragments side by side": "TOO_WIDE",
    "inline fragments": "TOO_WIDE",
    "inline fragments of an interface": "TOO_WIDE",
    "the schema in the schema": "TOO_WIDE",
    "the schema under many names": "TOO_WIDE",
    "null bytes": "GRAPHQL_PARSE_FAILED",
}


@pytest.mark.parametrize("name", [name for name, expected in REFUSED.items() if expected])
def test_as_much_as_the_limits_let_through_is_refused(graph: Graph, name: str) -> None:
    make = DOCUMENTS[name]

    def fits(number: int) -> bool:
        text = make(number)
        definitions = text.count("fragment f") + 1
        is_short = len(text) <= LIMITS.characters and definitions <= LIMITS.definitions
        return is_short and count_tokens(text, LIMITS.tokens) <= LIMITS.tokens

    assert code(graph, make(largest(fits))) == REFUSED[name]


@pytest.mark.parametrize(
    "name", ["one field, over and over", "one list, over and over", "inline fragments of an interface"]
)
def test_fields_are_compared_a_limited_number_of_times(graph: Graph, name: str) -> None:
    """What is repeated five hundred times as often would be compared a quarter of a million times as often."""
    spent: list[int] = []

    class Counted(documents._Merging):
        def leave_document(self, *_: Any) -> None:
            spent.append(documents._COMPARISONS - self.rule_context.remaining_complexity_budget)

    generous = Limits(characters=10**7, tokens=10**6, definitions=10**5)
    rules = tuple(Counted if each is documents._Merging else each for each in documents._RULES)
    with patch.object(documents, "_RULES", rules):
        for number in (20, 10_000):
            known = documents.Documents(graph.compiler.schema, generous)
            with contextlib.suppress(documents.Refused, UserError):
                known.find(DOCUMENTS[name](number), None)
    assert len(spent) == 1, "the larger one is given up before its end"
    assert 0 < spent[0] <= documents._COMPARISONS


def test_mistakes_are_told_up_to_a_few(graph: Graph) -> None:
    found = asyncio.run(graph.execute(Database(NOWHERE), "{" + "".join(f"wrong{n} " for n in range(100)) + "}"))
    assert len(found["errors"]) == documents.MOST_ERRORS + 1
    assert "Too many" in found["errors"][-1]["message"]


@pytest.mark.parametrize("long", ["a" * 60_000, "1" * 60_000])
def test_a_message_repeats_no_more_than_a_line(graph: Graph, long: str) -> None:
    for document in (f"{{ {long} }}", f"{{ villages(first: {long}) {{ totalCount }} }}", f"{{ ...{long} }}"):
        (error, *_) = asyncio.run(graph.execute(Database(NOWHERE), document))["errors"]
        assert len(error["message"]) <= 501


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"f": {"category": {"in": ["DESTITUTE"] * 30_000}}}, "TOO_MANY_VALUES"),
        ({"f": {"or": [{}] * 30_000}}, "TOO_MANY_VALUES"),
        ({"unused": {str(number): number for number in range(30_000)}}, "TOO_MANY_VALUES"),
        ({"f": {"or": [{"categorye": 1}] * 9_000}}, "BAD_USER_INPUT"),
        ({"f": {f"wrong{number}": 1 for number in range(19_000)}}, "BAD_USER_INPUT"),
    ],
    ids=["list", "objects", "unused", "wrong names", "wrong names in one"],
)
def test_variables_are_refused_before_they_are_many(graph: Graph, variables: dict[str, Any], expected: str) -> None:
    document = 'query ($f: HouseholdFilter) { households(within: "620502", filter: $f) { totalCount } }'
    found = asyncio.run(graph.execute(Database(NOWHERE), document, variables))
    codes = [error["extensions"]["code"] for error in found["errors"]]
    assert set(codes) == {expected}
    assert len(codes) <= documents.MOST_ERRORS + 1


def test_many_conditions_are_refused_before_they_are_compiled(told: Any) -> None:
    condition = {"category": {"eq": "DESTITUTE"}}
    document = 'query ($f: HouseholdFilter) { households(within: "620502", first: 1, filter: $f) { totalCount } }'
    error = told(document, {"f": {"or": [condition] * 300}})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.filter"}
    assert "Accepted: up to 500" in error["message"]


def test_what_a_document_keeps_of_variables_is_small(graph: Graph) -> None:
    """Only numbers say how long a list is; the rest, however large, is not kept."""
    text = "query ($first: Int) { townships(first: $first) { totalCount } }"
    document, operation = graph.documents.find(text, None)
    for given_ in ("x" * 1_000_000, ["y"], None, 5, 7):
        document.demand(graph.compiler.schema, operation, {"first": given_})
    assert set(document.demands) == {(None, None), (None, 5), (None, 7)}
    text = "mutation ($rows: [RowVersion!]!) { householdDelete(rows: $rows) { written } }"
    document, operation = graph.documents.find(text, None)
    given: tuple[Any, ...] = ([{}] * 3, [{"id": "x" * 1_000_000}] * 3, "x", 5, None, {"id": "x"})
    for rows in given:
        document.demand(graph.compiler.schema, operation, {"rows": rows})
    assert set(document.demands) == {(None, 3), (None, None)}


@pytest.mark.parametrize("document", [get_introspection_query(), *(text_of(f"{name}.graphql") for name in SHOWN)])
def test_what_people_send_is_far_from_any_limit(graph: Graph, document: str) -> None:
    assert count_tokens(document, LIMITS.tokens) < LIMITS.tokens / 4
    found, operation = graph.documents.find(document, None)
    demand = found.demand(graph.compiler.schema, operation, {})
    assert demand.aliases < LIMITS.aliases / 2
    assert demand.fields < LIMITS.fields / 4
    assert demand.cost < LIMITS.cost / 2
    assert demand.depth < LIMITS.depth


@pytest.mark.parametrize("document", ["{ __schema { types { name } } }", "{ a: __typename __typename }"])
def test_what_the_schema_tells_of_itself_is_found_once(graph: Graph, document: str) -> None:
    with patch.object(itself.Itself, "note", autospec=True, side_effect=itself.Itself.note) as noted:
        answers = [asyncio.run(graph.execute(Database(NOWHERE), document)) for _ in range(3)]
    assert noted.call_count == 1
    first, *later = (decoded(answer) for answer in answers)
    assert first["data"]
    assert later == [first, first]


def test_the_schema_is_asked_for_not_too_often(graph: Graph) -> None:
    fields = "fields { args { type { name } } type { name } } g: fields { args { type { name } } type { name } }"
    many = " ".join(f"a{number}: __schema {{ types {{ {fields} }} }}" for number in range(40))
    assert code(graph, f"{{ {many} }}") == "TOO_COSTLY"


# Tokens are counted as the lexer that follows would count them.

NAMES = ["query", "a", "_b1", "mutation", "fragment", "on", "subscription"]
SIGNS = ["{", "}", "(", ")", "[", "]", ":", "$", "@skip", "...", "|", "&", "=", "!", "12", "-0.5e+10"]
TEXTS = ['"x"', '""', '"\\""', '"\\\\"', '"水"', '"""a "quoted" text"""', '"""\\""" """', '""""""']
IGNORED = ["# a comment\n", "#\r", " ", "\n", ",", "\ufeff"]
PARTS = st.sampled_from([*NAMES, *SIGNS, *TEXTS, *IGNORED])


def lexed(text: str) -> int | None:
    """How many tokens and comments the lexer finds; None where it finds something else."""
    lexer, found = Lexer(Source(text)), 0
    try:
        while True:
            token = lexer.token.next or lexer.advance()
            lexer.token = token
            if token.kind is TokenKind.EOF:
                break
    except GraphQLError:
        return None
    token = lexer.token
    while token.prev is not None:
        found += token.kind is not TokenKind.EOF and token.kind is not TokenKind.SOF
        token = token.prev
    return found


@given(st.lists(PARTS, max_size=40).map(" ".join))
def test_tokens_are_counted_as_the_lexer_does(text: str) -> None:
    expected = lexed(text)
    if expected is not None:
        assert count_tokens(text, 1_000) == expected


@given(st.text(max_size=200))
def test_whatever_is_sent_is_counted_to_an_end(text: str) -> None:
    expected = lexed(text)
    counted = count_tokens(text, 1_000)
    assert counted == expected if expected is not None else counted <= len(text)


def test_counting_ends_where_there_are_too_many() -> None:
    with patch.object(tokens, "_TOKEN", wraps=tokens._TOKEN) as pattern:
        assert count_tokens("a " * 100_000, 10) == 11
    assert pattern.match.call_count == 11


EVIL = ('"""' + '"\\\\""""x" ' * 5_000, '"' * 50_000, '"""' + '\\"""' * 15_000, '"\\' * 20_000)


@pytest.mark.parametrize("evil", EVIL, ids=["strings", "quotes", "escaped", "escapes"])
def test_no_text_is_looked_through_again_and_again(evil: str) -> None:
    """A text that does not end is the end, and not looked for once more at the next quote."""
    with patch.object(tokens, "_TOKEN", wraps=tokens._TOKEN) as pattern:
        count_tokens(evil, 100_000)
    read = sum(call.args[1] for call in pattern.match.call_args_list[-1:])
    assert pattern.match.call_count <= read + 2, "each attempt begins where the one before has ended"


DEFINITIONS = st.sampled_from(
    [
        "{ a }", "query { a }", "query A { a { b } }", 'query B($x: In = { q: [1, "}"] }) @d(a: { b: 1 }) { c }',
        "mutation { a }", "mutation M { query }", "subscription S { mutation }", "fragment mutation on Query { a }",
        "fragment F on mutation { subscription { a } }", "query mutation { a }", "mutation query { a(x: {}) }",
        "# mutation { a }\n query C { a }", 'query D { a(x: "mutation {") }', 'query E { a(x: """} mutation { """) }',
        "query G($q: [Int!]! = [1]) { ... on Query @skip(if: true) { a } }", "subscription { a }",
    ]
)  # fmt: skip


@given(st.lists(DEFINITIONS, max_size=6).map("\n".join))
def test_operations_are_found_as_the_parser_finds_them(text: str) -> None:
    try:
        parsed = parse(text).definitions
    except GraphQLError:
        assert text == ""
        return
    expected = [
        (each.operation.value, each.name.value if each.name else None)
        for each in parsed
        if isinstance(each, OperationDefinitionNode)
    ]
    assert [found for found in operations_of(text, 1_000) if found[0] != "fragment"] == expected
