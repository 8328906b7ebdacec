"""A file over a real server, from the upload to rows in the graph: by its sender, in its places, and by nobody else."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it comes without types
from sqlalchemy import text
from tests.app.serving import served
from tests.schema.desk import BASE

from bangfu.bulk.work import held
from bangfu.registry import Platform
from bangfu.store import Database, Settings
from bangfu_app.identity import open_door
from bangfu_app.identity.issuing import issue_token
from bangfu_app.identity.offices import Grant
from bangfu_app.opening import application_of
from bangfu_schema import Graph
from bangfu_schema.execute import imports
from bangfu_testing import Postgres

pytestmark = pytest.mark.anyio

HEAD = ("戶編號", "作物類別", "作物", "面積(畝)", "種植日期", "是否新發展", "是否享受產業扶持")
ORCHARD = ("林果", "花牛蘋果", "2.5", "2015.3.5", "是", "否")
DISTRICT = "620502"

SHOWN = """{ plan { id file record madeAt state creates updates unchanged rejected applied refused } errorCount
  errors(first: 50) { line column code suggestion message english: message(language: EN) } }"""
PLAN = f"""mutation ($file: ID!, $record: String!, $within: PlaceCode, $sheet: String) {{
  importPlan(file: $file, record: $record, within: $within, sheet: $sheet) {SHOWN} }}"""
APPLY = f"mutation ($plan: ID!) {{ importApply(plan: $plan) {SHOWN} }}"
PLANS = f"query ($first: Int, $plan: ID) {{ importPlans(first: $first, plan: $plan) {SHOWN} }}"
MINE = f"""{{ industry {{ plantings(within: "{DISTRICT}", filter: {{ crop: {{ eq: "花牛蘋果" }} }}) {{
  nodes {{ area household {{ id }} }} }} }} }}"""


@dataclass
class Officer:
    """Somebody with a token, at a server."""

    client: httpx.AsyncClient
    token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"authorization": f"Bearer {self.token}", "x-request-id": "imported-1"}

    async def upload(self, content: bytes, name: str = "%E7%A8%AE%E6%A4%8D.xlsx") -> str:
        kind = {"content-type": "application/octet-stream", "x-file-name": name}
        answer = await self.client.post("/imports", content=content, headers=self.headers | kind)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["file"])

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = await self.client.post("/graphql", json=body, headers=self.headers)
        found: dict[str, Any] = answer.json()
        return found

    async def plan(self, file: str, record: str = "industry.planting", **how: Any) -> dict[str, Any]:
        found: dict[str, Any] = payload(await self.ask(PLAN, file=file, record=record, **how), "importPlan")
        return found

    async def apply(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = payload(await self.ask(APPLY, plan=id_), "importApply")
        return found

    async def plans(self, **how: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = payload(await self.ask(PLANS, **how), "importPlans")
        return found


def payload(found: dict[str, Any], name: str) -> Any:
    assert "errors" not in found, found
    return found["data"][name]


def code(found: dict[str, Any]) -> str:
    (error,) = found["errors"]
    return str(error["extensions"]["code"])


@pytest.fixture
async def database(postgres: Postgres, demo_template: str) -> AsyncIterator[Database]:
    with postgres.fresh(demo_template) as made:
        yield made
        await made.aclose()


@dataclass
class World:
    """A server with a database, and people who have tokens."""

    client: httpx.AsyncClient
    database: Database
    platform: Platform

    def officer(self, name: str, place: str, *more: str) -> Officer:
        permissions = ("industry:read", "industry:write", "register:read", "register:write", *more)
        grant = Grant(roles=(), places=(place,), permissions=permissions)
        with self.database.engine.begin() as connection:
            token = issue_token(connection, self.platform, name, grant, days=90, is_demo=False).token
        return Officer(self.client, token.text)

    def village(self, household: int) -> str:
        return str(self.scalar(f"SELECT place_code / 1000 FROM household WHERE id = {household}"))

    def elsewhere(self, village: str) -> int:
        """A household of another village."""
        return int(self.scalar(f"SELECT min(id) FROM household WHERE place_code / 1000 <> {village}"))

    def scalar(self, sql: str) -> Any:
        with self.database.engine.connect() as connection:
            return connection.execute(text(sql)).scalar_one()


@asynccontextmanager
async def running(graph: Graph, database: Database, home: Path) -> AsyncIterator[httpx.AsyncClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANGFU_HOME", str(home))
        app = application_of(graph, database, door=open_door(Settings(), database, is_production=True))
    async with (
        served(app) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client,
    ):
        yield client


@pytest.fixture
async def world(graph: Graph, database: Database, platform: Platform, tmp_path: Path) -> AsyncIterator[World]:
    async with running(graph, database, tmp_path) as client:
        yield World(client, database, platform)


def sheet(*rows: Sequence[str], head: Sequence[str] = HEAD) -> bytes:
    """A workbook."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        for number, row in enumerate((head, *rows)):
            page.write_row(number, 0, row)
    return made.getvalue()


