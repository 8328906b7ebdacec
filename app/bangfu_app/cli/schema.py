"""`bangfu schema`: the GraphQL schema that the declarations make."""

from pathlib import Path
from typing import Annotated

import typer

from bangfu_app.cli.failure import Ending

schema = typer.Typer(help="The GraphQL schema. 資料圖的結構", no_args_is_help=True)


@schema.callback()
def _schema() -> None:
    """Keeps `export` a command of its own; typer would otherwise make it the group."""


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
