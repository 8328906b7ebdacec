"""Rows are entered, changed and deleted through the graph: what is derived for that, and what comes of it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, is_required_input_field
from graphql import build_schema as parse_schema
from sqlalchemy import event, text
from tests.schema.desk import BASE, DISTRICT, HOME, PLANTING, Desk, asked, wrong
from tests.write.clerk import Clerk

from bangfu.access import PERSONAL, Viewer
from bangfu.registry import assemble
from bangfu.store import Database
from bangfu.store.reads import ReadNotLogged, read_reads
from bangfu_schema import Graph, Observed, decoded
from bangfu_schema.derive.changes import changeable, name_of
from bangfu_schema.execute import service
from bangfu_testing import Postgres

ALL = ("industry:read", "industry:write", "register:read", "register:write", PERSONAL)


@pytest.fixture(scope="module")
def copy(postgres: Postgres, demo_template: str) -> Iterator[Database]:
    """A demo district in which the tests of this module change rows, each its own."""
    with postgres.fresh(demo_template) as made:
        yield made


@pytest.fixture(scope="module")
def desk(graph: Graph, copy: Database) -> Iterator[Desk]:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        yield Desk(graph, copy, runner)
        runner.run(copy.aclose())


def planted(desk: Desk, **given: Any) -> str:
    """The id of a new row."""
    (row,) = desk.change("industryPlantingCreate", [PLANTING | given])["rows"]
    return str(row["id"])


class TestSchema:
    def test_each_record_has_its_three_and_places_have_none(self, graph: Graph) -> None:
        nodes = changeable(graph.platform.graph)
        root = parse_schema(graph.sdl()).mutation_type
        assert root is not None
        assert list(root.fields) == [
            *(f"{node.prefix}{action}" for node in nodes for action in ("Create", "Update", "Delete")),
            *(each.name for each in graph.platform.graph.procedures),
            *("changesUndo", "placesReorganize", "placesUndo", "importPlan", "importApply"),
        ]
        records = {record.__name__ for each in graph.platform.plugins for record in each.plugin.records}
        assert {node.record.__name__ for node in nodes} == records | {"Household", "Person", "Target"}

    def test_what_has_to_be_given_is_what_the_table_needs(self, graph: Graph, copy: Database) -> None:
        schema, clerk = parse_schema(graph.sdl()), Clerk(copy)
        for node in changeable(graph.platform.graph):
            type_ = schema.type_map[f"{node.name}Input"]
            assert isinstance(type_, GraphQLInputObjectType)
            required = {name for name, each in type_.fields.items() if is_required_input_field(each)}
            missing = clerk.create(node.record, {}, dry=True).rejections
            assert {each.code.value for each in missing} == {"MISSING"}
            assert required == {name_of(node, each.column or "") for each in missing}, node.name
            update = schema.type_map[f"{node.name}Update"]
            assert isinstance(update, GraphQLInputObjectType)
            assert set(update.fields) == {"id", "version", *type_.fields}
            assert [name for name, each in update.fields.items() if is_required_input_field(each)] == ["id", "version"]

    def test_all_that_is_shown_of_a_row_can_be_entered(self, graph: Graph) -> None:
        schema = parse_schema(graph.sdl())
        for node in changeable(graph.platform.graph):
            shown, entered = schema.type_map[node.name], schema.type_map[f"{node.name}Input"]
            assert isinstance(shown, GraphQLObjectType)
            assert isinstance(entered, GraphQLInputObjectType)
            owner = {"place", "household", "person"} & set(entered.fields)
            assert len(owner) == 1
            assert set(node.attributes) - {"version", "placeCode"} == set(entered.fields) - owner
            for name in set(node.attributes) & set(entered.fields):
                assert str(entered.fields[name].type).rstrip("!") == str(shown.fields[name].type).rstrip("!")

    def test_a_plugin_that_is_off_has_no_mutations(self, graph: Graph) -> None:
        some = [each.plugin for each in graph.platform.plugins if each.plugin.name not in ("industry", "register")]
        root = parse_schema(Graph(assemble(some)).sdl()).mutation_type
        whole = parse_schema(graph.sdl()).mutation_type
        assert root is not None
        assert whole is not None
        assert {name for name in whole.fields if name not in root.fields} == {
            name for name in whole.fields if name.startswith("industry")
        }
        assert any(name.startswith("industry") for name in whole.fields)


class TestRows:
    def test_a_new_row_is_shown_as_it_stands(self, desk: Desk) -> None:
        shown = "id version crop area kind plantedOn isNew source basis recordedOn validFrom household { id }"
        who = desk.of(*ALL)
        found = who.change("industryPlantingCreate", [PLANTING, PLANTING | {"crop": "梨", "source": "村委會"}], shown)
        first, second = found["rows"]
        assert (found["written"], found["errors"]) == (2, [])
        assert first["id"].startswith(f"industryPlanting:{DISTRICT}")
        assert first == {
            "id": first["id"],
            "version": 1,
            "crop": "蘋果",
            "area": 2.5,
            "kind": "ORCHARD",
            "plantedOn": "2015-03-05",
            "isNew": True,
            "source": "小李",
            "basis": "ADMINISTRATIVE",
            "recordedOn": "2015-12-31",
            "validFrom": "2015-12-31",
            "household": {"id": HOME},
        }
        assert (second["crop"], second["source"]) == ("梨", "村委會")
        entry = desk.log()[-1]
        assert found["entries"] == [entry["number"]]
        told = entry["author"], entry["token_id"], entry["request_id"], entry["reason"], entry["rows"]
        assert told == ("小李", "t1", "r-1", "industryPlantingCreate", 2)

    def test_only_what_is_given_is_changed_and_null_takes_away(self, desk: Desk) -> None:
        id_ = planted(desk, validTo="2016-12-31")
        update = {"id": id_, "version": 1, "area": 3}
        found = desk.change("industryPlantingUpdate", [update], "area crop version validTo")
        assert found["rows"] == [{"area": 3, "crop": "蘋果", "version": 2, "validTo": "2016-12-31"}]
        found = desk.change("industryPlantingUpdate", [{"id": id_, "version": 2, "validTo": None}], "area validTo")
        assert found["rows"] == [{"area": 3, "validTo": None}]
        never = desk.change("industryPlantingUpdate", [{"id": id_, "version": 3, "crop": None}])
        assert wrong(never) == [("rows.0.crop", "MISSING")]
        late = desk.change("industryPlantingUpdate", [update])
        assert wrong(late) == [("rows.0.version", "STALE")]
        assert (late["rows"], late["written"], late["entries"]) == ([None], 0, [])

    def test_a_row_goes_to_another_household(self, desk: Desk) -> None:
        id_, other = planted(desk), f"household:{BASE + 2}"
        found = desk.change(
            "industryPlantingUpdate", [{"id": id_, "version": 1, "household": other}], "household { id }"
        )
        assert found["rows"] == [{"household": {"id": other}}]

    def test_what_is_deleted_is_shown_no_more(self, desk: Desk) -> None:
        id_ = planted(desk)
        found = desk.change("industryPlantingDelete", [{"id": id_, "version": 1}])
        assert (found["rows"], found["written"], len(found["entries"])) == ([None], 1, 1)
        assert desk.answer(f'{{ node(id: "{id_}") {{ id }} }}') == {"data": {"node": None}}

    def test_facts_of_places_people_and_targets_are_entered_alike(self, desk: Desk) -> None:
        village = desk.rows("SELECT code / 1000 AS code FROM place WHERE level = 3 ORDER BY code LIMIT 1")[0]["code"]
        area = {"place": str(village), "kind": "HERB", "crop": "黨參", "area": 1e12, "isNew": False}
        found = desk.change("industryCropAreaCreate", [area], "area placeCode village { code }")
        assert found["rows"] == [{"area": 10**12, "placeCode": str(village), "village": {"code": str(village)}}]
        home = {"place": str(village), "category": "GENERAL_POOR", "status": "IN_POVERTY", "roadDistance": 0.25}
        (made,) = desk.change("householdCreate", [home], "id roadDistance members { totalCount }")["rows"]
        assert (made["roadDistance"], made["members"]) == (0.25, {"totalCount": 0})
        person = {"household": made["id"], "name": "試", "sex": "MALE", "relation": "HEAD", "joinedOn": "2015-02-01"}
        (head,) = desk.change("personCreate", [person | {"idNumber": "620502198001010019"}], "id idNumber")["rows"]
        assert head["idNumber"] == "620502198001010019"
        span = {"startsOn": "2030-01-01", "endsOn": "2030-12-31"}
        target = {"place": str(DISTRICT), "indicator": "industry.x", "value": 12.34} | span
        found = desk.change("targetCreate", [target], "value placeCode")
        assert found["rows"] == [{"value": 12.34, "placeCode": str(DISTRICT)}]

    def test_nothing_stays_of_a_dry_run(self, desk: Desk) -> None:
        before = len(desk.log())
        found = desk.change("industryPlantingCreate", [PLANTING, PLANTING | {"area": -1}], dryRun=True)
        assert wrong(found) == [("rows.1.area", "OUT_OF_RANGE")]
        found = desk.change("industryPlantingCreate", [PLANTING], dryRun=True)
        assert (found["rows"], found["errors"], found["written"], found["entries"]) == ([None], [], 0, [])
        assert len(desk.log()) == before


class TestMistakes:
    def test_a_wrong_row_is_told_and_nothing_is_written(self, desk: Desk) -> None:
        before = len(desk.log())
        rows = [PLANTING, PLANTING | {"area": 1.234}, PLANTING | {"crop": "x" * 41}]
        found = desk.change("industryPlantingCreate", rows)
        assert wrong(found) == [("rows.1.area", "TOO_PRECISE"), ("rows.2.crop", "TOO_LONG")]
        assert (found["rows"], found["written"], found["entries"]) == ([None, None, None], 0, [])
        told = found["errors"][0]
        assert (told["row"], told["message"], told["english"], told["suggestion"]) == (
            1,
            "面積最多保留2位小數。",
            "Area has at most 2 decimals.",
            None,
        )
        assert len(desk.log()) == before

    def test_the_others_are_written_where_a_part_may_be(self, desk: Desk) -> None:
        rows = [PLANTING | {"crop": "x" * 41}, PLANTING | {"crop": "杏"}, PLANTING | {"area": -1}]
        found = desk.change("industryPlantingCreate", rows, "crop", partial=True)
        assert wrong(found) == [("rows.0.crop", "TOO_LONG"), ("rows.2.area", "OUT_OF_RANGE")]
        assert (found["rows"], found["written"]) == ([None, {"crop": "杏"}, None], 1)

    @pytest.mark.parametrize(
        ("given", "path", "code"),
        [
            ({"household": f"person:{BASE + 1}"}, "household", "UNREADABLE"),
            ({"household": "620502000000001"}, "household", "UNREADABLE"),
            ({"household": ""}, "household", "UNREADABLE"),
            ({"household": f"household:{BASE + 999_999_999}"}, "household", "UNKNOWN_HOUSEHOLD"),
            ({"household": "household:999999999999999"}, "household", "UNKNOWN_HOUSEHOLD"),
            ({"plantedOn": "2015-02-30"}, "plantedOn", "UNREADABLE"),
            ({"plantedOn": "5 March"}, "plantedOn", "UNREADABLE"),
            ({"validTo": "2015-01-01"}, "validTo", "CHECK_FAILED"),
            ({"crop": " "}, "crop", "MISSING"),
            ({"crop": "\x00"}, "crop", "UNREADABLE"),
            ({"crop": "\ud800"}, "crop", "UNREADABLE"),
            ({"area": 1e300}, "area", "OUT_OF_RANGE"),
            ({"area": 10**15}, "area", "OUT_OF_RANGE"),
            ({"source": None}, "source", "MISSING"),
        ],
    )
    def test_what_cannot_stand_in_a_row_is_the_row_s_mistake(
        self, desk: Desk, given: dict[str, Any], path: str, code: str
    ) -> None:
        found = desk.change("industryPlantingCreate", [PLANTING, PLANTING | given], partial=True)
        assert wrong(found) == [(f"rows.1.{path}", code)]
        assert found["written"] == 1

    @pytest.mark.parametrize("id_", ["x", f"household:{BASE + 1}", "industryPlanting:1", "industryPlanting:"])
    @pytest.mark.parametrize("name", ["industryPlantingUpdate", "industryPlantingDelete"])
    def test_an_id_that_is_none_is_the_row_s_mistake(self, desk: Desk, name: str, id_: str) -> None:
        assert wrong(desk.change(name, [{"id": id_, "version": 1}])) == [("rows.0.id", "UNREADABLE")]

    def test_a_place_of_another_level_or_of_none_is_told(self, desk: Desk) -> None:
        area = {"kind": "HERB", "crop": "黨參", "area": 5, "isNew": False}
        places = {"620502": "WRONG_LEVEL", "620502999999": "UNKNOWN_PLACE", "62": "UNREADABLE", "": "UNREADABLE"}
        found = desk.change("industryCropAreaCreate", [area | {"place": place} for place in places])
        assert [each["code"] for each in found["errors"]] == list(places.values())
        assert {each["path"][2] for each in found["errors"]} == {"place"}

    def test_what_is_no_value_of_its_type_is_the_document_s_mistake(self, desk: Desk) -> None:
        for given in ({"kind": "APPLE"}, {"area": "2.5"}, {"isNew": 1}, {"croop": "x"}):
            error = desk.refused("industryPlantingCreate", [PLANTING | given])
            assert error["extensions"]["code"] == "BAD_USER_INPUT"


class TestTogether:
    def test_each_is_carried_out_after_the_one_before(self, desk: Desk) -> None:
        """And shows the rows as they stand after it, not after all of them."""
        id_ = planted(desk)
        document = f"""mutation {{
          a: industryPlantingUpdate(rows: {{id: "{id_}", version: 1, area: 10}}) {{ rows {{ ...Shown }} }}
          b: industryPlantingUpdate(rows: [{{id: "{id_}", version: 2, area: 20.5}}]) {{ rows {{ ...Shown }} }}
          c: industryPlantingDelete(rows: {{id: "{id_}", version: 3}}) {{ written rows {{ id }} }}
        }}
        fragment Shown on IndustryPlanting {{
          area version
          household {{ industry {{ plantings(filter: {{ id: {{ eq: "{id_}" }} }}) {{ nodes {{ area }} }} }} }}
        }}"""
        found = desk.answer(document)
        assert "errors" not in found, found
        for key, area, version in (("a", 10, 2), ("b", 20.5, 3)):
            assert found["data"][key]["rows"] == [
                {
                    "area": area,
                    "version": version,
                    "household": {"industry": {"plantings": {"nodes": [{"area": area}]}}},
                }
            ]
        assert found["data"]["c"] == {"written": 1, "rows": [None]}
        last = desk.log()[-3:]
        assert [each["reason"] for each in last] == ["industryPlantingUpdate"] * 2 + ["industryPlantingDelete"]

    def test_one_that_is_refused_leaves_the_others(self, desk: Desk) -> None:
        id_ = planted(desk)
        who = desk.of("industry:read", "industry:write")
        document = f"""mutation {{
          before: industryPlantingUpdate(rows: {{id: "{id_}", version: 1, area: 4}}) {{ written }}
          no: householdUpdate(rows: {{id: "{HOME}", version: 1}}) {{ written }}
          after: industryPlantingUpdate(rows: {{id: "{id_}", version: 2, area: 5}}) {{ rows {{ area }} }}
        }}"""
        found = who.answer(document)
        assert found["data"] == {"before": {"written": 1}, "no": None, "after": {"rows": [{"area": 5}]}}
        (error,) = found["errors"]
        assert (error["path"], error["extensions"]["code"]) == (["no"], "FORBIDDEN")
        assert "register:write" in error["message"]

    def test_the_same_document_writes_each_time(self, desk: Desk) -> None:
        """No way is kept past the executor, by which a document that was asked before is answered."""
        document = """mutation Enter($rows: [IndustryPlantingInput!]!) {
          industryPlantingCreate(rows: $rows) { rows { id crop } }
        }
        query Look { viewer { name } }"""
        ids = set()
        for _ in range(3):
            given: dict[str, Any] = {"operation_name": "Enter"}
            answer = desk.runner.run(desk.graph.execute(desk.database, document, {"rows": [PLANTING]}, **given))
            ids.add(answer["data"]["industryPlantingCreate"]["rows"][0]["id"])
        assert len(ids) == 3
        assert desk.graph.documents.find(document, "Enter")[0].routes == {}


class TestKeys:
    def test_what_is_sent_again_is_told_again(self, desk: Desk) -> None:
        rows = [PLANTING, PLANTING | {"area": -1}]
        first = desk.change("industryPlantingCreate", rows, partial=True, key="k1")
        again = desk.change("industryPlantingCreate", rows, partial=True, key="k1")
        assert again == first
        assert first["written"] == 1
        id_ = first["rows"][0]["id"]
        desk.change("industryPlantingUpdate", [{"id": id_, "version": 1, "area": 9}])
        later = desk.change("industryPlantingCreate", rows, "id version area", partial=True, key="k1")
        assert later["rows"] == [{"id": id_, "version": 2, "area": 9}, None], "rows are read anew"
        assert {**later, "rows": None} == {**first, "rows": None}

    def test_however_it_is_written_it_is_the_same(self, desk: Desk) -> None:
        first = desk.change("industryPlantingCreate", [dict(reversed(PLANTING.items()))], key="k2")
        document = f"""mutation {{ again: industryPlantingCreate(idempotencyKey: "k2", partial: false, rows: {{
          household: "{HOME}", kind: ORCHARD, crop: "蘋果", area: 2.50, plantedOn: "2015-03-05", isNew: true,
          isSupported: false }}) {{ rows {{ id version }} }} }}"""
        assert desk.answer(document) == {"data": {"again": {"rows": first["rows"]}}}

    @pytest.mark.parametrize("how", [{"partial": True}, {"crop": "梨"}, {"extra": True}, {"name": "Update"}])
    def test_something_else_under_the_key_is_refused(self, desk: Desk, how: dict[str, Any]) -> None:
        key = f"k3 {how}"
        id_ = desk.change("industryPlantingCreate", [PLANTING], key=key)["rows"][0]["id"]
        before = len(desk.log())
        rows = [PLANTING | {"crop": how.get("crop", "蘋果")}] * (2 if "extra" in how else 1)
        if "name" in how:
            error = desk.refused("industryPlantingUpdate", [{"id": id_, "version": 1, "area": 1}], key=key)
        else:
            error = desk.refused("industryPlantingCreate", rows, key=key, partial="partial" in how)
        assert error["extensions"] == {"code": "IDEMPOTENCY_KEY_REUSED", "argument": "idempotencyKey"}
        assert len(desk.log()) == before

    def test_two_that_come_at_once_write_once(self, desk: Desk) -> None:
        async def both() -> list[dict[str, Any]]:
            document, given = asked("industryPlantingCreate", [PLANTING], key="at once")
            asking = (desk.graph.execute(desk.database, document, given) for _ in range(2))
            return [decoded(each) for each in await asyncio.gather(*asking)]

        before = len(desk.log())
        first, second = desk.runner.run(both())
        assert first == second
        assert first["data"]["industryPlantingCreate"]["written"] == 1
        assert len(desk.log()) == before + 1

    def test_everybody_has_keys_of_their_own(self, desk: Desk) -> None:
        ids = {
            desk.of(*ALL, name=name).change("industryPlantingCreate", [PLANTING], key="k4")["rows"][0]["id"]
            for name in ("小李", "小王")
        }
        assert len(ids) == 2

    def test_a_dry_run_uses_no_key_up(self, desk: Desk) -> None:
        desk.change("industryPlantingCreate", [PLANTING], key="k5", dryRun=True)
        assert desk.change("industryPlantingCreate", [PLANTING], key="k5")["written"] == 1

    def test_what_is_no_key_is_refused(self, desk: Desk) -> None:
        for key in ("", "x" * 201, "a\x00"):
            error = desk.refused("industryPlantingCreate", [PLANTING], key=key)
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "idempotencyKey"}


class TestRights:
    """Who may not see a row may not change it either, and learns nothing of it."""

    def test_only_in_the_own_places(self, desk: Desk) -> None:
        id_ = planted(desk)
        lives = desk.rows(f"SELECT place_code FROM household WHERE id = {BASE + 1}")[0]["place_code"]
        village = lives // 1000 * 1000
        homes = f"SELECT place_code / 1000 * 1000 AS code FROM household WHERE place_code / 1000 <> {village // 1000}"
        other = desk.rows(f"{homes} LIMIT 1")[0]["code"]
        inside, outside = (desk.of(*ALL, place=place) for place in (village, other))
        nowhere = f"industryPlanting:{BASE + 99_999_999}"
        for name, more in (("industryPlantingUpdate", {"crop": "x"}), ("industryPlantingDelete", {})):
            for version in (1, 7):
                there, none = (
                    outside.change(name, [{"id": each, "version": version} | more]) for each in (id_, nowhere)
                )
                assert wrong(there) == wrong(none) == [("rows.0.id", "NOT_FOUND")]
                told = [each["errors"][0]["message"].replace(id_.partition(":")[2], "…") for each in (there, none)]
                assert told[0] == told[1].replace(nowhere.partition(":")[2], "…")
        found = outside.change("industryPlantingCreate", [PLANTING])
        assert wrong(found) == [("rows.0.household", "UNKNOWN_HOUSEHOLD")]
        assert inside.change("industryPlantingUpdate", [{"id": id_, "version": 1, "crop": "x"}])["written"] == 1
        away = desk.rows(f"SELECT id FROM household WHERE place_code / 1000 = {other // 1000} LIMIT 1")[0]["id"]
        moved = inside.change("industryPlantingUpdate", [{"id": id_, "version": 2, "household": f"household:{away}"}])
        assert wrong(moved) == [("rows.0.household", "UNKNOWN_HOUSEHOLD")]

    def test_what_may_not_be_shown_is_refused_before_anything_is_written(self, desk: Desk) -> None:
        before, who = len(desk.log()), desk.of("industry:write")
        error = who.refused("industryPlantingCreate", [PLANTING])
        assert (error["path"], error["extensions"]["code"]) == (["industryPlantingCreate", "rows"], "FORBIDDEN")
        error = desk.of("industry:write", "industry:read").refused(
            "industryPlantingCreate", [PLANTING], "id household { id }"
        )
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "register:read" in error["message"]
        error = desk.refused(
            "industryPlantingCreate", [PLANTING], "household { industry { plantings(first: -1) { totalCount } } }"
        )
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "plantings.first"}
        assert len(desk.log()) == before
        assert who.change("industryPlantingCreate", [PLANTING], "")["written"] == 1, "nobody has to look"

    def test_personal_data_is_masked_in_what_is_shown(self, desk: Desk) -> None:
        (found,) = desk.rows("SELECT id, version FROM person WHERE id_number IS NOT NULL ORDER BY id LIMIT 1")
        id_, version = f"person:{found['id']}", found["version"]
        person = desk.answer(f'{{ person(id: "{id_}") {{ name idNumber }} }}')["data"]["person"]
        who = desk.of("register:read", "register:write")
        rows = [{"id": id_, "version": version, "ethnicity": "回族"}]
        found = who.change("personUpdate", rows, "name idNumber health ethnicity")
        (shown,) = found["rows"]
        assert shown["name"] == f"{person['name'][0]}**"
        assert (shown["idNumber"][:6], shown["idNumber"][6:].strip("*")) == (person["idNumber"][:6], "")
        assert (shown["health"], shown["ethnicity"]) == (None, "回族")
        for given in ({"name": "x"}, {"idNumber": "x"}, {"health": "HEALTHY"}):
            error = who.refused("personUpdate", [{"id": id_, "version": version + 1} | given])
            assert error["extensions"]["code"] == "FORBIDDEN"
            assert PERSONAL in error["message"]

    def test_what_is_shown_of_personal_data_is_logged(self, desk: Desk) -> None:
        who = desk.of(*ALL, name="審計")
        version = desk.version("person", BASE + 2)
        row = {"id": f"person:{BASE + 2}", "version": version, "workMonths": 3}
        who.change("personUpdate", [row], "id name")
        who.change("personUpdate", [row], "id name")  # by now the row has another version: nothing is shown
        who.change("personUpdate", [row | {"version": version + 1, "workMonths": 4}], "id workMonths")
        child = {"household": HOME, "sex": "MALE", "relation": "CHILD", "joinedOn": "2015-02-01"}
        who.change("personCreate", [child | {"name": "甲"}, child | {"name": "乙"}], "name health")
        with desk.database.engine.connect() as connection:
            made, changed = read_reads(connection, viewer="審計", most=10)
        assert (changed.shown, changed.counts) == (("Person.name",), {"Person": 1})
        assert (changed.district_code, changed.request_id, changed.token_id) == (DISTRICT, "r-1", "t1")
        assert (made.shown, made.counts, made.district_code) == (("Person.name",), {"Person": 2}, DISTRICT)

    def test_what_cannot_be_logged_is_not_told_though_it_is_written(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_: object) -> None:
            raise ReadNotLogged("no")

        monkeypatch.setattr(service, "log_read", fail)
        version = desk.version("person", BASE + 3)
        document, given = asked("personUpdate", [{"id": f"person:{BASE + 3}", "version": version, "workMonths": 2}])
        with pytest.raises(ReadNotLogged):
            desk.of(*ALL).answer(document.replace("id version", "name"), given)
        assert desk.version("person", BASE + 3) == version + 1


class TestLimits:
    def test_more_rows_than_a_thousand_are_refused(self, desk: Desk) -> None:
        before = len(desk.log())
        rows = [{"id": f"industryPlanting:{BASE + number}", "version": 99} for number in range(1, 1002)]
        found = desk.answer(*asked("industryPlantingDelete", rows))
        (error,) = found["errors"]
        assert error["extensions"] == {"code": "TOO_MANY_ROWS"}
        assert "1,001" in error["message"]
        assert "data" not in found
        assert {code for _, code in wrong(desk.change("industryPlantingDelete", rows[:1000]))} == {"STALE"}
        assert len(desk.log()) == before

    def test_rows_in_the_document_itself_are_counted(self, graph: Graph) -> None:
        row = '{ id: "x", version: 1 }'
        ways = {
            f"mutation {{ householdDelete(rows: [{row}, {row}, {row}]) {{ rows {{ members {{ totalCount }} }} }} }}": 3,
            f"mutation {{ householdDelete(rows: {row}) {{ written }} }}": 1,
            f"mutation ($rows: [RowVersion!]! = [{row}, {row}]) {{ householdDelete(rows: $rows) {{ written }} }}": 2,
        }
        for document, rows in ways.items():
            found, operation = graph.documents.find(document, None)
            assert found.demand(graph.compiler.schema, operation, {}).rows == rows

    def test_what_it_costs_grows_with_its_rows(self, desk: Desk) -> None:
        costs = []
        for number in (1, 10):
            observed = Observed()
            document, given = asked(
                "industryPlantingCreate", [PLANTING] * number, "household { members { nodes { id } } }"
            )
            desk.answer(document, given | {"dryRun": True}, observed)
            costs.append(observed.demand.cost)
        assert costs[0] > 50, "a list below a row has up to fifty"
        assert costs[1] == 10 * costs[0]

    def test_a_thousand_rows_are_written_at_once(self, desk: Desk) -> None:
        found = desk.change("industryPlantingCreate", [PLANTING] * 1000, "version household { id }")
        assert found["written"] == 1000
        assert found["rows"] == [{"version": 1, "household": {"id": HOME}}] * 1000

    def test_statements_do_not_depend_on_how_many_rows(self, desk: Desk) -> None:
        shown, engine = (
            "crop household { head { name } industry { plantings { totalCount } } }",
            desk.database.async_engine,
        )
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        homes = [f"household:{BASE + number}" for number in range(1, 101)]
        desk.change("industryPlantingCreate", [PLANTING], shown)  # what is asked once in the life of a process
        counts = []
        event.listen(engine.sync_engine, "before_cursor_execute", note)
        for some in (homes[:1], homes):
            statements.clear()
            found = desk.change("industryPlantingCreate", [PLANTING | {"household": home} for home in some], shown)
            assert len(found["rows"]) == len(some)
            counts.append(len(statements))
        event.remove(engine.sync_engine, "before_cursor_execute", note)
        assert counts[0] == counts[1] > 5, statements

    def test_what_waits_too_long_is_stopped(self, desk: Desk) -> None:
        """Somebody else holds the district's place in the log, and does not let go."""
        hasty = Database(
            desk.database.url.render_as_string(hide_password=False), statement_timeout=0.3, seal=desk.database.seal
        )
        before = len(desk.log())
        with desk.database.engine.connect() as holding, holding.begin():
            holding.execute(text("SELECT 1 FROM change_head FOR UPDATE"))
            error = Desk(desk.graph, hasty, desk.runner).refused("industryPlantingCreate", [PLANTING])
        desk.runner.run(hasty.aclose())
        assert (error["path"], error["extensions"]["code"]) == (["industryPlantingCreate"], "TIMED_OUT")
        assert len(desk.log()) == before

    def test_who_leaves_meanwhile_leaves_nothing_half_done(self, desk: Desk) -> None:
        before = len(desk.log())

        async def leave() -> None:
            asking = asyncio.create_task(
                desk.graph.execute(desk.database, *asked("industryPlantingCreate", [PLANTING], key="left"))
            )
            await asyncio.sleep(0.3)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

        with desk.database.engine.connect() as holding, holding.begin():
            holding.execute(text("SELECT 1 FROM change_head FOR UPDATE"))
            desk.runner.run(leave())
        assert len(desk.log()) == before
        assert desk.change("industryPlantingCreate", [PLANTING], key="left")["written"] == 1


def test_whatever_a_token_calls_its_holder_can_be_logged(demo_copy: Database, graph: Graph) -> None:
    """A signed token may hold any name at all."""
    viewer = Viewer("\x00 \ud800", is_everywhere=True, permissions=frozenset({"industry:write", "industry:read"}))
    document = """mutation { industryCropAreaCreate(rows: [
      { place: "620502100200", kind: HERB, crop: "黨參", area: 12.5, isNew: false }
    ]) { written rows { source } } }"""

    async def run() -> Any:
        try:
            return decoded(await graph.execute(demo_copy, document, viewer=viewer))
        finally:
            await demo_copy.aclose()

    assert asyncio.run(run())["data"]["industryCropAreaCreate"]["written"] == 1
