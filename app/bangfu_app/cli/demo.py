"""`bangfu demo`: from nothing to a district that answers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.steps import Steps, count

if TYPE_CHECKING:
    from rich.console import Console

    from bangfu.registry import Platform
    from bangfu.store import Database, Settings
    from bangfu_app.identity.logins import Login


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the district once it is there.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="PORT", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one line, {address, logins}, once it serves, instead of tables and queries."
        ),
    ] = False,
) -> None:
    """Build the demo district and serve it. 建立示範區並啟動服務

    Makes up one district in an empty database: all of it, or nothing.
    People and figures are synthetic, the codes of places are official.
    A demo that is there already is served as it is.
    Tokens of five made-up people are printed, new ones each time; those from before end.
    They count on the embedded database and on this machine only.

    [bold]Examples[/]
    bangfu demo
    bangfu demo --port 8080
    bangfu demo --no-serve && bangfu report
    """
    from bangfu.store import Settings, open_database
    from bangfu_app.http.server import reserve, run
    from bangfu_app.opening import admitting_application, open_graph, open_platform

    if as_json and not serve:
        raise typer.BadParameter("--json tells how the server is reached; leave out --no-serve.")
    with ExitStack() as opened:
        bound = opened.enter_context(reserve(host, port)) if serve else None
        with Steps() as steps:
            settings = Settings.load()
            steps.begin("Plugins and graph 插件與資料圖" if serve else "Plugins 插件")
            graph = open_graph() if serve else None
            platform = graph.platform if graph is not None else open_platform()
            steps.begin(_place(settings))
            database = opened.enter_context(open_database(settings))
            database.check()
            _prepare(database, platform, steps)
            host = bound.getsockname()[0] if bound is not None else ""
            logins = _issue(database, platform, settings, host, steps) if bound is not None else []
        if graph is None or bound is None:
            typer.echo("The demo district is ready. Serve it: bangfu serve. Check its figures: bangfu report.")
            return
        app, notice = admitting_application(graph, database, settings, host, logins=logins)
        typer.echo(notice, err=True)
        run(app, bound, announce=partial(_announce_json if as_json else _announce, logins=logins))


def _prepare(database: Database, platform: Platform, steps: Steps) -> None:
    from bangfu_app.demo import ensure_demo, left_out
    from bangfu_migrations import make_ready

    steps.begin("Tables 數據表")
    done = make_ready(database.engine, platform, on_step=lambda _, revision: steps.detail(revision))
    steps.end(f"{count(done, 'migration')} run" if done else "up to date")
    steps.begin("Demo district 示範區")
    plugins = [each.plugin for each in platform.plugins]
    is_new = ensure_demo(database.engine, plugins, on_progress=steps.detail)
    steps.end("built" if is_new else "already there")
    missing = ", ".join(plugin.name for plugin in left_out(database.engine, plugins))
    if missing:
        typer.secho(
            f"It was built without {missing}. Build it with them in an empty database (another BANGFU_HOME).",
            fg="yellow",
            err=True,
        )


def _issue(database: Database, platform: Platform, settings: Settings, host: str, steps: Steps) -> list[Login]:
    """Tokens for the people of the demo; none where others than this machine could come in by them."""
    from bangfu_app.identity.admission import is_production
    from bangfu_app.identity.logins import issue_logins

    if is_production(settings, host):
        return []
    steps.begin("Tokens 令牌")
    with database.engine.begin() as connection:
        logins = issue_logins(connection, platform)
    steps.end(f"{len(logins)} issued")
    return logins


def _announce_json(address: str, *, logins: Sequence[Login]) -> None:
    """In one line, so that a script can read it while the server goes on."""
    import orjson

    rows = [
        {
            "title": login.person.title.en,
            "zh": login.person.title.zh,
            "roles": login.person.grant.roles,
            "places": login.person.grant.places,
            "permissions": login.person.grant.permissions,
            "token": login.token,
        }
        for login in logins
    ]
    plain = {"address": f"{address}/graphql", "logins": rows}
    typer.echo(orjson.dumps(plain).decode())


def _show_logins(console: Console, logins: Sequence[Login]) -> None:
    """Who there is, then their tokens, one on each line, so that they can be copied whatever the terminal's width."""
    from rich import box
    from rich.table import Table

    table = Table(title="People to be 示範用戶", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    for name in ("", "Who 用戶", "Places 地方", "May 權限"):
        table.add_column(name, overflow="fold")
    for number, login in enumerate(logins, 1):
        places = login.person.grant.places
        table.add_row(
            str(number),
            f"[bold cyan]{login.person.title.zh}[/]\n{login.person.title.en}",
            "全部 all" if "*" in places else ", ".join(places),
            f"{login.person.may.zh}\n{login.person.may.en}",
        )
    console.print(table)
    for number, login in enumerate(logins, 1):
        console.print(f"  {number}  {login.token}", soft_wrap=True)


def _announce(address: str, *, logins: Sequence[Login]) -> None:
    """Last on the screen is the address, since that is what one looks for."""
    from rich.console import Console
    from rich.syntax import Syntax

    from bangfu_app.examples import SHOWN, example

    console = Console(highlight=False)
    if logins:
        _show_logins(console, logins)
        # The last one may see everything.
        console.print(f"\n   [bold]$[/] TOKEN={logins[-1].token}", soft_wrap=True)
    header = ' -H "Authorization: Bearer $TOKEN"' if logins else ""
    syntax = Syntax("", "graphql", theme="ansi_dark", background_color="default")
    console.print("\n[bold]Three queries to try 三個查詢[/]")
    for number, each in enumerate(map(example, SHOWN), 1):
        console.print(f"\n[bold cyan]{number}. {each.title}[/]\n   {each.title_zh}\n")
        for line in syntax.highlight(each.document).split():
            console.print("  ", line, soft_wrap=True)
        command = f"curl -sG {address}/graphql{header} --data-urlencode {shlex.quote(f'query@{_short(each.path)}')}"
        # Not wrapped, so that it can be copied as one line.
        console.print(f"\n   [bold]$[/] {command}", soft_wrap=True)
    console.print(
        f"\n[bold green]Serving at {address}/graphql[/]\n"
        "Open it in a browser to try them there. Ctrl-C ends it, 按 Ctrl-C 結束\n",
        soft_wrap=True,
    )


def _place(settings: Settings) -> str:
    return "Database 數據庫" if settings.database_url else f"PostgreSQL in {_short(settings.home)}"


def _short(path: Path) -> str:
    """A path as a person here would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
