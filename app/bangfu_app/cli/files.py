"""What the commands that read files share: how far they are, what they refuse, where all of that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from bangfu.bulk.trying import Refusal
    from bangfu.registry import Platform
    from bangfu.store import Database
    from bangfu.write.outcome import Author

_SHOWN = 20  # refusals on the terminal; all of them are in the report
_COLUMNS = ("line", "column", "code", "message_zh", "message_en", "suggestion")

JsonOption = Annotated[bool, typer.Option("--json", help="Print an object instead of text.")]


@contextmanager
def opened() -> Iterator[tuple[Platform, Database]]:
    """The plugins and the database of the settings, which has the tables they expect."""
    from bangfu.store import Settings, open_database
    from bangfu_app.opening import open_platform, require_tables

    platform = open_platform()
    with open_database(Settings.load()) as database:
        require_tables(database, platform)
        yield platform, database


@contextmanager
def progress(name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, of rows, while something runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total)
        yield lambda rows: bar.update(task, completed=rows)


@contextmanager
def refusals(report: Path | None, *, is_quiet: bool) -> Iterator[Callable[[Refusal], None]]:
    """Takes what is refused: the first few to stderr, all of them to a file if one is named."""
    import csv
    from contextlib import ExitStack

    with ExitStack() as stack:
        writer = None
        if report is not None:
            # With a mark at its beginning, by which Excel knows that it is UTF-8.
            file = stack.enter_context(report.open("w", encoding="utf-8-sig", newline=""))
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
        seen = 0

        def refuse(refusal: Refusal) -> None:
            nonlocal seen
            seen += 1
            each = refusal.rejection
            row = (refusal.line, each.column or "", each.code.value, each.message.zh, each.message.en)
            if writer is not None:
                writer.writerow((*row, each.suggestion or ""))
            if seen <= _SHOWN and not is_quiet:
                hint = f" ({each.suggestion}?)" if each.suggestion else ""
                where = f"line {refusal.line}" + (f", {each.column}" if each.column else "")
                typer.echo(f"{where}: {each.message.zh} {each.message.en}{hint}", err=True)

        yield refuse
        if seen > _SHOWN and not is_quiet:
            more = "" if report is not None else "; --report FILE writes all of them"
            typer.echo(f"… and {seen - _SHOWN} more{more}", err=True)


def author(reason: str) -> Author:
    """Whoever sits at the terminal, as the log of changes names them."""
    import getpass

    from bangfu.write.outcome import Author

    return Author(name=getpass.getuser(), reason=reason)


def day_of_the_books(database: Database) -> date:
    """The reporting date, or today where none is set."""
    from datetime import date

    from bangfu.store.setting import REPORTING_DATE, read_setting

    with database.engine.connect() as connection:
        told = read_setting(connection, REPORTING_DATE)
    return date.today() if told is None else date.fromisoformat(told)
