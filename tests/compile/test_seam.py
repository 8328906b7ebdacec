"""The seam into graphql-core: fails when a release moves what we lean on, before anything stranger does."""

import inspect

import pytest
from graphql import build_schema, parse
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from graphql.execution.executor import Executor
from tests.compile.paths import Paths

from bangfu.store.database import UNKNOWN, Unknown
from bangfu_schema import decoded
from bangfu_schema.execute.seam import SelectionExecutor, Subscribed, subscribed

COMPLETES = ["self", "return_type", "field_details_list", "info", "path", "result", "position_context"]


def test_the_methods_are_where_they_were() -> None:
    for name in ("complete_object_value", "complete_abstract_value"):
        assert list(inspect.signature(getattr(Executor, name)).parameters) == COMPLETES, name
        assert list(inspect.signature(getattr(SelectionExecutor, name)).parameters) == COMPLETES, name
    assert list(inspect.signature(Executor.collect_subfields).parameters) == [
        "self",
        "return_type",
        "field_details_list",
    ]


def test_a_single_field_can_be_executed_with_errors_of_its_own() -> None:
    parameters = ["self", "parent_type", "source", "field_details_list", "path", "position_context"]
    assert list(inspect.signature(Executor.execute_field).parameters) == parameters
    executor = Executor.build(build_schema("type Query { a: Int }"), parse("{ a }"))
    assert isinstance(executor, Executor)
    assert executor.build_per_event_executor(None).collected_errors is not executor.collected_errors


def test_the_field_of_a_subscription_is_found_before_anything_runs() -> None:
    schema = build_schema("type Query { a: Int } type Subscription { b(c: Int!): Int }")
    document = parse("subscription S($c: Int!) { ...F } fragment F on Subscription { x: b(c: $c) } query Q { a }")
    found = subscribed(schema, document, {"c": 3}, "S")
    assert isinstance(found, Subscribed)
    assert (found.key, found.node.name.value, found.arguments) == ("x", "b", {"c": 3})
    for wrong in (None, {}, {"c": "3"}):
        assert isinstance(subscribed(schema, document, wrong, "S"), list)


def test_collected_fields_have_the_parts_that_are_read() -> None:
    assert CollectedFields._fields[0] == "grouped_field_set"
    assert {"node", "fragment_variable_values"} <= set(FieldDetails._fields)


def test_a_field_of_the_root_is_completed_by_one_statement(paths: Paths) -> None:
    """Non-null, nullable and of an interface."""
    found = paths.observed(
        """{
          townships(within: "620502") { nodes { name } }
          district(code: "620502") { name }
          node(id: "district:620502") { ... on District { name } }
        }"""
    )
    assert len(found.statements) == 3


@pytest.mark.parametrize("known", [UNKNOWN, None])
def test_mistakes_are_told_in_the_order_of_their_fields(paths: Paths, known: Unknown | None) -> None:
    """Also where the day has to be asked for first, and where the type of a row depends on a wrong id."""
    document = '{ household(id: "household:1") { id } node(id: "household:1") { id } person(id: "1") { id } }'
    for plainly in (False, True):
        paths.database.reporting_date = known
        found = decoded(paths.run(paths.graph.execute(paths.database, document, plainly=plainly)))
        assert [error["path"] for error in found["errors"]] == [["household"], ["node"], ["person"]]


def test_skipped_and_included_fields_are_settled_by_the_executor(paths: Paths) -> None:
    document = """query ($with: Boolean!) {
      district(code: "620502") { name @include(if: $with) ...F @skip(if: $with) }
    }
    fragment F on District { code }"""
    for with_, key in ((True, "name"), (False, "code")):
        compiled, plain = paths.both(document, {"with": with_})
        assert compiled == plain
        assert set(compiled["data"]["district"]) == {key}
