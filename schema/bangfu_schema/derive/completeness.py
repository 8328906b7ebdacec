"""What is required of a row as a GraphQL type: how much of it is met, and what would mend what is not."""

from typing import Any

from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.fields import DerivedField, OfRequirementsPart
from bangfu_schema.derive.objects import make_object


def completeness_type(title: Any) -> Any:
    """The type Completeness; `title` is the type of a title in two languages."""
    missing = make_object(
        type("MissingRequirement", (), {}),
        "MissingRequirement",
        [
            _part("name", str, "Its name, with its plugin's: `register.one_head`."),
            _part("plugin", str, "Whose requirement it is."),
            _part("group", str, "What it belongs to: `basics`."),
            _part("groupTitle", title, "What that is called: 基本情況清."),
            _part("title", title, "What has to be, in words."),
            _part("mutation", str, "The mutation that mends it: `householdUpdate`."),
            _part("column", str | None, "What is to be given there; null where it is no single column."),
        ],
        "A requirement that is not met, and what would mend it.",
    )
    return make_object(
        type("Completeness", (), {}),
        "Completeness",
        [
            _part("isComplete", bool | None, "Whether all that is asked is met; null where nothing is asked."),
            _part("met", int, "How many requirements are met."),
            _part(
                "asked",
                int,
                "How many are asked: those that concern the row, and look at nothing that the viewer may not read.",
            ),
            _part("missing", listed(missing), "Those that are asked and not met, in the order of their declaration."),
        ],
        "What is required of a row, and what of it is there (完整性).",
    )


def _part(name: str, type_: Any, description: str) -> DerivedField:
    return DerivedField.of(name, type_, OfRequirementsPart(name), description=description)
