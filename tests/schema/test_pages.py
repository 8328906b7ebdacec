"""Pages: walking from cursor to cursor gives the whole list once; what is no page or no cursor is told so."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.asking import examples
from tests.query.kinds import KINDS
from tests.query.small import ROOTS, Small, listing, out_of_space

HOUSEHOLDS = listing("households", KINDS["Household"])


@examples(0.7)
@given(data=st.data())
def test_walking_all_pages_gives_the_whole_list_once(small: Small, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(ROOTS)))
    kind, world = ROOTS[name], small.world
    chosen = small.asking.filter(data.draw, kind, 1) if data.draw(st.booleans()) else {}
    order = small.asking.order(data.draw, kind)
    rows = [row for row in world.listed(kind) if world.holds(kind, row, chosen)]
    first = data.draw(st.integers(1 + len(rows) // 8, len(rows) + 2))
    walked: list[str] = []
    cursor = None
    for _ in range(len(rows) + 1):
        variables = {"within": "620502", "filter": chosen, "order": order, "first": first, "after": cursor}
        page = out_of_space(small.ask(listing(name, kind), **variables), name)
        info = page["pageInfo"]
        assert page["totalCount"] == len(rows)
        assert info["hasPreviousPage"] is (cursor is not None)
        assert info["startCursor"] == (page["edges"][0]["cursor"] if page["edges"] else None)
        assert info["endCursor"] == (page["edges"][-1]["cursor"] if page["edges"] else None)
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        walked += [node["id"] for node in page["nodes"]]
        cursor = info["endCursor"]
        if not info["hasNextPage"]:
            break
        assert len(page["nodes"]) == first
    assert walked == [world.id(kind, row) for row in world.ordered(kind, rows, order)]


def test_a_page_has_fifty_rows_unless_asked_otherwise(small: Small) -> None:
    page = small.ask('{ alpha { plots(within: "620502") { nodes { id } pageInfo { hasNextPage } } } }')["alpha"][
        "plots"
    ]
    assert len(page["nodes"]) == 50
    assert page["pageInfo"]["hasNextPage"]


def test_an_empty_page_still_tells_whether_there_are_rows(small: Small) -> None:
    page = small.ask(HOUSEHOLDS, within="620502", first=0)["households"]
    assert page["nodes"] == []
    assert page["totalCount"] == 40
    assert page["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


@pytest.mark.parametrize("first", [-1, 1001, 10_000_000])
def test_a_page_of_another_size_is_refused(small: Small, first: int) -> None:
    error = _refusal(small, first=first)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.first"}
    assert "0 to 1000" in error["message"]


def _forged(*values: Any) -> str:
    """A cursor with the right mark for an ordering by name of the head, and wrong values."""
    return urlsafe_b64encode(orjson.dumps(values)).decode()


@pytest.mark.parametrize(
    "cursor", ["", "x", "!", "é", "AAAA", _forged(), _forged("mark"), _forged("mark", 1, 2, 3), _forged([], {}), "W10"]
)
def test_what_is_no_cursor_is_refused(small: Small, cursor: str) -> None:
    error = _refusal(small, after=cursor)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.after"}
    assert "endCursor" in error["message"]


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ({"head": {"name": "ASC"}}, "\x00"),
        ({"head": {"name": "ASC"}}, 5),
        ({"houseArea": "ASC"}, "NaN"),
        ({"houseArea": "ASC"}, "Infinity"),
        ({"houseArea": "ASC"}, "1e999999"),
        ({"houseArea": "ASC"}, "much"),
        ({"houseArea": "ASC"}, []),
        ({"recordedOn": "ASC"}, "yesterday"),
        ({"version": "ASC"}, 10**19),
        ({"version": "ASC"}, True),
        ({"category": "ASC"}, None),
    ],
)
def test_a_forged_cursor_is_refused_or_harmless(small: Small, order: dict[str, Any], value: Any) -> None:
    page = small.ask(HOUSEHOLDS, within="620502", order=[order], first=1)["households"]
    found = page["pageInfo"]["endCursor"]
    mark, _, key = orjson.loads(_decoded(found))
    response = small.respond(HOUSEHOLDS, within="620502", order=[order], after=_forged(mark, value, key))
    for error in response.get("errors", []):
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.after"}


def test_a_cursor_of_another_ordering_is_refused(small: Small) -> None:
    page = small.ask(HOUSEHOLDS, within="620502", order=[{"houseArea": "ASC"}], first=1)["households"]
    error = _refusal(small, order=[{"houseArea": "DESC"}], after=page["pageInfo"]["endCursor"])
    assert "another orderBy" in error["message"]


def test_an_ordering_has_one_field_in_each_step(small: Small) -> None:
    error = _refusal(small, order=[{"houseArea": "ASC", "category": "ASC"}])
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "households.orderBy[0]"}


def _decoded(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def _refusal(small: Small, **variables: Any) -> dict[str, Any]:
    response = small.respond(HOUSEHOLDS, within="620502", **variables)
    assert not response.get("data")
    error: dict[str, Any] = response["errors"][0]
    return error
