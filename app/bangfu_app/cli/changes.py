"""`bangfu changes`: the entries of the log of changes, and one of them taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.audit import print_log, print_log_as_json
from bangfu_app.cli.choosing import SinceOption, ViewerOption
from bangfu_app.cli.files import JsonOption, author, day_of_the_books, opened

if TYPE_CHECKING:
    from bangfu.store.entries import StoredEntry
    from bangfu_schema.derive.undoing import UndoneEntry

changes = typer.Typer(help="Entries of the log of changes, and taking them back. 撤銷變更", no_args_is_help=True)

DistrictArgument = Annotated[str, typer.Argument(metavar="DISTRICT", help="The district, by six digits.")]
NumberArgument = Annotated[
    int,
    typer.Argument(metavar="NUMBER", help="The number that `bangfu changes list` tells.", min=1, max=2**31 - 1),
]


@changes.command("list")
def list_(
    district: Annotated[
        int | None, typer.Option(metavar="CODE", help="Only this district, by six digits.", min=100_000, max=999_999)
    ] = None,
    author: ViewerOption = "",
    since: SinceOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the entries of the log of changes, the newest first. 查看變更條目

    [bold]Examples[/]
    bangfu changes list
    bangfu changes list --district 620502 --author 王專幹 --since 2016-01-01
    """
    from bangfu.store.entries import list_entries

    with opened() as (_, database), database.engine.connect() as connection:
        found = list_entries(
            connection,
            district=district,
            author=author or None,
            since=None if since is None else since.astimezone(),
            most=limit + 1,
        )
    _print_entries(found[:limit], as_json=as_json)
    if len(found) > limit:
        typer.echo("There are more 還有更多: raise --limit, or choose by --district, --author or --since", err=True)


@changes.command("show")
def show(
    district: DistrictArgument,
    number: NumberArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many rows, at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the rows of an entry, the last first. 查看一條變更

    Of names, ID numbers and the like only that they were changed is shown.

    [bold]Example[/]
    bangfu changes show 620502 17
    """
    from bangfu.store.changes import read_changes
    from bangfu_schema.execute.undoing import district_of

    code = district_of(district, "DISTRICT")
    with opened() as (platform, database), database.engine.connect() as connection:
        found = read_changes(connection, district=code, number=number, most=limit + 1)
    if as_json:
        print_log_as_json(platform, found[:limit])
    else:
        print_log(platform, found[:limit])
    if len(found) > limit:
        typer.echo("There are more 還有更多: raise --limit", err=True)


@changes.command("undo")
def undo(
    district: DistrictArgument,
    number: NumberArgument,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the log, and in the rows' history.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would come of it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take an entry back: each of its rows is again what it was before, or none is. 撤銷一條變更

    Rows that were changed since are told, and nothing is done. What is done is an entry of its own, which can be taken
    back as well.

    [bold]Examples[/]
    bangfu changes undo 620502 17 --reason 錄入錯誤 --dry-run
    bangfu changes undo 620502 17 --reason 錄入錯誤
    """
    from bangfu.access import EVERYTHING
    from bangfu.write.undoing import undo_once, undone_for
    from bangfu_app.cli.steps import Steps
    from bangfu_schema.execute.undoing import district_of, nodes_entered, records_of, told_of

    code, by = district_of(district, "DISTRICT"), author(undone_for(reason, number))
    with opened() as (platform, database), Steps() as steps:
        nodes = nodes_entered(platform.graph)
        steps.begin("Trying it 試算" if dry_run else "Taking it back 撤銷")
        with database.engine.connect() as connection:
            done = undo_once(
                *(connection, records_of(nodes), code, number),
                author=by,
                policy=EVERYTHING,
                today=day_of_the_books(database),
                dry=dry_run,
            )
        steps.end()
    _print_undone(told_of(nodes, done), is_dry=dry_run, as_json=as_json)


def _print_entries(found: list[StoredEntry], *, as_json: bool) -> None:
    if as_json:
        import orjson

        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    for each in found:
        reason = f"  {each.reason}" if each.reason else ""
        at = f"{each.at.astimezone():%Y-%m-%d %H:%M:%S}"
        typer.echo(f"{each.district_code} no. {each.number}  {at}: {each.rows} rows 行, by {each.author}{reason}")
    if not found:
        typer.echo("Nothing of that has been changed. 沒有變更記錄", err=True)


def _print_undone(done: UndoneEntry, *, is_dry: bool, as_json: bool) -> None:
    for each in done.errors:
        where = each.row or ".".join(each.path)
        field = f" {'.'.join(each.path[1:])}" if each.row and each.path[1:] else ""
        typer.echo(f"{where}{field}: {each.told.zh} {each.told.en}", err=True)
    if as_json:
        _print_as_json(done)
    else:
        for rows in done.rows:
            typer.echo(f"{rows.record}  {rows.action}: {rows.rows} rows 行")
        if done.entries:
            typer.echo(f"Done, as entry {done.entries[0]}. 已完成")
        elif is_dry and not done.errors:
            typer.echo("Nothing was written; without --dry-run it is done. 未寫入", err=True)
    if done.errors:
        raise typer.Exit(1)


def _print_as_json(done: UndoneEntry) -> None:
    import orjson

    told = {
        "errors": [
            {
                "path": each.path,
                "row": each.row,
                "code": each.code,
                "zh": each.told.zh,
                "en": each.told.en,
                "later": None if each.later is None else vars(each.later),
            }
            for each in done.errors
        ],
        "rows": [vars(each) for each in done.rows],
        "written": done.written,
        "entries": done.entries,
    }
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
