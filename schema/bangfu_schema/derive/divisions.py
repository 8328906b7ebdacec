"""How divisions are changed in the graph: the plan that is given, and what comes of it."""

from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from bangfu.declare.text import Text
from bangfu.domain.places import PlaceKind, SuccessionKind
from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.enums import CHANGE_ERROR_CODE, Enums, Language
from bangfu_schema.derive.fields import DerivedField, OfReorganising, OfUndoing, argument
from bangfu_schema.derive.inputs import Members, make_input
from bangfu_schema.derive.scalars import Day, Number, PlaceCode


@strawberry.type(name="PlacesError", description="Why divisions cannot be changed as they are to be.")
class DivisionsErrorEntry:
    """Why divisions cannot be changed as they are to be."""

    path: list[str] = strawberry.field(description='What has to change, as `["plan", "steps", "2", "into"]`.')
    code: str = strawberry.field(description="The kind of mistake.", graphql_type=CHANGE_ERROR_CODE)
    told: strawberry.Private[Text]

    @strawberry.field(description="What is wrong, in words.")  # type: ignore[untyped-decorator]  # as in changes.py
    def message(self, language: Language = Language.ZH) -> str:
        """What is wrong, in a language."""
        return self.told.zh if language is Language.ZH else self.told.en


@strawberry.type(name="PlaceMoves", description="Rows that come from one place to another.")
class MovesEntry:
    """Rows that come from one place to another."""

    record: str = strawberry.field(description="Which rows, as their ids begin: `household`.")
    from_: PlaceCode = strawberry.field(name="from", description="Where they lay.")
    to: PlaceCode = strawberry.field(description="Where they lie from then on.")
    rows: int = strawberry.field(description="How many.")


@strawberry.type(name="MeasureConserved", description="One measure of the district before and after.")
class ConservedEntry:
    """One measure of the district before and after."""

    measure: str = strawberry.field(description="As `industry.orchard_area`; shares by their parts.")
    before: Number | None = strawberry.field(description="All of it before; null where there was nothing.")
    after: Number | None = strawberry.field(description="All of it after.")
    is_conserved: bool = strawberry.field(
        description="Whether places that have to do with each other have together what they had."
    )
    counts_places: bool = strawberry.field(
        description="Whether it counts places, or looks at those that things lie in: there may be more or fewer now."
    )


def divisions_fields(enums: Enums) -> list[StrawberryField]:
    """The fields of the root of mutations by which divisions are changed."""
    kind = enums.of(PlaceKind, "")
    payload = _payload(enums)
    dry = argument("dryRun", bool, "Only says what would come of it: nothing is written.", default=False)
    plan = argument("plan", _plan(kind), "What is to become of which places.")
    return [
        DerivedField.of(
            "placesReorganize",
            payload | None,
            OfReorganising(),
            description="Renames, re-codes, merges, splits and moves places on a day, with all that lies in them, in "
            "one transaction (區劃調整). Takes `register:reorganise`, for the whole district.",
            arguments=(plan, dry),
        ),
        DerivedField.of(
            "placesUndo",
            payload | None,
            OfUndoing(),
            description="Takes the last change of divisions back, with the rows that were entered since (撤銷調整).",
            arguments=(
                argument("district", PlaceCode, "The district's code, of six digits."),
                argument("number", int, "The number that it was given."),
                dry,
            ),
        ),
    ]


def _payload(enums: Enums) -> Any:  # the class itself, as Strawberry returns it
    succession = enums.of(SuccessionKind, "")

    @strawberry.type(name="PlaceFollowed", description="What followed a place, and how.")
    class FollowedEntry:
        predecessor: PlaceCode = strawberry.field(description="The earlier place.")
        former_name: str = strawberry.field(description="What that was called.")
        successor: PlaceCode = strawberry.field(description="The later place.")
        kind: str = strawberry.field(description="What happened.", graphql_type=succession)

    @strawberry.type(name="PlacesReorganized", description="What comes of a change of divisions, or would.")
    class ReorganizedEntry:
        number: int | None = strawberry.field(
            description="By which it can be undone; null where nothing was written: in a dry run, or with errors."
        )
        errors: list[DivisionsErrorEntry] = strawberry.field(description="Why it cannot be; then nothing is written.")
        lineage: list[FollowedEntry] = strawberry.field(description="What follows what.")
        moves: list[MovesEntry] = strawberry.field(description="The rows that come to lie elsewhere.")
        measures: list[ConservedEntry] = strawberry.field(
            description="Every measure before and after: stocks on the reporting date, flows of all years up to it."
        )
        targets_left: int = strawberry.field(
            description="Targets that stay with places that end, since what these become is something else."
        )
        entries: list[int] = strawberry.field(description="The entries that were made in the log of changes.")

    return ReorganizedEntry


def _plan(kind: Any) -> Any:  # input classes, here and below
    place = "The place."
    code = "Its new code."
    steps: dict[str, tuple[str, Members, tuple[str, ...]]] = {
        "rename": (
            "A place gets another name; its code stays.",
            {"place": (PlaceCode, place), "name": (str, "Its new name.")},
            ("place", "name"),
        ),
        "recode": (
            "A place gets another code in the same place, with all places inside.",
            {"place": (PlaceCode, place), "code": (PlaceCode, code)},
            ("place", "code"),
        ),
        "move": (
            "A place comes to lie in another one of the level above, with all that is inside.",
            {
                "place": (PlaceCode, place),
                "to": (PlaceCode, "The place it comes to lie in."),
                "code": (PlaceCode, "Its new code; by default its last digits, or the next ones that are free."),
            },
            ("place", "to"),
        ),
        "merge": (
            "Places of one level become one.",
            {
                "places": (listed(PlaceCode), "The places."),
                "into": (PlaceCode, "What they become: one of them, another one, or with a name a new one."),
                "name": (str, "The name of a new place, or a new name."),
                "kind": (kind, "The kind of a new place; by default that of the first."),
            },
            ("places", "into"),
        ),
        "split": (
            "Part of a place becomes a place of its own beside it; facts about the place itself stay with it.",
            {
                "place": (PlaceCode, place),
                "name": (str, "The name of the new place."),
                "code": (PlaceCode, "Its code; by default the next one that is free."),
                "kind": (kind, "Its kind; by default that of the place."),
                "places": (listed(PlaceCode), "Places inside that go to it."),
                "households": (listed(strawberry.ID), "Households that go to it; of villages and natural villages."),
            },
            ("place", "name"),
        ),
    }
    members: Members = {}
    for name, (told, given, required) in steps.items():
        title = f"Place{name.capitalize()}"
        members[name] = (make_input(type(title, (), {}), title, given, told, required=required), told)
    step = make_input(type("PlacesStep", (), {}), "PlacesStep", members, "One step of a plan.", one_of=True)
    told = "What is to become of places of one district on a day: all steps, one after the other, or none."
    return make_input(
        type("PlacesPlan", (), {}),
        "PlacesPlan",
        {
            "district": (PlaceCode, "The district's code, of six digits."),
            "on": (Day, "From which day on: up to the reporting date, and not before the last change."),
            "note": (str, "The paper it goes back to, for one."),
            "steps": (listed(step), "Up to 500; a place stands in one of them."),
        },
        told,
        required=("district", "on", "steps"),
    )
