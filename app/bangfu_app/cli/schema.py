"""`bangfu schema`: the GraphQL schema that the declarations make."""

from pathlib import Path
from typing import Annotated

import typer

from bangfu_app.cli.failure import Ending

schema = typer.Typer(help="The GraphQL schema. 資料圖的結構", no_args_is_help=True)


@schema.command()
def export(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", dir_okay=False, help="File to write; by default stdout.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if the file of -o is another.")
    ] = False,
) -> None:
    """Print the schema as SDL. 輸出 GraphQL 結構

    Needs no database: it follows from what the plugins declare.

    [bold]Examples[/]
    bangfu schema export
    bangfu schema export -o schema.graphql
    bangfu schema export -o schema.graphql --check
    """
    from bangfu_app.opening import open_graph

    if check and output is None:
        raise typer.BadParameter("--check needs the file to compare with: -o schema.graphql")
    sdl = open_graph().sdl().rstrip() + "\n"
    if output is None:
        typer.echo(sdl, nl=False)
    elif check:
        _compare(output, sdl)
    else:
        _write(output, sdl)


@schema.command()
def diff(
    old: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The earlier schema, as SDL.")],
    new: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="The later one; by default the present one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of {level, type, description}.")] = False,
) -> None:
    """Tell what has changed for clients. 比較兩版結構

    Breaking: a query that worked may fail. Dangerous: it works, and may be answered in a way its client has not seen.
    Safe: nobody has to do anything. Ends with 1 if anything is breaking.

    [bold]Examples[/]
    bangfu schema diff released.graphql
    bangfu schema diff released.graphql candidate.graphql --json
    """
    import orjson

    from bangfu_app.changes import Level, changes
    from bangfu_app.opening import open_graph

    found = changes(_sdl(old), open_graph().sdl() if new is None else _sdl(new))
    if as_json:
        rows = [{"level": each.level, "type": each.type, "description": each.description} for each in found]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        for each in found:
            typer.secho(f"{each.level:<9}", fg=_COLOURS[each.level], nl=False)
            typer.echo(f"  {each.description}")
        counts = ", ".join(f"{sum(each.level is level for each in found)} {level}" for level in Level)
        typer.echo(f"{counts}.", err=True)
    if any(each.level is Level.BREAKING for each in found):
        raise typer.Exit(Ending.NO)


_COLOURS = {"breaking": "red", "dangerous": "yellow", "safe": "green"}


def _sdl(file: Path) -> str:
    from bangfu.errors import OperationError

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(f"{file} cannot be read: {error}.", remedy="Give a schema as SDL, in UTF-8.") from error


def _compare(file: Path, sdl: str) -> None:
    if file.is_file() and file.read_text(encoding="utf-8") == sdl:
        typer.echo(f"{file} is the schema. 一致", err=True)
        return
    typer.echo(f"{file} is not the schema. 不一致  Write it anew: bangfu schema export -o {file}", err=True)
    raise typer.Exit(Ending.NO)


def _write(output: Path, sdl: str) -> None:
    from bangfu.errors import OperationError

    try:
        output.write_text(sdl, encoding="utf-8", newline="\n")
    except OSError as error:
        remedy = "Give a file in a folder that exists and may be written to."
        raise OperationError(f"{output} cannot be written ({error.strerror}).", remedy=remedy) from error
    typer.echo(f"Wrote {output}", err=True)
