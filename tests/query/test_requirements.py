"""Over random rows, what is missing, filters by it and the shares are what the words of the requirements say."""

import asyncio
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.access.required import required_of, standing
from tests.access.rows import Rows, inside, official, typed_id
from tests.compile.paths import EXAMPLES

from bangfu import Basis
from bangfu.domain.help import HelpKind, VillageDocumentKind
from bangfu.domain.households import HouseholdCategory, HouseholdStatus, HouseStructure, PovertyCause, Relation, Sex
from bangfu.domain.places import PlaceKind
from bangfu.registry import Node, assemble
from bangfu.store import Database
from bangfu.store.tables import add_own_tables
from bangfu.write.copy import copy_rows
from bangfu_app.completeness import count_requirements
from bangfu_migrations import raise_wall
from bangfu_schema import Graph, decoded
from bangfu_testing import UNLIMITED, Postgres

TODAY = date(2015, 12, 31)
DISTRICT, VILLAGES = 620502, (620502_101_201_000, 620502_101_202_000)
PLACES = (620502_000_000_000, 620502_101_000_000, *VILLAGES)
LEVELS = {"district": PLACES[0], "township": PLACES[1], "village": PLACES[2]}
KINDS = {"completeness": "complete", "consistency": "consistent"}
LISTED = {"Household": "Households", "Village": "Villages", "Person": "Persons"}