def lines(*rows: Sequence[str], head: Sequence[str] = HEAD) -> bytes:
    """The same as CSV."""
    made = io.StringIO()
    csv.writer(made).writerows((head, *rows))
    return made.getvalue().encode()


async def test_from_a_file_to_rows(world: World) -> None:
    officer = world.officer("王專幹", DISTRICT)
    file = await officer.upload(sheet((str(BASE + 1), *ORCHARD), (str(BASE + 1), "水果", "x", "-1", *ORCHARD[3:])))
    planned = await officer.plan(file, within=DISTRICT)
    plan = planned["plan"]
    assert plan == {
        "id": plan["id"],
        "madeAt": plan["madeAt"],
        "file": "種植.xlsx",
        "record": "industry.planting",
        "state": "PLANNED",
        "creates": 1,
        "updates": 0,
        "unchanged": 0,
        "rejected": 1,
        "applied": 0,
        "refused": 0,
    }
    assert [(each["line"], each["column"], each["code"]) for each in planned["errors"]] == [
        (3, "kind", "UNKNOWN_VALUE"),
        (3, "area", "OUT_OF_RANGE"),
    ]
    assert planned["errorCount"] == 2
    assert planned["errors"][1]["message"].startswith("「-1」超出範圍。")
    assert planned["errors"][1]["english"].startswith("'-1' is out of range.")
    assert payload(await officer.ask(MINE), "industry")["plantings"]["nodes"] == [], "nothing is changed yet"

    assert await officer.plans() == [planned], "what is wrong can be read later"
    applied = await officer.apply(plan["id"])
    assert (applied["plan"]["state"], applied["plan"]["applied"], applied["plan"]["refused"]) == ("APPLIED", 1, 0)
    (row,) = payload(await officer.ask(MINE), "industry")["plantings"]["nodes"]
    assert row == {"area": 2.5, "household": {"id": f"household:{BASE + 1}"}}
    assert await officer.apply(plan["id"]) == applied, "nothing is written twice"
    assert len(payload(await officer.ask(MINE), "industry")["plantings"]["nodes"]) == 1

    with world.database.engine.connect() as connection:
        found = connection.execute(text("SELECT author, request_id, reason, token_id FROM change_set")).all()
    ((author, request_id, reason, token_id),) = found
    assert (author, request_id, reason) == ("王專幹", "imported-1", f"import {plan['id']}")
    assert token_id


async def test_nobody_else_sees_or_applies_it(world: World) -> None:
    """Nor does somebody of the same name, who sends the same file."""
    officer, other = world.officer("王偉", DISTRICT), world.officer("王偉", DISTRICT)
    content = sheet((str(BASE + 1), *ORCHARD), ("", *ORCHARD))
    file = await officer.upload(content)
    assert code(await other.ask(PLAN, file=file, record="industry.planting")) == "UNKNOWN_FILE"
    planned = await officer.plan(file)
    id_ = planned["plan"]["id"]
    assert await other.plans() == []
    assert await other.plans(plan=id_) == []
    assert code(await other.ask(APPLY, plan=id_)) == "UNKNOWN_PLAN"
    same = await other.plan(await other.upload(content))
    assert same["plan"]["id"] != id_
    assert await officer.plans() == [planned], "and it has not become the other's"
    with world.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM industry_planting WHERE crop = '花牛蘋果'")).scalar() == 0


async def test_a_village_office_enters_no_rows_elsewhere(world: World) -> None:
    village = world.village(BASE + 1)
    officer, elsewhere = world.officer("王專幹", village), world.elsewhere(village)
    content = lines((str(BASE + 1), *ORCHARD), (str(elsewhere), *ORCHARD))
    planned = await officer.plan(await officer.upload(content, "a.csv"))
    assert [(each["line"], each["column"], each["code"]) for each in planned["errors"]] == [
        (3, "household", "UNKNOWN_HOUSEHOLD")
    ]
    await officer.apply(planned["plan"]["id"])
    assert world.scalar("SELECT count(*) FROM industry_planting WHERE crop = '花牛蘋果'") == 1
    there = f"SELECT count(*) FROM industry_planting WHERE household_id = {elsewhere} AND crop = '花牛蘋果'"
    assert world.scalar(there) == 0


