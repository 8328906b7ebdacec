"""Rules that rows have to keep: what no single column can say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from bangfu.declare.text import Text


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """A rule over the columns of a row, and over other records where it looks at them (校驗規則).

    `holds` is given the record's table, or an alias of it, and returns a condition; as in SQL, one that is neither true
    nor false because a value is missing is no offence. Other records are reached by `exists(select(…))`. `column` is
    the one that people are pointed at.
    """

    name: str
    title: Text
    """What has to be, in words: `脫貧日期不得早於認定日期`."""
    holds: Callable[[Any], ColumnElement[bool]]
    column: str | None = None
