"""`bangfu import`: rows from files, in two steps: a plan of what would change, and just that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from bangfu.bulk.planning import Refusal
    from bangfu.declare.records import Dated
    from bangfu.registry import Platform
    from bangfu.store import Database
    from bangfu.store.imports import StoredPlan
    from bangfu.write.outcome import Author

imports = typer.Typer(help="Rows from CSV, Excel and JSON lines. 批量導入", no_args_is_help=True)

_SHOWN = 20  # refusals on the terminal; all of them are in the report
_COLUMNS = ("line", "column", "code", "message_zh", "message_en", "suggestion")

RecordOption = Annotated[
    str, typer.Option("--record", "-r", metavar="NAME", help="What the rows are, as industry.planting or household.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print an object instead of text.")]


@imports.command("plan")
def plan(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="CSV, XLSX or JSON lines.", exists=True, dir_okay=False)
    ],
    record: RecordOption,
    within: Annotated[
        str, typer.Option(metavar="CODE", help="The place in which names of places and ID numbers are looked up.")
    ] = "",
    sheet: Annotated[str, typer.Option(metavar="NAME", help="The sheet of an XLSX file; else the first one.")] = "",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where all that is refused is written, as CSV.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan an import: what would be new, what would change, what cannot be taken. 預檢

    Nothing is changed. The plan is kept, and `bangfu import apply` does just that.

    [bold]Examples[/]
    bangfu import plan plantings.xlsx --record industry.planting
    bangfu import plan 種植.csv --record industry.planting --within 620502 --report refused.csv
    """
    from bangfu.access import EVERYTHING
    from bangfu.bulk.planning import Import, plan_import
    from bangfu.declare.codes import parse_code

    place = parse_code(within, argument="--within") if within else None
    with _opened() as (platform, database):
        chosen = _record(platform, record)
        made = []
        with _refusals(report, is_quiet=as_json) as refuse:
            for file in files:
                asked = Import(
                    path=file,
                    record=chosen,
                    author=_author(),
                    policy=EVERYTHING,
                    today=_today(database),
                    within=place,
                    sheet=sheet or None,
                    units=platform.units,
                )
                with _progress(file.name) as on_rows:
                    made.append(plan_import(database.engine, asked, refuse, on_rows=on_rows))
    _print_plans(made, as_json=as_json)
    if any(each.rejected for each in made):
        raise typer.Exit(1)


@imports.command("apply")
def apply(
    plans: Annotated[list[str], typer.Argument(metavar="PLAN…", help="The ids that `bangfu import plan` tells.")],
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where all that is refused is written, as CSV.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Apply plans: write what they say. 導入

    It may be stopped at any moment, and goes on where it was when it is called again.
    Rows that were changed by others since the plan was made are refused and told.

    [bold]Example[/]
    bangfu import apply 3f8a1c0d9b2e4f67
    """
    from bangfu.access import EVERYTHING
    from bangfu.bulk.applying import apply_import, require_plan

    with _opened() as (platform, database):
        done = []
        with _refusals(report, is_quiet=as_json) as refuse:
            for id_ in plans:
                kept = require_plan(database.engine, id_)
                record = next(node.record for node in platform.graph.nodes.values() if node.table.name == kept.record)
                with _progress(kept.file, total=kept.rows) as on_rows:
                    done.append(
                        apply_import(
                            *(database.engine, id_, record, refuse),
                            author=_author(f"import {id_}"),
                            policy=EVERYTHING,
                            today=_today(database),
                            on_rows=on_rows,
                        )
                    )
    _print_plans(done, as_json=as_json)
    if any(each.refused for each in done):
        raise typer.Exit(1)


@imports.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the plans, the newest first. 查看計劃"""
    from bangfu.store.imports import list_plans

    with _opened() as (_, database), database.engine.connect() as connection:
        found = list_plans(connection, 100)
    _print_plans(found, as_json=as_json)


@imports.command("template")
def template(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="As industry.planting or household.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The XLSX file to write.")],
) -> None:
    """Write an Excel file to fill in, with drop-downs and an explanation of each column. 下載填報模板

    [bold]Example[/]
    bangfu import template industry.planting -o 種植.xlsx
    """
    from bangfu.intake.template import write_template
    from bangfu_app.opening import open_platform

    write_template(_record(open_platform(), record), out)
    typer.echo(f"Wrote {out} 已生成", err=True)


