"""`bangfu migrate`: brings a database's tables to what the code expects."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.failure import Ending

if TYPE_CHECKING:
    from bangfu.registry import Platform
    from bangfu.store import Database
    from bangfu_migrations import BranchStatus


def migrate(
    only_status: Annotated[bool, typer.Option("--status", help="Show what is pending, and change nothing.")] = False,
    down: Annotated[
        str,
        typer.Option(metavar="BRANCH[@REVISION]", help="Take one branch down, to a revision or to nothing."),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --down deletes data.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {branch, current, head, pending, parked} in the end.")
    ] = False,
) -> None:
    """Bring the database's tables up to date. 更新數據表

    Runs what is pending of the core and of each plugin.
    Each revision is a transaction; the next run finishes what was interrupted.
    With --status it ends with 1 while something is pending, else with 0.

    [bold]Examples[/]
    bangfu migrate
    bangfu migrate --status
    bangfu migrate --down industry
    """
    from bangfu.store import Settings, open_database
    from bangfu_app.opening import open_platform
    from bangfu_migrations import status

    if only_status and down:
        raise typer.BadParameter("--status changes nothing; give one of --status and --down.")
    platform = open_platform()
    with ExitStack() as opened:
        database = opened.enter_context(open_database(Settings.load()))
        if down:
            _take_down(database, platform, down, is_confirmed=yes)
        elif not only_status:
            _take_up(database, platform)
        branches = status(database.engine, platform.branches)
    if as_json:
        _print_json(branches)
    elif only_status:
        _print_table(branches)
    if only_status and any(branch.pending for branch in branches):
        raise typer.Exit(Ending.NO)


def _take_up(database: Database, platform: Platform) -> None:
    from bangfu_app.cli.steps import Steps, count
    from bangfu_migrations import make_ready

    with Steps() as steps:
        done = make_ready(database.engine, platform, on_step=lambda _, revision: steps.begin(revision))
    told = f"{count(done, 'migration')} run. 已完成" if done else "Nothing is pending. 已是最新"
    typer.echo(told, err=True)


def _take_down(database: Database, platform: Platform, down: str, *, is_confirmed: bool) -> None:
    from bangfu_app.cli.steps import Steps, count
    from bangfu_migrations import downgrade, raise_wall

    branch, _, revision = down.partition("@")
    where = f"to {revision}" if revision else "to nothing"
    if not is_confirmed:
        question = f"Taking {branch} down {where} in {database.shown} deletes its data for good. Go on? 將刪除數據"
        typer.confirm(question, abort=True, err=True)
    with Steps() as steps:
        done = downgrade(
            database.engine,
            platform.branches,
            branch,
            revision or "base",
            on_step=lambda _, step: steps.begin(f"{step} undone"),
        )
    raise_wall(database.engine, platform)
    typer.echo(f"{count(done, 'migration')} undone. 已撤銷" if done else "Nothing to undo. 無可撤銷", err=True)


def _print_json(branches: list[BranchStatus]) -> None:
    from dataclasses import asdict

    import orjson

    rows = [asdict(branch) for branch in branches]
    typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())


def _print_table(branches: list[BranchStatus]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Migrations 數據表的版本", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    for name in ("Branch", "Database at", "Newest"):
        table.add_column(name, no_wrap=True)
    table.add_column("State", overflow="fold")
    for branch in branches:
        table.add_row(branch.branch, branch.current or "–", branch.head or "–", _state(branch))
    Console(highlight=False).print(table)


def _state(branch: BranchStatus) -> str:
    if branch.parked:
        return "[dim]parked 未安裝[/]"
    if branch.pending:
        return f"[yellow]{len(branch.pending)} pending 待更新[/]"
    return "[green]newest 最新[/]"
