"""GraphQL enums from the closed lists of the declarations."""

from collections.abc import Mapping
from enum import Enum, EnumMeta
from typing import Any

import strawberry

from bangfu.declare.choice import Choice
from bangfu.query.ordering import Direction
from bangfu.query.progress import Status


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


DIRECTION = strawberry.enum(Direction, name="OrderDirection", description="Rows without a value always come last.")
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
