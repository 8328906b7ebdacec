"""`bangfu places`: a plan from a file is shown, done and taken back, as an operator at the district would do it."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tests.app.command import Bangfu

from bangfu.store import Database

VILLAGES = (
    "SELECT code FROM place WHERE level = 3 AND code / 1000000 = 620502106 AND valid_to IS NULL"
    " AND valid_from < '2015-12-01' ORDER BY code"
)


def villages(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return [str(code // 1000) for code in connection.scalars(text(VILLAGES))]


def plan(path: Path, *steps: dict[str, Any], **given: Any) -> str:
    file = path / "併村.json"
    told = {"district": "620502", "on": "2015-12-01", "note": "天秦政發〔2015〕88號", "steps": list(steps), **given}
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return str(file)


def test_from_a_plan_to_its_undoing(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    one, two, three = villages(demo_copy)[:3]
    file = plan(tmp_path, {"merge": {"places": [one], "into": two}}, {"rename": {"place": three, "name": "新名村"}})
    shown = bangfu("places", "reorganise", file, database=demo_copy)
    assert shown.exit_code == 0, shown.output
    assert f"→ {two}  合併 Merged" in shown.stdout
    assert f"household  {one}001 → {two}003: " in shown.stdout, "they live in its hamlets"
    assert "measures stay what they are" in shown.stdout
    assert "--apply" in shown.stderr
    assert one in villages(demo_copy)

    done = bangfu("places", "reorganise", file, "--apply", "--json", database=demo_copy)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["number"], told["errors"], told["entries"]) == (1, [], [1])
    assert [(each["predecessor"], each["successor"], each["kind"]) for each in told["lineage"]][:1] != []
    assert all(each["isConserved"] or each["countsPlaces"] for each in told["measures"])
    assert one not in villages(demo_copy)

    listed = bangfu("places", "list", database=demo_copy)
    assert "620502 no. 1  2015-12-01" in listed.stdout
    assert "天秦政發〔2015〕88號" in listed.stdout

    undone = bangfu("places", "undo", "1", "--district", "620502", "--apply", database=demo_copy)
    assert undone.exit_code == 0, undone.output
    assert one in villages(demo_copy)
    (kept,) = json.loads(bangfu("places", "list", "--json", database=demo_copy).stdout)
    assert (kept["number"], kept["is_undone"]) == (1, True)
    assert bangfu("audit", "verify", database=demo_copy).exit_code == 0


def test_what_cannot_be_is_told_with_its_step(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    one = villages(demo_copy)[0]
    file = plan(tmp_path, {"rename": {"place": one, "name": "x"}}, {"merge": {"places": [one], "into": one}})
    done = bangfu("places", "reorganise", file, "--apply", database=demo_copy)
    assert done.exit_code == 1
    assert "plan.steps.1.places: " in done.stderr
    assert bangfu("places", "list", "--json", database=demo_copy).stdout.strip() == "[]"


def test_what_is_no_plan_is_told_with_the_way_to_it(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    def told(*steps: Any, **given: Any) -> str:
        done = bangfu("places", "reorganise", plan(tmp_path, *steps, **given), database=demo_copy)
        assert done.exit_code in (2, 3), done.output
        return done.stderr

    assert "plan.steps[0].merge.into: has to be given" in told({"merge": {"places": []}})
    assert "plan.steps[0]: a step is one of" in told({"merge": {}, "move": {}})
    assert "Did you mean 'rename'?" in told({"renames": {}})
    assert "plan.steps[0].rename.place" in told({"rename": {"place": "62", "name": "x"}})
    assert "plan.steps[0].split.kind: 'CITY' is no kind of place" in told(
        {"split": {"place": "620502100201", "name": "x", "kind": "CITY"}}
    )
    assert "plan.steps[0].split.households[1]" in told(
        {"split": {"place": "620502100201", "name": "x", "households": ["household:620502000000001", "person:1"]}}
    )
    assert "plan.on" in told({"rename": {"place": "620502100201", "name": "x"}}, on="gestern")
    assert "plan.steps: there are 0 steps" in told()
    (tmp_path / "broken.json").write_text("{")
    done = bangfu("places", "reorganise", str(tmp_path / "broken.json"), database=demo_copy)
    assert done.exit_code == 2
    assert "is no JSON" in done.stderr
