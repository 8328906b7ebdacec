"""How files are imported in the graph: a plan of what would change, and what comes of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import strawberry
from strawberry.types.field import StrawberryField

from bangfu.bulk.state import State
from bangfu.declare.text import Text
from bangfu_schema.derive.enums import Language, described
from bangfu_schema.derive.fields import DerivedField, OfImport, argument
from bangfu_schema.derive.scalars import PlaceCode

STATE = described("ImportState", {each.name: each.value for each in State}, "Where an import is.")

MOST_PLANS = 100
FIRST_PLANS = 20
FIRST_ERRORS = 100


@strawberry.type(name="ImportError", description="Why a row of a file, or a file, is not taken (未通過).")
class ImportErrorEntry:
    """Why a row of a file, or a file, is not taken."""

    line: int | None = strawberry.field(description="The line as people count them; null where it is the whole file.")
    column: str | None = strawberry.field(description="The column, by its name in the graph.")
    code: str = strawberry.field(description="The kind of mistake: a `ChangeErrorCode`, or a code of files.")
    suggestion: str | None = strawberry.field(description="What was probably meant.")
    told: strawberry.Private[Text]

    @strawberry.field(description="What is wrong, in words.")  # type: ignore[untyped-decorator]  # as in changes.py
    def message(self, language: Language = Language.ZH) -> str:
        """What is wrong, in a language."""
        return self.told.zh if language is Language.ZH else self.told.en


@strawberry.type(name="ImportPlan", description="What a file would change (導入計劃).")
class ImportPlanEntry:
    """What a file would change."""

    id: strawberry.ID = strawberry.field(description="By which it is applied.")
    file: str = strawberry.field(description="What its author calls the file.")
    record: str = strawberry.field(description="What the rows are, as `industry.planting`.")
    made_at: datetime = strawberry.field(description="When.")
    state: str = strawberry.field(description="Where it is.", graphql_type=STATE)
    creates: int = strawberry.field(description="Rows that are new 新增; so far, while the file is being read.")
    updates: int = strawberry.field(description="Rows that change what is there 修改.")
    unchanged: int = strawberry.field(description="Rows that are there already as they are in the file 不變.")
    rejected: int = strawberry.field(description="Rows that cannot be taken 未通過.")
    applied: int = strawberry.field(
        description="How many of `creates` and `updates` are done with: written, or refused after all."
    )
    refused: int = strawberry.field(description="How many of these were refused, as others had changed something.")


Errors = Callable[[int], Awaitable[Sequence[ImportErrorEntry]]]
"""Reads the first of what is wrong."""


@strawberry.type(name="Import", description="A plan, and what is wrong with the rows of its file.")
class ImportEntry:
    """A plan, and what is wrong with the rows of its file."""

    plan: ImportPlanEntry = strawberry.field(description="The plan as it stands.")
    error_count: int = strawberry.field(
        description="How much is wrong in all; the first 1,000 are kept. A row may have several."
    )
    read: strawberry.Private[Errors]

    @strawberry.field(  # type: ignore[untyped-decorator]  # as above
        description="What is wrong, in the order in which it was found; of the plan, then of applying it."
    )
    async def errors(self, first: int = FIRST_ERRORS) -> list[ImportErrorEntry]:
        """The first of what is wrong."""
        return list(await self.read(first))


def import_mutations() -> list[StrawberryField]:
    """The fields of the root of mutations by which files are imported."""
    return [
        DerivedField.of(
            "importPlan",
            ImportEntry | None,
            OfImport("plan"),
            description="Looks at each row of a file that you have uploaded, and changes nothing (預檢). What takes "
            "longer than a few seconds goes on by itself: `importPlans` tells how far it is.",
            arguments=(
                argument("file", strawberry.ID, "The reference that the upload gave (`POST /imports`)."),
                argument("record", str, "What its rows are, as `industry.planting` or `household`."),
                argument("within", PlaceCode | None, "Where names of places and ID numbers are looked up."),
                argument("sheet", str | None, "The sheet of a workbook; else the first one in use."),
            ),
        ),
        DerivedField.of(
            "importApply",
            ImportEntry | None,
            OfImport("apply"),
            description="Writes what a plan of yours says (導入). It may be broken off at any moment, and goes on when "
            "it is asked for again; nothing is written twice.",
            arguments=(argument("plan", strawberry.ID, "The plan's id."),),
        ),
    ]


def import_plans() -> StrawberryField:
    """The field of the root of queries that shows the viewer's own plans."""
    return DerivedField.of(
        "importPlans",
        list[ImportEntry],
        OfImport("plans"),
        description="Your own plans, the newest first, with how far each is (導入進度).",
        arguments=(
            argument("first", int | None, f"How many: {FIRST_PLANS} by default, {MOST_PLANS} at most."),
            argument("plan", strawberry.ID | None, "Only the one of this id."),
        ),
    )
