"""What is asked of a change of rows, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from bangfu.declare.refusals import Code
from bangfu.declare.text import Text

__all__ = ["Action", "Applied", "Author", "Code", "Outcome", "Rejection", "Row"]


class Action(Enum):
    """What a change does with rows."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Why one row cannot be taken as it is given."""

    row: int
    """Its position among the rows given, counted from 0."""

    column: str | None
    """The column, by its name in the declaration; None where it is the row as a whole."""

    code: Code
    message: Text
    suggestion: str | None = None
    """What was probably meant."""


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who changes something, as the audit log says it."""

    name: str
    token_id: str | None = None
    request_id: str | None = None
    reason: str | None = None
    """What it is part of: a mutation, an import, a reorganisation."""


class Applied(NamedTuple):
    """What came of one action within a set of changes."""

    ids: list[int | None]
    """For each row given, its id; None for one that was rejected."""

    rejections: list[Rejection]
    unchanged: frozenset[int]
    """The positions of rows that were as they should be already."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a change: the rows taken, or why there are none."""

    ids: Sequence[int | None]
    """For each row given, its id; None for one that was rejected, and for all where nothing was written."""

    rejections: Sequence[Rejection] = ()
    written: int = 0
    """How many rows were changed; 0 in a dry run."""

    change_sets: Mapping[int, int] = field(default_factory=dict)
    """The numbers of the entries made in the audit log, by district."""


Row = Mapping[str, Any]
"""A row as it is given: values by the names of columns. An update has `id` and `version`, and what is to change."""
