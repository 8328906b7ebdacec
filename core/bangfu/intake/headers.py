"""Finds which column of a record each header of a file means; all that is wrong with the headers is told at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.schema import Column

from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated, columns_of
from bangfu.declare.text import Text
from bangfu.declare.units import Unit
from bangfu.errors import quoted
from bangfu.intake.cells import BY_UNIT, TITLES, may_be_missing, missing, title_of, unit_of
from bangfu.intake.lists import near
from bangfu.intake.numbers import is_of_unit
from bangfu.intake.refused import Refused
from bangfu.intake.words import BLANKS, folded, narrow
from bangfu.write.outcome import Code

_ALIASES = {
    "id": ("編號", "id"),
    "place_code": ("區劃代碼", "place"),
    "household_id": ("戶號", "戶編號", "household"),
    "person_id": ("人員編號", "person"),
}
_COMPARED = 20
"""How many unknown headers are compared with all known ones."""

_TOLD = 20
"""How many problems a message tells; all are in `problems`."""


@dataclass(frozen=True, kw_only=True)
class HeaderProblem:
    """One thing wrong with the headers: an unknown one, one too many, or one that is missing."""

    header: str | None
    """As it stands in the file; None for one that is missing."""

    column: str | None
    code: Code
    message: Text
    suggestion: str | None = None


class BadColumns(Refused):
    """Headers that do not fit the record; carries every problem, not the first."""

    code = "BAD_COLUMNS"

    def __init__(self, problems: Sequence[HeaderProblem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - _TOLD
        zh = [each.message.zh for each in self.problems[:_TOLD]] + [f"另有 {more} 處。"] * (more > 0)
        en = [each.message.en for each in self.problems[:_TOLD]] + [f"And {more} more."] * (more > 0)
        super().__init__(Text("表頭有誤：" + "".join(zh), f"The headers do not fit: {' '.join(en)}"), code=self.code)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which columns a file has."""

    columns: tuple[Column[Any] | None, ...]
    """By their place in the file; None where no header is."""

    absent: tuple[Column[Any], ...] = ()
    """Columns that a new row has to give, and of which the file has none: only where it says by ids what changes."""


def read_headers(record: type[Dated], headers: Sequence[object], units: Mapping[str, Unit] = BY_UNIT) -> Layout:
    """The columns of a record that a file's headers mean: by title in either language, by name, by unit in brackets.

    A file with a header `id` changes rows: it needs `version`, and no other column. Any other file needs all columns
    that a row has to give. Raises BadColumns, and Refused where no header at all is one of the record's.
    """
    offered = {column.key: column for column in offered_columns(record)}
    words = _Words(offered)
    found: list[Column[Any] | None] = []
    problems: list[HeaderProblem] = []
    for raw in headers:
        header = "" if raw is None else str(raw).strip(BLANKS)
        column = _column(header, words, units) if header else None
        found.append(column)
        if header and column is None:
            problems.append(_unknown(header, words, units, compare=len(problems) < _COMPARED))
    if not any(column is not None for column in found):
        raise _without_header(record, offered)
    problems += _twice(headers, found)
    given = {column.key for column in found if column is not None}
    absent = [column for key, column in offered.items() if key not in given and not may_be_missing(column)]
    if "id" in given:
        needed = [offered["version"]] * ("version" not in given)
    else:
        needed, absent = absent, []
    problems += map(_lacking, needed)
    if problems:
        raise BadColumns(problems)
    return Layout(columns=tuple(found), absent=tuple(absent))


def offered_columns(record: type[Dated]) -> Iterator[Column[Any]]:
    """The columns that a file may have; the district follows from what a row is about."""
    for column in columns_of(record):
        if column.computed is None and (field_of(column) is not None or column.key in TITLES):
            yield column


class _Words:
    """What the columns of a record may be called."""

    def __init__(self, offered: Mapping[str, Column[Any]]) -> None:
        fields = [(column, field) for column in offered.values() if (field := field_of(column)) is not None]
        own = [(word, column) for key, column in offered.items() for word in (key, _camel(key))]
        own += [(word, column) for column, field in fields for word in (field.title.zh, field.title.en)]
        short = [(word, offered[key]) for key, words in _ALIASES.items() if key in offered for word in words]
        # One column's title may be another's name, `Animals` and `animals`: they differ by how they are written then.
        self._exact, _ = _single(own, str)
        known, self.doubtful = _single(own, folded)
        self._known = _single(short, folded)[0] | known
        self._written = {folded(word): word for word, _ in (*short, *own)}

    def column(self, word: str) -> Column[Any] | None:
        """The column that a word means; None of one that means none, or several."""
        exact = self._exact.get(word)
        return self._known.get(folded(word)) if exact is None else exact

    def near(self, word: str) -> str | None:
        """The nearest word that means a column."""
        return near(folded(word), {each: self._written[each] for each in self._known})


