"""`bangfu explain`: the SQL that a document becomes, and PostgreSQL's plan for it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bangfu_app.cli.failure import Ending


def explain(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, allow_dash=True, help="A GraphQL document; - is stdin.")
    ],
    analyze: Annotated[
        bool, typer.Option("--analyze", help="Run the statements once more, and time each step.")
    ] = False,
    variables: Annotated[str, typer.Option(help="The document's variables, as JSON.")] = "{}",
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of {statement, plan}.")] = False,
) -> None:
    """Show a document's SQL and its plan. 查看查詢的 SQL 與執行計劃

    Each field of the root becomes one statement, shown with its values, so that it can be pasted into psql.
    Ends with 1 if the graph refuses the document.

    [bold]Examples[/]
    bangfu explain examples/village.graphql
    bangfu explain examples/village.graphql --analyze
    """
    from bangfu_app.opening import explained

    document = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    answer, statements = explained(document, _variables(variables), analyze=analyze)
    for error in answer.get("errors", ()):
        typer.secho(error["message"], fg="red", err=True)
    if as_json:
        import orjson

        rows = [{"statement": each.sql, "plan": each.plan} for each in statements]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        for each in statements:
            typer.echo(f"{_laid_out(each.sql)};\n\n" + "\n".join(each.plan) + "\n")
    if "errors" in answer:
        raise typer.Exit(Ending.NO)


def _laid_out(sql: str) -> str:
    import sqlparse

    try:
        return str(sqlparse.format(sql, reindent=True, indent_width=2, wrap_after=100))
    except sqlparse.exceptions.SQLParseError:  # one of thousands of lines
        return sql


def _variables(text: str) -> dict[str, Any]:
    import orjson

    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"it is not JSON: {error}", param_hint="--variables") from None
    if not isinstance(given, dict):
        raise typer.BadParameter('it is not an object such as {"first": 5}', param_hint="--variables")
    return given
