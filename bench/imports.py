"""`python -m bench.imports`: how fast a file of plantings is imported, beside the least that PostgreSQL has to do.

The least is COPY into the record's table in as many transactions: nothing is read, checked, sorted or logged. Each way
gets a copy of the demo district of its own, on a server that waits for the disk.
"""

import csv
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Annotated
from unittest.mock import patch

import orjson
import psycopg
import typer

from bangfu.access import EVERYTHING
from bangfu.bulk import planning, sorting
from bangfu.bulk.applying import apply_import
from bangfu.bulk.planning import Import, plan_import
from bangfu.bulk.trying import Refusal
from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.registry import discover
from bangfu.seal import FILE, keys_file
from bangfu.store import Database, EmbeddedServer
from bangfu.store.sealed import seal_of_file
from bangfu.write.outcome import Author
from bangfu.write.plainly import is_plain
from bangfu_app.demo import ensure_demo
from bangfu_industry.records import Planting
from bangfu_migrations import make_ready

_DISTRICT = 620502
_HOUSEHOLDS = 19_129
_HEAD = ("戶編號", "作物類別", "作物", "面積(畝)", "種植日期", "是否新發展", "是否享受產業扶持")
_CROPS = ("蘋果", "梨", "黨參", "黃芪", "核桃", "花椒", "辣椒", "當歸")
_TODAY = date(2015, 12, 31)
_AUTHOR = Author(name="bench")
_SLOWER = 10
"""How many times fewer rows are imported one by one."""

_COPY = (
    "COPY industry_planting (district_code, id, household_id, kind, crop, area, planted_on, is_new, is_supported,"
    " version, source, basis, recorded_on, valid_from) FROM STDIN"
)


@dataclass(frozen=True)
class Taken:
    """How long one import took; seconds, and megabytes of the process at its largest."""

    rows: int
    plan: float
    apply: float
    processor: float
    memory: float


def write_file(path: Path, rows: int) -> None:
    """A file of plantings in the demo district's households, the same each time."""
    choose = random.Random(20160630)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEAD)
        for _ in range(rows):
            household = _DISTRICT * DISTRICT_SPAN + 1 + choose.randrange(_HOUSEHOLDS)
            day = f"2015-{choose.randrange(1, 13):02}-{choose.randrange(1, 29):02}"
            area = f"{choose.randrange(1, 3000) / 100:.2f}"
            flags = choose.choice("是否"), choose.choice("是否")
            writer.writerow((household, "林果", choose.choice(_CROPS), area, day, *flags))


def import_file(url: str, keys: Path, path: Path, *, singly: bool = False) -> Taken:
    """Plans and applies a file; one by one, as whatever is in question is written, where that is asked for."""
    database = Database(url, pool_size=2, seal=seal_of_file(keys))
    asked = Import(path=path, record=Planting, author=_AUTHOR, policy=EVERYTHING, today=_TODAY)
    with patch.object(sorting, "is_plain", (lambda _: False) if singly else is_plain):
        begin = time.perf_counter()
        plan = plan_import(database.engine, asked, _refused)
        planned = time.perf_counter()
        done = apply_import(
            *(database.engine, plan.id, Planting, _refused), author=_AUTHOR, policy=EVERYTHING, today=_TODAY
        )
        end = time.perf_counter()
    database.dispose()
    assert done.applied == plan.creates, "all of the rows are right"
    return Taken(plan.creates, planned - begin, end - planned, time.process_time(), _memory())


def _memory() -> float:
    """Megabytes that this process has had at most; Linux counts what its parent had, too, in all but this file."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(peak) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def least(url: str, path: Path) -> float:
    """Seconds that PostgreSQL takes for the rows alone."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [_line(*cells) for cells in list(csv.reader(file))[1:]]
    taken = 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT max(id) FROM industry_planting").fetchone()
        assert found is not None
        first = int(found[0]) + 1
        for start in range(0, len(lines), planning._BLOCK):
            part = lines[start : start + planning._BLOCK]
            text = "".join(f"{_DISTRICT}\t{first + n}\t{line}\n" for n, line in enumerate(part))
            begin = time.perf_counter()
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.write(text)
            taken += time.perf_counter() - begin
            first += len(part)
    return taken