async def test_a_plan_is_applied_with_what_its_author_may_do_then(world: World) -> None:
    """The token of a district's officer now names a village: rows elsewhere are refused when they are to be written."""
    officer, village = world.officer("王專幹", DISTRICT), world.village(BASE + 1)
    content = lines((str(BASE + 1), *ORCHARD), (str(world.elsewhere(village)), *ORCHARD))
    planned = await officer.plan(await officer.upload(content, "a.csv"))
    assert planned["plan"]["creates"] == 2
    with world.database.engine.begin() as connection:
        connection.execute(text("UPDATE token SET places = ARRAY[:place]"), {"place": village})
    await asyncio.sleep(1.2)  # for as long as a server goes by what it knows of tokens
    applied = await officer.apply(planned["plan"]["id"])
    assert (applied["plan"]["applied"], applied["plan"]["refused"]) == (2, 1)
    assert [(each["line"], each["code"]) for each in applied["errors"]] == [(3, "UNKNOWN_HOUSEHOLD")]
    assert world.scalar("SELECT count(*) FROM industry_planting WHERE crop = '花牛蘋果'") == 1


async def test_what_the_token_does_not_give_is_refused(world: World) -> None:
    officer = world.officer("王專幹", DISTRICT)
    file = await officer.upload(lines((str(BASE + 1), "x"), head=("戶編號", "姓名")))
    assert code(await officer.ask(PLAN, file=file, record="funding.loan")) == "FORBIDDEN"
    unknown = await officer.ask(PLAN, file=file, record="industry.plantin")
    assert code(unknown) == "BAD_USER_INPUT"
    assert "'industry.planting'" in unknown["errors"][0]["message"]
    people = await officer.plan(file, "person")
    assert people["plan"]["state"] == "REFUSED", "names take personal:read"
    assert await officer.plans(first=1) == [people]


async def test_a_file_that_is_not_read_is_told_in_both_languages(world: World) -> None:
    officer = world.officer("王專幹", DISTRICT)
    planned = await officer.plan(await officer.upload(b"%PDF-1.7 nothing", "a.pdf"))
    (error,) = planned["errors"]
    assert (planned["plan"]["state"], error["line"], error["code"]) == ("REFUSED", None, "FILE_NOT_A_TABLE")
    assert "不是可讀的表格" in error["message"]
    assert "table" in error["english"]
    assert code(await officer.ask(APPLY, plan=planned["plan"]["id"])) == "UNKNOWN_PLAN"


async def test_id_numbers_tell_nothing_of_people_elsewhere(world: World) -> None:
    """Neither whether somebody is there nor who; and to look them up takes `personal:read`, and is logged."""
    village = world.village(BASE + 1)
    other = world.elsewhere(village)
    here, there = await id_number(world, BASE + 1), await id_number(world, other)
    content = lines((here, *ORCHARD), (there, *ORCHARD), ("620502198001010019", *ORCHARD))

    masked = world.officer("小李", village)
    planned = await masked.plan(await masked.upload(content, "a.csv"), within=DISTRICT)
    assert [(each["line"], each["code"]) for each in planned["errors"]] == [
        (line, "UNKNOWN_HOUSEHOLD") for line in (2, 3, 4)
    ]
    assert world.scalar("SELECT count(*) FROM read_log WHERE viewer <> '區'") == 0

    officer = world.officer("王專幹", village, "personal:read")
    planned = await officer.plan(await officer.upload(content, "a.csv"), within=DISTRICT)
    assert [each["line"] for each in planned["errors"]] == [3, 4]
    told = [{**each, "line": None} for each in planned["errors"]]
    assert told[0] == told[1], "one that is elsewhere is as unknown as one that is nowhere"
    assert there not in str(planned)
    assert str(other) not in str(planned)
    with world.database.engine.connect() as connection:
        statement = text("SELECT viewer, filtered, request_id FROM read_log WHERE viewer <> '區'")
        found = connection.execute(statement).all()
    assert [tuple(each) for each in found] == [("王專幹", ["Person.id_number"], "imported-1")]


async def id_number(world: World, household: int) -> str:
    """That of a member, as a district's officer reads it."""
    query = f'{{ household(id: "household:{household}") {{ members(first: 1) {{ nodes {{ idNumber }} }} }} }}'
    found = payload(await world.officer("區", DISTRICT, "personal:read").ask(query), "household")
    return str(found["members"]["nodes"][0]["idNumber"])


