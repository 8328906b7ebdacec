"""Reads a department's list: whom each line is about, and all that it says, whatever its columns are called."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bangfu.bulk.trying import Refusal
from bangfu.declare.fields import Field, Sensitive, field_of
from bangfu.declare.records import columns_of
from bangfu.declare.text import Text
from bangfu.domain.households import Household, Person
from bangfu.intake.files import open_table
from bangfu.intake.headers import BadColumns, HeaderProblem
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.intake.lists import near
from bangfu.intake.references import Reference, code_reader
from bangfu.intake.table import ABSENT, Cells, is_blank
from bangfu.intake.texts import Reader, id_number_reader, text_of, text_reader
from bangfu.intake.unreadable import Unreadable
from bangfu.intake.words import BLANKS, folded
from bangfu.write.outcome import Code, Rejection

_WORDS = {
    "number": (
        *("證件號碼", "身份證號", "身份證號碼", "身分證號", "身分證號碼", "公民身份號碼", "身份證", "證件號"),
        *("ID number", "Resident ID number"),
    ),
    "name": ("姓名", "人員姓名", "name"),
    "place": ("區劃代碼", "居住地代碼", "行政村", "所在村", "村名", "村", "居住地", "place", "village"),
}
"""What the columns are called where the caller does not say; the first that the file has is taken."""

_OPTIONS = {"number": "id_number", "name": "name", "place": "place_code"}
"""The columns of the register that they are held against, as a rejection names them."""

_SAID = Field(title=Text("部門數據", "What the department says"), sensitive=Sensitive.HIDDEN)
"""Whatever a department says may be personal: no message repeats it."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """By which headers a list says whom it is about; those that are None are found by what they are usually called."""

    number: str | None = None
    name: str | None = None
    place: str | None = None


USUAL = Columns()
"""All of them by what they are usually called."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that could be read: whom it is about, by number or else by name and place, and what it says."""

    line: int
    number: str | None
    """An ID number of eighteen characters."""

    name: str | None
    place: int | Reference | None
    said: dict[str, str]
    """All cells in which anything stands, by their headers."""


def read_lines(
    path: Path, columns: Columns, *, sheet: str | None = None, limits: FileLimits = LIMITS
) -> Iterator[Line | list[Refusal]]:
    """The lines of a list, one by one; in place of one that cannot be read, why.

    A rejection's `row` counts lines that are not blank, from 0. Raises Refused for a file that is not read, BadColumns
    of it for one that has neither a column of numbers nor those of names and places, or not the ones that were named.
    """
    table = open_table(path, sheet=sheet, limits=limits)
    reading = _Reading(table.headers, columns)
    count = 0
    for line, cells in table.rows:
        if isinstance(cells, Unreadable):
            yield [_refusal(line, count, None, cells)]
        elif not table.has_gaps and is_blank(cells):
            continue
        else:
            yield reading.read(line, count, [None if cell is ABSENT else cell for cell in cells])
        count += 1


class _Reading:
    """How the lines of one list are read."""

    def __init__(self, headers: Sequence[Any], columns: Columns) -> None:
        self._headers = [_header(position, raw) for position, raw in enumerate(headers)]
        self._places = _places(self._headers, columns)
        fields = {column.key: field_of(column) for each in (Household, Person) for column in columns_of(each)}
        self._readers: dict[str, Reader] = {
            "number": id_number_reader(fields["id_number"]),
            "name": text_reader(_SAID, 50),
            "place": code_reader(fields["place_code"]),
        }

    def read(self, line: int, count: int, cells: Cells) -> Line | list[Refusal]:
        """One line, or all its rejections; `count` is its position."""
        found: dict[str, Any] = dict.fromkeys(self._readers)
        refusals = []
        for role, position in self._places.items():
            if position < len(cells):
                try:
                    found[role] = self._readers[role](cells[position])
                except Unreadable as error:
                    refusals.append(_refusal(line, count, _OPTIONS[role], error))
        if not refusals and found["number"] is None and (found["name"] is None or found["place"] is None):
            refusals.append(_refusal(line, count, None, _nobody()))
        return refusals or Line(line=line, said=self._said(cells), **found)

    def _said(self, cells: Cells) -> dict[str, str]:
        headers = [*self._headers, *(_header(n, None) for n in range(len(self._headers), len(cells)))]
        said = ((header, _as_text(cell)) for header, cell in zip(headers, cells, strict=False))
        return {header: text for header, text in said if text}


def _header(position: int, raw: object) -> str:
    """A header as it stands; one of its own for a column without."""
    return ("" if raw is None else str(raw).strip(BLANKS)) or f"第{position + 1}列"


def _as_text(cell: Any) -> str:
    """A cell as text, also one that no column could take: what a department says is kept as far as it can be."""
    if cell is None:
        return ""
    try:
        text = text_of(cell, _SAID)
    except Unreadable:
        text = repr(cell) if isinstance(cell, float) else orjson.dumps(cell, default=str).decode()
    return text.encode(errors="replace").decode()  # half a surrogate pair cannot be kept


def _places(headers: Sequence[str], columns: Columns) -> dict[str, int]:
    """Where the columns stand by which people are found."""
    problems = [_twice(each) for each in dict.fromkeys(headers) if headers.count(each) > 1]
    words = {folded(header): header for header in headers}
    found: dict[str, int] = {}
    for role, usual in _WORDS.items():
        named: str | None = getattr(columns, role)
        for word in usual if named is None else (named,):
            if folded(word) in words:
                found[role] = headers.index(words[folded(word)])
                break
        else:
            if named is not None:
                problems.append(_unknown(role, named, near(folded(named), words)))
    if not problems and "number" not in found and not {"name", "place"} <= found.keys():
        problems.append(_without(headers))
    if problems:
        raise BadColumns(problems)
    return found


def _twice(header: str) -> HeaderProblem:
    message = Text(f"「{header}」有多列，只能有一列。", f"{header!r} stands there more than once; keep one.")
    return HeaderProblem(header=header, column=None, code=Code.DUPLICATE, message=message)


def _unknown(role: str, named: str, hint: str | None) -> HeaderProblem:
    message = Text(
        f"沒有「{named}」一列。" + (f"是否「{hint}」？" if hint else ""),
        f"There is no column {named!r}." + (f" Did you mean {hint!r}?" if hint else ""),
    )
    return HeaderProblem(header=None, column=_OPTIONS[role], code=Code.UNKNOWN_COLUMN, message=message, suggestion=hint)


def _without(headers: Sequence[str]) -> HeaderProblem:
    shown = "、".join(headers[:20])
    message = Text(
        f"須指明證件號碼一列，或姓名與地方兩列。文件中有：{shown}。",
        f"Name the column of ID numbers, or those of names and places. The file has: {shown}.",
    )
    return HeaderProblem(header=None, column=None, code=Code.MISSING, message=message)


def _nobody() -> Unreadable:
    return Unreadable(
        Code.MISSING,
        Text(
            "此行未指明何人：須有證件號碼，或姓名與地方。",
            "The line is about nobody: it needs an ID number, or a name and a place.",
        ),
    )


def _refusal(line: int, count: int, column: str | None, error: Unreadable) -> Refusal:
    rejection = Rejection(row=count, column=column, code=error.code, message=error.message, suggestion=error.suggestion)
    return Refusal(line=line, rejection=rejection)
