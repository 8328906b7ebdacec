"""`bangfu report`: all figures equal on the demo, and an exit code that says when one is not."""

import json

import pytest
from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.store import Database
from bangfu_app import opening
from bangfu_app.report import figures
from bangfu_migrations import make_ready
from bangfu_schema import Graph


@pytest.fixture
def one_graph(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same graph for all, since making one is what takes a report its time."""
    monkeypatch.setattr(opening, "Graph", lambda *_, **__: graph)


def test_all_figures_are_equal(bangfu: Bangfu, demo_database: Database) -> None:
    done = bangfu("report", database=demo_database)
    assert done.exit_code == 0, done.output
    assert "All 32 figures are equal" in done.stdout
    assert figures()["industry.orchard_area"].phrase in done.stdout


@pytest.mark.usefixtures("one_graph")
def test_as_json(bangfu: Bangfu, demo_database: Database) -> None:
    done = bangfu("report", "--json", database=demo_database)
    assert done.exit_code == 0
    lines = json.loads(done.stdout)
    assert len(lines) == 32
    known = figures()
    for line in lines:
        assert list(line) == ["id", "reported", "actual", "equal"]
        assert line["reported"] == line["actual"] == known[line["id"]].reported
        assert line["equal"] is True


@pytest.mark.usefixtures("one_graph")
def test_a_row_that_is_missing_shows(bangfu: Bangfu, demo_copy: Database) -> None:
    with demo_copy.engine.begin() as connection:
        one = "select ctid from register_poor_village limit 1"
        assert connection.execute(text(f"delete from register_poor_village where ctid = ({one})")).rowcount == 1
    done = bangfu("report", "--json", database=demo_copy)
    assert done.exit_code == 1
    differing = [line for line in json.loads(done.stdout) if not line["equal"]]
    assert differing == [{"id": "organisation.poor_villages", "reported": 84, "actual": 83, "equal": False}]
    table = bangfu("report", database=demo_copy)
    assert table.exit_code == 1
    assert "1 of 32 figures differs" in table.stdout


def test_without_tables_it_says_what_is_missing(bangfu: Bangfu, empty_database: Database) -> None:
    done = bangfu("report", database=empty_database)
    assert done.exit_code == 3
    assert "no tables yet. `bangfu migrate`" in done.stderr


@pytest.mark.usefixtures("one_graph")
def test_without_a_district_it_says_what_is_missing(bangfu: Bangfu, graph: Graph, empty_database: Database) -> None:
    make_ready(empty_database.engine, graph.platform)
    done = bangfu("report", database=empty_database)
    assert done.exit_code == 3
    assert "`bangfu demo --no-serve` builds the demo district" in done.stderr


def test_without_a_plugin_it_says_what_is_missing(bangfu: Bangfu, demo_database: Database) -> None:
    done = bangfu("report", database=demo_database, BANGFU_DISABLED="capacity")
    assert done.exit_code == 3
    assert "switched off" in done.stderr
