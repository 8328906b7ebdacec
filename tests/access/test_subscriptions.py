"""What a subscription tells is what a query by the same viewer would; of changes each is told its own."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.access.asked import Asked, differences
from tests.access.rows import inside
from tests.access.traces import Traces
from tests.access.viewers import VILLAGE, viewers
from tests.access.world import platform

from bangfu_schema import encoded
from bangfu_schema.execute.subscription import Change, Subscription

PLACES = ("620502101", "620502102")
TOLD = """id name register { households { value reported isWithheld } people { value isWithheld } }
    industry { pigs { value isWithheld } }"""
ROWS = (
    "householdCount households(first: 1000) { totalCount nodes { id members { nodes { id name idNumber health } } } }"
)
CHANGES = """subscription ($plugin: String, $place: PlaceCode) {
    changes(plugin: $plugin, place: $place) { plugin record place count at } }"""
PROGRESS = f"subscription ($place: PlaceCode!) {{ progress(place: $place) {{ ... on Township {{ {TOLD} {ROWS} }} }} }}"
ONLY_TOLD = f"subscription ($place: PlaceCode!) {{ progress(place: $place) {{ ... on Township {{ {TOLD} }} }} }}"
DOCUMENTS = (PROGRESS, ONLY_TOLD, CHANGES)
EVENT = Change(plugin="industry", record="Herd", place=VILLAGE, count=3, at=datetime(2015, 10, 31, tzinfo=UTC))

_NAMES = list(viewers(platform()))


@pytest.mark.parametrize("name", _NAMES)
def test_progress_is_a_query_by_the_same_viewer(asked: Asked, name: str) -> None:
    viewer, traces = asked.viewers[name], Traces(asked.rows)
    oracle, hidden = asked.oracle(viewer), traces.hidden(asked.eyes(viewer))
    for place in PLACES:
        for document, asks in ((PROGRESS, f"{TOLD} {ROWS}"), (ONLY_TOLD, TOLD)):
            answer = _first(asked, name, document, {"place": place})
            query = f"query ($place: PlaceCode!) {{ township(code: $place) {{ {asks} }} }}"
            found = json.loads(answer)
            assert not traces.found(answer) & hidden
            if oracle.refused(query, {"place": place}):
                assert {error["extensions"]["code"] for error in found["errors"]} == {"FORBIDDEN"}
                assert not any((found.get("data") or {}).values())
            else:
                expected = oracle.answer(query, {"place": place})["township"]
                assert list(differences(found["data"]["progress"], expected)) == []


@pytest.mark.parametrize("name", _NAMES)
def test_changes_are_told_to_who_may_see_the_rows(asked: Asked, name: str) -> None:
    """Of a sector, and of a place: refused before anything is changed, where there will never be anything to tell."""
    eyes = asked.eyes(asked.viewers[name])
    for place in (VILLAGE, 620503 * 10**9):
        official = "620502101201" if place == VILLAGE else "620503"
        found = json.loads(_first(asked, name, CHANGES, {"plugin": "industry", "place": official}))
        has_some = eyes.covers(place) or (
            eyes.viewer is not None and any(inside(each, place) for each in eyes.viewer.places)
        )
        if eyes.may("industry:read") and has_some:
            told = found["data"]["changes"]
            assert (told["plugin"], told["record"], told["count"]) == ("industry", "Herd", 3)
        else:
            assert [error["extensions"]["code"] for error in found["errors"]] == ["FORBIDDEN"]
            assert not found.get("data")


def _first(asked: Asked, name: str, document: str, variables: dict[str, Any]) -> str:
    """The first answer of a subscription, or why there is none."""

    async def first() -> dict[str, Any]:
        viewer = asked.viewers[name]
        found = await asked.graph.subscribe(asked.database, document, variables, viewer=viewer)
        return await found.answer(EVENT) if isinstance(found, Subscription) else found

    return encoded(asked.run(first())).decode()
