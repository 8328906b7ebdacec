"""`bangfu report`: every figure of the report, beside what the graph computes from rows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.failure import Ending

if TYPE_CHECKING:
    from bangfu_app.report import Line


def report(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {id, reported, actual, equal} instead of a table.")
    ] = False,
) -> None:
    """Compare the report's figures with the graph. 核對報告中的每個數字

    Asks the graph one document, examples/report.graphql.
    Ends with 0 if all figures are equal, with 1 if one differs.

    [bold]Examples[/]
    bangfu report
    bangfu report --json | jq '.[] | select(.equal | not)'
    """
    from bangfu_app.opening import ask
    from bangfu_app.report import compare, document

    lines = compare(ask(document()))
    if as_json:
        _print_json(lines)
    else:
        _print_table(lines)
    if not all(line.equal for line in lines):
        raise typer.Exit(Ending.NO)


def _print_json(lines: list[Line]) -> None:
    import orjson

    rows = [
        {
            "id": line.figure.id,
            "reported": _plain(line.figure.reported),
            "actual": None if line.actual is None else _plain(line.actual),
            "equal": line.equal,
        }
        for line in lines
    ]
    typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())


def _print_table(lines: list[Line]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title="The report and the graph 報告與圖譜", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD
    )
    table.add_column("Phrase 報告原文", overflow="fold")
    table.add_column("Reported 報告", justify="right", no_wrap=True)
    table.add_column("Unit", no_wrap=True)
    table.add_column("Graph 圖譜", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    work = ""
    for line in lines:
        if work and work != line.figure.id.partition(".")[0]:
            table.add_section()
        work = line.figure.id.partition(".")[0]
        table.add_row(
            line.figure.phrase,
            f"{line.figure.reported:,}",
            line.figure.unit,
            "not reported" if line.actual is None else f"{_plain(line.actual):,}",
            "[green]equal 相符[/]" if line.equal else "[bold red]differs 不符[/]",
        )
    console = Console()
    console.print(table)
    differing = sum(not line.equal for line in lines)
    if differing:
        verb = "differs" if differing == 1 else "differ"
        console.print(f"[bold red]{differing} of {len(lines)} figures {verb}. {differing} 項不符。[/]")
    else:
        console.print(f"[green]All {len(lines)} figures are equal. {len(lines)} 項全部相符。[/]")


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
