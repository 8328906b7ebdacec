"""Sealed columns in the graph: shown whole or masked, found exactly, and in no other way, alike on both paths."""

import logging
from typing import Any

import pytest
from graphql import GraphQLInputObjectType
from tests.seal.registry import CARDS, FIRST, MASKED, NUMBERS, PHONES, READING, WHOLE, Asked

from bangfu.access import Viewer
from bangfu.declare.fields import Sensitive
from bangfu.errors import OperationError
from bangfu.query.masks import masked
from bangfu.seal import Key, Keys, Seal
from bangfu_schema import Observed
from bangfu_schema.execute.service import DefectError

ACCOUNTS = '{ paying { accounts(within: "620502") { nodes { id phone card word } } } }'
PEOPLE = '{ households(within: "620502") { nodes { head { idNumber } members { nodes { id idNumber } } } } }'
FOUND = """query ($f: PayingAccountFilter) {
  paying { accounts(within: "620502", filter: $f) { totalCount nodes { card } } }
}"""
ID = f"payingAccount:{FIRST}"


def accounts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = answer["data"]["paying"]["accounts"]["nodes"]
    return nodes


def mask(text: str | None, rule: Sensitive) -> str | None:
    return None if text is None else masked(text, rule)


@pytest.mark.parametrize("viewer", [None, WHOLE], ids=["the process", "personal:read"])
def test_whoever_may_read_personal_data_reads_the_values(register: Asked, viewer: Viewer | None) -> None:
    rows = accounts(register(ACCOUNTS, viewer))
    assert [row["phone"] for row in rows] == PHONES
    assert [row["card"] for row in rows] == CARDS
    assert [row["word"] for row in rows] == [f"w{place}" for place in range(5)]
    (home,) = register(PEOPLE, viewer)["data"]["households"]["nodes"]
    assert [each["idNumber"] for each in home["members"]["nodes"]] == NUMBERS
    assert home["head"]["idNumber"] == NUMBERS[0]


def test_all_others_read_what_the_rule_leaves(register: Asked) -> None:
    rows = accounts(register(ACCOUNTS, MASKED))
    assert [row["phone"] for row in rows] == [mask(each, Sensitive.PHONE) for each in PHONES]
    assert [row["card"] for row in rows] == [mask(each, Sensitive.BANK_CARD) for each in CARDS]
    assert [row["word"] for row in rows] == [None] * 5
    (home,) = register(PEOPLE, MASKED)["data"]["households"]["nodes"]
    shown = [each["idNumber"] for each in home["members"]["nodes"]]
    assert shown == [mask(each, Sensitive.ID_NUMBER) for each in NUMBERS]
    assert shown[1] == "620502************"


@pytest.mark.parametrize("viewer", [WHOLE, MASKED], ids=["whole", "masked"])
@pytest.mark.parametrize(
    "document",
    [
        f'{{ node(id: "{ID}") {{ ... on PayingAccount {{ phone card word }} }} }}',
        f'{{ node(id: "{ID}") {{ ... on PayingAccount {{ a: card b: card person {{ idNumber }} }} }} }}',
        f'{{ person(id: "person:{FIRST}") {{ paying {{ accounts {{ nodes {{ card }} }} }} }} }}',
        f'{{ household(id: "household:{FIRST}") {{ head {{ paying {{ accounts {{ nodes {{ card }} }} }} }} }} }}',
        '{ paying { accounts(within: "620502", first: 2) { edges { cursor node { card } } pageInfo { endCursor } } } }',
        f'{{ a: node(id: "{ID}") {{ ... on PayingAccount {{ card }} }} person(id: "person:{FIRST}") {{ idNumber }} }}',
    ],
)
def test_in_whichever_way_it_is_asked_for(register: Asked, document: str, viewer: Viewer) -> None:
    answer = register(document, viewer)
    assert "errors" not in answer
    shown = mask(CARDS[0], Sensitive.BANK_CARD) if viewer is MASKED else CARDS[0]
    assert str(shown) in str(answer)
    assert (CARDS[0] in str(answer)) == (viewer is WHOLE)


def test_a_second_request_goes_straight_to_the_statement(register: Asked) -> None:
    """Opening needs nothing of graphql-core's executor."""
    found, _ = register.graph.documents.find(ACCOUNTS, None)
    register(ACCOUNTS, WHOLE)
    assert found.routes


