"""The log of reads: what an entry says, what makes none, and that there is no answer without one."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from secrets import token_hex
from typing import Any

import pytest
import strawberry
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.compile.paths import Paths
from tests.compile.watched import Watched

from bangfu import STOCK, Measure, Person, PythonFields, Text
from bangfu.access import PERSONAL, Viewer
from bangfu.registry import Platform, assemble
from bangfu.store import Database
from bangfu.store.pool import DatabaseUnavailable
from bangfu.store.reads import NO_DISTRICT, ReadNotLogged, read_reads
from bangfu_migrations import raise_wall, upgrade
from bangfu_schema import Graph, decoded
from bangfu_testing import Postgres

HOME, HELPED = "household:620502000000640", "household:620502000000580"
PEOPLE = f'{{ household(id: "{HOME}") {{ members {{ nodes {{ id name }} }} }} }}'


@pytest.fixture
def apart(postgres: Postgres, odd_template: str, graph: Graph) -> Iterator[Paths]:
    """Both paths over rows of a test's own, with one connection."""
    with postgres.fresh(odd_template) as database, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        single = Database(database.url.render_as_string(hide_password=False), pool_size=1)
        try:
            yield Paths(graph, single, runner)
        finally:
            runner.run(single.aclose())


def test_an_entry_says_who_read_what_by_which_query(watched: Watched) -> None:
    document = """query Villagers($village: PlaceCode!, $name: String!, $without: Boolean!) {
      village(code: $village) { name households(
        filter: { members: { some: { name: { contains: $name } } } }, orderBy: [{ head: { health: ASC } }], first: 5
      ) { nodes { ...Home } } }
    }
    fragment Home on Household { id first: head { id named: name health @skip(if: $without) } }"""
    given = {"village": "620502108207", "name": "", "without": True}
    for plainly in (False, True):
        answer, read = watched.ask(document, given, plainly=plainly, request_id="r-1")
        heads = {home["first"]["id"] for home in answer["data"]["village"]["households"]["nodes"] if home["first"]}
        assert heads
        assert read is not None
        assert (read.viewer, read.token_id, read.request_id) == ("審計測試", "t1", "r-1")
        assert (read.operation, read.document) == ("Villagers", sha256(document.encode()).hexdigest())
        assert (read.district_code, read.places) == (620502, ("620502108207",))
        assert (read.shown, read.filtered, read.ordered) == (("Person.name",), ("Person.name",), ("Person.health",))
        assert read.counts == {"Person": len(heads)}
        assert read.succeeded


def test_one_person_is_counted_once_where_it_has_an_id(watched: Watched) -> None:
    both = "head {{ {0} name }} members {{ nodes {{ {0} name }} }}"
    for field, more in (("id", 0), ("sex", 1)):
        answer, read = watched.ask(f'{{ household(id: "{HOME}") {{ {both.format(field)} }} }}')
        names = [each["name"] for each in answer["data"]["household"]["members"]["nodes"]]
        assert answer["data"]["household"]["head"]["name"] in names
        assert read is not None
        assert read.counts == {"Person": len(names) + more}


def test_what_shows_nothing_in_full_is_no_read(watched: Watched, everybody: Viewer) -> None:
    masked = Watched(watched.paths, replace(everybody, permissions=everybody.permissions - {PERSONAL}))
    answer, read = masked.ask(PEOPLE)
    assert answer["data"]["household"]["members"]["nodes"][0]["name"].endswith("**")
    assert read is None
    refused, read = masked.ask(PEOPLE.replace("members", 'members(filter: { name: { eq: "張" } })'))
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert read is None
    for document in (
        f'{{ household(id: "{HOME}") {{ id members {{ nodes {{ id sex }} }} }} }}',
        '{ person(id: "person:620502009999999") { name } }',
        '{ person(id: "nonsense") { name } }',
        '{ households(within: "620502", first: 5000) { nodes { head { name } } } }',
        "{ nonsense }",
        "{ __typename }",
    ):
        assert watched.ask(document)[1] is None
    process = Watched(watched.paths, None)
    assert process.ask(PEOPLE)[1] is None


def test_a_plan_for_nothing_personal_has_nothing_to_look_for(apart: Paths, platform: Platform) -> None:
    """Such a request does no more than it did before there was a log."""
    fresh = Watched(apart.over(Graph(platform)), Viewer("x", is_everywhere=True, permissions=frozenset({PERSONAL})))
    fresh.ask('{ villages(within: "620502", first: 3) { nodes { name } } }')
    (plan,) = fresh.paths.graph.compiler.plans._plans.values()
    assert plan.personal is None


