"""What belongs together is carried out through the graph at once: the register's own procedures, and a department's."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType
from graphql import build_schema as parse_schema
from tests.schema.desk import BASE, DISTRICT, PLANTING, Desk
from tests.schema.handing import platform_with

from bangfu.access import PERSONAL
from bangfu.registry import Platform
from bangfu.store.audit import verify
from bangfu.store.reads import read_reads
from bangfu_schema import Graph
from bangfu_schema.execute.service import DefectError
from bangfu_testing import Postgres

ALL = ("industry:read", "industry:write", "register:read", "register:write", PERSONAL)
OTHER = f"household:{BASE + 2}"
ERRORS = "errors { path code suggestion message english: message(language: EN) }"


class Word(str):
    """A word of an enum, which a document has without quotes."""


class Counter(Desk):
    """A desk at which things are carried out."""

    def ask(self, name: str, /, shown: str = "id version", **given: Any) -> dict[str, Any]:
        """The whole response to one procedure."""
        arguments = ", ".join(f"{key}: {_written(value)}" for key, value in given.items())
        row = f"row {{ {shown} }}" if shown else ""
        return self.answer(f"mutation {{ done: {name}({arguments}) {{ written entries {ERRORS} {row} }} }}")

    def do(self, name: str, /, shown: str = "id version", **given: Any) -> dict[str, Any]:
        """The payload of one procedure; fails where there is an error of the request."""
        found = self.ask(name, shown, **given)
        assert "errors" not in found, found
        payload: dict[str, Any] = found["data"]["done"]
        return payload

    def no(self, name: str, /, shown: str = "id version", **given: Any) -> tuple[str, str]:
        """The code and the message of the one error with which a procedure as a whole is refused."""
        found = self.ask(name, shown, **given)
        assert found.get("data") in (None, {"done": None}), found
        (error,) = found["errors"]
        return error["extensions"]["code"], error["message"]

    def of(self, *permissions: str, place: int = BASE, name: str = "小李") -> "Counter":
        """The counter of somebody else."""
        other = super().of(*permissions, place=place, name=name)
        return Counter(other.graph, other.database, other.runner, other.viewer)


def _written(value: Any) -> str:
    return str(value) if isinstance(value, Word) else json.dumps(value, ensure_ascii=False)


def wrong(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong, in short; then nothing was written, and nothing is shown."""
    assert (payload["row"], payload["written"], payload["entries"]) == (None, 0, [])
    return [(".".join(each["path"]), each["code"]) for each in payload["errors"]]


@pytest.fixture(scope="module")
def counter(platform: Platform, postgres: Postgres, demo_template: str) -> Iterator[Counter]:
    """In a demo district of this module's own; the chain of its log holds in the end."""
    with (
        postgres.fresh(demo_template) as copy,
        asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
    ):
        yield Counter(Graph(platform_with(platform)), copy, runner)
        runner.run(copy.aclose())
        with copy.engine.connect() as connection:
            assert all(chain.breaks == () for chain in verify(connection))


@pytest.fixture
def given(counter: Counter) -> dict[str, Any]:
    """A planting of its own, and to whom half of it goes."""
    (row,) = counter.change("industryPlantingCreate", [PLANTING | {"area": 5, "validFrom": "2015-01-01"}])["rows"]
    return {
        "planting": row["id"],
        "version": 1,
        "household": OTHER,
        "area": 2,
        "on": "2015-06-01",
        "why": Word("SOLD"),
    }


