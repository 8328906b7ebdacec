"""The second wall holds by itself: with a compiler that forgets the policy, no row is shown that may not be."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from bangfu.access import EVERYTHING, Policy, Viewer, needed_for
from bangfu.declare.codes import code_range
from bangfu.domain.households import Household, Person
from bangfu.registry import Node, Platform
from bangfu.store import Database
from bangfu.store.wall import DISTRICT_READER
from bangfu_app.readiness import lack
from bangfu_migrations import downgrade, make_ready, raise_wall
from bangfu_migrations.branches import load_branches
from bangfu_migrations.wall import lacks_wall
from bangfu_schema import Graph, decoded
from bangfu_schema.execute import service

DISTRICT, TOWNSHIP, VILLAGE, ELSEWHERE = 620502000000000, 620502100000000, 620502101200000, 620502999000000
READING = frozenset(
    {"register:read", "industry:read", "infrastructure:read", "funding:read", "capacity:read", "personal:read"}
)
READERS = ("bangfu_reader", "bangfu_district_reader")
VIEWERS = [
    Viewer("a township", places=(TOWNSHIP,), permissions=READING),
    Viewer("several villages", places=tuple(TOWNSHIP + n * 1000 for n in range(200, 210)), permissions=READING),
    Viewer("a village, one sector", places=(VILLAGE,), permissions=frozenset({"public_services:read"})),
    Viewer("everywhere, one sector", is_everywhere=True, permissions=frozenset({"party_building:read"})),
    Viewer("elsewhere", places=(ELSEWHERE,), permissions=READING),
    Viewer("nobody"),
    Viewer("a district", places=(DISTRICT,), permissions=READING),
    Viewer("another district", places=(620503000000000,), permissions=READING),
    Viewer("a village beside a district", places=(620503000000000, VILLAGE), permissions=READING),
]


@pytest.fixture
def forgetful(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """A graph whose statements say nothing of who asks; PostgreSQL alone is told."""
    real, asked = service.wall_of, []

    def forget(viewer: Viewer | None, small_cell: int) -> Policy:
        asked.append(Policy(viewer, small_cell))
        return EVERYTHING

    monkeypatch.setattr(service, "Policy", forget)
    monkeypatch.setattr(service, "wall_of", lambda _: real(asked[-1]))
    yield Graph(platform)
    assert asked, "the policy was never asked for"


def kept_apart(platform: Platform) -> list[Node]:
    """The nodes whose rows are not open to everybody."""
    return [node for node in platform.graph.nodes.values() if needed_for(node) is not None]


def seen(engine: Engine, node: Node, viewer: Viewer) -> int:
    """How many rows of a node the viewer may see, counted by the owner of the tables."""
    if needed_for(node) not in viewer.permissions:
        return 0
    rows, person, household = node.table, Person.__table__, Household.__table__
    statement = select(func.count()).select_from(rows)
    place: Any = rows.c.get("place_code")
    if place is None:
        joined: Any = rows
        if "person_id" in rows.c:
            joined = joined.join(person, rows.c.person_id == person.c.id)
        owner = person.c.household_id if "person_id" in rows.c else rows.c.household_id
        statement = statement.select_from(joined.join(household, owner == household.c.id))
        place = household.c.place_code
    if not viewer.is_everywhere:
        ranges = [place.between(*code_range(code)) for code in viewer.places]
        statement = statement.where(ranges[0] if len(ranges) == 1 else ranges[0].self_group() | _any(ranges[1:]))
    with engine.connect() as connection:
        return connection.scalar(statement) or 0


def _any(conditions: list[Any]) -> Any:
    first, *rest = conditions
    return first | _any(rest) if rest else first


def lists(platform: Platform) -> Iterator[tuple[str, Node]]:
    """Each list of the root whose rows are not open to everybody, as the way to it; people have none."""
    yield "households", next(node for node in kept_apart(platform) if node.record is Household)
    for root in platform.graph.roots.values():
        yield from ((f"{root.name} {link.name}", link.target) for link in root.links.values())


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.name)
def test_rows_are_kept_back_by_the_database_alone(
    forgetful: Graph, platform: Platform, demo_database: Database, viewer: Viewer
) -> None:
    found = list(lists(platform))
    assert {node for _, node in found} == {node for node in kept_apart(platform) if node.record is not Person}
    fields = []
    for number, (way, _) in enumerate(found):
        space, _, name = way.rpartition(" ")
        inner = f'{name}(within: "620502", first: 1) {{ totalCount nodes {{ __typename }} }}'
        fields.append(f"f{number}: {space} {{ {inner} }}" if space else f"f{number}: {inner}")
    counts = [seen(demo_database.engine, node, viewer) for _, node in found]
    for answer in ask_both(forgetful, demo_database, f"{{ {' '.join(fields)} }}", viewer):
        for (way, _), count, part in zip(found, counts, answer["data"].values(), strict=True):
            page = part[way.split()[1]] if " " in way else part
            assert (page["totalCount"], len(page["nodes"])) == (count, min(count, 1)), way
    assert any(counts) == (viewer.name not in ("elsewhere", "another district", "nobody"))


def ask_both(graph: Graph, database: Database, document: str, viewer: Viewer) -> list[Any]:
    """What both paths answer."""

    async def run() -> list[Any]:
        try:
            return [
                decoded(await graph.execute(database, document, viewer=viewer, plainly=plainly))
                for plainly in (False, True)
            ]
        finally:
            await database.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize("role", READERS)
def test_what_nobody_declares_may_not_be_read(demo_database: Database, role: str) -> None:
    with demo_database.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        with pytest.raises(Exception, match="permission denied for table bangfu_migration"):
            connection.execute(text("SELECT * FROM bangfu_migration"))


def test_views_show_no_sensitive_column_that_no_measure_looks_at(demo_database: Database) -> None:
    with demo_database.engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'counted' AND table_name = :t"
            ),
            {"t": "person"},
        ).scalars()
        assert {"name", "health", "id_number_index"} & set(columns) == set()


@pytest.mark.parametrize("role", READERS)
def test_a_session_that_says_nothing_sees_nothing(demo_database: Database, role: str) -> None:
    with demo_database.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        assert connection.execute(text("SELECT count(*) FROM household")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM place")).scalar() != 0


@pytest.mark.parametrize(("table", "column"), [("person", "id_number"), ("register_help_measure", "responsible")])
def test_views_tell_only_whether_there_is_a_value_where_nothing_else_is_counted(
    demo_database: Database, table: str, column: str
) -> None:
    """Of ID numbers not even the cipher text, of names no letter; and the gaps are where they are."""
    with demo_database.engine.connect() as connection:
        own = text(f"SELECT count({column}), count(*) FROM {table}")
        known, rows = connection.execute(own).one()
        connection.execute(text("SET LOCAL ROLE bangfu_reader"))
        found = text(f"SELECT count({column}), count(*), max({column}) FROM counted.{table}")
        assert connection.execute(found).one() == (known, rows, "")
    assert 0 < known < rows


@pytest.mark.parametrize("role", READERS)
def test_of_the_past_a_session_that_says_nothing_sees_nothing_either(demo_database: Database, role: str) -> None:
    """Nobody but the process reads the log itself, and rows as they were are kept back like others."""
    with demo_database.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        connection.execute(text("SET LOCAL bangfu.as_of = '2015-06-30'"))
        schemas = ("as_of", "whole_as_of") if role == DISTRICT_READER else ("as_of",)
        for table in ("household", "person", "industry_planting", "public_services_pension"):
            for schema in schemas:
                assert connection.execute(text(f"SELECT count(*) FROM {schema}.{table}")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM as_of.place")).scalar() != 0
        closed = () if role == DISTRICT_READER else ("whole_as_of.household", "whole_as_of.person")
        for table in ("change", "change_set", "change_run", "counted_as_of.first_entry", *closed):
            with pytest.raises(Exception, match="permission denied"), connection.begin_nested():
                connection.execute(text(f"SELECT * FROM {table}"))


@pytest.mark.parametrize("role", READERS)
def test_nothing_can_be_written(demo_database: Database, role: str) -> None:
    with demo_database.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(text("DELETE FROM place"))


def test_a_connection_is_told_for_whom_it_reads_each_time_somebody_else_asks(
    graph: Graph, demo_database: Database
) -> None:
    asking = '{ households(within: "620502") { totalCount } }'

    async def run() -> list[int]:
        single = Database(demo_database.url.render_as_string(hide_password=False), pool_size=1)
        try:
            asked = [VIEWERS[0], VIEWERS[4], None, VIEWERS[0], VIEWERS[1]]
            answers = [decoded(await graph.execute(single, asking, viewer=viewer)) for viewer in asked]
        finally:
            await single.aclose()
        return [answer["data"]["households"]["totalCount"] for answer in answers]

    town, none, whole, again, villages = asyncio.run(run())
    assert (none, whole) == (0, 19129)
    assert 0 < villages < town == again


def test_the_wall_is_down_while_tables_change_and_raised_again(platform: Platform, empty_database: Database) -> None:
    def lacks() -> bool:
        with empty_database.engine.connect() as connection:
            return lacks_wall(connection, platform)

    assert lacks()
    make_ready(empty_database.engine, platform)
    assert not lacks()
    downgrade(empty_database.engine, platform.branches, "industry")
    assert lacks()
    raise_wall(empty_database.engine, platform)
    assert lacks(), "the tables of industry are missing"
    make_ready(empty_database.engine, platform)
    assert not lacks()


@pytest.mark.parametrize(
    "lost",
    [
        "DROP SCHEMA audit CASCADE",
        "ALTER TABLE read_log DISABLE TRIGGER chain",
        "DROP SCHEMA as_of CASCADE",
        "DROP VIEW whole_as_of.household CASCADE",
        "DROP VIEW counted_as_of.person CASCADE",
        "ALTER TABLE household DISABLE ROW LEVEL SECURITY",
        "COMMENT ON SCHEMA counted IS 'of another version'",
    ],
)
def test_a_part_that_is_missing_is_told_and_made_again(platform: Platform, empty_database: Database, lost: str) -> None:
    """As after a restore from a part of a dump; a server would answer with defects, or keep nothing back."""
    make_ready(empty_database.engine, platform)
    branches = load_branches(platform.branches)
    with empty_database.engine.begin() as connection:
        assert lack(connection, platform, branches) is None
        connection.execute(text(lost))
    with empty_database.engine.connect() as connection:
        assert "bangfu migrate" in (lack(connection, platform, branches) or "")
    make_ready(empty_database.engine, platform)
    with empty_database.engine.connect() as connection:
        assert lack(connection, platform, branches) is None
