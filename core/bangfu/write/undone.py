"""What comes of taking an entry of the log back, or why it cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass

from bangfu.declare.text import Text
from bangfu.store.entries import StoredEntry
from bangfu.write.outcome import Action, Code, Outcome


@dataclass(frozen=True, kw_only=True)
class NotUndone:
    """Why an entry is not taken back: of one of its rows, or of the entry as a whole."""

    record: str | None = None
    """The record's table; None where it is the entry as a whole."""

    row_id: int | None = None
    column: str | None = None
    """The column of the row, or without a row the argument that has to change."""

    code: Code
    message: Text
    later: StoredEntry | None = None
    """The last entry that has changed the row since, where the author may know."""


@dataclass(frozen=True, kw_only=True)
class UndoneRows:
    """What becomes of rows of one record: an undone creation is a deletion."""

    record: str
    action: Action
    rows: int


@dataclass(frozen=True, kw_only=True)
class Undone:
    """What comes of taking an entry back."""

    outcome: Outcome
    refused: Sequence[NotUndone] = ()
    rows: Sequence[UndoneRows] = ()
    """What was done, or in a dry run would be; nothing where it is refused."""


class CannotUndo(Exception):  # noqa: N818 - reads as what it says
    """Why an entry is not taken back."""

    def __init__(self, refused: Sequence[NotUndone]) -> None:
        super().__init__("; ".join(each.message.en for each in refused))
        self.refused = refused


def no_entry(number: int) -> CannotUndo:
    """That there is no such entry, or none that the author may take back: which of the two is not told."""
    zh = f"沒有您可撤銷的第{number}號變更。"
    return whole("number", Code.NOT_FOUND, zh, f"There is no entry {number} that you could undo.")


def whole(column: str | None, code: Code, zh: str, en: str) -> CannotUndo:
    """Why an entry as a whole is not taken back."""
    return CannotUndo([NotUndone(column=column, code=code, message=Text(zh, en))])


def gone(record: str, row_id: int, later: StoredEntry | None) -> NotUndone:
    """That a row is no longer there, or lies in places of others."""
    zh, en = f"沒有編號為{row_id}的記錄", f"There is no row {row_id}"
    message = Text(f"{zh}。", f"{en}.") if later is None else _with(later, f"{zh}：", f"{en}: ", "刪除", "deleted")
    return NotUndone(record=record, row_id=row_id, column="id", code=Code.NOT_FOUND, message=message, later=later)


def stale(record: str, row_id: int, version: int | None, later: StoredEntry | None) -> NotUndone:
    """That a row was changed since."""
    if later is None:
        now = ("", "") if version is None else (f"，現為第{version}版", f": it is version {version} now")
        message = Text(f"此行其後已被修改{now[0]}。", f"This row has been changed since{now[1]}.")
    else:
        message = _with(later, "此行其後", "This row has been changed since: ", "修改", "changed")
    return NotUndone(record=record, row_id=row_id, column="version", code=Code.STALE, message=message, later=later)


def _with(later: StoredEntry, zh: str, en: str, done_zh: str, done_en: str) -> Text:
    on = f"{later.at:%Y-%m-%d %H:%M} UTC"
    return Text(
        f"{zh}已由{later.author}於{on}{done_zh}（第{later.number}號變更）。",
        f"{en}{done_en} by {later.author} on {on} (entry {later.number}).",
    )
