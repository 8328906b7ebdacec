"""`bangfu reads`: who has read personal data, which of it, of how many, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.choosing import SinceOption, ViewerOption

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bangfu.registry import Platform
    from bangfu.store.reads import LoggedRead

_SHORT = 12  # digits of a document's SHA-256 in the table, enough to tell documents apart


def reads(
    viewer: ViewerOption = "",
    since: SinceOption = None,
    field: Annotated[str, typer.Option(metavar="FIELD", help="Only of this field, such as Person.id_number.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, at most.")] = 50,
    before: Annotated[
        int | None, typer.Option(metavar="ID", help="Only those before the one of this id: the next page.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead of a table.")] = False,
) -> None:
    """Show who has read personal data, the newest first. 查看個人信息的讀取記錄

    An entry is one request: what was shown in full of how many rows, and what was filtered and ordered by.
    The values themselves are not logged.

    [bold]Examples[/]
    bangfu reads
    bangfu reads --viewer 王專幹 --since 2016-01-01
    bangfu reads --field Person.id_number --json
    """
    from bangfu.store import Settings, open_database
    from bangfu.store.reads import read_reads
    from bangfu_app.opening import open_platform, require_tables

    platform = open_platform()
    with open_database(Settings.load()) as database:
        require_tables(database, platform)
        with database.engine.connect() as connection:
            found = read_reads(
                connection,
                viewer=viewer or None,
                since=None if since is None else since.astimezone(),
                field=_known(connection, platform, field) if field else None,
                before=before,
                most=limit + 1,
            )
    shown, has_more = found[:limit], len(found) > limit
    if as_json:
        _print_json(shown)
    else:
        _print_table(shown)
    if has_more:
        typer.echo(f"There are more 還有更多: add --before {shown[-1].id}", err=True)


def _known(connection: Connection, platform: Platform, field: str) -> str:
    """A field's name as it is logged; refuses one that nobody can have read, lest a slip looks like nobody did."""
    from bangfu.declare.records import snake
    from bangfu.errors import nearest
    from bangfu.query.personal import personal_fields
    from bangfu.store.reads import was_read

    type_, *names = field.split(".")
    name = ".".join([type_, *map(snake, names)])
    known = personal_fields(platform.graph.nodes.values())
    if name in known or was_read(connection, name):
        return name
    raise typer.BadParameter(
        f"{field!r} is no personal data, and was never read. Known: {', '.join(known)}.{nearest(name, known)}",
        param_hint="--field",
    )


def _described(read: LoggedRead) -> dict[str, object]:
    return {
        "id": read.id,
        "at": read.at,
        "viewer": read.viewer,
        "token": read.token_id,
        "shown": read.shown,
        "filtered": read.filtered,
        "ordered": read.ordered,
        "rows": read.counts,
        "places": read.places,
        "district": read.district_code or None,
        "operation": read.operation,
        "document": read.document,
        "request": read.request_id,
        "succeeded": read.succeeded,
    }


def _print_json(found: list[LoggedRead]) -> None:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    typer.echo(orjson.dumps([_described(each) for each in found], option=options).decode())


def _print_table(found: list[LoggedRead]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if not found:
        typer.echo("Nobody has read any of it. 沒有讀取記錄", err=True)
        return
    title = "Reads of personal data 個人信息讀取記錄"
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, show_lines=True)
    table.add_column("When 時間", no_wrap=True)
    table.add_column("Who 訪問者", overflow="fold")
    table.add_column("Fields 字段", overflow="fold")
    table.add_column("Rows 數量", no_wrap=True)
    table.add_column("Query 查詢", overflow="fold")
    for each in found:
        table.add_row(f"{each.at.astimezone():%Y-%m-%d %H:%M:%S}\n[dim]{each.id}[/]", _who(each), *_what(each))
    Console(highlight=False).print(table)


def _who(read: LoggedRead) -> str:
    from rich.markup import escape

    return escape(read.viewer) + (f"\n[dim]token {escape(read.token_id)}[/]" if read.token_id else "")


def _what(read: LoggedRead) -> tuple[str, str, str]:
    from rich.markup import escape

    ways = {"shown 顯示": read.shown, "filtered 篩選": read.filtered, "ordered 排序": read.ordered}
    fields = "\n".join(f"[bold]{way}[/] {', '.join(names)}" for way, names in ways.items() if names)
    rows = "\n".join(f"{number} {type_}" for type_, number in sorted(read.counts.items())) or "0"
    query = [
        escape(read.operation or "without a name"),
        f"[dim]{read.document[:_SHORT]}[/]",
        *([f"in {', '.join(read.places)}"] if read.places else ()),
        *([f"[dim]request {escape(read.request_id)}[/]"] if read.request_id else ()),
        *(() if read.succeeded else ["[yellow]with errors 有錯誤[/]"]),
    ]
    return fields, rows, "\n".join(query)