class TestSchema:
    def test_each_procedure_is_a_mutation_with_its_arguments(self, counter: Counter) -> None:
        schema = parse_schema(counter.graph.sdl())
        root = schema.mutation_type
        assert root is not None
        field = root.fields["industryPlantingHandOver"]
        assert {name: str(each.type) for name, each in field.args.items()} == {
            "planting": "ID!",
            "version": "Int!",
            "household": "ID!",
            "area": "Decimal!",
            "on": "Date!",
            "why": "IndustryHandedOver!",
            "years": "Int",
            "isSupported": "Boolean",
            "place": "PlaceCode",
            "witness": "String",
            "besides": "[ID!]",
            "dryRun": "Boolean!",
            "idempotencyKey": "String",
        }
        assert field.description == "轉讓 Part of a planting goes to another household. Takes `industry:write`."
        assert field.args["area"].description == "面積 Area. Unit: mu. At least 1."
        assert field.args["witness"].description == "見證人 Witness. Sensitive: takes `personal:read`."
        told = "種植 What is handed over. As in `industryPlanting:620502000000001`."
        assert field.args["planting"].description == told
        why = schema.type_map["IndustryHandedOver"]
        assert isinstance(why, GraphQLEnumType)
        assert list(why.values) == ["SOLD", "GIVEN"]
        done = schema.type_map["IndustryPlantingDone"]
        assert isinstance(done, GraphQLObjectType)
        assert {name: str(each.type) for name, each in done.fields.items()} == {
            "row": "IndustryPlanting",
            "errors": "[ProcedureError!]!",
            "written": "Int!",
            "entries": "[Int!]!",
        }

    def test_those_of_a_plugin_that_is_off_are_not_there(self, graph: Graph) -> None:
        root = parse_schema(graph.sdl()).mutation_type
        assert root is not None
        assert "householdMove" in root.fields
        assert "industryPlantingHandOver" not in root.fields


class TestDone:
    def test_all_of_it_is_written_in_one_entry_and_the_row_is_shown(
        self, counter: Counter, given: dict[str, Any]
    ) -> None:
        who, before = counter.of(*ALL), len(counter.log())
        shown = "area crop source validFrom isSupported household { id }"
        found = who.do("industryPlantingHandOver", shown, **given, isSupported=True, witness="老王")
        assert found["row"] == {
            "area": 2,
            "crop": "蘋果",
            "source": "老王",
            "validFrom": "2015-06-01",
            "isSupported": True,
            "household": {"id": OTHER},
        }
        assert (found["written"], found["errors"]) == (2, [])
        entry = counter.log()[-1]
        assert len(counter.log()) == before + 1
        assert found["entries"] == [entry["number"]]
        told = entry["author"], entry["token_id"], entry["request_id"], entry["reason"], entry["rows"]
        assert told == ("小李", "t1", "r-1", "industryPlantingHandOver", 2)
        left = counter.rows(f"SELECT area, valid_to FROM industry_planting WHERE id = {_key(given['planting'])}")
        assert (float(left[0]["area"]), str(left[0]["valid_to"])) == (3.0, "2015-06-01")

    def test_rows_of_a_list_go_with_it(self, counter: Counter, given: dict[str, Any]) -> None:
        besides = [row["id"] for row in counter.change("industryPlantingCreate", [PLANTING] * 2)["rows"]]
        found = counter.do("industryPlantingHandOver", **given, besides=besides)
        assert found["written"] == 4
        gone = counter.answer(f'{{ node(id: "{besides[0]}") {{ id }} }}')
        assert gone == {"data": {"node": None}}

    def test_a_family_changes_through_the_graph(self, counter: Counter) -> None:
        lives = "version placeCode members { nodes { id relation } } head { id }"
        home = _home(counter, 10, lives)
        son = next(each["id"] for each in home["members"]["nodes"] if each["relation"] != "HEAD")
        split = {"household": home["id"], "version": home["version"], "members": [son], "on": "2015-10-01"}
        assert wrong(counter.do("householdSplit", **split, head=home["head"]["id"])) == [("head", "NOT_FOUND")]
        made = counter.do("householdSplit", "id " + lives, **split, head=son)["row"]
        assert made["members"]["nodes"] == [{"id": son, "relation": "HEAD"}]
        assert made["placeCode"] == home["placeCode"]
        merge = {"household": made["id"], "version": 1, "into": home["id"], "on": "2015-11-01"}
        assert counter.do("householdMerge", "head { id }", **merge)["row"] == {"head": home["head"]}
        born = {"household": home["id"], "name": "王小寶", "sex": Word("FEMALE"), "on": "2015-12-01"}
        child = counter.do("personBirth", "id version bornOn relation name", **born)["row"]
        assert (child["bornOn"], child["relation"], child["name"]) == ("2015-12-01", "CHILD", "王小寶")
        leaves = {"person": child["id"], "version": 1, "on": "2015-12-02", "departure": Word("DIED")}
        assert counter.do("personLeave", "leftOn", **leaves)["row"] == {"leftOn": "2015-12-02"}
        joins = {"person": son, "version": _version(counter, son), "relation": Word("OTHER"), "on": "2015-12-01"}
        found = counter.do("personJoin", "household { id }", **joins, household=OTHER)
        assert found["row"] == {"household": {"id": OTHER}}
        move = {"household": home["id"], "version": home["version"], "place": "620502100200", "on": "2015-12-05"}
        assert counter.do("householdMove", "village { code }", **move)["row"] == {"village": {"code": "620502100200"}}
        reasons = [each["reason"] for each in counter.log()[-6:]]
        assert reasons == [
            "householdSplit",
            "householdMerge",
            "personBirth",
            "personLeave",
            "personJoin",
            "householdMove",
        ]

    def test_each_of_a_document_stands_on_the_one_before(self, counter: Counter, given: dict[str, Any]) -> None:
        arguments = ", ".join(f"{key}: {_written(value)}" for key, value in given.items() if key != "version")
        once = "industryPlantingHandOver({}, version: {}) {{ written errors {{ code }} }}"
        fields = (f"{key}: {once.format(arguments, version)}" for key, version in (("a", 1), ("b", 1), ("c", 2)))
        found = counter.answer(f"mutation {{ {' '.join(fields)} }}")
        assert found == {
            "data": {
                "a": {"written": 2, "errors": []},
                "b": {"written": 0, "errors": [{"code": "STALE"}]},
                "c": {"written": 2, "errors": []},
            }
        }