def _single(
    words: Sequence[tuple[str, Column[Any]]], form: Callable[[str], str]
) -> tuple[dict[str, Column[Any]], set[str]]:
    """Columns by the words that mean one alone, and the words that mean several."""
    means: dict[str, dict[str, Column[Any]]] = {}
    for word, column in words:
        means.setdefault(form(word), {})[column.key] = column
    single = {word: next(iter(columns.values())) for word, columns in means.items() if len(columns) == 1}
    return single, means.keys() - single.keys()


def _camel(name: str) -> str:
    """`planted_on` as `plantedOn`, which is what the graph calls it."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _column(header: str, words: _Words, units: Mapping[str, Unit]) -> Column[Any] | None:
    whole = words.column(header)
    if whole is not None:
        return whole
    for column, inside in _bracketed(header, words):
        if is_of_unit(inside, unit_of(column, units)):
            return column
    return None


def _bracketed(header: str, words: _Words) -> Iterator[tuple[Column[Any], str]]:
    """The column a header means up to one of its brackets, and what is in there: `存欄(頭(隻))`, too."""
    plain = narrow(header)
    for opening, closing in ("()", "[]", "【】"):
        if plain.endswith(closing):
            for position in [at for at, each in enumerate(plain) if each == opening][:3]:
                before = words.column(plain[:position].strip(BLANKS))
                if before is not None:
                    yield before, plain[position + 1 : -1]


def _unknown(header: str, words: _Words, units: Mapping[str, Unit], *, compare: bool) -> HeaderProblem:
    shown = quoted(header)
    if folded(header) in words.doubtful:
        message = Text(
            f"「{shown[1:-1]}」可指多個列，請改用列名。", f"{shown} is the title of several columns; use a name."
        )
        return HeaderProblem(header=header, column=None, code=Code.AMBIGUOUS, message=message)
    for column, inside in _bracketed(header, words):
        unit, title = unit_of(column, units), title_of(column)
        of = Text("不帶單位", "without a unit") if unit is None else Text(f"以{unit.title.zh}計", f"in {unit.title.en}")
        message = Text(
            f"「{shown[1:-1]}」：此列{of.zh}，不可為「{inside[:20]}」。",
            f"{shown}: the column is kept {of.en}, not in {quoted(inside)}.",
        )
        hint = title.zh if unit is None else f"{title.zh}({unit.title.zh})"
        return HeaderProblem(
            header=header, column=column.key, code=Code.UNKNOWN_COLUMN, message=message, suggestion=hint
        )
    meant = words.near(header) if compare else None
    message = Text(
        f"沒有「{shown[1:-1]}」這一列。" + (f"是否「{meant}」？" if meant else ""),
        f"There is no column {shown}." + (f" Did you mean {meant!r}?" if meant else ""),
    )
    return HeaderProblem(header=header, column=None, code=Code.UNKNOWN_COLUMN, message=message, suggestion=meant)


def _twice(headers: Sequence[object], found: Sequence[Column[Any] | None]) -> Iterator[HeaderProblem]:
    first: dict[str, str] = {}
    for raw, column in zip(headers, found, strict=True):
        if column is None:
            continue
        header = str(raw).strip(BLANKS)
        if column.key not in first:
            first[column.key] = header
            continue
        other = first[column.key]
        message = Text(
            f"「{header}」與「{other}」是同一列，只能有一個。",
            f"{header!r} and {other!r} are the same column; keep one.",
        )
        yield HeaderProblem(header=header, column=column.key, code=Code.DUPLICATE, message=message)


def _lacking(column: Column[Any]) -> HeaderProblem:
    title = title_of(column)
    message = Text(f"缺少「{title.zh}」一列。", f"The column {title.en!r} is missing.")
    code = missing(column).code
    return HeaderProblem(header=None, column=column.key, code=code, message=message, suggestion=title.zh)


def _without_header(record: type[Dated], offered: Mapping[str, Column[Any]]) -> Refused:
    titles = [title_of(column) for column in offered.values() if not may_be_missing(column)]
    name = record.__title__
    return Refused(
        Text(
            f"第一行不是「{name.zh}」的表頭。表頭應有：{'、'.join(title.zh for title in titles)}。",
            f"The first row has no header of {name.en!r}. It needs: {', '.join(title.en for title in titles)}.",
        ),
        code="FILE_WITHOUT_HEADER",
    )