def test_a_filter_that_finds_nobody_is_a_read(watched: Watched) -> None:
    asked = 'households(within: "620502108", filter: { members: { some: { idNumber: { eq: "1" } } } })'
    read = watched.check(f"{{ {asked} {{ totalCount }} }}")
    assert read is not None
    assert (read.shown, read.filtered, read.counts) == ((), ("Person.id_number",), {})


def test_an_answer_with_a_mistake_in_it_is_logged_as_one(watched: Watched) -> None:
    read = watched.check(f'{{ household(id: "{HOME}") {{ head {{ name }} }} village(code: "62") {{ name }} }}')
    assert read is not None
    assert (read.counts, read.succeeded) == ({"Person": 1}, False)


@pytest.mark.parametrize(
    ("document", "district", "places"),
    [
        (f'{{ node(id: "{HOME}") {{ ... on Household {{ head {{ name }} }} }} }}', 620502, ()),
        ("{ districts { nodes { households(first: 9) { nodes { head { name } } } } } }", NO_DISTRICT, ()),
        (
            '{ a: households(within: "620502108", first: 9) { nodes { head { name } } }'
            '  b: households(within: "620502", filter: { head: { name: { eq: "" } } }) { totalCount } }',
            620502,
            ("620502", "620502108"),
        ),
        (
            f'{{ household(id: "{HOME}") {{ head {{ name }} }}'
            '  person(id: "person:620503000000001") { name }  village(code: "620502108207") { name } }',
            NO_DISTRICT,
            (),
        ),
    ],
)
def test_an_entry_stands_with_its_district(
    watched: Watched, document: str, district: int, places: tuple[str, ...]
) -> None:
    read = watched.check(document)
    assert read is not None
    assert (read.district_code, read.places) == (district, places)


def test_a_selection_that_no_statement_holds_is_logged_too(watched: Watched) -> None:
    long = " ".join(f"{'x' * 70}{number}: name" for number in range(60))
    read = watched.check(f'{{ household(id: "{HOME}") {{ head {{ {long} }} }} }}')
    assert read is not None
    assert read.counts == {"Person": 1}


def test_whatever_a_token_calls_its_holder_can_be_written(watched: Watched, everybody: Viewer) -> None:
    odd = Watched(watched.paths, replace(everybody, name="\x00 \ud800 '; --", token_id="\x00"))
    _, read = odd.ask(PEOPLE)
    assert read is not None
    assert (read.viewer, read.token_id) == ("\ufffd ? '; --", "\ufffd")


class ProbeFields:
    """A field by hand, which is given the whole person."""

    @strawberry.field
    def called_by(self: Any) -> str:
        """Something made of a name."""
        return f"老{self.name[:1]}"


def test_fields_by_hand_and_measures_of_one_person_tell_of_it(
    apart: Paths, platform: Platform, everybody: Viewer
) -> None:
    """A measure that looks at why somebody is helped tells it, if asked of that person; of a village it does not."""
    sector = next(each.plugin for each in platform.plugins if each.plugin.name == "public_services")
    grant: Any = next(each for each in sector.records if each.__name__ == "WelfareGrant")
    kind = grant.kind.is_not(None)
    ill = Measure(name="ill", title=Text("患病", "Ill"), of=grant, time=STOCK, count="person", where=kind)
    by_hand = PythonFields(on=Person, fields=ProbeFields)
    probed = assemble([replace(sector, measures=(*sector.measures, ill), python_fields=(by_hand,))])
    raise_wall(apart.database.engine, probed)
    asked = Watched(apart.over(Graph(probed)), everybody)
    for plainly in (False, True):
        inside = "members { nodes { publicServices { calledBy ill { value } } } }"
        answer, read = asked.ask(f'{{ household(id: "{HELPED}") {{ {inside} }} }}', plainly=plainly)
        assert read is not None, answer
        assert read.shown == ("Person.public_services.called_by", "Person.public_services.ill")
        assert read.counts == {"Person": len(answer["data"]["household"]["members"]["nodes"])}
        ill_people = "filter: { members: { some: { publicServices: { ill: { gt: 0 } } } } }"
        by = f"{ill_people}, orderBy: [{{ publicServices: {{ ill: ASC }} }}]"
        _, read = asked.ask(f'{{ households(within: "620502108", {by}) {{ totalCount }} }}', plainly=plainly)
        assert read is not None
        assert (read.filtered, read.ordered) == (("Person.public_services.ill",), ("Household.public_services.ill",))
        of_a_village = 'village(code: "620502108207") { publicServices { ill { value } } }'
        ordered = 'villages(within: "620502", orderBy: [{ publicServices: { ill: ASC } }]) { totalCount }'
        assert asked.ask(f"{{ {of_a_village} {ordered} }}", plainly=plainly)[1] is None


