"""GraphQL enums from the closed lists of the declarations."""

from enum import Enum
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
            made = Enum(choice.__name__, values)  # type: ignore[misc]  # its members are the declaration's
            self._made[choice] = strawberry.enum(made, name=prefix + choice.__name__, description=doc)
        return self._made[choice]


DIRECTION = strawberry.enum(Direction, name="OrderDirection", description="Rows without a value always come last.")
STATUS = strawberry.enum(
    Enum(
        "IndicatorStatus",
        {s.name: strawberry.enum_value(s.name, description=f"{s.value.zh} {s.value.en}") for s in Status},
    ),  # type: ignore[misc]  # as above
    description="Where an indicator stands against its target.",
)