@contextmanager
def _opened() -> Iterator[tuple[Platform, Database]]:
    from bangfu.store import Settings, open_database
    from bangfu_app.opening import open_platform, require_tables

    platform = open_platform()
    with open_database(Settings.load()) as database:
        require_tables(database, platform)
        yield platform, database


def _record(platform: Platform, name: str) -> type[Dated]:
    """The record that is called so: a plugin's by both names, one of the core by its own."""
    from bangfu.declare.records import snake
    from bangfu.domain.places import Place, Succession
    from bangfu.errors import nearest

    known = {}
    for node in platform.graph.nodes.values():
        if node.record not in (Place, Succession):
            own = snake(node.record.__name__)
            known[own if node.plugin is None else f"{node.plugin.name}.{own}"] = node.record
    if name not in known:
        raise typer.BadParameter(
            f"{name!r} is no record.{nearest(name, list(known))} Known: {', '.join(sorted(known))}.",
            param_hint="record",
        )
    return known[name]


def _author(reason: str = "import") -> Author:
    import getpass

    from bangfu.write.outcome import Author

    return Author(name=getpass.getuser(), reason=reason)


def _today(database: Database) -> date:
    from datetime import date

    from bangfu.store.setting import REPORTING_DATE, read_setting

    with database.engine.connect() as connection:
        told = read_setting(connection, REPORTING_DATE)
    return date.today() if told is None else date.fromisoformat(told)


@contextmanager
def _progress(name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, of rows, while something runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda rows: progress.update(task, completed=rows)


@contextmanager
def _refusals(report: Path | None, *, is_quiet: bool) -> Iterator[Callable[[Refusal], None]]:
    """Takes what is refused: the first few to stderr, all of them to a file if one is named."""
    import csv
    from contextlib import ExitStack

    with ExitStack() as stack:
        writer = None
        if report is not None:
            # With a mark at its beginning, by which Excel knows that it is UTF-8.
            file = stack.enter_context(report.open("w", encoding="utf-8-sig", newline=""))
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
        seen = 0

        def refuse(refusal: Refusal) -> None:
            nonlocal seen
            seen += 1
            each = refusal.rejection
            row = (refusal.line, each.column or "", each.code.value, each.message.zh, each.message.en)
            if writer is not None:
                writer.writerow((*row, each.suggestion or ""))
            if seen <= _SHOWN and not is_quiet:
                hint = f" ({each.suggestion}?)" if each.suggestion else ""
                where = f"line {refusal.line}" + (f", {each.column}" if each.column else "")
                typer.echo(f"{where}: {each.message.zh} {each.message.en}{hint}", err=True)

        yield refuse
        if seen > _SHOWN and not is_quiet:
            more = "" if report is not None else "; --report FILE writes all of them"
            typer.echo(f"… and {seen - _SHOWN} more{more}", err=True)


def _print_plans(found: list[StoredPlan], *, as_json: bool) -> None:
    if as_json:
        import orjson

        options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
        typer.echo(orjson.dumps(found, option=options).decode())
        return
    for each in found:
        state = (
            f"applied {each.applied_at:%Y-%m-%d %H:%M}"
            if each.applied_at is not None
            else f"{each.applied} of {each.rows} rows are in"
            if each.applied
            else "planned"
            if each.is_whole
            else "broken off"
        )
        refused = f", {each.refused} refused when it was applied 導入時拒絕" if each.refused else ""
        typer.echo(
            f"{each.id}  {each.file} → {each.record}: {each.creates} new 新增, {each.updates} changed 修改, "
            f"{each.unchanged} unchanged 不變, {each.rejected} refused 拒絕{refused}; {state}"
        )