async def test_what_takes_long_goes_on_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds the district's log, so that nothing can be written; the mutation says so, and does not wait."""
    monkeypatch.setattr(imports, "PATIENCE", 0.3)
    officer = world.officer("王專幹", DISTRICT)
    planned = await officer.plan(await officer.upload(lines((str(BASE + 1), *ORCHARD)), "a.csv"))
    id_ = planned["plan"]["id"]
    while planned["plan"]["state"] == "PLANNING":
        (planned,) = await officer.plans(plan=id_)
    with world.database.engine.connect() as connection:
        connection.execute(text("LOCK TABLE industry_planting IN ACCESS EXCLUSIVE MODE"))
        begun = await officer.apply(id_)
        assert (begun["plan"]["state"], begun["plan"]["applied"]) == ("APPLYING", 0)
        assert code(await officer.ask(APPLY, plan=id_)) == "IMPORT_BUSY"
        assert [each["plan"]["state"] for each in await officer.plans()] == ["APPLYING"]
        another = await officer.upload(lines((str(BASE + 1), *ORCHARD), (str(BASE + 2), *ORCHARD)), "b.csv")
        assert code(await officer.ask(PLAN, file=another, record="industry.planting")) == "IMPORT_BUSY"
        connection.rollback()
    async with asyncio.timeout(30):
        while (found := (await officer.plans(plan=id_))[0]["plan"])["state"] != "APPLIED":
            assert found["state"] == "APPLYING"
            await asyncio.sleep(0.05)
    assert found["applied"] == 1


async def test_a_plan_that_nobody_applies_is_forgotten(world: World) -> None:
    officer = world.officer("王專幹", DISTRICT)
    applied, left, young = [
        (await officer.plan(await officer.upload(lines((str(BASE + n), *ORCHARD), ("", *ORCHARD)), "a.csv")))["plan"][
            "id"
        ]
        for n in (1, 2, 3)
    ]
    await officer.apply(applied)
    with world.database.engine.begin() as connection:
        old = text("UPDATE import_plan SET made_at = now() - interval '31 days' WHERE id <> :young")
        connection.execute(old, {"young": young})
    await officer.plan(await officer.upload(lines((str(BASE + 4), *ORCHARD)), "b.csv"))
    kept = {each["plan"]["id"] for each in await officer.plans()}
    assert ({applied, young} <= kept, left in kept, len(kept)) == (True, False, 3)
    for table in ("import_row", "import_part", "import_refusal"):
        assert world.scalar(f"SELECT count(*) FROM {table} WHERE plan = '{left}'") == 0


async def test_one_at_a_time_also_at_two_servers(world: World) -> None:
    officer = world.officer("王專幹", DISTRICT)
    planned = await officer.plan(await officer.upload(lines((str(BASE + 1), *ORCHARD)), "a.csv"))
    id_ = planned["plan"]["id"]
    owner = world.scalar("SELECT owner FROM import_plan")
    with held(world.database.engine, owner, id_):
        assert [each["plan"]["state"] for each in await officer.plans()] == ["APPLYING"], "it is told by the other one"
        assert code(await officer.ask(APPLY, plan=id_)) == "IMPORT_BUSY"
    assert [each["plan"]["state"] for each in await officer.plans()] == ["PLANNED"]
    assert (await officer.apply(id_))["plan"]["state"] == "APPLIED"


async def test_a_server_that_ends_breaks_off_and_the_next_one_goes_on(
    graph: Graph, database: Database, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bangfu.bulk.applying._CHUNK", 1)
    monkeypatch.setattr("bangfu.bulk.planning._BLOCK", 1)
    monkeypatch.setattr(imports, "PATIENCE", 0.0)
    rows = [(str(BASE + 1 + n), *ORCHARD) for n in range(200)]
    async with running(graph, database, tmp_path) as client:
        world = World(client, database, platform)
        officer = world.officer("王專幹", DISTRICT)
        planned = await officer.plan(await officer.upload(lines(*rows), "a.csv"))
        id_ = planned["plan"]["id"]
        while planned["plan"]["state"] == "PLANNING":
            (planned,) = await officer.plans(plan=id_)
        begun = await officer.apply(id_)
        while not begun["plan"]["applied"]:
            (begun,) = await officer.plans(plan=id_)
        assert begun["plan"]["state"] == "APPLYING"
    async with running(graph, database, tmp_path) as client:
        again = Officer(client, officer.token)
        (found,) = await again.plans()
        assert found["plan"]["state"] == "STOPPED"
        assert 0 < found["plan"]["applied"] < 200
        await again.apply(id_)
        async with asyncio.timeout(60):
            while found["plan"]["state"] != "APPLIED":
                (found,) = await again.plans()
    assert world.scalar("SELECT count(*) FROM industry_planting WHERE crop = '花牛蘋果'") == 200