class TestRefusals:
    def test_what_its_function_refuses_is_told_in_both_languages(self, counter: Counter, given: dict[str, Any]) -> None:
        before = len(counter.log())
        found = counter.do("industryPlantingHandOver", **given | {"area": 6})
        assert wrong(found) == [("area", "OUT_OF_RANGE")]
        (told,) = found["errors"]
        assert (told["message"], told["english"], told["suggestion"]) == ("面積不足。", "There is less of it.", None)
        found = counter.do("industryPlantingHandOver", **given | {"why": Word("GIVEN")}, years=3)
        assert wrong(found) == [("", "CHECK_FAILED")], "it is no argument alone"
        assert len(counter.log()) == before

    def test_what_the_engine_refuses_is_told_by_the_argument(self, counter: Counter, given: dict[str, Any]) -> None:
        """And what was written before it is taken back."""
        before = counter.rows("SELECT count(*) AS n FROM industry_planting")
        found = counter.do("industryPlantingHandOver", **given | {"on": "2014-06-01"})
        assert wrong(found) == [("on", "CHECK_FAILED")]
        assert found["errors"][0]["message"] == "失效日期必須晚於生效日期。"
        assert counter.rows("SELECT count(*) AS n FROM industry_planting") == before

    @pytest.mark.parametrize(
        ("more", "errors"),
        [
            ({"version": 2}, [("version", "STALE")]),
            ({"planting": f"industryPlanting:{BASE + 999_999_999}"}, [("planting", "NOT_FOUND")]),
            ({"planting": OTHER}, [("planting", "UNREADABLE")]),
            ({"household": f"household:{BASE + 999_999_999}"}, [("household", "UNKNOWN_HOUSEHOLD")]),
            ({"household": f"household:{620503 * 10**9 + 1}"}, [("household", "UNKNOWN_HOUSEHOLD")]),
            ({"household": "household:999999999999999"}, [("household", "UNKNOWN_HOUSEHOLD")]),
            ({"household": "2"}, [("household", "UNREADABLE")]),
            ({"area": 1.234}, [("area", "TOO_PRECISE")]),
            ({"area": 0.5, "years": 361}, [("area", "OUT_OF_RANGE"), ("years", "OUT_OF_RANGE")]),
            ({"on": "2015-02-30"}, [("on", "UNREADABLE")]),
            ({"place": "62"}, [("place", "UNREADABLE")]),
            ({"place": "620502999999"}, [("place", "UNKNOWN_PLACE")]),
            ({"witness": "王" * 21}, [("witness", "TOO_LONG")]),
            ({"witness": "\x00"}, [("witness", "UNREADABLE")]),
            ({"besides": ["x", OTHER]}, [("besides", "UNREADABLE")] * 2),
            ({"besides": [f"industryPlanting:{BASE + 1}"] * 2}, [("besides", "DUPLICATE")]),
            ({"besides": [f"industryPlanting:{BASE + 999_999_999}"]}, [("besides", "NOT_FOUND")]),
        ],
    )
    def test_what_is_wrong_is_told_with_the_argument(
        self, counter: Counter, given: dict[str, Any], more: dict[str, Any], errors: list[tuple[str, str]]
    ) -> None:
        before = len(counter.log())
        assert wrong(counter.do("industryPlantingHandOver", **given | more)) == errors
        assert len(counter.log()) == before

    def test_what_is_stale_says_which_version_it_is(self, counter: Counter, given: dict[str, Any]) -> None:
        (told,) = counter.do("industryPlantingHandOver", **given | {"version": 7})["errors"]
        assert told["message"] == "此行已被他人修改，現為第1版。"
        assert told["english"] == "Somebody has changed this row since: it is version 1 now."

    def test_what_is_no_value_of_its_type_is_the_document_s_mistake(
        self, counter: Counter, given: dict[str, Any]
    ) -> None:
        for more in ({"why": Word("LOST")}, {"area": "2"}, {"version": None}, {"acre": 1}, {"besides": [None]}):
            found = counter.ask("industryPlantingHandOver", **given | more)
            assert found["errors"][0]["extensions"]["code"] in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")
        del given["planting"]
        assert counter.no("industryPlantingHandOver", **given)[0] == "GRAPHQL_VALIDATION_FAILED"

    def test_what_could_not_be_written_is_told_though_its_function_goes_on(
        self, counter: Counter, given: dict[str, Any]
    ) -> None:
        found = counter.do("industryPlantingGoOn", planting=given["planting"], area=3)
        assert set(wrong(found)) == {("", "MISSING")}, "of columns that are no arguments"
        assert "缺少作物。" in [each["message"] for each in found["errors"]]

    def test_nothing_stays_of_a_dry_run(self, counter: Counter, given: dict[str, Any]) -> None:
        before = len(counter.log())
        found = counter.do("industryPlantingHandOver", **given, dryRun=True)
        assert (found["row"], found["errors"], found["written"], found["entries"]) == (None, [], 0, [])
        assert wrong(counter.do("industryPlantingHandOver", **given | {"area": 6}, dryRun=True)) != []
        assert len(counter.log()) == before
        assert counter.do("industryPlantingHandOver", **given)["written"] == 2

    def test_what_changes_other_rows_than_it_declares_is_our_defect(
        self, counter: Counter, given: dict[str, Any]
    ) -> None:
        before = counter.rows("SELECT count(*) AS n FROM person")
        with pytest.raises(DefectError) as defect:
            counter.ask("industryPlantingMeddle", planting=given["planting"])
        assert "'meddle' changes rows of Person, which its `changes` do not name" in str(defect.value.__cause__)
        assert counter.rows("SELECT count(*) AS n FROM person") == before


