"""`bangfu import`: a township officer's file, from the template to rows in the graph."""

import csv
import json
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # it comes without types
from python_calamine import CalamineWorkbook
from tests.app.command import Bangfu
from tests.write.clerk import BASE

from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask

ROW = {
    "戶號": str(BASE + 1),
    "作物類別": "林果",
    "作物": "花牛蘋果",
    "面積": "2.5",
    "種植日期": "2015.3.5",
    "是否新發展": "是",
    "是否享受產業扶持": "否",
}
MINE = """{ industry { plantings(within: "620502", filter: { crop: { eq: "花牛蘋果" } }) {
  nodes { area household { id } } } } }"""


def fill(template: Path, path: Path, *rows: dict[str, str]) -> None:
    """A file with the headers of a template, and rows below them."""
    (head, *_) = CalamineWorkbook.from_path(template).get_sheet_by_index(0).to_python()
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, head)
        for number, row in enumerate(rows, 1):
            for column, title in enumerate(head):
                sheet.write(number, column, row[str(title).partition("(")[0]])


def test_from_a_template_to_rows(bangfu: Bangfu, demo_copy: Database, graph: Graph, tmp_path: Path) -> None:
    template, filled, report = (tmp_path / name for name in ("a.xlsx", "b.xlsx", "c.csv"))
    assert bangfu("import", "template", "industry.planting", "-o", str(template)).exit_code == 0
    fill(template, filled, ROW, ROW | {"作物類別": "水果", "面積": "-1"})
    arguments = ("import", "plan", str(filled), "--record", "industry.planting", "--report", str(report))
    planned = bangfu(*arguments, database=demo_copy)
    assert planned.exit_code == 1, "a row is refused"
    assert "1 new 新增, 0 changed 修改, 0 unchanged 不變, 1 refused 拒絕; planned" in planned.stdout
    assert "line 3, kind" in planned.stderr
    with report.open(encoding="utf-8-sig", newline="") as file:
        told = list(csv.DictReader(file))
    assert [(each["line"], each["column"], each["code"]) for each in told] == [
        ("3", "kind", "UNKNOWN_VALUE"),
        ("3", "area", "OUT_OF_RANGE"),
    ]
    assert all(each["message_zh"] and each["message_en"] for each in told)
    assert ask(graph, demo_copy, MINE)["industry"]["plantings"]["nodes"] == []
    (plan,) = json.loads(bangfu("import", "list", "--json", database=demo_copy).stdout)
    applied = bangfu("import", "apply", plan["id"], database=demo_copy)
    assert applied.exit_code == 0, applied.output
    assert "applied 20" in applied.stdout
    (row,) = ask(graph, demo_copy, MINE)["industry"]["plantings"]["nodes"]
    assert row == {"area": 2.5, "household": {"id": f"household:{BASE + 1}"}}
    again = bangfu("import", "apply", plan["id"], "--json", database=demo_copy)
    assert json.loads(again.stdout)[0]["applied"] == 1
    assert len(ask(graph, demo_copy, MINE)["industry"]["plantings"]["nodes"]) == 1
    assert "industryPlanting" in bangfu("audit", "log", database=demo_copy).stdout


def test_what_is_mistyped_is_told(bangfu: Bangfu, demo_copy: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("戶編號,作物種類\n1,林果\n", encoding="utf-8")
    unknown = bangfu("import", "plan", str(path), "--record", "industry.plantings", database=demo_copy)
    assert (unknown.exit_code, "industry.planting" in unknown.stderr) == (2, True)
    headers = bangfu("import", "plan", str(path), "--record", "industry.planting", database=demo_copy)
    assert (headers.exit_code, "作物種類" in headers.stderr) == (3, True)
    nothing = bangfu("import", "apply", "0000", database=demo_copy)
    assert (nothing.exit_code, "There is no plan" in nothing.stderr) == (3, True)
    missing = bangfu("import", "plan", str(tmp_path / "b.csv"), "--record", "household", database=demo_copy)
    assert missing.exit_code == 2
