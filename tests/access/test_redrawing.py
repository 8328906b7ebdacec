"""Divisions are changed by whoever may change a whole district; by other boundaries nobody is told more than before."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.numbers import is_of_households
from tests.access.viewers import viewers
from tests.access.world import TODAY, platform

from bangfu import Grain, Measure
from bangfu.access import Viewer
from bangfu.registry import MeasureField

DISTRICT, TOWNSHIP, OTHER = 620502 * 10**9, 620502_101 * 10**6, 620502_102 * 10**6
VILLAGE = 620502_101_201 * 1000
PERIODS = ("2014/2015",)

_MADE = """number errors { path code message english: message(language: EN) }
    lineage { predecessor formerName successor kind } moves { record from to rows }
    measures { measure before after isConserved countsPlaces } targetsLeft entries"""
REDRAWN = f"""mutation ($dry: Boolean = true) {{
    placesReorganize(dryRun: $dry, plan: {{ district: "620502", on: "{TODAY}", note: "並村", steps: [
        {{ rename: {{ place: "620502101202", name: "新名" }} }}
        {{ recode: {{ place: "620502101202001", code: "620502101202009" }} }}
        {{ move: {{ place: "620502101201", to: "620502102", code: "620502102299" }} }}
        {{ merge: {{ places: ["620502102201"], into: "620502102202", name: "合村", kind: VILLAGE }} }}
        {{ split: {{ place: "620502101203", name: "分村", code: "620502101298", kind: COMMUNITY,
            places: ["620502101203001"], households: [] }} }}
    ] }}) {{ {_MADE} }}
    placesUndo(district: "620502", number: 99, dryRun: true) {{ {_MADE} }}
}}"""
"""Every field and every input of it."""


@pytest.mark.parametrize("name", [name for name in viewers(platform()) if name != "process"])
def test_no_other_permission_is_enough(asked: Asked, name: str) -> None:
    found = json.loads(asked.answer(asked.viewers[name], REDRAWN))
    assert [(each["path"], each["extensions"]["code"]) for each in found["errors"]] == [
        (["placesReorganize"], "FORBIDDEN"),
        (["placesUndo"], "FORBIDDEN"),
    ]
    assert "register:reorganise" in found["errors"][0]["message"]


def test_part_of_a_district_is_not_enough(asked: Asked) -> None:
    viewer = Viewer("x", (), (TOWNSHIP, OTHER), permissions=frozenset({"register:reorganise"}))
    data = json.loads(asked.answer(viewer, REDRAWN))["data"]
    for field, path in (("placesReorganize", ["plan", "district"]), ("placesUndo", ["district"])):
        assert [(each["path"], each["code"]) for each in data[field]["errors"]] == [(path, "UNKNOWN_PLACE")]
        assert (data[field]["number"], data[field]["moves"]) == (None, [])


def test_who_may_change_the_district_is_told_numbers_and_nobody_in_it(asked: Asked) -> None:
    viewer = Viewer("x", (), (DISTRICT,), permissions=frozenset({"register:reorganise"}))
    answer = asked.answer(viewer, REDRAWN)
    done = json.loads(answer)["data"]["placesReorganize"]
    assert done["errors"] == []
    assert done["lineage"]
    assert {"household"} < {each["record"] for each in done["moves"]}
    assert all(each["isConserved"] or each["countsPlaces"] for each in done["measures"])


def _of_households(asked: Asked) -> list[MeasureField]:
    return [each for each in _fields(asked) if isinstance(each.measure, Measure) and is_of_households(each.measure)]


def _fields(asked: Asked) -> list[MeasureField]:
    core = asked.rows.graph.core[Grain.VILLAGE]
    return [field for space in core.namespaces.values() for field in space.measures.values()]


Told = dict[tuple[str, str], list[Any]]


def _told(asked: Asked, viewer: Viewer | None, fields: Sequence[MeasureField], boundaries: str) -> Told:
    """Measures of all districts, townships and villages in all periods: by their names and the code."""
    spaces = asked.rows.graph.core[Grain.VILLAGE].namespaces.values()
    parts = []
    for index, field in enumerate(fields):
        space = next(each.name for each in spaces if field in each.measures.values())
        inner = " ".join(
            f'p{number}: {field.name}(period: "{period}"{boundaries}) {{ value reported isWithheld }}'
            for number, period in enumerate(PERIODS)
        )
        parts.append(f"s{index}: {space} {{ {inner} }}")
    levels = ("districts", "townships", "villages")
    lists = " ".join(
        f'{name}: {name}(within: "620502", first: 500) {{ nodes {{ code {" ".join(parts)} }} }}' for name in levels
    )
    answers = [json.loads(asked.answer(viewer, f"{{ {lists} }}", plainly=plainly)) for plainly in (False, True)]
    assert answers[0] == answers[1]
    assert "errors" not in answers[0], answers[0]
    nodes = [node for name in levels for node in answers[0]["data"][name]["nodes"]]
    return {
        (field.name, node["code"]): list(node[f"s{index}"].values())
        for index, field in enumerate(fields)
        for node in nodes
    }


def _values(cells: list[Any]) -> list[Any]:
    return [{**cell, "reported": None} for cell in cells]


@pytest.fixture(scope="module")
def redrawn(asked: Asked) -> None:
    done = json.loads(asked.answer(None, REDRAWN, {"dry": False}))["data"]["placesReorganize"]
    assert (done["number"], done["errors"]) == (1, []), done


@pytest.mark.usefixtures("redrawn")
class TestBoundaries:
    """After a village has come to another township, and another one has been merged."""

    @pytest.mark.parametrize("name", ["process", "everybody", "analyst", "district", "township", "villages", "none"])
    def test_what_is_told_of_households(self, asked: Asked, name: str) -> None:
        """Below the district by other boundaries to whoever sees all of it; of the district what is told anyway."""
        viewer, fields = asked.viewers[name], _of_households(asked)[::8]
        assert len(fields) > 3
        now = _told(asked, viewer, fields, "")
        then = _told(asked, viewer, fields, ', boundariesAt: "2014-12-31"')
        withheld = {key[0] for key, cells in now.items() if any(cell["isWithheld"] for cell in cells)}
        for key, cells in then.items():
            if len(key[1]) == 6:
                assert _values(cells) == _values(now[key])  # by villages of then, there may be more that have reported
            elif viewer is None or (viewer.covers(DISTRICT) and key[0] not in withheld):
                assert not any(cell["isWithheld"] for cell in cells), key
            else:
                assert all(cell == {"value": None, "reported": None, "isWithheld": True} for cell in cells), key

    def test_they_tell_something_else(self, asked: Asked) -> None:
        """Else all of this would show nothing."""
        fields = _fields(asked)[::4]
        now, then = _told(asked, None, fields, ""), _told(asked, None, fields, ', boundariesAt: "2014-12-31"')
        assert len({key[0] for key, cells in then.items() if cells != now[key]}) > 3

    def test_the_boundaries_of_now_are_those_of_no_argument(self, asked: Asked) -> None:
        fields = _fields(asked)[::9]
        now = _told(asked, None, fields, "")
        assert now == _told(asked, None, fields, ", boundaries: NOW")
        assert now == _told(asked, None, fields, f', boundariesAt: "{TODAY}"')

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ('boundaries: THEN, boundariesAt: "2014-12-31"', "contradicts `boundaries`"),
            ('boundariesAt: "2999-12-31"', "after the reporting date"),
            ('boundariesAt: "gestern"', "boundariesAt"),
        ],
    )
    def test_what_cannot_be_is_told(self, asked: Asked, given: str, told: str) -> None:
        document = f'{{ townships(within: "620502") {{ nodes {{ register {{ households({given}) {{ value }} }} }} }} }}'
        for plainly in (False, True):
            found = json.loads(asked.answer(None, document, plainly=plainly))
            assert told in found["errors"][0]["message"]
