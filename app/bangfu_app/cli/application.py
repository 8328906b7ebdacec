"""All commands under one name, with what they share."""

import signal
from typing import Annotated

import typer

from bangfu_app.cli.audit import audit
from bangfu_app.cli.changes import changes
from bangfu_app.cli.compare import compare
from bangfu_app.cli.completeness import completeness
from bangfu_app.cli.demo import demo
from bangfu_app.cli.explain import explain
from bangfu_app.cli.failure import Commands
from bangfu_app.cli.imports import imports
from bangfu_app.cli.migrate import migrate
from bangfu_app.cli.places import places
from bangfu_app.cli.plugin import plugin
from bangfu_app.cli.reads import reads
from bangfu_app.cli.report import report
from bangfu_app.cli.schema import schema
from bangfu_app.cli.seal import seal
from bangfu_app.cli.serve import serve
from bangfu_app.cli.tokens import token

application = typer.Typer(
    name="bangfu",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "[bold]Settings[/] come from the environment: BANGFU_HOME (where data lives, .bangfu), "
        "BANGFU_DATABASE_URL (a PostgreSQL to use instead of the embedded one), "
        "BANGFU_DISABLED (plugins to switch off, separated by commas).\n\n"
        "[bold]Exit codes:[/] 0 fine · 1 the answer is no · 2 mistyped · 3 something to mend, told on stderr."
    ),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"bangfu {version('bangfu')}")
        except PackageNotFoundError:
            typer.echo("bangfu (not installed)")
        raise typer.Exit


@application.callback()
def bangfu(
    debug: Annotated[
        bool, typer.Option("--debug", envvar="BANGFU_DEBUG", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """bangfu 幫扶: one graph of a district's places, households and programmes, asked through GraphQL.

    精準扶貧數據平臺：一張圖連起地方、貧困戶與六大攻堅任務。

    [bold]Begin with[/]  bangfu demo
    """


application.command()(demo)
application.command()(serve)
application.command()(migrate)
application.command()(report)
application.command()(completeness)
application.command()(explain)
application.command()(reads)
application.add_typer(plugin, name="plugin")
application.add_typer(schema, name="schema")
application.add_typer(token, name="token")
application.add_typer(seal, name="seal")
application.add_typer(audit, name="audit")
application.add_typer(changes, name="changes")
application.add_typer(imports, name="import")
application.add_typer(compare, name="compare")
application.add_typer(places, name="places")


def main() -> None:
    """Runs the command line; SIGTERM ends it as Ctrl-C does, so that what was opened is closed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    application()
