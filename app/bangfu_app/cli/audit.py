"""`bangfu audit`: what was changed by whom, and whether the log of it is as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.choosing import SinceOption, ViewerOption

if TYPE_CHECKING:
    from bangfu.registry import Platform
    from bangfu.store.audit import Chain
    from bangfu.store.changes import LoggedChange

audit = typer.Typer(help="The log of changes, and its verification. 變更審計", no_args_is_help=True)


@audit.command("verify")
def verify(
    district: Annotated[
        int | None,
        typer.Option(metavar="CODE", help="Only this district, by six digits.", min=100_000, max=999_999),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead of a table.")] = False,
) -> None:
    """Verify that nothing was changed in the logs of changes and of reads, taken out or put in. 驗證審計鏈

    Each entry has a hash made of what it says and of the hash before. Note the last one of each district elsewhere:
    then it is also found where all of a log was made anew. Reads of several districts, or of none, stand under 0.

    [bold]Examples[/]
    bangfu audit verify
    bangfu audit verify --district 620502 --json
    """
    from bangfu.store import Settings, open_database
    from bangfu.store.audit import verify as verified
    from bangfu.store.chained import verify_reads
    from bangfu_app.opening import open_platform, require_tables

    platform = open_platform()
    with open_database(Settings.load()) as database:
        require_tables(database, platform)
        with database.engine.connect() as connection:
            chains = [("changes", each) for each in verified(connection, district)]
            chains += [("reads", each) for each in verify_reads(connection, district)]
    if as_json:
        _print_chains_as_json(chains)
    else:
        _print_chains(chains)
    if any(chain.breaks for _, chain in chains):
        raise typer.Exit(1)


@audit.command("log")
def log(
    row: Annotated[str, typer.Option(metavar="ID", help="Only of this row, as household:620502000000001.")] = "",
    author: ViewerOption = "",
    since: SinceOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead of a table.")] = False,
) -> None:
    """Show what was changed, the newest first. 查看變更記錄

    Of names, ID numbers and the like only that they were changed is shown.

    [bold]Examples[/]
    bangfu audit log
    bangfu audit log --row industryPlanting:620502000000017
    bangfu audit log --author 王專幹 --since 2016-01-01 --json
    """
    from bangfu.store import Settings, open_database
    from bangfu.store.changes import read_changes
    from bangfu_app.opening import open_platform, require_tables

    platform = open_platform()
    table, key = _row(platform, row) if row else (None, None)
    with open_database(Settings.load()) as database:
        require_tables(database, platform)
        with database.engine.connect() as connection:
            found = read_changes(
                connection,
                record=table,
                row_id=key,
                author=author or None,
                since=None if since is None else since.astimezone(),
                most=limit + 1,
            )
    shown = found[:limit]
    if as_json:
        print_log_as_json(platform, shown)
    else:
        print_log(platform, shown)
    if len(found) > limit:
        typer.echo("There are more 還有更多: raise --limit, or choose by --row, --author or --since", err=True)


def _row(platform: Platform, id_: str) -> tuple[str, int]:
    from bangfu.errors import UserError
    from bangfu.query.values import parse_id

    nodes = {node.prefix: node for node in platform.graph.nodes.values()}
    try:
        node, key = parse_id(id_, nodes)
    except UserError as error:
        raise typer.BadParameter(str(error), param_hint="--row") from None
    return node.table.name, key


def _print_chains_as_json(chains: list[tuple[str, Chain]]) -> None:
    import orjson

    told = [
        {
            "log": log,
            "district": chain.district_code,
            "entries": chain.entries,
            "hash": chain.hash,
            "breaks": [{"entry": each.number, "what": each.what} for each in chain.breaks],
        }
        for log, chain in chains
    ]
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


def _print_chains(chains: list[tuple[str, Chain]]) -> None:
    if not chains:
        typer.echo("Nothing has been changed or read yet. 沒有變更和查看記錄", err=True)
    for log, chain in chains:
        title = "changes 變更" if log == "changes" else "reads 查看"
        state = "broken 已損壞" if chain.breaks else "holds 完整"
        typer.echo(f"{title}  {chain.district_code}  {chain.entries} entries 條  {state}  {chain.hash}")
        for each in chain.breaks:
            typer.echo(f"  entry {each.number}: {each.what}")


def _told(platform: Platform, change: LoggedChange) -> dict[str, object]:
    """A change in the graph's own terms, as `history` tells it."""
    from bangfu_schema.execute.history import changed_values

    node = next((each for each in platform.graph.nodes.values() if each.table.name == change.record), None)
    entries = [] if node is None else changed_values(node, change)
    return {
        "at": change.at,
        "author": change.author,
        "token": change.token_id,
        "request": change.request_id,
        "reason": change.reason,
        "row": f"{change.record if node is None else node.prefix}:{change.row_id}",
        "action": change.action,
        "values": {
            each.field: "personal" if each.is_sensitive else {"before": each.before, "after": each.after}
            for each in entries
        },
        "district": change.district_code,
        "entry": change.number,
    }


def print_log_as_json(platform: Platform, found: list[LoggedChange]) -> None:
    """Prints changes of rows as a list of objects."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    typer.echo(orjson.dumps([_told(platform, each) for each in found], option=options).decode())


def print_log(platform: Platform, found: list[LoggedChange]) -> None:
    """Prints changes of rows as a table."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not found:
        typer.echo("Nothing of that has been changed. 沒有變更記錄", err=True)
        return
    table = Table(
        title="Changes 變更記錄", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, show_lines=True
    )
    table.add_column("When 時間", no_wrap=True)
    table.add_column("Who 操作者", overflow="fold")
    table.add_column("Row 記錄", overflow="fold")
    table.add_column("What 內容", overflow="fold")
    for each in found:
        told = _told(platform, each)
        values = told["values"]
        assert isinstance(values, dict)
        lines = [f"{name}: {_shown(change)}" for name, change in values.items()]
        who = "\n".join(filter(None, (each.author, each.reason)))
        when = f"{each.at.astimezone():%Y-%m-%d %H:%M:%S}\n[dim]{each.district_code} · {each.number}[/]"
        table.add_row(when, escape(who), escape(f"{told['row']}\n{each.action}"), escape("\n".join(lines)))
    Console(highlight=False).print(table)


def _shown(change: object) -> str:
    if not isinstance(change, dict):
        return str(change)
    return f"{change['before']} → {change['after']}"
