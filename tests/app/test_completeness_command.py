"""`bangfu completeness`: what is missing in a place, as the graph tells it too."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.registry.nodes import camel
from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask


def counted(bangfu: Bangfu, database: Database, within: str) -> dict[str, dict[str, Any]]:
    done = bangfu("completeness", "--within", within, "--json", database=database)
    assert done.exit_code == 0, done.output
    return {each["name"]: each for each in json.loads(done.stdout)}


@pytest.mark.parametrize(("level", "within"), [("district", "620502"), ("township", "620502101")])
def test_it_counts_what_the_graph_lists(
    bangfu: Bangfu, graph: Graph, demo_database: Database, level: str, within: str
) -> None:
    """Two ways to the same numbers: the shares of the place, and the lists of what is missing."""
    found = counted(bangfu, demo_database, within)
    assert {each["of"] for each in found.values()} == {"village", "household", "person"}
    spaces: dict[str, list[str]] = {}
    lists = []
    for name, each in found.items():
        plugin, own = name.split(".")
        spaces.setdefault(camel(plugin), []).append(f"{camel(own)}Rate {{ value }}")
        if each["of"] != "person":
            given = f"{each['kind']}: {{ {camel(plugin)}: {{ {camel(own)}: {{ eq: false }} }} }}"
            alias = f"{camel(plugin)}_{camel(own)}"
            lists.append(f'{alias}: {each["of"]}s(within: "{within}", filter: {{ {given} }}) {{ totalCount }}')
    rates = " ".join(f"{space} {{ {' '.join(fields)} }}" for space, fields in spaces.items())
    answer = ask(graph, demo_database, f'{{ {level}(code: "{within}") {{ {rates} }} {" ".join(lists)} }}')
    for name, each in found.items():
        plugin, own = map(camel, name.split("."))
        assert answer[level][plugin][f"{own}Rate"]["value"] == each["rate"], name
        if each["of"] != "person":
            assert answer[f"{plugin}_{own}"]["totalCount"] == each["missing"], name


def test_the_demo_has_gaps_and_is_not_made_of_them(bangfu: Bangfu, demo_database: Database) -> None:
    found = counted(bangfu, demo_database, "620502")
    assert found["register.has_help_measure"]["asked"] == 19_129
    assert 0 < found["register.has_help_measure"]["missing"] < 1_000
    assert found["register.one_head"]["missing"] == 0
    assert found["register.has_income_plan"]["missing"] > 10
    assert found["register.has_help_measure"]["mutation"] == "registerHelpMeasureCreate"
    assert found["register.help_measure_due_on_known"]["column"] == "dueOn"


def test_in_a_village_only_what_lies_there_is_counted(bangfu: Bangfu, demo_database: Database) -> None:
    village, hamlet = (counted(bangfu, demo_database, code) for code in ("620502101202", "620502101202001"))
    assert village["register.has_village_file"]["asked"] == 1
    assert "register.has_village_file" not in hamlet, "nothing of this sort is asked of a part of a village"
    assert 0 < hamlet["register.one_head"]["asked"] <= village["register.one_head"]["asked"]


def test_what_is_mended_is_counted_no_more(bangfu: Bangfu, demo_copy: Database) -> None:
    before = counted(bangfu, demo_copy, "620502")["register.main_cause_known"]
    assert before["missing"] > 0
    with demo_copy.engine.begin() as connection:
        connection.execute(text("UPDATE household SET main_cause = 'OTHER' WHERE main_cause IS NULL"))
    after = counted(bangfu, demo_copy, "620502")["register.main_cause_known"]
    assert (after["missing"], after["rate"], after["asked"]) == (0, 100, before["asked"])


def test_people_read_a_table(bangfu: Bangfu, demo_database: Database) -> None:
    done = bangfu("completeness", "--within", "620502101", database=demo_database)
    assert done.exit_code == 0
    assert "至少有一項幫扶措施" in done.stdout
    assert "missing or contradicting" in done.stdout


@pytest.mark.parametrize(("code", "told"), [("62", "is not a place code"), ("620599", "the code of no district here")])
def test_a_place_that_there_is_not_is_told(bangfu: Bangfu, demo_database: Database, code: str, told: str) -> None:
    done = bangfu("completeness", "--within", code, database=demo_database)
    assert done.exit_code == 3
    assert told in done.stderr