@pytest.mark.parametrize("viewer", [WHOLE, MASKED], ids=["whole", "masked"])
def test_fields_by_hand_read_what_the_viewer_may(register: Asked, viewer: Viewer) -> None:
    told = accounts(register('{ paying { accounts(within: "620502") { nodes { card told } } } }', viewer))
    may = viewer is WHOLE
    for place, row in enumerate(told):
        card = CARDS[place] if may else mask(CARDS[place], Sensitive.BANK_CARD)
        phone = PHONES[place] if may else mask(PHONES[place], Sensitive.PHONE)
        assert row == {"card": card, "told": f"{card} {phone} {f'w{place}' if may else None}"}
    (home,) = register(
        '{ households(within: "620502") { nodes { members { nodes { idNumber paying { born } } } } } }', viewer
    )["data"]["households"]["nodes"]
    born = [each["paying"]["born"] for each in home["members"]["nodes"]]
    assert born[:3] == (["19800101", "19800101", None] if may else ["********", "********", None])


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"phone": {"eq": "13812345678"}}, {0, 1}),
        ({"phone": {"eq": " １３８１２３４５６７８ "}}, {0, 1}),
        ({"phone": {"eq": "1381234567"}}, set()),
        ({"phone": {"eq": ""}}, set()),
        ({"phone": {"ne": "13812345678"}}, {2, 3, 4}),
        ({"phone": {"in": ["138", "13900000001", "nobody's"]}}, {3, 4}),
        ({"phone": {"in": []}}, set()),
        ({"phone": {"isNull": True}}, {2}),
        ({"phone": {"isNull": False}}, {0, 1, 3, 4}),
        ({"phone": {"isNull": False, "ne": "138"}}, {0, 1, 3}),
        ({"not": {"phone": {"eq": "13812345678"}}}, {2, 3, 4}),
        ({"or": [{"phone": {"eq": "138"}}, {"card": {"eq": CARDS[0]}}]}, {0, 4}),
        ({"person": {"idNumber": {"eq": "62050219800101123x"}}}, {0}),
        ({"person": {"idNumber": {"eq": "620502X"}}}, {4}),
        ({"word": {"eq": "w3"}}, {3}),
        # Not a column of the same values: of which each has an index of its own.
        ({"card": {"eq": "13812345678"}}, set()),
    ],
)
def test_values_are_found_exactly(register: Asked, given: dict[str, Any], places: set[int]) -> None:
    for viewer in (None, WHOLE):
        answer = register(FOUND, viewer, f=given)
        assert {CARDS.index(row["card"]) for row in accounts(answer)} == places
        assert answer["data"]["paying"]["accounts"]["totalCount"] == len(places)


def test_other_values_take_the_same_plan(register: Asked) -> None:
    plans = register.graph.compiler.plans
    register.one(FOUND, WHOLE, f={"phone": {"in": ["1"]}})
    before = plans.misses
    assert len(accounts(register.one(FOUND, WHOLE, f={"phone": {"in": ["138", "13812345678"]}}))) == 3
    assert plans.misses == before


