"""`bangfu completeness`: what is missing of what is required, and what contradicts itself, in a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu_app.cli.files import day_of_the_books, opened

if TYPE_CHECKING:
    from bangfu_app.completeness import Count


def completeness(
    within: Annotated[str, typer.Option(metavar="CODE", help="The place to look in, itself included.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead of a table.")] = False,
) -> None:
    """Count what is required and missing in a place. 五清六有完整性與邏輯校驗

    For each requirement: of how many households, people or villages it is asked, how many do not meet it, the share
    that does, and the mutation that mends it. Which ones they are, the graph lists:
    households(within: …, filter: {completeness: {isComplete: {eq: false}}}).

    [bold]Examples[/]
    bangfu completeness --within 620502
    bangfu completeness --within 620502101202 --json | jq '.[] | select(.missing > 0)'
    """
    from rich.console import Console

    from bangfu.declare.codes import parse_code
    from bangfu_app.completeness import count_requirements

    code = parse_code(within, argument="--within")
    with opened() as (platform, database):
        today = day_of_the_books(database)
        # A district has some twenty thousand households, each of which is looked at.
        with Console(stderr=True).status("Looking 核查中"), database.engine.connect() as connection:
            found = count_requirements(platform, connection, code, today)
    if as_json:
        _print_json(found)
    else:
        _print_table(found)


def _described(each: Count) -> dict[str, Any]:
    required, requirement = each.required, each.required.requirement
    return {
        "name": required.qualified,
        "kind": requirement.kind.value,
        "of": requirement.of.unit,
        "group": requirement.group.name,
        "title": {"zh": requirement.title.zh, "en": requirement.title.en},
        "asked": each.asked,
        "missing": each.missing,
        "rate": None if each.rate is None else float(each.rate),
        "mutation": required.mutation,
        "column": required.column,
    }


def _print_json(found: list[Count]) -> None:
    import orjson

    typer.echo(orjson.dumps([_described(each) for each in found], option=orjson.OPT_INDENT_2).decode())


def _print_table(found: list[Count]) -> None:
    from itertools import groupby

    from rich import box
    from rich.console import Console
    from rich.table import Table

    title = "What is required, and missing 完整性與邏輯校驗"
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("Requirement 要求")
    table.add_column("Asked 應有", justify="right", no_wrap=True)
    table.add_column("Missing 缺", justify="right", no_wrap=True)
    table.add_column("Rate 達到率", justify="right", no_wrap=True)
    table.add_column("Mended by 補錄", overflow="fold")
    for (of, group), counts in groupby(
        found, lambda each: (each.required.requirement.of, each.required.requirement.group)
    ):
        table.add_section()
        table.add_row(f"[bold]{of.title.zh} {of.title.en}: {group.title.zh} {group.title.en}[/]")
        for each in counts:
            words, column = each.required.requirement.title, each.required.column
            table.add_row(
                f"  {words.zh}\n  [dim]{words.en}[/]",
                f"{each.asked:,}",
                f"[bold red]{each.missing:,}[/]" if each.missing else "0",
                "—" if each.rate is None else f"{each.rate} %",
                f"{each.required.mutation}\n[dim]{column or ''}[/]",
            )
    console = Console(highlight=False)
    console.print(table)
    missing = sum(each.missing for each in found)
    if missing:
        console.print(f"[bold]{missing:,} missing or contradicting. 共缺 {missing:,} 項。[/]")
    else:
        console.print("[green]Nothing is missing. 無缺項。[/]")
