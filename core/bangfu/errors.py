"""Every error that bangfu raises on purpose.

    BangfuError
    ├── UserError          a caller's mistake: says which argument, what was found, what would be accepted
    ├── DeclarationError   a plugin's mistake: all problems of all plugins at once, found at start
    └── OperationError     an operator's matter: database away, wrong version, something not installed

Anything else is a defect of ours; its text never leaves the server. Codes are listed in `docs/errors.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class BangfuError(Exception):
    """An error whose message is written for people; `code` is stable and has an entry in `docs/errors.md`."""

    code = "BANGFU_ERROR"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class UserError(BangfuError):
    """A mistake in a request; `argument` is the path of the argument that has to change."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, *, argument: str = "", code: str | None = None) -> None:
        super().__init__(f"{argument}: {message}" if argument else message, code=code)
        self.argument = argument
        self.field: int | None = None
        """Which of a request's fields has the argument, where several are looked at together."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with one declaration: which plugin, which thing, and what would mend it."""

    plugin: str
    thing: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"plugin {self.plugin!r}, {self.thing}: {self.found}. {self.remedy}"


class DeclarationError(BangfuError):
    """Plugins that cannot be used as they are declared; carries every problem, not the first."""

    code = "BAD_DECLARATION"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        head = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{head} in the plugins' declarations:\n{lines}")


class OperationError(BangfuError):
    """Something an operator can mend; the remedy says how."""

    code = "OPERATION_FAILED"

    def __init__(self, message: str, *, remedy: str = "", code: str | None = None) -> None:
        super().__init__(f"{message} {remedy}".strip(), code=code)
        self.remedy = remedy


def quoted(found: object) -> str:
    """What a caller gave, as a message repeats it: at most 60 characters of it."""
    text = repr(found)
    return text if len(text) <= 60 else f"{text[:57]}…{text[-1]}"


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint for a misspelt name: ` Did you mean …?`, or nothing when no known name is near."""
    close = get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
