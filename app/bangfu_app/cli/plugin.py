"""`bangfu plugin`: which plugins there are and what they bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bangfu.registry import InstalledPlugin

plugin = typer.Typer(help="The installed plugins. 已安裝的插件", no_args_is_help=True)


@plugin.callback()
def _plugin() -> None:
    """Keeps `list` a command of its own; typer would otherwise make it the group."""


@plugin.command("list")
def list_plugins(
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead of a table.")] = False,
) -> None:
    """List the plugins and what each brings. 列出插件

    [bold]Examples[/]
    bangfu plugin list
    bangfu plugin list --json
    BANGFU_DISABLED=capacity bangfu plugin list
    """
    from bangfu_app.opening import open_platform

    installed = open_platform().plugins
    if as_json:
        import orjson

        typer.echo(orjson.dumps([_described(each) for each in installed], option=orjson.OPT_INDENT_2).decode())
    else:
        _print_table(installed)


def _described(installed: InstalledPlugin) -> dict[str, object]:
    declared = installed.plugin
    return {
        "name": declared.name,
        "title": {"zh": declared.title.zh, "en": declared.title.en},
        "department": {"zh": declared.department.zh, "en": declared.department.en},
        "package": installed.package,
        "version": installed.version,
        "api": declared.api,
        "needs": list(declared.needs),
        "records": [record.__name__ for record in declared.records],
        "measures": [measure.name for measure in declared.measures],
        "indicators": [indicator.name for indicator in declared.progress],
        "requirements": [requirement.name for requirement in declared.requirements],
    }


def _print_table(installed: tuple[InstalledPlugin, ...]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Plugins 插件", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, show_lines=True)
    table.add_column("Name", no_wrap=True, style="cyan")
    table.add_column("Title")
    table.add_column("Brings", no_wrap=True)
    table.add_column("Version", no_wrap=True)
    for each in installed:
        declared = each.plugin
        brings = {
            "records": declared.records,
            "measures": declared.measures,
            "indicators": declared.progress,
            "requirements": declared.requirements,
        }
        table.add_row(
            declared.name,
            f"[bold]{declared.title.en} {declared.title.zh}[/]\n"
            f"[dim]{declared.department.en}\n{declared.department.zh}[/]",
            "\n".join(f"{len(things):>2} {name}" for name, things in brings.items()),
            each.version,
        )
    Console(highlight=False).print(table)
