"""A statement as the server takes it: its parameters by number, not by name."""

import re
from dataclasses import dataclass

_NAMED = re.compile(r"%\((\w+)\)s|%%")


@dataclass(frozen=True, eq=False)
class Command:
    """Rewritten once, since the driver would look for the names in the text at each run, and keeps no long text."""

    text: bytes
    names: tuple[str, ...]
    """The names of the parameters, in the order of their numbers."""

    @classmethod
    def of(cls, sql: str) -> "Command":
        """The command of a statement with parameters such as `%(name)s`, in which any other `%` is doubled."""
        numbers: dict[str, int] = {}

        def numbered(found: re.Match[str]) -> str:
            name = found[1]
            return "%" if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

        text = _NAMED.sub(numbered, sql)
        return cls(text.encode(), tuple(numbers))
