"""Plans are kept for shapes of arguments, and nothing is kept that grows."""

import asyncio
import gc
import sys
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from tests.compile.paths import EXAMPLES, Paths

from bangfu.store import DatabaseUnavailable, pool
from bangfu.store.command import Command
from bangfu.store.database import UNKNOWN, Unknown
from bangfu.store.pool import Connection
from bangfu.store.setting import REPORTING_DATE, write_setting
from bangfu_schema import Graph, Limits, decoded

LIST = """query (
  $within: PlaceCode!, $filter: HouseholdFilter, $order: [HouseholdOrder!], $first: Int, $after: String
) {
  households(within: $within, filter: $filter, orderBy: $order, first: $first, after: $after) {
    totalCount nodes { id } pageInfo { endCursor hasNextPage }
  }
}"""
COMPILATIONS = 3 * EXAMPLES if EXAMPLES <= 200 else 10_000
SLOW = '{ villages(within: "620502", first: 1000) { nodes { register { people { value } } } } }'


def _asked(paths: Paths, **variables: Any) -> int:
    """How many plans a request adds."""
    plans = paths.graph.compiler.plans
    before = plans.misses
    compiled, plain = paths.both(LIST, {"within": "620502"} | variables)
    assert "errors" not in compiled
    assert compiled == plain
    return plans.misses - before


def test_other_values_take_the_same_plan(paths: Paths) -> None:
    _asked(paths, filter={"houseArea": {"gt": 10}}, first=3)
    assert _asked(paths, filter={"houseArea": {"gt": 90.5}}, first=4) == 0
    assert _asked(paths, filter={"houseArea": {"gt": -1}}, first=1) == 0


def test_a_part_of_a_district_takes_another_plan_than_the_whole(paths: Paths) -> None:
    """The whole needs no range of codes; the parts differ by their values only, whatever level they are of."""
    _asked(paths, within="620502", first=2)
    assert _asked(paths, within="620502101", first=2) == 1
    assert _asked(paths, within="620502108", first=2) == 0
    assert _asked(paths, within="620502108207", first=2) == 0
    assert _asked(paths, within=" 620502 ", first=2) == 0


@pytest.mark.parametrize(
    "within", ["", "62050", "62050x", "020502", "620502000", "6205021080", "620599", "６２０５０２"]
)
def test_what_is_no_place_is_refused_alike_for_every_length(paths: Paths, within: str) -> None:
    asked = [
        "households(within: $within) { totalCount }",
        "villages(within: $within) { nodes { industry { orchardArea { value } } } }",
        "industry { plantings(within: $within) { totalCount } }",
        "capacity { attendances(within: $within) { totalCount } }",
    ]
    for each in asked:
        compiled, plain = paths.both(f"query ($within: PlaceCode!) {{ {each} }}", {"within": within})
        assert compiled == plain
        assert compiled["errors"][0]["extensions"]["argument"].endswith("within")


def test_another_shape_takes_another_plan(paths: Paths) -> None:
    _asked(paths, filter={"category": {"eq": "GENERAL_POOR"}})
    assert _asked(paths, filter={"category": {"eq": "ALLOWANCE_POOR"}}) == 0
    assert _asked(paths, filter={"category": {"ne": "ALLOWANCE_POOR"}}) == 1
    assert _asked(paths, order=[{"roadDistance": "ASC"}]) == 1
    assert _asked(paths, order=[{"roadDistance": "DESC"}]) == 1
    assert _asked(paths, filter={"roadDistance": {"isNull": True}}) == 1
    assert _asked(paths, filter={"roadDistance": {"isNull": False}}) == 1


