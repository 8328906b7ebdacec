"""Procedures: changes of rows that belong together under one name, on a day (辦理事項).

A household that splits is a new household, members who move into it, and a head for each of the two: whoever enters
that says what happened, once, and all of it is written or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import MappedColumn

from bangfu.declare.fields import code, field_of, key
from bangfu.declare.records import Dated
from bangfu.declare.text import Text

Row = Mapping[str, Any]
"""A row by the names of its columns; choices are members, places their codes of 15 digits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RowOf:
    """The id of a row of a record, or a list of such ids."""

    record: type[Dated]
    title: Text
    is_many: bool = False


@dataclass(frozen=True, eq=False)
class Argument:
    """Something that a procedure is given: `Argument("planted_on", day(zh=…, en=…))`.

    The value is declared as a column is, with its title, limits and whether it is sensitive (which then takes
    `personal:read`), or with `row_of`, `rows_of`, `place` or `version`.
    """

    name: str
    """In snake case; `new_head` is `newHead` in the graph."""
    value: MappedColumn[Any] | RowOf
    required: bool = True

    @property
    def title(self) -> Text | None:
        """What people call it; None where it was declared in none of these ways."""
        if isinstance(self.value, RowOf):
            return self.value.title
        field = field_of(self.value.column)
        return None if field is None else field.title

    @property
    def is_sensitive(self) -> bool:
        """Whether it is personal data."""
        field = None if isinstance(self.value, RowOf) else field_of(self.value.column)
        return field is not None and field.sensitive is not None


class Steps(Protocol):
    """What a procedure's function does its work with: all of it in one transaction, with one entry in the log.

    Nobody else changes rows of the districts that the arguments name meanwhile: what is read stays as it is. A row
    that lies in none of the author's places is not there. Whatever cannot be is raised as a Refusal: then nothing of
    the procedure stays. One that `row` and `place` raise may be caught; what could not be written is told in any case.
    """

    @property
    def today(self) -> date:
        """The day on which the books stand."""

    def row(self, record: type[Dated], id_: int, argument: str, *, version: int | None = None) -> dict[str, Any]:
        """The row of an id, without its sealed columns.

        Refuses the argument where there is none, and `version` where that of the row is another by now.
        """

    def rows(self, record: type[Dated], *where: ColumnElement[bool]) -> list[dict[str, Any]]:
        """The rows of which the conditions hold, by their ids: `steps.rows(Person, Person.household_id == home)`.

        They are of the districts that the arguments name.
        """

    def place(self, code: int, argument: str) -> None:
        """Refuses the argument where there is no such place, or none in the author's own."""

    def create(self, record: type[Dated], *rows: Row, arguments: Mapping[str, str] = ...) -> list[int]:
        """Enters new rows, checked as any; their ids.

        `arguments` tells, by the column, which argument is meant where a value is not taken. A column that is called
        as an argument need not be named, nor `id`, `place_code`, `household_id` and `person_id` where the argument is
        called as the row that they lead to: `household`.
        """

    def update(self, record: type[Dated], *rows: Row, arguments: Mapping[str, str] = ...) -> None:
        """Changes rows, each given with `id`, `version` and what is to change."""

    def delete(self, record: type[Dated], *rows: Row, arguments: Mapping[str, str] = ...) -> None:
        """Deletes rows, each given with `id` and `version`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Procedure:
    """Several changes of rows under one name; a mutation of the graph (辦理事項).

    With `name="close"` and `on=Farmstay` of a plugin `tourism` it is `tourismFarmstayClose`.
    """

    name: str
    title: Text
    on: type[Dated]
    """The record of the row that is given back."""

    arguments: tuple[Argument, ...]
    does: Callable[..., int]
    """Is given the Steps, and each argument under its name: None where it was left out, ids as numbers. Gives back
    the id of a row of `on`."""

    changes: tuple[type[Dated], ...] = ()
    """The records whose rows it may change, which takes the permissions to write them; `on` alone where it is empty."""

    @property
    def changed(self) -> tuple[type[Dated], ...]:
        """The records whose rows it may change."""
        return self.changes or (self.on,)


def row_of(record: type[Dated], *, zh: str, en: str) -> RowOf:
    """The id of a row."""
    return RowOf(record=record, title=Text(zh, en))


def rows_of(record: type[Dated], *, zh: str, en: str) -> RowOf:
    """A list of ids of rows, each of another one."""
    return RowOf(record=record, title=Text(zh, en), is_many=True)


def place(*, zh: str, en: str) -> MappedColumn[Any]:
    """The official code of a place, of any level."""
    return code(zh=zh, en=en)


def version(*, zh: str = "所讀版本", en: str = "The version of the row that was read") -> MappedColumn[Any]:
    """The version of a row, for `Steps.row`: where somebody has changed the row since, nothing is changed."""
    return key(zh=zh, en=en)
