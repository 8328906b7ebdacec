"""What has been asked before is answered without the executor; what is wrong is told by it, in the same words."""

from typing import Any
from unittest.mock import patch

import pytest
from graphql import execute
from tests.compile.paths import Paths

from bangfu.errors import UserError
from bangfu.store import pool
from bangfu_schema import Observed
from bangfu_schema.execute import service

DISTRICT = "query ($code: PlaceCode!) { district(code: $code) { name } }"
PAGE = """query Page($within: PlaceCode = "620502", $first: Int = 2, $all: Boolean! = false) {
  townships(within: $within, first: $first) { nodes { name code @include(if: $all) } }
  villages(within: $within, first: 1) @include(if: $all) { totalCount }
}"""


def executed() -> Any:
    """Knows meanwhile whether the executor was `called`."""
    return patch.object(service, "execute", wraps=execute)


def _is_direct(paths: Paths, document: str, variables: dict[str, Any] | None = None) -> bool:
    """Whether a question that was asked before is answered without the executor; both paths have to agree anyway."""
    compiled, plain = paths.both(document, variables)
    assert compiled == plain
    with executed() as executor:
        paths.run(paths.graph.execute(paths.database, document, variables))
    return not executor.called


def test_a_second_request_needs_no_executor_also_with_other_values(paths: Paths) -> None:
    paths.both(DISTRICT, {"code": "620502"})
    with executed() as executor:
        found = paths.run(paths.graph.execute(paths.database, DISTRICT, {"code": "620502"}))
    assert list(found["data"]) == ["district"]
    assert not executor.called


def test_what_variables_leave_out_is_a_way_of_its_own(paths: Paths) -> None:
    for variables in (
        {},
        {"first": 3},
        {"within": None},
        {"all": True},
        {"all": True, "within": "620502101"},
        {"first": None},
    ):
        assert _is_direct(paths, PAGE, variables)
    assert set(paths.both(PAGE, {"all": True})[0]["data"]) == {"townships", "villages"}
    assert set(paths.both(PAGE, {})[0]["data"]) == {"townships"}


@pytest.mark.parametrize(
    "variables",
    [
        {"first": "2"},
        {"first": -1},
        {"first": 2.5},
        {"within": 1},
        {"within": "62"},
        {"within": "620599"},
        {"all": None},
        {"all": True, "within": "620599"},
    ],
)
def test_mistakes_are_told_by_the_executor(paths: Paths, variables: dict[str, Any]) -> None:
    for known in ({}, {"all": True}):
        paths.both(PAGE, known)
    compiled, plain = paths.both(PAGE, variables)
    assert compiled == plain
    assert compiled["errors"]


@pytest.mark.parametrize(
    "document",
    [
        '{ __typename district(code: "620502") { name } }',
        '{ plugins { name } district(code: "620502") { name } }',
        '{ node(id: "district:620502") { id } }',
        "{ __typename ...F } fragment F on Query { districts { totalCount } }",
    ],
)
def test_what_is_no_statement_is_left_to_the_executor(paths: Paths, document: str) -> None:
    assert not _is_direct(paths, document)


@pytest.mark.parametrize(
    "document",
    [
        '{ b: district(code: "620502") { __typename n: name } a: household(id: "household:620502000099999") { id } }',
        'query A { districts { totalCount } } query B { townships(within: "620502") { totalCount } }',
        "query { ...F ... on Query { districts { totalCount } } } fragment F on Query { districts { nodes { name } } }",
    ],
)
def test_all_fields_come_in_their_order_with_their_names(paths: Paths, document: str) -> None:
    name = "B" if "query B" in document else None
    answers = [paths.named(document, name) for _ in range(2)]
    with executed() as executor:
        answers.append(paths.named(document, name))
    assert not executor.called
    assert answers[0] == answers[1] == answers[2]
    assert list(answers[0]["data"]) == list(answers[2]["data"])


def test_what_fails_is_not_read_again(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that took too long would take as long once more."""
    paths.both(DISTRICT, {"code": "620502"})
    runs = []

    async def slow(*_: Any, **__: Any) -> Any:
        runs.append(1)
        raise UserError("too long", code="TIMED_OUT")

    monkeypatch.setattr(pool, "fetch", slow)
    found = paths.named(DISTRICT, None, {"code": "620502"})
    assert found["data"] == {"district": None}
    assert found["errors"][0]["path"] == ["district"]
    assert found["errors"][0]["extensions"]["code"] == "TIMED_OUT"
    assert len(runs) == 1


def test_a_defect_is_a_defect(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.both(DISTRICT, {"code": "620502"})

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a secret")

    monkeypatch.setattr(pool, "fetch", broken)
    with pytest.raises(service.DefectError) as failed:
        paths.named(DISTRICT, None, {"code": "620502"})
    assert isinstance(failed.value.__cause__, RuntimeError)


def test_the_same_can_be_said_of_it(paths: Paths) -> None:
    """Its cost, its statements, and where its time went."""
    told = []
    for _ in range(3):
        observed = Observed()
        paths.run(paths.graph.execute(paths.database, PAGE, {"all": True}, observed=observed))
        told.append((observed.demand, [ran.sql for ran in observed.statements], set(observed.seconds)))
    assert told[0] == told[1] == told[2]
    assert len(told[0][1]) == 2