def test_a_kept_plan_refuses_what_cannot_be(paths: Paths) -> None:
    for within in ("620502", "620599", "62", "620502108"):
        compiled, plain = paths.both(LIST, {"within": within, "first": 1})
        assert compiled == plain
        assert ("errors" in compiled) == (within in {"620599", "62"})
    compiled, plain = paths.both(LIST, {"within": "620502", "filter": {"houseArea": {"gt": 5, "lt": 1}}})
    assert compiled == plain
    assert compiled["errors"][0]["extensions"]["argument"] == "households.filter.houseArea"


def test_a_cursor_without_a_value_takes_another_plan(paths: Paths) -> None:
    """Rows without a value come last; a page that begins among them has other conditions."""
    order, seen, cursor = [{"roadDistance": "ASC"}], [], None
    while True:
        compiled, plain = paths.both(LIST, {"within": "620502", "order": order, "first": 7, "after": cursor})
        assert compiled == plain
        page = compiled["data"]["households"]
        seen += [node["id"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == page["totalCount"]


def test_plans_and_documents_are_bounded_and_leak_nothing(paths: Paths) -> None:
    """Many documents and shapes, compiled and thrown away, leave the memory as it was."""
    graph = Graph(paths.graph.platform)
    graph.compiler.plans._most = graph.documents.most = 20

    async def compile_many(numbers: range) -> None:
        for number in numbers:
            document = f'{{ townships(within: "620502", first: 2) {{ nodes {{ a{number}: name }} }} }}'
            await graph.execute(paths.database, document)

    def blocks_after(numbers: range) -> int:
        paths.run(compile_many(numbers))
        gc.collect()
        return sys.getallocatedblocks()

    before = blocks_after(range(200))
    grown = blocks_after(range(200, COMPILATIONS)) - before
    assert len(graph.compiler.plans) <= 20
    assert grown < (COMPILATIONS - 200) / 2, "what is kept of each document, if only its name, is at least a block"


def test_a_cancelled_request_stops_in_postgresql_too(paths: Paths) -> None:
    """64 clients that go away leave no statement and no connection behind."""

    async def cancel_all() -> tuple[int, int]:
        pool = paths.database.pool

        async def slow() -> None:
            async with pool.connection() as connection:
                await connection.execute("SELECT pg_sleep(60)")

        tasks = [asyncio.create_task(slow()) for _ in range(64)]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'"
                " AND pid <> pg_backend_pid()"
            )
            row = await cursor.fetchone()
        assert row is not None
        return row[0], pool._free._value

    running, free = paths.run(cancel_all())
    assert running == 0
    assert free == 10


@pytest.mark.parametrize("document", [SLOW, "{ __typename " + SLOW[1:], SLOW[:-1] + " b: " + SLOW[1:]])
def test_a_statement_that_takes_too_long_is_stopped(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    """Alone, and in a snapshot that several fields share: one that has failed fails for the others in the same way."""
    paths.run(paths.database.aclose())
    monkeypatch.setattr(paths.database, "_statement_timeout", 0.001)
    try:
        found = paths.compiled(document)
    finally:
        monkeypatch.undo()
        paths.run(paths.database.aclose())
    assert {error["extensions"]["code"] for error in found["errors"]} == {"TIMED_OUT"}


def test_a_snapshot_that_is_cut_off_is_a_database_that_is_away(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut_off() -> None:
        document = "{ a: districts { totalCount } b: districts { totalCount } }"
        fetch = pool.fetch

        async def cutting(connection: Connection, command: Command, values: Mapping[str, Any], **options: Any) -> Any:
            pid = connection.info.backend_pid
            url = paths.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
                await other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            return await fetch(connection, command, values, **options)

        monkeypatch.setattr(pool, "fetch", cutting)
        await paths.graph.execute(paths.database, document)

    with pytest.raises(DatabaseUnavailable):
        paths.run(cut_off())


@pytest.mark.parametrize("plainly", [False, True])
def test_a_request_stands_on_the_day_of_the_books(paths: Paths, *, plainly: bool) -> None:
    """Moved by somebody else, and also where another request notices first."""

    def told() -> str:
        document = '{ district(code: "620502") { register { people { asOf } } } }'
        data = paths.run(paths.graph.execute(paths.database, document, plainly=plainly))
        return str(decoded(data)["data"]["district"]["register"]["people"]["asOf"])

    before = told()
    try:
        with paths.database.engine.begin() as connection:
            write_setting(connection, REPORTING_DATE, "2014-06-30")
        assert told() == "2014-06-30"
    finally:
        with paths.database.engine.begin() as connection:
            write_setting(connection, REPORTING_DATE, before)
    assert told() == before


@pytest.mark.parametrize("known", [UNKNOWN, "2014-06-30"])
def test_all_fields_of_a_request_stand_on_one_day(paths: Paths, known: Unknown | str) -> None:
    """Also where nobody has asked for it before, or the last who asked was told of another day."""
    people = 'district(code: "620502") { register { people { asOf value } } }'
    expected = paths.compiled(f"{{ {people} }}")["data"]["district"]
    paths.database.reporting_date = known
    found = paths.compiled(f"{{ a: {people} b: {people} c: {people} }}")["data"]
    assert found == dict.fromkeys("abc", expected)


def test_a_day_that_another_request_has_noticed_is_not_taken_for_ones_own(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = '{ district(code: "620502") { register { people { asOf } } } }'
    paths.compiled(document)
    before = str(paths.database.reporting_date)
    fetch = pool.fetch

    async def late(connection: Connection, command: Command, values: Mapping[str, Any], **options: Any) -> Any:
        # Meanwhile the books are moved, and another request has seen it.
        with paths.database.engine.begin() as other:
            write_setting(other, REPORTING_DATE, "2014-06-30")
        paths.database.reporting_date = "2014-06-30"
        return await fetch(connection, command, values, **options)

    monkeypatch.setattr(pool, "fetch", late)
    try:
        found = paths.compiled(document)
    finally:
        with paths.database.engine.begin() as connection:
            write_setting(connection, REPORTING_DATE, before)
    assert found["data"]["district"]["register"]["people"]["asOf"] == "2014-06-30"


def test_a_database_that_was_restarted_answers_again(paths: Paths) -> None:
    async def restarted() -> dict[str, Any]:
        await paths.graph.execute(paths.database, "{ districts { totalCount } }")
        url = paths.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
            await other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        return await paths.graph.execute(paths.database, "{ districts { totalCount } }")

    assert "errors" not in paths.run(restarted())


def test_costs_and_depths_are_limited_before_anything_is_read(paths: Paths) -> None:
    graph = Graph(paths.graph.platform, Limits(cost=100, depth=6))

    def refused(document: str, **variables: Any) -> list[str]:
        found = paths.run(graph.execute(paths.database, document, variables))
        return [error["extensions"]["code"] for error in found.get("errors", ())]

    rows = 'query ($first: Int) { townships(within: "620502", first: $first) { nodes { district { name } } } }'
    assert refused(rows, first=20) == []
    assert refused(rows, first=90) == ["TOO_COSTLY"]
    deep = "townships(first: 1) { nodes { district { townships(first: 1) { nodes { id } } } } }"
    assert refused(f'{{ district(code: "620502") {{ {deep} }} }}') == ["TOO_DEEP"]
    wide = "townships { nodes { district { code } } }"
    assert refused(f'{{ district(code: "620502") {{ ...F }} }} fragment F on District {{ {wide} }}') == ["TOO_COSTLY"]


def test_a_page_is_selected_with_the_columns_that_are_shown(paths: Paths) -> None:
    for filter_ in ("", "filter: { houseArea: { gt: 10 } }"):
        document = f"""{{ households(within: "620502", first: 2, {filter_}) {{
            totalCount nodes {{ id village {{ name }} }} }} }}"""
        (ran,) = paths.observed(document).statements
        assert "place_code" in ran.sql
        assert "main_cause" not in ran.sql