@pytest.mark.parametrize(
    "given", [{"phone": {"eq": "1"}}, {"person": {"idNumber": {"isNull": True}}}, {"not": {"card": {"ne": "1"}}}]
)
def test_whoever_may_not_read_a_value_cannot_look_it_up(register: Asked, given: dict[str, Any]) -> None:
    (error,) = register(FOUND, MASKED, f=given)["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"phone": {"eq": None}}, "isNull: true"),
        ({"phone": {"eq": "1", "ne": "2"}}, "contradicts"),
        ({"phone": {"eq": "1\x00"}}, "null character"),
    ],
)
def test_what_cannot_be_looked_up_is_told(register: Asked, given: dict[str, Any], told: str) -> None:
    (error,) = register(FOUND, WHOLE, f=given)["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert told in error["message"]


@pytest.mark.parametrize(
    "document",
    [
        '{ paying { accounts(within: "620502", filter: {phone: {contains: "138"}}) { totalCount } } }',
        '{ paying { accounts(within: "620502", filter: {phone: {startsWith: "138"}}) { totalCount } } }',
        '{ paying { accounts(within: "620502", filter: {phoneIndex: {isNull: true}}) { totalCount } } }',
        '{ paying { accounts(within: "620502", orderBy: [{phone: ASC}]) { totalCount } } }',
        '{ paying { accounts(within: "620502", orderBy: [{person: {idNumber: ASC}}]) { totalCount } } }',
        '{ paying { accounts(within: "620502") { nodes { phoneIndex } } } }',
    ],
)
def test_what_a_sealed_column_cannot_do_is_not_in_the_schema(register: Asked, document: str) -> None:
    (error,) = register(document)["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_the_schema_has_four_ways_to_look_it_up(register: Asked) -> None:
    type_ = register.graph.compiler.schema.get_type("SealedTextFilter")
    assert isinstance(type_, GraphQLInputObjectType)
    assert sorted(type_.fields) == ["eq", "in", "isNull", "ne"]
    assert "_index" not in register.graph.sdl()
    assert "Index" not in register.graph.sdl()


def test_no_clear_text_stands_in_the_tables(register: Asked) -> None:
    """Nor in a view that measures count in, which at most tells of a sealed column whether it has a value."""
    everything = str(register.rows("SELECT t FROM paying_account t")) + str(register.rows("SELECT p FROM person p"))
    assert [value for value in (*NUMBERS[:2], *PHONES[:2], *CARDS) if value and value in everything] == []
    columns = register.rows("SELECT column_name FROM information_schema.columns WHERE table_schema = 'counted'")
    names = {name for (name,) in columns}
    sealed = {name for name in names if name.removesuffix("_index") in ("id_number", "phone", "card", "word")}
    assert sealed == {"id_number"}, "which completeness asks for"
    assert {value for (value,) in register.rows("SELECT id_number FROM counted.person")} <= {None, ""}
    assert "person_id" in names


def test_one_declaration_makes_the_constraint_and_the_index(register: Asked) -> None:
    there = {name for (name,) in register.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'paying_account'")}
    assert {"uq_paying_account_district_code_card_index", "ix_paying_account_district_code_phone_index"} <= there
    with pytest.raises(Exception, match="uq_paying_account_district_code_card_index"):
        register.run(
            "UPDATE paying_account SET card_index = (SELECT card_index FROM paying_account WHERE id = :other)"
            " WHERE id = :id",
            id=FIRST,
            other=FIRST + 1,
        )


def _damaged(own: Asked, statement: str) -> None:
    own.run(statement, id=FIRST, other=FIRST + 1)
    for plainly in (False, True):
        with pytest.raises(DefectError) as caught:
            own.one(ACCOUNTS, WHOLE, plainly=plainly)
        # What goes to the log with the error; its own words name no row.
        causes = [caught.value.__cause__, getattr(caught.value.__cause__, "original_error", None)]
        assert f"paying_account.card of row {FIRST} cannot be opened" in " ".join(map(str, causes))
        assert CARDS[0] not in str(caught.value)
        without = own.one('{ paying { accounts(within: "620502") { nodes { phone } } } }', WHOLE, plainly=plainly)
        assert [row["phone"] for row in accounts(without)] == PHONES, "who does not ask for it is answered"


@pytest.mark.parametrize(
    "value",
    [
        "overlay(card placing CASE substr(card, 40, 1) WHEN 'A' THEN 'B' ELSE 'A' END from 40)",
        "(SELECT card FROM paying_account WHERE id = :other)",
        "phone",
        "'6222021234567890110'",
    ],
    ids=["a changed character", "another row's", "another column's", "in clear"],
)
def test_a_value_that_was_changed_is_never_shown(own: Asked, value: str) -> None:
    _damaged(own, f"UPDATE paying_account SET card = {value} WHERE id = :id")


def test_without_its_key_nothing_is_shown(own: Asked) -> None:
    for seal in (None, Seal(Keys((Key("other", b"5" * 32),), own.database.seal.keys.index))):  # type: ignore[union-attr]
        own.database.seal = seal
        for plainly in (False, True):
            with pytest.raises(OperationError) as caught:
                own.one(ACCOUNTS, WHOLE, plainly=plainly)
            assert caught.value.code == "SEAL_KEY_MISSING"
    own.database.seal = None
    with pytest.raises(OperationError) as caught:
        own.one(FOUND, WHOLE, f={"phone": {"eq": "1"}})
    assert caught.value.code == "SEAL_KEY_MISSING"
    assert own(FOUND.replace("nodes { card }", ""), WHOLE, f={"phone": {"isNull": True}})["data"]


def test_neither_keys_nor_values_are_in_the_log_or_the_sql(register: Asked, caplog: pytest.LogCaptureFixture) -> None:
    observed = Observed()
    with caplog.at_level(logging.DEBUG):
        register(ACCOUNTS, WHOLE)
        register._runner.run(register.graph.execute(register.database, ACCOUNTS, observed=observed, viewer=WHOLE))
    told = caplog.text + "".join(f"{ran.sql} {dict(ran.values)}" for ran in observed.statements)
    assert observed.statements
    assert [value for value in (*PHONES, *CARDS) if value and len(value) > 5 and value in told] == []
    seal = register.database.seal
    assert seal is not None
    assert [key.id for key in seal.keys.all if key.line.partition(":")[2] in told or key.secret.hex() in told] == []


def test_permissions_of_the_plugin_are_asked_first(register: Asked) -> None:
    (error,) = register(ACCOUNTS, Viewer("nobody", is_everywhere=True, permissions=READING - {"paying:read"}))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
