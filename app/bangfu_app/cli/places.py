"""`bangfu places`: divisions change, with all that lies in them, and can be had back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu_app.cli.files import JsonOption, author, day_of_the_books, opened

if TYPE_CHECKING:
    from bangfu.divisions.carrying import Reorganised
    from bangfu.divisions.plan import Plan
    from bangfu.registry import Platform

places = typer.Typer(help="Changes of divisions. 區劃調整", no_args_is_help=True)

ApplyOption = Annotated[bool, typer.Option("--apply", help="Do it; without this it is only shown.")]


@places.command("reorganise")
def reorganise(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The plan, as JSON.", exists=True, dir_okay=False)],
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Rename, re-code, merge, split and move places on a day. 調整區劃

    Shows which rows would come to lie where, and that every measure stays what it is; with --apply it is done, in one
    transaction. The file says what the mutation placesReorganize is given:

    {"district": "620502", "on": "2015-11-01", "note": "…", "steps": [
      {"merge": {"places": ["620502100201"], "into": "620502100202"}},
      {"rename": {"place": "620502100203", "name": "新村"}}]}

    Steps are rename {place name}, recode {place code}, move {place to code}, merge {places into name kind} and
    split {place name code kind places households}.

    [bold]Examples[/]
    bangfu places reorganise 併村.json
    bangfu places reorganise 併村.json --apply
    """
    from bangfu.access import EVERYTHING
    from bangfu.divisions.carrying import reorganise as carry_out
    from bangfu_app.cli.steps import Steps

    with opened() as (platform, database):
        plan = _read(file, platform)
        with Steps() as steps:
            steps.begin("Changing divisions 調整區劃" if apply else "Trying it 試算")
            with database.engine.connect() as connection:
                done = carry_out(
                    *(connection, platform, plan),
                    author=author("placesReorganize"),
                    policy=EVERYTHING,
                    today=day_of_the_books(database),
                    dry=not apply,
                    tell=steps.detail,
                )
            steps.end()
    _print(platform, done, plan, is_done=apply, as_json=as_json)


@places.command("undo")
def undo(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number that `bangfu places list` tells.", min=1)],
    district: Annotated[str, typer.Option(metavar="CODE", help="The district, by six digits.")],
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take the last change of divisions back. 撤銷調整

    Rows that were entered since go along, where it is clear to which place they belong.

    [bold]Examples[/]
    bangfu places undo 1 --district 620502
    bangfu places undo 1 --district 620502 --apply
    """
    from bangfu.access import EVERYTHING
    from bangfu.declare.codes import parse_code
    from bangfu.divisions.undoing import undo as take_back
    from bangfu_app.cli.steps import Steps

    code = parse_code(district, argument="--district")
    with opened() as (platform, database), Steps() as steps:
        steps.begin("Taking it back 撤銷" if apply else "Trying it 試算")
        with database.engine.connect() as connection:
            done = take_back(
                *(connection, platform, code, number),
                author=author("placesUndo"),
                policy=EVERYTHING,
                dry=not apply,
                tell=steps.detail,
            )
        steps.end()
    _print(platform, done, None, is_done=apply, as_json=as_json)


@places.command("list")
def list_(
    district: Annotated[
        int | None, typer.Option(metavar="CODE", help="Only this district, by six digits.", min=100_000, max=999_999)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the changes of divisions, the newest first. 查看調整記錄"""
    from bangfu.store.reorganisations import list_reorganisations

    with opened() as (_, database), database.engine.connect() as connection:
        found = list_reorganisations(connection, district)
    if as_json:
        import orjson

        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    for each in found:
        undone = ", undone 已撤銷" if each.is_undone else ""
        note = f"  {each.note}" if each.note else ""
        typer.echo(
            f"{each.district_code} no. {each.number}  {each.happened_on}: {each.places} places 地方, "
            f"by {each.author}{undone}{note}"
        )
    if not found:
        typer.echo("No divisions were changed yet. 沒有調整記錄", err=True)


def _read(file: Path, platform: Platform) -> Plan:
    import orjson

    from bangfu.declare.grain import Grain
    from bangfu.divisions.reading import read_plan

    try:
        given = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}", param_hint="FILE") from None
    return read_plan(given, platform.graph.core[Grain.HOUSEHOLD])


def _print(platform: Platform, done: Reorganised, plan: Plan | None, *, is_done: bool, as_json: bool) -> None:
    from bangfu.declare.codes import official_code
    from bangfu_schema.execute.divisions import path_of

    for each in done.rejections:
        where = ".".join(path_of(each, plan))
        typer.echo(
            f"{where}: {each.message.zh} {each.message.en}" if where else f"{each.message.zh} {each.message.en}",
            err=True,
        )
    if as_json:
        _print_as_json(platform, done, plan)
    else:
        for followed in done.lineage:
            codes = (
                f"{official_code(followed.predecessor)} {followed.former_name} → {official_code(followed.successor)}"
            )
            typer.echo(f"{codes}  {followed.kind.title.zh} {followed.kind.title.en}")
        for moving in done.moves:
            codes = f"{official_code(moving.from_code)} → {official_code(moving.to_code)}"
            typer.echo(f"{moving.record}  {codes}: {moving.rows} rows 行")
        if done.figures:
            kept = sum(each.is_conserved for each in done.figures)
            typer.echo(f"{kept} of {len(done.figures)} measures stay what they are 統計數不變")
            for figure in done.figures:
                if not figure.is_conserved:
                    typer.echo(f"  {figure.name}: {figure.before} → {figure.after}; it counts places 按地方計數")
        if done.targets_left:
            typer.echo(f"{done.targets_left} targets stay with places that end 目標留在已撤銷的地方")
        if done.number is not None:
            typer.echo(f"Done, as number {done.number}. 已完成")
        elif not done.rejections and not is_done:
            typer.echo("Nothing was written; --apply does it. 未寫入", err=True)
    if done.rejections:
        raise typer.Exit(1)


def _print_as_json(platform: Platform, done: Reorganised, plan: Plan | None) -> None:
    import orjson

    from bangfu.declare.codes import official_code
    from bangfu_schema.execute.divisions import path_of

    prefixes = {node.table.name: node.prefix for node in platform.graph.nodes.values()}
    told = {
        "number": done.number,
        "errors": [
            {"path": path_of(each, plan), "code": each.code.value, "zh": each.message.zh, "en": each.message.en}
            for each in done.rejections
        ],
        "lineage": [
            {
                "predecessor": official_code(each.predecessor),
                "formerName": each.former_name,
                "successor": official_code(each.successor),
                "kind": each.kind.name,
            }
            for each in done.lineage
        ],
        "moves": [
            {
                "record": prefixes[each.record],
                "from": official_code(each.from_code),
                "to": official_code(each.to_code),
                "rows": each.rows,
            }
            for each in done.moves
        ],
        "measures": [
            {
                "measure": each.name,
                "before": None if each.before is None else float(each.before),
                "after": None if each.after is None else float(each.after),
                "isConserved": each.is_conserved,
                "countsPlaces": each.counts_places,
            }
            for each in done.figures
        ],
        "targetsLeft": done.targets_left,
        "entries": [number for _, number in sorted(done.change_sets.items())],
    }
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
