"""A file that is read many rows at a time has the same rows, and the same mistakes, as one that is read row by row."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bangfu.declare.records import Dated
from bangfu.intake.blocks import read_blocks
from bangfu.intake.sheet import read_rows
from bangfu_industry.records import Planting

HEAD = ("戶編號", "作物類別", "作物", "面積(畝)", "種植日期", "是否新發展", "是否享受產業扶持", "來源")
GOOD = ("620502000000001", "林果", "蘋果", "2.5", "2015-03-05", "是", "否", "村委會")
OTHERS = st.sampled_from(["", " ", "許多", "1.234", "張三", "\x00", "0", "12"])
KEYS = ("household_id", "kind", "crop", "area", "planted_on", "is_new", "is_supported", "source")
JSON = st.sampled_from([None, 1, True, 2.5, [1], {"a": 1}, "蘋果", ""])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of which most cells are right; some are longer or shorter than the headers, or blank."""
    rows = []
    for _ in range(draw(st.integers(0, 25))):
        wrong = draw(st.dictionaries(st.integers(0, len(GOOD) - 1), OTHERS, max_size=2))
        row = [wrong.get(position, cell) for position, cell in enumerate(GOOD)]
        rows.append(draw(st.sampled_from([row] * 8 + [row[:-1], [*row, "x"], [], [""] * len(row)])))
    return rows


def of_blocks(path: Path, record: type[Dated], most: int) -> list[tuple[int, Any]]:
    """All that the blocks of a file hold, in the order of its lines."""
    found: list[tuple[int, Any]] = []
    for block in read_blocks(path, record, most):
        found += [(line, block.row(position)) for position, line in enumerate(block.lines)]
        found += [*block.rows, *block.refused]
        assert {len(values) for values in block.columns.values()} <= {len(block.lines)}
    return sorted(found, key=lambda each: each[0])


def told(rows: Sequence[tuple[int, Any]]) -> list[tuple[int, Any, Any]]:
    """Rows with their lines and the kinds of their values: 1 and True are equal, and not the same."""
    kinds = [{name: type(each) for name, each in row.items()} if isinstance(row, Mapping) else None for _, row in rows]
    return [(line, row, kind) for (line, row), kind in zip(rows, kinds, strict=True)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables(), most=st.integers(1, 9))
def test_blocks_of_csv_have_the_rows_of_the_file(rows: list[list[str]], most: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    assert told(of_blocks(path, Planting, most)) == told(list(read_rows(path, Planting)))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(st.sampled_from(KEYS), JSON), max_size=12), most=st.integers(1, 5))
def test_blocks_of_json_have_the_rows_of_the_file(rows: list[dict[str, Any]], most: int, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    given = [dict(zip(KEYS, GOOD, strict=True)), *rows, dict(zip(KEYS, GOOD, strict=True))]
    path.write_bytes(b"\n".join(map(orjson.dumps, given)))
    assert told(of_blocks(path, Planting, most)) == told(list(read_rows(path, Planting)))