class TestKeys:
    def test_what_is_sent_again_is_told_again(self, counter: Counter, given: dict[str, Any]) -> None:
        first = counter.do("industryPlantingHandOver", **given, idempotencyKey="h1")
        entries = len(counter.log())
        again = dict(reversed(given.items())) | {"area": 2.0}
        assert counter.do("industryPlantingHandOver", **again, idempotencyKey="h1") == first
        assert (first["written"], len(counter.log())) == (2, entries)
        for other in ({"area": 1}, {"isSupported": False}, {"version": 2}):
            code, _ = counter.no("industryPlantingHandOver", **given | other, idempotencyKey="h1")
            assert code == "IDEMPOTENCY_KEY_REUSED"
        assert counter.no("personLeave", **_leaving(counter), idempotencyKey="h1")[0] == "IDEMPOTENCY_KEY_REUSED"
        assert len(counter.log()) == entries

    def test_what_writes_nothing_uses_no_key_up(self, counter: Counter, given: dict[str, Any]) -> None:
        counter.do("industryPlantingHandOver", **given, dryRun=True, idempotencyKey="h2")
        assert wrong(counter.do("industryPlantingHandOver", **given | {"area": 6}, idempotencyKey="h2")) != []
        assert counter.do("industryPlantingHandOver", **given, idempotencyKey="h2")["written"] == 2


