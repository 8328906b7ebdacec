"""GraphQL enums from the closed lists of the declarations."""

from collections.abc import Mapping
from enum import Enum, EnumMeta
from typing import Any

import strawberry

from bangfu.declare.choice import Choice
from bangfu.query.ordering import Direction
from bangfu.query.progress import Status
from bangfu.write.outcome import Code


class Enums:
    """One GraphQL enum for each closed list, made once."""

    def __init__(self) -> None:
        self._made: dict[type[Choice], Any] = {}  # Strawberry's enum decorator returns what it is given

    def of(self, choice: type[Choice], prefix: str) -> Any:  # as above
        """The enum of a closed list, its name led by the prefix of the plugin that declares it."""
        if choice not in self._made:
            # An enum of its own, with names as values: Strawberry writes into the class it is given, and two
            # platforms in one process may give the same list two names.
            values = {
                member.name: strawberry.enum_value(member.name, description=f"{member.title.zh} {member.title.en}")
                for member in choice
            }
            doc = " ".join((choice.__doc__ or choice.__name__).split())
            self._made[choice] = strawberry.enum(
                _enum(choice.__name__, values), name=prefix + choice.__name__, description=doc
            )
        return self._made[choice]


def _enum(name: str, values: Mapping[str, Any]) -> type[Enum]:  # Strawberry's enum values
    """An enum of a declaration's members."""
    made: type[Enum] = EnumMeta.__call__(Enum, name, dict(values))
    return made


def described(name: str, values: Mapping[str, str], description: str) -> Any:  # as Strawberry returns it
    """An enum of names, each with what it means."""
    made = {each: strawberry.enum_value(each, description=told) for each, told in values.items()}
    return strawberry.enum(_enum(name, made), description=description)


DIRECTION = strawberry.enum(Direction, name="OrderDirection", description="Rows without a value always come last.")
BOUNDARIES = strawberry.enum(
    _enum(
        "MeasureBoundaries",
        {
            "NOW": strawberry.enum_value("NOW", description="What lies in the place now, whenever it was counted."),
            "THEN": strawberry.enum_value("THEN", description="What lay in the place at the end of the period."),
        },
    ),
    name="Boundaries",
    description="By which boundaries a measure is told, where divisions have changed (區劃口徑).",
)
STATUS = strawberry.enum(
    _enum(
        "IndicatorStatus",
        {
            each.name: strawberry.enum_value(each.name, description=f"{each.value.zh} {each.value.en}")
            for each in Status
        },
    ),
    description="Where an indicator stands against its target.",
)


@strawberry.enum(description="A language that messages are told in.")
class Language(Enum):
    """A language that messages are told in."""

    ZH = strawberry.enum_value("zh", description="中文（繁體） Chinese")
    EN = strawberry.enum_value("en", description="英文 English")


_WHY = {
    Code.MISSING: "A value that has to be given is not.",
    Code.UNREADABLE: "Cannot be read as a value of its kind.",
    Code.UNKNOWN_COLUMN: "There is no such column to be given.",
    Code.UNKNOWN_VALUE: "Is not in the closed list, or points at what is not there.",
    Code.TOO_LONG: "Has more characters than are kept.",
    Code.TOO_PRECISE: "Has more decimals than are kept.",
    Code.OUT_OF_RANGE: "Is less or more than may be entered.",
    Code.BAD_ID_NUMBER: "Is no ID number.",
    Code.UNKNOWN_PLACE: "There is no such place, or it is none of your own.",
    Code.NOT_IN_FORCE: "Is a place that is no more, or not yet there.",
    Code.WRONG_LEVEL: "Is a place of another level than the rows are kept at.",
    Code.UNKNOWN_HOUSEHOLD: "There is no such household, or it lies in none of your own places.",
    Code.UNKNOWN_PERSON: "There is no such person, or nobody in your own places.",
    Code.AMBIGUOUS: "Several places, or people, answer to the name.",
    Code.NOT_FOUND: "There is no row of that id, or it lies in none of your own places.",
    Code.STALE: "Somebody has changed the row since it was read.",
    Code.DUPLICATE: "Another row has the same values, of which there may be one.",
    Code.IN_USE: "Other rows are about this one.",
    Code.CHECK_FAILED: "A rule that is declared with the record does not hold.",
    Code.FORBIDDEN: "Takes a permission that you do not have.",
}
CHANGE_ERROR_CODE = strawberry.enum(
    _enum("ChangeErrorCode", {each.name: strawberry.enum_value(each.value, description=_WHY[each]) for each in Code}),
    description="Why a row is not taken; stable, for programs.",
)