def _line(household: str, _: str, crop: str, area: str, day: str, is_new: str, is_supported: str) -> str:
    flags = f"{'ft'[is_new == '是']}\t{'ft'[is_supported == '是']}"
    return f"{household}\tORCHARD\t{crop}\t{area}\t{day}\t{flags}\t1\tbench\tADMINISTRATIVE\t{_TODAY}\t{_TODAY}"


def _refused(refusal: Refusal) -> None:
    raise AssertionError(refusal)


class _Copies:
    """Databases with the demo district, each thrown away after its use."""

    def __init__(self, server: EmbeddedServer, keys: Path) -> None:
        self._server = server
        self._seal = seal_of_file(keys)
        database = Database(server.url(), pool_size=2, seal=self._seal)
        platform = discover(())
        make_ready(database.engine, platform)
        ensure_demo(database.engine, [each.plugin for each in platform.plugins])
        database.dispose()

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address of one, at rest."""
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS imported WITH (FORCE)")
            connection.execute("CREATE DATABASE imported TEMPLATE bangfu")
            connection.execute("CHECKPOINT")
            yield self._server.url("imported")
            connection.execute("DROP DATABASE imported WITH (FORCE)")


def imports(
    rows: Annotated[int, typer.Option(help="How many rows the file has.", min=1000)] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="How many rounds; the middle one is shown.", min=1)] = 3,
    home: Annotated[Path, typer.Option(help="Where the database and the files live.")] = Path(".bangfu/bench-imports"),
) -> None:
    """Measure what an import takes, as rows a second, in rounds in which each way has its turn."""
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    file, small, keys = home / "rows.csv", home / "few.csv", home / FILE
    keys_file(keys)
    write_file(file, rows)
    write_file(small, max(rows // _SLOWER, 100))
    many: list[Taken] = []
    single: list[Taken] = []
    bare: list[float] = []
    with EmbeddedServer(home) as server:
        copies = _Copies(server, keys)
        for _ in range(rounds):
            with copies.one() as url:
                bare.append(least(url, file))
            with copies.one() as url:
                many.append(_in_a_process(url, keys, file, "many"))
            with copies.one() as url:
                single.append(_in_a_process(url, keys, small, "single"))
    for line in _table(rows, median(bare), many, single):
        print(line)


def _in_a_process(url: str, keys: Path, file: Path, way: str) -> Taken:
    """An import in a process of its own, so that its memory is its own."""
    asked = [sys.executable, "-m", "bench.imports", "--one", url, str(keys), str(file), way]
    return Taken(**orjson.loads(subprocess.run(asked, check=True, capture_output=True).stdout))


def _table(rows: int, bare: float, many: list[Taken], single: list[Taken]) -> Iterator[str]:
    yield f"{rows:,} plantings; rows a second, in the middle of {len(many)} rounds"
    yield ""
    yield "| | plan | apply | both | × least | processor, s | memory, MB |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    yield f"| the least: COPY | | {rows / bare:,.0f} | | | | |"
    for name, found in (("many at once", many), ("one by one", single)):
        plan, apply = median(each.plan for each in found), median(each.apply for each in found)
        both = median(each.plan + each.apply for each in found)
        number, processor = found[0].rows, median(each.processor for each in found)
        speeds = " | ".join(f"{number / each:,.0f}" for each in (plan, apply, both))
        slower = both / number / (bare / rows)
        yield f"| {name} | {speeds} | {slower:.2f} | {processor:.1f} | {max(each.memory for each in found):.0f} |"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        taken = import_file(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), singly=sys.argv[5] == "single")
        print(orjson.dumps(asdict(taken)).decode())
    else:
        typer.run(imports)
