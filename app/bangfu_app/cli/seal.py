"""`bangfu seal`: the keys of sealed columns, and what stands under which."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.failure import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bangfu.seal import Keys
    from bangfu.store import Database
    from bangfu.write.resealing import Counted

seal = typer.Typer(help="Keys of the columns that are kept encrypted. 加密列的密鑰", no_args_is_help=True)


@seal.command("new-key")
def new_key(
    index: Annotated[
        bool, typer.Option("--index", help="A key by which values are looked up, in place of one that seals.")
    ] = False,
) -> None:
    """Make a key under which values are sealed from now on. 新增密鑰

    It is put first in the file of BANGFU_SEAL_KEYS, or of the embedded database; the file is begun where there is none.
    Where keys are given by BANGFU_SEAL_KEY, or by nothing yet, the key is printed for you to put there.
    Values stay under the keys they have until `bangfu seal rotate`.

    [bold]Examples[/]
    bangfu seal new-key
    BANGFU_SEAL_KEYS=/etc/bangfu/seal.keys bangfu seal new-key
    """
    from bangfu.seal import FILE, Key, add_key
    from bangfu.seal.keyfile import new_id
    from bangfu.store import Settings
    from bangfu.store.sealed import seal_of_settings

    settings = Settings.load()
    path = settings.seal_keys
    if path is None and settings.seal_key is None and settings.database_url is None:
        path = settings.home / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
    if path is not None:
        key = add_key(path, index=index)
        typer.echo(f"Key {key.id} is the first of its kind in {path}.", err=True)
        typer.echo("Every server needs this file. Then: bangfu seal rotate. 請同步到所有服務器後再輪換", err=True)
        return
    known = seal_of_settings(settings)
    kinds = (index,) if known is not None else (False, True)
    ids = {key.id for key in known.keys.all} if known is not None else set()
    typer.echo(",".join(Key.made(new_id(ids, index=each)).line for each in kinds))
    typer.echo("Put it first in BANGFU_SEAL_KEY, before a comma, on every server; then: bangfu seal rotate.", err=True)


@seal.command()
def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {table, column, key, values, state} instead of a table.")
    ] = False,
) -> None:
    """Tell how many values are sealed under which key. 各密鑰下的數據量

    Ends with 1 while some stand under another key than the first, or in clear: `bangfu seal rotate` mends that.

    [bold]Examples[/]
    bangfu seal status
    bangfu seal status --json
    """
    from bangfu.store.sealed import noted_keys
    from bangfu.write.resealing import count_sealed

    with ExitStack() as opened:
        database = _opened(opened)
        with database.engine.connect() as connection:
            found, noted = count_sealed(connection), noted_keys(connection)
        keys = database.seal.keys if database.seal is not None else None
    states = [_state(each, keys) for each in found]
    if as_json:
        _print_json(found, states)
    else:
        _print_table(found, states)
    first = set() if keys is None else {keys.seal[0].id, keys.index[0].id}
    if set(states) - {"seals", ""} or set(noted) - first:
        raise typer.Exit(Ending.NO)


@seal.command()
def rotate() -> None:
    """Seal everything under the first keys. 用新密鑰重新加密

    Runs beside servers and writers, in batches; one that was cut short is gone on with by the next.
    In the end it names the keys that nothing stands under any more.

    [bold]Examples[/]
    bangfu seal new-key && bangfu seal rotate
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from bangfu.store.sealed import check_keys, noted_keys, seal_of
    from bangfu.write.resealing import reseal, to_reseal

    with ExitStack() as opened:
        database = _opened(opened)
        keys = seal_of(database.engine)
        with database.engine.connect() as connection:
            check_keys(connection, keys)
            before, total = noted_keys(connection), to_reseal(connection, keys)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True, highlight=False)) as progress:
            task = progress.add_task("Sealing 加密", total=total)
            done = reseal(database.engine, on_batch=lambda rows: progress.advance(task, rows))
        with database.engine.connect() as connection:
            unused = sorted(set(before) - set(noted_keys(connection)))
    typer.echo(f"{done:,} values are sealed under key {keys.keys.seal[0].id} now. 已重新加密", err=True)
    if unused:
        typer.echo(
            f"Nothing here needs {', '.join(unused)} any more; backups made before do. 舊備份仍需舊密鑰", err=True
        )


def _opened(stack: ExitStack) -> Database:
    from bangfu.store import Settings, open_database
    from bangfu_app.opening import open_platform, require_tables

    platform = open_platform()
    database = stack.enter_context(open_database(Settings.load()))
    require_tables(database, platform)
    return database


def _state(counted: Counted, keys: Keys | None) -> str:
    """What is to be said of the values under a key."""
    if counted.values == 0:
        return ""
    if counted.key is None:
        return "in clear"
    if keys is None or counted.key not in {key.id for key in keys.seal}:
        return "key missing"
    return "seals" if counted.key == keys.seal[0].id else "to rotate"


def _print_json(found: Sequence[Counted], states: Sequence[str]) -> None:
    import orjson

    rows = [
        {
            "table": each.column.table,
            "column": each.column.column,
            "key": each.key,
            "values": each.values,
            "state": state,
        }
        for each, state in zip(found, states, strict=True)
    ]
    typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())


def _print_table(found: Sequence[Counted], states: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Sealed columns 加密列", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    for name in ("Column", "Key 密鑰"):
        table.add_column(name, no_wrap=True)
    table.add_column("Values 數量", justify="right", no_wrap=True)
    table.add_column("State 狀態", no_wrap=True)
    told = {
        "": "",
        "seals": "[green]seals 當前[/]",
        "to rotate": "[yellow]to rotate 待輪換[/]",
        "in clear": "[bold red]in clear 明文[/]",
        "key missing": "[bold red]key missing 缺少密鑰[/]",
    }
    for each, state in zip(found, states, strict=True):
        table.add_row(each.column.name, each.key or "–", f"{each.values:,}", told[state])
    Console(highlight=False).print(table)
