"""`python -m bench`: makes the data sets, measures, shows."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from bangfu.registry import discover
from bangfu_app.demo import Progress
from bench.data import Filled, Set, Sets, opened_sets
from bench.measure import FULL, QUICK, Effort, compare, costs
from bench.questions import NAMED, QUESTIONS, Question
from bench.report import Measured, as_json, machine, markdown, tables


def bench(
    sets: Annotated[list[Set], typer.Option("--set", help="Which data sets.")] = [Set.DEMO, Set.MILLION],  # noqa: B006 - Typer's own way
    only: Annotated[list[str], typer.Option(help="Which questions, by name; all by default.")] = [],  # noqa: B006
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter rounds.")] = False,
    json: Annotated[Path | None, typer.Option(help="Where all numbers are written.")] = None,
    table: Annotated[Path | None, typer.Option(help="Where the table in Markdown is written.")] = None,
    home: Annotated[Path, typer.Option(help="Where the data sets live.")] = Path(".bangfu/bench"),
    rounds: Annotated[int | None, typer.Option(help="How many rounds.", min=1)] = None,
) -> None:
    """Measure how fast the graph answers, as ratios to hand-written SQL and to a server of the usual kind.

    The data sets are made at the first run: the small one in half a minute, the large one in some minutes more.
    """
    unknown = sorted(set(only) - set(NAMED))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}. Questions: {', '.join(NAMED)}.")
    questions = [each for each in QUESTIONS if not only or each.name in only]
    effort = QUICK if quick else FULL
    if rounds is not None:
        effort = Effort(rounds=rounds, seconds=effort.seconds, warm_up=effort.warm_up)
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    with console.status("") as status, opened_sets(home, discover(()), status.update) as found:
        measured = [_measure(found, each, questions, effort, status.update) for each in sets]
        made_on = machine(measured[0].data.url)
    for each in measured:
        for shown in tables(each):
            console.print(shown)
    if json is not None:
        json.write_bytes(orjson.dumps(as_json(measured, made_on), option=orjson.OPT_INDENT_2))
    if table is not None:
        table.write_text(markdown(measured, made_on), encoding="utf-8")


def _measure(found: Sets, name: Set, questions: list[Question], effort: Effort, say: Progress) -> Measured:
    data: Filled = found.get(name)
    results = asyncio.run(compare(data, questions, effort, say))
    wanted = NAMED["thousand"] in questions
    return Measured(data, results, asyncio.run(costs(data, say, requests=effort.rounds * 20)) if wanted else [])


if __name__ == "__main__":
    typer.run(bench)
