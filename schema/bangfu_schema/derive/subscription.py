"""The root of subscriptions: how a place gets on, and what has changed."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any

import strawberry
from strawberry.types.field import StrawberryField

from bangfu.registry.graph import Graph
from bangfu_schema.derive.fields import DerivedField, OfChange, OfPlace, argument
from bangfu_schema.derive.objects import Objects, make_object
from bangfu_schema.derive.scalars import PlaceCode


@strawberry.type(name="Change", description="That rows were changed, by one transaction; never what is in them.")
class ChangeEntry:
    """That rows were changed."""

    plugin: str | None = strawberry.field(
        description="Whose records; `core` for places, households, people and targets. Null where changes were missed: "
        "anything may be different, and what is shown has to be read anew."
    )
    record: str | None = strawberry.field(description="Which record, as `CropArea`; null where changes were missed.")
    place: PlaceCode | None = strawberry.field(
        description="The township they are in; the village where only that may be seen, the district for its own facts "
        "and for very many at once. Null where changes were missed and no place was asked for."
    )
    count: int | None = strawberry.field(description="How many rows; null where changes were missed.")
    at: datetime = strawberry.field(description="When.")


def subscription_type(graph: Graph, objects: Objects) -> Any:  # the class itself, as Strawberry returns it
    """The type Subscription."""
    place = _any_of([objects.types[node] for node in graph.core.values() if node.is_place])
    fields: Sequence[StrawberryField] = [
        DerivedField.of(
            "progress",
            place,
            OfPlace(),
            description="A place as it is now, and again each time something in it has changed; an error where no "
            "place has the code.",
            arguments=(argument("place", PlaceCode, "Its official code."),),
        ),
        DerivedField.of(
            "changes",
            ChangeEntry,
            OfChange(),
            description="What is changed from now on: once for each transaction, record and place.",
            arguments=(
                argument("plugin", str | None, "Only of this plugin; `core` for the core's own records."),
                argument("place", PlaceCode | None, "Only inside this place."),
            ),
        ),
    ]
    return make_object(type("Subscription", (), {}), "Subscription", fields, "What the server tells by itself.")


def _any_of(places: Sequence[Any]) -> Any:  # an annotation made of types that are only known here
    return Annotated[reduce(or_, places), strawberry.union("Place", description="A place of any level.")]
