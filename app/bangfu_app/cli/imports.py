"""`bangfu import`: rows from files, in two steps: a plan of what would change, and just that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.files import JsonOption, author, day_of_the_books, opened, progress, refusals

if TYPE_CHECKING:
    from bangfu.declare.records import Dated
    from bangfu.registry import Platform
    from bangfu.store.imports import StoredPlan

imports = typer.Typer(help="Rows from CSV, Excel and JSON lines. 批量導入", no_args_is_help=True)


RecordOption = Annotated[
    str, typer.Option("--record", "-r", metavar="NAME", help="What the rows are, as industry.planting or household.")
]


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
    with opened() as (platform, database):
        chosen = _record(platform, record)
        made = []
        with refusals(report, is_quiet=as_json) as refuse:
            for file in files:
                asked = Import(
                    path=file,
                    record=chosen,
                    author=author("import"),
                    policy=EVERYTHING,
                    today=day_of_the_books(database),
                    within=place,
                    sheet=sheet or None,
                    units=platform.units,
                )
                with progress(file.name) as on_rows:
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

    with opened() as (platform, database):
        done = []
        with refusals(report, is_quiet=as_json) as refuse:
            for id_ in plans:
                kept = require_plan(database.engine, id_)
                record = next(node.record for node in platform.graph.nodes.values() if node.table.name == kept.record)
                with progress(kept.file, total=kept.rows) as on_rows:
                    done.append(
                        apply_import(
                            *(database.engine, id_, record, refuse),
                            author=author(f"import {id_}"),
                            policy=EVERYTHING,
                            today=day_of_the_books(database),
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

    with opened() as (_, database), database.engine.connect() as connection:
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


def _record(platform: Platform, name: str) -> type[Dated]:
    """The record that is called so: a plugin's by both names, one of the core by its own."""
    from bangfu.bulk.named import record_named
    from bangfu.errors import UserError

    try:
        return record_named(platform, name)
    except UserError as error:
        raise typer.BadParameter(error.message.removeprefix("record: "), param_hint="record") from None


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
