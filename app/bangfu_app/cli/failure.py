"""How a command ends: what its exit code means, and errors told in words instead of tracebacks."""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup


class Ending(IntEnum):
    """Exit codes of every command; 0 is fine, 2 a command that was mistyped."""

    NO = 1
    """The command ran, and its answer is no: a figure differs, a migration is pending, a question was not confirmed."""
    FAILED = 3
    """Something an operator has to mend; the message says what."""
    INTERRUPTED = 130


class Commands(TyperGroup):
    """Commands whose errors end in a message and an exit code; `--debug` lets the traceback through."""

    def invoke(self, ctx: Any) -> Any:  # Any: typer brings a click of its own, whose types it does not export
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _tell("Stopped 已停止")
            raise typer.Exit(Ending.INTERRUPTED) from None
        except Exception as error:
            is_typers_own = hasattr(error, "exit_code") or isinstance(error, (typer.Abort, BrokenPipeError))
            if is_typers_own or ctx.params.get("debug"):
                raise
            _tell(_words(error))
            raise typer.Exit(Ending.FAILED) from None


def _words(error: Exception) -> str:
    # Here, for both take longer to import than `bangfu --help` takes to answer.
    from sqlalchemy.exc import DBAPIError

    from bangfu.errors import BangfuError

    if isinstance(error, BangfuError):
        return f"Error 錯誤: {error}"
    again = "Run the same command as `bangfu --debug …` "
    if isinstance(error, DBAPIError):
        reason = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
        return f"Error 錯誤: The database refused a statement: {reason}.\n{again}to see which."
    kind = type(error).__name__
    return f"Error 錯誤: a defect of bangfu, not a mistake of yours ({kind}).\n{again}and send us what it prints."


def _tell(message: str) -> None:
    typer.secho(message, fg="red", err=True)
