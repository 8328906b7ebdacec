"""What is asked of a change of rows, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from bangfu.declare.text import Text


class Action(Enum):
    """What a change does with rows."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Code(Enum):
    """Why a row is not taken; stable, for programs."""

    MISSING = "MISSING"
    """A value that has to be given is not."""
    UNREADABLE = "UNREADABLE"
    """Cannot be read as a value of the column's kind."""
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    """Is not in the column's closed list."""
    TOO_LONG = "TOO_LONG"
    TOO_PRECISE = "TOO_PRECISE"
    """Has more decimals than the column keeps."""
    OUT_OF_RANGE = "OUT_OF_RANGE"
    BAD_ID_NUMBER = "BAD_ID_NUMBER"
    UNKNOWN_PLACE = "UNKNOWN_PLACE"
    WRONG_LEVEL = "WRONG_LEVEL"
    """Is a place of another level than the record is kept at."""
    UNKNOWN_HOUSEHOLD = "UNKNOWN_HOUSEHOLD"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"
    AMBIGUOUS = "AMBIGUOUS"
    """Several places, or people, answer to the name."""
    NOT_FOUND = "NOT_FOUND"
    """There is no row of that id, or it is none of those that may be changed."""
    STALE = "STALE"
    """Somebody has changed the row since it was read."""
    DUPLICATE = "DUPLICATE"
    """Another row has the same values, of which there may be one."""
    IN_USE = "IN_USE"
    """Other rows are about this one."""
    CHECK_FAILED = "CHECK_FAILED"
    """A rule that is declared with the record does not hold."""
    FORBIDDEN = "FORBIDDEN"


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