def test_without_a_log_there_is_no_answer(apart: Paths, everybody: Viewer) -> None:
    several = f'{{ household(id: "{HOME}") {{ id }} again: household(id: "{HOME}") {{ head {{ name }} }} }}'
    watched = Watched(apart, everybody)
    assert watched.check(several) is not None, "with one connection, which reading and logging take in turn"
    with apart.database.engine.begin() as connection:
        connection.execute(text("REVOKE INSERT ON read_log FROM bangfu_reader, bangfu_district_reader"))
    for plainly in (False, True):
        with pytest.raises(ReadNotLogged, match="permission denied for table read_log"):
            watched.ask(several, plainly=plainly)
    assert "errors" not in watched.ask('{ village(code: "620502108207") { name } }')[0], "it reads nothing personal"
    with apart.database.engine.begin() as connection:
        connection.execute(text("GRANT INSERT ON read_log TO bangfu_reader, bangfu_district_reader"))
    assert watched.check(several) is not None


def test_a_database_that_goes_between_reading_and_logging_gives_no_answer(apart: Paths, everybody: Viewer) -> None:
    """The log waits for a lock, and its connection is ended."""
    database = apart.database
    here = "SELECT oid FROM pg_database WHERE datname = current_database()"
    waiting = f"pg_locks WHERE NOT granted AND relation = 'read_log'::regclass AND database = ({here})"

    async def run() -> None:
        asked = asyncio.ensure_future(apart.graph.execute(database, PEOPLE, viewer=everybody))
        with database.engine.connect() as other:
            while not other.scalar(text(f"SELECT count(*) FROM {waiting}")):
                other.rollback()
                await asyncio.sleep(0.01)
                assert not asked.done(), "it did not wait for the log"
            other.execute(text(f"SELECT pg_terminate_backend(pid) FROM {waiting}"))
            other.commit()
        with pytest.raises(DatabaseUnavailable):
            await asked

    holder = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    try:
        with holder.engine.begin() as locking:
            locking.execute(text("LOCK TABLE read_log"))
            apart.run(run())
    finally:
        holder.dispose()
    answer = decoded(apart.run(apart.graph.execute(database, PEOPLE, viewer=everybody)))
    assert "errors" not in answer, "the next one is answered"


DENIED = (
    "UPDATE read_log SET viewer = 'nobody'",
    "DELETE FROM read_log",
    "TRUNCATE read_log",
)


@pytest.mark.parametrize("role", ["bangfu_reader", "bangfu_district_reader"])
@pytest.mark.parametrize("statement", [*DENIED, "SELECT * FROM read_log"])
def test_whom_the_server_reads_as_may_only_add(paths: Paths, statement: str, role: str) -> None:
    with paths.database.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        with pytest.raises(DBAPIError, match="permission denied for table read_log"):
            connection.execute(text(statement))


def test_its_own_owner_takes_nothing_out_of_the_log(empty_database: Database, platform: Platform) -> None:
    """An account as a department's database has it: no superuser, owner of all tables."""
    engine, owner = empty_database.engine, f"bangfu_owner_{token_hex(4)}"
    try:
        with engine.begin() as connection:
            connection.execute(text(f"CREATE ROLE {owner} LOGIN PASSWORD '{owner}'"))
            connection.execute(text(f"GRANT ALL ON SCHEMA public TO {owner}"))
        own = Database(engine.url.set(username=owner, password=owner).render_as_string(hide_password=False))
        try:
            _check_owner(own.engine, platform)
        finally:
            own.dispose()
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {owner} CASCADE"))
            connection.execute(text(f"DROP ROLE {owner}"))


def _check_owner(engine: Engine, platform: Platform) -> None:
    upgrade(engine, platform.branches)
    with engine.connect() as connection:
        assert read_reads(connection, most=1) == []
        for statement in DENIED:
            with pytest.raises(DBAPIError, match="permission denied for table read_log"):
                connection.execute(text(statement))
            connection.rollback()
