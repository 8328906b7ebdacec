"""What was changed, as the graph tells it: in rows, by whom, and from what to what."""

from datetime import datetime

import strawberry
from strawberry.types.field import StrawberryField

from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.fields import DerivedField, OfHistory, OfLog, OfRowHistory, argument
from bangfu_schema.derive.scalars import Day, PlaceCode

_FIRST = argument("first", int | None, "How many: 50 by default, 1000 at most.")


@strawberry.type(name="ChangedValue", description="A field of a row that was changed.")
class ValueEntry:
    """A field of a row that was changed."""

    field: str = strawberry.field(description="The field, by its name in the graph.")
    before: str | None = strawberry.field(description="What it held, as text; null where that was nothing.")
    after: str | None = strawberry.field(description="What it holds since; null where that is nothing.")
    is_sensitive: bool = strawberry.field(
        description="Whether it is personal data: of that it is only told that it was changed, to everybody."
    )


@strawberry.type(name="LoggedChange", description="A row that was created, changed or deleted (變更記錄).")
class LoggedEntry:
    """A row that was created, changed or deleted."""

    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="By whom, as the token names its holder.")
    reason: str | None = strawberry.field(description="What it was part of: a mutation by its name, an import.")
    request_id: str | None = strawberry.field(description="The id of the request.")
    action: str = strawberry.field(description="`create`, `update` or `delete`.")
    row: strawberry.ID = strawberry.field(description="The row's id.")
    entry: int = strawberry.field(description="The number of the entry in the district's log.")
    values: list[ValueEntry] = strawberry.field(
        description="What has changed in it; empty for an auditor who may not read rows of its type."
    )
    cursor: str = strawberry.field(description="After which the next page begins.")


def row_history() -> StrawberryField:
    """The field of every node that shows what was changed in its row."""
    return DerivedField.of(
        "history",
        listed(LoggedEntry),
        OfRowHistory(),
        description="變更記錄 What was changed in it, the newest first; as of a day, what had been changed by then.",
        arguments=(_FIRST, argument("after", str | None, "The cursor after which the page begins.")),
    )


def history_fields() -> list[StrawberryField]:
    """The fields of the root that show the log of changes."""
    first = _FIRST
    return [
        DerivedField.of(
            "history",
            list[LoggedEntry] | None,
            OfHistory(),
            description="What was changed in a row, the newest first; null where there is none that may be seen.",
            arguments=(argument("id", strawberry.ID, "Its id, as in `household:620502000000001`."), first),
        ),
        DerivedField.of(
            "auditLog",
            list[LoggedEntry],
            OfLog(),
            description="What was changed in a district, the newest first. Takes `audit:read`, for the whole district.",
            arguments=(
                argument("district", PlaceCode, "The district's code, of six digits."),
                argument("author", str | None, "Only by this one."),
                argument("since", Day | None, "Only from this day on."),
                first,
                argument("after", str | None, "The cursor after which the page begins."),
            ),
        ),
    ]
