"""How an entry of the log of changes is taken back in the graph, and what comes of it."""

from datetime import datetime

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from bangfu.declare.text import Text
from bangfu_schema.derive.enums import CHANGE_ERROR_CODE, Language
from bangfu_schema.derive.fields import DerivedField, OfChangesUndoing, argument
from bangfu_schema.derive.scalars import PlaceCode


@strawberry.type(name="LaterChange", description="The last entry of the log that has changed a row since.")
class LaterEntry:
    """The last entry of the log that has changed a row since."""

    entry: int = strawberry.field(description="Its number in the district's log.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="By whom, as the token names its holder.")
    reason: str | None = strawberry.field(description="What it was part of: a mutation by its name, an import.")


@strawberry.type(name="UndoError", description="Why an entry is not taken back (未能撤銷).")
class UndoErrorEntry:
    """Why an entry is not taken back."""

    path: list[str] = strawberry.field(
        description='What is meant: an argument, as `["number"]`, or a row, as `["row", "area"]` with its field.'
    )
    row: strawberry.ID | None = strawberry.field(description="The row's id; null where it is the entry as a whole.")
    code: str = strawberry.field(description="The kind of mistake.", graphql_type=CHANGE_ERROR_CODE)
    later: LaterEntry | None = strawberry.field(
        description="Who has changed the row since, for those who may read its `history`; whoever may see the whole "
        "district's log is told it of rows that are gone, too."
    )
    told: strawberry.Private[Text]

    @strawberry.field(description="What is wrong, in words.")  # type: ignore[untyped-decorator]  # as in changes.py
    def message(self, language: Language = Language.ZH) -> str:
        """What is wrong, in a language."""
        return self.told.zh if language is Language.ZH else self.told.en


@strawberry.type(name="UndoneRows", description="What becomes of rows of one type.")
class UndoneRowsEntry:
    """What becomes of rows of one type."""

    record: str = strawberry.field(description="Which rows, as their ids begin: `household`.")
    action: str = strawberry.field(
        description="`delete` of what the entry created, `update` of what it changed, `create` of what it deleted."
    )
    rows: int = strawberry.field(description="How many.")


@strawberry.type(name="ChangesUndone", description="What comes of taking an entry back, or would.")
class UndoneEntry:
    """What comes of taking an entry back, or would."""

    errors: list[UndoErrorEntry] = strawberry.field(
        description="Why it is not taken back, of up to 100 rows; with any of these nothing is written."
    )
    rows: list[UndoneRowsEntry] = strawberry.field(
        description="What becomes of how many rows; in a dry run what would. Empty with errors."
    )
    written: int = strawberry.field(description="How many rows were changed; 0 in a dry run.")
    entries: list[int] = strawberry.field(
        description="The number of the entry that was made in the log of changes: it can be undone as well."
    )


def undoing_field(key: StrawberryArgument) -> StrawberryField:
    """The field of the root of mutations by which an entry is taken back; `key` is the argument to send it again."""
    return DerivedField.of(
        "changesUndo",
        UndoneEntry | None,
        OfChangesUndoing(),
        description="Takes an entry of the log of changes back (撤銷變更): each of its rows is again what it was, or "
        "none is. Takes what the same changes by hand would take.",
        arguments=(
            argument("district", PlaceCode, "The district's code, of six digits."),
            argument("number", int, "The entry's number, as `entries` of a mutation or `history` tells it."),
            argument("reason", str, "Why, in up to 200 characters; it stands in the log, and in `history`."),
            argument("dryRun", bool, "Only says what would come of it: nothing is written.", default=False),
            key,
        ),
    )
