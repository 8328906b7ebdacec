"""Closed lists of values with a title each: the codes that stand in a register's columns."""

from enum import Enum

from bangfu.declare.text import Text


class Choice(Enum):
    """A list of named values: `ILLNESS = "因病", "Illness"`. The name is stored and sent, the title is shown."""

    def __init__(self, zh: str, en: str) -> None:
        self.title = Text(zh, en)

    # There is one of each: that of an enumeration calls Python for every member of every set.
    __hash__ = object.__hash__
