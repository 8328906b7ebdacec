"""Subscriptions as the graph understands them, before any of them is open."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.compile.paths import Paths

from bangfu_schema import Change, Subscription, decoded

NOW = Change(at=datetime.now(UTC))
PROGRESS = """subscription ($place: PlaceCode!) {
  a: progress(place: $place) {
    __typename
    ... on Node { id }
    ... on District { name townships(first: 2) { nodes { name } } }
    ... on District { industry { orchardArea { value progress receipt { parts { value } } } } }
    ... on Township { name pinyin district { name } funding { loanDemand { value } } }
    ... on Village { code register { people { value unit reported expected } } }
    ... on NaturalVillage { householdCount village { name } }
  }
}"""


@pytest.mark.parametrize("place", ["620502", "620502100", "620502100200", "620502100200001", "620502999", "62"])
def test_progress_is_the_same_on_both_paths(paths: Paths, place: str) -> None:
    found = [
        decoded(paths.run(paths.graph.execute(paths.database, PROGRESS, {"place": place}, event=NOW, plainly=plainly)))
        for plainly in (True, False, False)  # the second time with a statement that is kept
    ]
    assert found[0] == found[1] == found[2]
    assert ("errors" in found[0]) is (place in ("620502999", "62"))


def test_a_change_is_told_as_it_is(paths: Paths) -> None:
    document = "subscription { changes { __typename plugin record place count at } }"
    at = datetime(2015, 12, 31, 8, tzinfo=UTC)
    for change, told in (
        (
            Change(plugin="industry", record="CropArea", place=620502100000000, count=3, at=at),
            {"plugin": "industry", "record": "CropArea", "place": "620502100", "count": 3},
        ),
        (Change(at=at), {"plugin": None, "record": None, "place": None, "count": None}),
    ):
        found = decoded(paths.run(paths.graph.execute(paths.database, document, event=change)))
        assert found == {
            "data": {"changes": {"__typename": "Change", **told, "at": "2015-12-31T08:00:00+00:00"}},
        }


def test_what_is_subscribed_to_is_read_from_the_document(paths: Paths) -> None:
    def asked(document: str, **variables: Any) -> Any:
        found = paths.run(paths.graph.subscribe(paths.database, document, variables))
        return found.interest if isinstance(found, Subscription) else found

    interest = asked(PROGRESS, place="620502100")
    assert (interest.place, interest.plugin, interest.is_listed) == (620502100000000, None, False)
    interest = asked('subscription { changes(plugin: "funding") { at } }')
    assert (interest.place, interest.plugin, interest.is_listed) == (None, "funding", True)
    interest = asked('subscription { ...F } fragment F on Subscription { changes(plugin: "core") { at } }')
    assert interest.plugin == "core"
    assert decoded(asked('{ district(code: "620502") { code } }')) == {"data": {"district": {"code": "620502"}}}
    for document, code in (
        ("subscription { changes { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: changes { at } b: changes { at } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { changes(plugin: "nobody") { at } }', "BAD_USER_INPUT"),
    ):
        refused = asked(document)
        assert refused["errors"][0]["extensions"]["code"] == code
        assert "data" not in refused


def test_a_subscription_is_not_executed_like_a_query(paths: Paths) -> None:
    found = paths.run(paths.graph.execute(paths.database, PROGRESS, {"place": "620502"}))
    assert [error["extensions"]["code"] for error in found["errors"]] == ["NEEDS_STREAM"]