Row = dict[str, Any]


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly a value, so that now and then all that is required is there."""
    return st.one_of(values, values, values, values, st.none())


_ENDS = st.sampled_from([None, None, None, date(2015, 6, 1)])
_FLAG, _DAY = st.booleans(), st.sampled_from([date(2015, 3, 1), date(2015, 9, 1)])
_MEMBER = st.fixed_dictionaries(
    {
        "relation": st.sampled_from([Relation.HEAD, Relation.SPOUSE, Relation.CHILD]),
        "born_on": _maybe(st.just(date(1980, 1, 1))),
        "id_number": _maybe(st.just("x")),
        "left_on": _ENDS,
        "is_student": _maybe(_FLAG),
        "work_months": _maybe(st.sampled_from([0, 3, 12])),
    }
)
_INCOME = st.fixed_dictionaries({"wage": st.sampled_from([0, 500]), "valid_to": _ENDS})
_MEASURE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(HelpKind),
        "responsible": _maybe(st.just("某")),
        "due_on": _maybe(_DAY),
        "done_on": _maybe(_DAY),
        "outcome": _maybe(st.just("已落實")),
        "valid_to": _ENDS,
    }
)
_HOUSEHOLD = st.fixed_dictionaries(
    {
        "place_code": st.sampled_from(VILLAGES),
        "main_cause": _maybe(st.sampled_from(PovertyCause)),
        "house_area": _maybe(st.just(Decimal("80.00"))),
        "house_structure": _maybe(st.sampled_from(HouseStructure)),
        "road_distance": _maybe(st.just(Decimal("1.00"))),
        **{name: _maybe(_FLAG) for name in ("is_dilapidated", "has_safe_water", "has_electricity", "has_broadcast")},
        "members": st.lists(_MEMBER, max_size=4),
        "incomes": st.fixed_dictionaries({}, optional={2014: _INCOME, 2015: _INCOME}),
        "measures": st.lists(_MEASURE, max_size=3),
    }
)
_DOCUMENT = st.fixed_dictionaries(
    {
        "place_code": st.sampled_from(VILLAGES),
        "kind": st.sampled_from(VillageDocumentKind),
        "drawn_up_on": _maybe(_DAY),
        "valid_to": _ENDS,
    }
)


class World:
    """A database of two villages whose households come and go, and the same rows in Python."""

    def __init__(self, database: Database, runner: asyncio.Runner) -> None:
        self.platform = assemble([])
        add_own_tables(self.platform.metadata()).create_all(database.engine)
        raise_wall(database.engine, self.platform)
        self.graph = Graph(self.platform, UNLIMITED)
        self.database = database
        self._records = {node.table.name: node.record for node in self.platform.graph.nodes.values()}
        self._runner = runner

    def fill(self, households: list[Row], documents: list[Row]) -> Rows:
        """Takes away what there is, and puts these rows in its place."""
        tables: dict[str, list[Row]] = {name: [] for name in self._records}
        tables["place"] = [_place(code) for code in PLACES]
        for home in households:
            parts = {name: home[name] for name in ("members", "incomes", "measures")}
            plain = {name: value for name, value in home.items() if name not in parts}
            owner = _add(tables["household"], plain | {"category": HouseholdCategory.GENERAL_POOR})
            owner["status"] = HouseholdStatus.IN_POVERTY
            for member in parts["members"]:
                made = _add(tables["person"], member | {"household_id": owner["id"], "sex": Sex.FEMALE, "name": "某"})
                made["joined_on"] = date(2014, 1, 1)
                if made["id_number"] is not None:  # no two people have the same
                    made["id_number"] = f"{made['id']}"
            amounts = dict.fromkeys(("production", "property", "transfer", "expenses", "net_per_head"), 1)
            for year, income in parts["incomes"].items():
                _add(tables["register_income"], income | amounts | {"year": year, "household_id": owner["id"]})
            for measure in parts["measures"]:
                _add(tables["register_help_measure"], measure | {"household_id": owner["id"]})
        for document in documents:
            _add(tables["register_village_document"], document)
        self._load(tables)
        return Rows(self.platform, tables)

    def _load(self, tables: dict[str, list[Row]]) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(tables)}"))
            for name, rows in tables.items():
                stored = [{key: value for key, value in row.items() if key not in ("level",)} for row in rows]
                copy_rows(
                    connection,
                    stored,
                    self._records[name],
                    district_code=DISTRICT,
                    source="test",
                    basis=Basis.SYNTHETIC,
                    recorded_on=TODAY,
                )

    def ask(self, document: str, *, both: bool = True) -> dict[str, Any]:
        """The data of the answer, the same on both paths unless only the fast one is asked."""
        compiled, *plain = (
            decoded(self._runner.run(self.graph.execute(self.database, document, today=TODAY, plainly=plainly)))
            for plainly in ((False, True) if both else (False,))
        )
        assert plain in ([], [compiled])
        assert "errors" not in compiled, compiled["errors"]
        data: dict[str, Any] = compiled["data"]
        return data


def _place(code: int) -> Row:
    level = 3 if code % 10**6 else 2 if code % 10**9 else 1
    kind = {1: PlaceKind.DISTRICT, 2: PlaceKind.TOWN, 3: PlaceKind.VILLAGE}[level]
    row = {"code": code, "level": level, "name": "地", "pinyin": "di", "kind": kind, "valid_to": None}
    return row | {"district_code": DISTRICT, "valid_from": date(2014, 1, 1)}


def _add(rows: list[Row], row: Row) -> Row:
    row = {"valid_to": None, "valid_from": date(2014, 1, 1), **row, "id": DISTRICT * 10**9 + len(rows) + 1}
    rows.append(row)
    return row


@pytest.fixture(scope="module")
def world(postgres: Postgres) -> Iterator[World]:
    with postgres.fresh() as database, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            yield World(database, runner)
        finally:
            runner.run(database.aclose())


@settings(
    max_examples=max(40, EXAMPLES // 5),
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example fills a database
)
@given(households=st.lists(_HOUSEHOLD, max_size=4), documents=st.lists(_DOCUMENT, max_size=12))
def test_what_is_missing_is_what_the_words_say(world: World, households: list[Row], documents: list[Row]) -> None:
    rows = world.fill(households, documents)
    answer = world.ask(_document(world))
    core = {node.name: node for node in world.platform.graph.core.values()}
    for type_, nodes in _told(answer).items():
        node = core[type_]
        kinds = [kind for kind in KINDS if list(required_of(node, kind))]
        assert type_ == "Person" or len(nodes) == len(rows.all(node))
        for found in nodes:
            row = next(row for row in rows.all(node) if typed_id(node, row) == found["id"])
            assert {kind: found[kind] for kind in kinds} == {kind: _expected(rows, node, kind, row) for kind in kinds}


@settings(
    max_examples=max(40, EXAMPLES // 5),
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
)
@given(households=st.lists(_HOUSEHOLD, max_size=4), documents=st.lists(_DOCUMENT, max_size=12))
def test_shares_and_counts_are_what_the_words_say(world: World, households: list[Row], documents: list[Row]) -> None:
    """Of each requirement and of all of a kind, in the graph and on the command line, at every level of places."""
    rows = world.fill(households, documents)
    rates = _rates(world)
    names = " ".join(f"{name} {{ value }}" for name in rates)
    asked = " ".join(
        f'{level}(code: "{official(code)}") {{ register {{ {names} }} }}' for level, code in LEVELS.items()
    )
    # Field by field each share is two statements: both paths are compared on fewer rows.
    answer = world.ask(f"{{ {asked} }}", both=len(households) == 1)
    for level, code in LEVELS.items():
        told = {name: value["value"] for name, value in answer[level]["register"].items()}
        assert told == {name: _share(_standings(rows, code, *each)) for name, each in rates.items()}, level
        with world.database.engine.connect() as connection:
            counts = count_requirements(world.platform, connection, code, TODAY)
        assert len(counts) == len([name for name in rates if name.endswith("Rate")])
        for count in counts:
            node = world.platform.graph.core[count.required.requirement.of]
            met = [each for each in _standings(rows, code, node, [count.required.qualified]) if each is not None]
            assert (count.asked, count.missing) == (len(met), met.count(False)), count.required.qualified
            assert (None if count.rate is None else float(count.rate)) == told[f"{count.required.name}Rate"]


@settings(
    max_examples=max(20, EXAMPLES // 10),
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(households=st.lists(_HOUSEHOLD, min_size=1, max_size=6), is_met=st.booleans())
def test_filters_take_what_the_words_say(world: World, households: list[Row], is_met: bool) -> None:
    rows = world.fill(households, [])
    node = next(each for each in world.platform.graph.core.values() if each.name == "Household")
    given, expected = {}, {}
    value = str(is_met).lower()
    for kind in KINDS:
        required = list(required_of(node, kind))
        comparisons = {f"{kind}All": ("isComplete", [each.qualified for each in required])}
        comparisons |= {each.name: (each.name, [each.qualified]) for each in required}
        for key, (name, qualified) in comparisons.items():
            inner = f"{name}: {{ eq: {value} }}"
            inner = inner if name == "isComplete" else f"register: {{ {inner} }}"
            given[key] = f"{{ {kind}: {{ {inner} }} }}"
            expected[key] = [
                typed_id(node, row) for row in rows.all(node) if _whole(_answers(rows, qualified, row)) is is_met
            ]
    lists = (f'{key}: households(within: "620502", filter: {each}) {{ nodes {{ id }} }}' for key, each in given.items())
    answer = world.ask(f"{{ {' '.join(lists)} }}")
    assert {key: [each["id"] for each in found["nodes"]] for key, found in answer.items()} == expected


def _document(world: World) -> str:
    whole = "{ isComplete met asked missing { name } }"
    inside = f"id completeness {whole} consistency {whole} members {{ nodes {{ id consistency {whole} }} }}"
    villages = f'villages(within: "620502") {{ nodes {{ id completeness {whole} }} }}'
    return f'{{ households(within: "620502") {{ nodes {{ {inside} }} }} {villages} }}'


def _told(answer: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    households, villages = (answer[name]["nodes"] for name in ("households", "villages"))
    people = [member for each in households for member in each["members"]["nodes"]]
    return {"Household": households, "Village": villages, "Person": people}


def _answers(rows: Rows, names: list[str], row: Row) -> list[bool]:
    found = (standing(rows, name, row) for name in names)
    return [each for each in found if each is not None]


def _whole(answers: list[bool]) -> bool | None:
    return all(answers) if answers else None


def _expected(rows: Rows, node: Node, kind: str, row: Row) -> dict[str, Any]:
    found = {each.qualified: standing(rows, each.qualified, row) for each in required_of(node, kind)}
    answers = [each for each in found.values() if each is not None]
    missing = [{"name": name} for name, each in found.items() if each is False]
    return {"isComplete": _whole(answers), "met": sum(answers), "asked": len(answers), "missing": missing}


def _rates(world: World) -> dict[str, tuple[Node, list[str]]]:
    """The names of the shares, each with the type it is of and the requirements that have to be met."""
    found: dict[str, tuple[Node, list[str]]] = {}
    for node in world.platform.graph.core.values():
        for kind, word in KINDS.items():
            names = {f"{each.name}Rate": [each.qualified] for each in required_of(node, kind)}
            if names:
                names[f"{word}{LISTED[node.name]}"] = [name for each in names.values() for name in each]
            found |= {name: (node, each) for name, each in names.items()}
    return found


def _standings(rows: Rows, code: int, node: Node, names: list[str]) -> list[bool | None]:
    """Of each thing of a type in a place whether all that concerns it is met; None where nothing does."""
    here = (row for row in rows.all(node) if inside(rows.lies(node, row), code))
    return [_whole(_answers(rows, names, row)) for row in here]


def _share(standings: list[bool | None]) -> float | None:
    asked = [each for each in standings if each is not None]
    if not asked:
        return None
    return float((Decimal(asked.count(True)) * 100 / len(asked)).quantize(Decimal("0.01"), ROUND_HALF_UP))