class TestRights:
    """As with rows that are entered one by one: who may not change them learns nothing."""

    def test_the_right_to_write_comes_first(self, counter: Counter, given: dict[str, Any]) -> None:
        for more in ({}, {"version": 9}, {"planting": f"industryPlanting:{BASE + 999_999_999}"}, {"area": 1.234}):
            told = counter.of("industry:read", "register:write").no("industryPlantingHandOver", "id", **given | more)
            assert told == ("FORBIDDEN", "takes the permission industry:write, which your token does not give.")

    def test_personal_data_is_given_with_the_right_to_read_it_only(
        self, counter: Counter, given: dict[str, Any]
    ) -> None:
        who = counter.of("industry:read", "industry:write")
        code, message = who.no("industryPlantingHandOver", **given, witness="老王")
        assert (code, PERSONAL in message) == ("FORBIDDEN", True)
        assert who.do("industryPlantingHandOver", **given)["written"] == 2

    def test_only_in_the_own_places(self, counter: Counter, given: dict[str, Any]) -> None:
        lives = counter.rows(f"SELECT place_code FROM household WHERE id = {BASE + 1}")[0]["place_code"]
        far = counter.rows(
            f"SELECT id, place_code FROM household WHERE place_code / 1000 <> {lives // 1000} ORDER BY id LIMIT 1"
        )[0]
        village, other = (code // 1000 * 1000 for code in (lives, far["place_code"]))
        away = {"household": f"household:{far['id']}"}
        outside = counter.of(*ALL, place=other)
        for more in ({}, {"version": 9}):
            assert wrong(outside.do("industryPlantingHandOver", **given | more)) == [("planting", "NOT_FOUND")]
        inside = counter.of(*ALL, place=village)
        assert wrong(inside.do("industryPlantingHandOver", **given | away)) == [("household", "UNKNOWN_HOUSEHOLD")]
        found = inside.do("industryPlantingHandOver", **given, place=str(other // 1000))
        assert wrong(found) == [("place", "UNKNOWN_PLACE")]
        assert counter.do("industryPlantingHandOver", **given | away, place=str(other // 1000))["written"] == 2

    def test_what_may_not_be_shown_is_refused_before_anything_is_written(
        self, counter: Counter, given: dict[str, Any]
    ) -> None:
        before, who = len(counter.log()), counter.of("industry:write")
        assert who.no("industryPlantingHandOver", **given)[0] == "FORBIDDEN"
        reads = counter.of("industry:write", "industry:read")
        code, message = reads.no("industryPlantingHandOver", "household { id }", **given)
        assert (code, "register:read" in message) == ("FORBIDDEN", True)
        assert len(counter.log()) == before
        assert who.do("industryPlantingHandOver", "", **given)["written"] == 2, "nobody has to look"

    def test_names_are_masked_or_their_reading_is_logged(self, counter: Counter, given: dict[str, Any]) -> None:
        clerk = counter.of("register:read", "register:write")
        leaves = _leaving(counter)
        assert clerk.do("personLeave", "name", **leaves)["row"]["name"].endswith("**")
        who = counter.of(*ALL, name="查閱人")
        who.do("personLeave", "id name", **_leaving(counter))
        who.do("industryPlantingHandOver", "household { head { id name } }", **given)
        with counter.database.engine.connect() as connection:
            planting, person = read_reads(connection, viewer="查閱人", most=10)
        for read in (planting, person):
            assert (read.shown, read.counts, read.district_code) == (("Person.name",), {"Person": 1}, DISTRICT)


def _key(id_: str) -> int:
    return int(id_.partition(":")[2])


def _version(counter: Counter, person: str) -> int:
    return counter.version("person", _key(person))


def _home(counter: Counter, number: int, shown: str) -> dict[str, Any]:
    """A household with several members, of which one is the head."""
    document = f'{{ households(within: "620502", first: 90) {{ nodes {{ id {shown} }} }} }}'
    nodes = counter.answer(document)["data"]["households"]["nodes"]
    found = [each for each in nodes if len(each["members"]["nodes"]) >= 3 and each["head"]]
    home: dict[str, Any] = found[number]
    return home


def _leaving(counter: Counter) -> dict[str, Any]:
    """Somebody who may leave, and still is there."""
    (row,) = counter.rows(
        "SELECT id, version FROM person WHERE relation = 'CHILD' AND left_on IS NULL ORDER BY id LIMIT 1"
    )
    return {
        "person": f"person:{row['id']}",
        "version": row["version"],
        "on": "2015-12-20",
        "departure": Word("MOVED_AWAY"),
    }
