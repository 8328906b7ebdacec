"""`bangfu schema diff`: what a change of the schema asks of clients."""

import json
from pathlib import Path

import pytest
from tests.app.command import Bangfu

OLD = "type Query { a: Int  b(first: Int): String  kind: Kind }  enum Kind { ONE TWO }"
WITHOUT_A = "type Query { b(first: Int): String kind: Kind } enum Kind { ONE TWO }"
FIRST_REQUIRED = "type Query { a: Int b(first: Int!): String kind: Kind } enum Kind { ONE TWO }"
ONE_MORE_KIND = "type Query { a: Int b(first: Int): String kind: Kind } enum Kind { ONE TWO THREE }"
ONE_MORE_FIELD = "type Query { a: Int b(first: Int): String kind: Kind c: Int } enum Kind { ONE TWO }"


@pytest.mark.parametrize(
    ("new", "level", "type_"),
    [
        (WITHOUT_A, "breaking", "FIELD_REMOVED"),
        (FIRST_REQUIRED, "breaking", "ARG_CHANGED_KIND"),
        (ONE_MORE_KIND, "dangerous", "VALUE_ADDED_TO_ENUM"),
        (ONE_MORE_FIELD, "safe", "FIELD_ADDED"),
    ],
)
def test_each_change_has_its_level(bangfu: Bangfu, tmp_path: Path, new: str, level: str, type_: str) -> None:
    old, later = tmp_path / "old.graphql", tmp_path / "new.graphql"
    old.write_text(OLD)
    later.write_text(new)
    done = bangfu("schema", "diff", str(old), str(later), "--json")
    assert done.exit_code == (1 if level == "breaking" else 0)
    (change,) = json.loads(done.stdout)
    assert (change["level"], change["type"]) == (level, type_)
    shown = bangfu("schema", "diff", str(old), str(later))
    assert change["description"] in shown.stdout
    assert f"1 {level}" in shown.stderr


def test_the_present_schema_is_what_a_file_is_compared_with(bangfu: Bangfu, tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    exported = bangfu("schema", "export").stdout
    file.write_text(exported, encoding="utf-8")
    same = bangfu("schema", "diff", str(file))
    assert (same.exit_code, same.stdout) == (0, "")
    file.write_text(exported + "\ntype Gone { a: Int }\n", encoding="utf-8")
    assert "Gone" in bangfu("schema", "diff", str(file)).stdout


def test_what_is_no_schema_is_told(bangfu: Bangfu, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a schema")
    done = bangfu("schema", "diff", str(file))
    assert done.exit_code == 3
    assert "old schema is no SDL" in done.stderr
    assert bangfu("schema", "diff", str(tmp_path / "nowhere")).exit_code == 2
