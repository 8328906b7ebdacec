"""The value of a measure as a GraphQL type: the number, what it rests on, and its target."""

from typing import Any

from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.enums import STATUS
from bangfu_schema.derive.fields import DerivedField, OfMeasurePart
from bangfu_schema.derive.objects import make_object
from bangfu_schema.derive.scalars import Day, Number, PeriodText, PlaceCode


def measure_type(title: Any) -> Any:
    """The type MeasureValue; `title` is the type of a title in two languages."""
    part = make_object(
        type("ReceiptPart", (), {}),
        "ReceiptPart",
        [
            _part("code", PlaceCode, "The part's place; the place's own for what lies in none below."),
            _part("name", str, "Its name."),
            _part("value", Number | None, "What it adds; null where it has not reported, or is withheld."),
            _part("reported", int | None, "How many units in it have reported; null where it is withheld."),
        ],
        "What one place inside adds to a number.",
    )
    receipt = make_object(
        type("Receipt", (), {}),
        "Receipt",
        [
            _part("formula", str, "How the number is made of its records."),
            _part("record", str, "The type of the records."),
            _part("filter", str | None, "Which of the records count; null where all do."),
            _part("dated", str, "Which date decides to which period a record belongs."),
            _part("parts", listed(part), "The places one level below; none below a natural village."),
        ],
        "Where a number comes from.",
    )
    return make_object(
        type("MeasureValue", (), {}),
        "MeasureValue",
        [
            _part(
                "value",
                Number | None,
                "The number; null where nothing has been reported, which is not zero, and where it is withheld.",
            ),
            _part(
                "isWithheld",
                bool,
                "Whether the viewer is not told: it may not see the rows, and too few households may stand behind it.",
            ),
            _part("unit", str, "The unit's name; its titles stand in `measures`."),
            _part("title", title, "The measure's title."),
            _part("period", PeriodText, "The period the number is of."),
            _part("asOf", Day, "The last day it can know of."),
            _part("source", str | None, "Where its rows come from; `several sources` where they differ."),
            _part("reported", int | None, "How many units have reported; null where it is withheld."),
            _part("expected", int, "How many units are to report."),
            _part("target", Number | None, "What is to be reached; null where no target is set."),
            _part("gap", Number | None, "What is missing to the target."),
            _part("progress", Number | None, "Percent of the target reached."),
            _part("expectedByNow", Number | None, "What an even pace would have reached by the reporting date."),
            _part("status", STATUS, "Where it stands against its target."),
            _part("receipt", receipt, "Where the number comes from."),
        ],
        "The value of a measure (指標值).",
    )


def _part(name: str, type_: Any, description: str) -> DerivedField:
    return DerivedField.of(name, type_, OfMeasurePart(name), description=description)
