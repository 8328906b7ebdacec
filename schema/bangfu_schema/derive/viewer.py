"""Who asks, as the graph tells it."""

import strawberry

from bangfu.access import Viewer
from bangfu.declare.codes import official_code
from bangfu_schema.derive.scalars import PlaceCode


@strawberry.type(name="Viewer", description="A person or a program that has shown who it is (訪問者).")
class ViewerEntry:
    """Who asks."""

    name: str
    roles: list[str]
    places: list[PlaceCode] = strawberry.field(description="The places that its token names, each with all inside it.")
    is_everywhere: bool = strawberry.field(description="Whether its token names all places.")
    permissions: list[str] = strawberry.field(description="What its token lets it do, as `industry:read`.")


def entry_of(viewer: Viewer) -> ViewerEntry:
    """The viewer in the graph's own terms."""
    return ViewerEntry(
        name=viewer.name,
        roles=list(viewer.roles),
        places=[PlaceCode(official_code(code)) for code in viewer.places],
        is_everywhere=viewer.is_everywhere,
        permissions=sorted(viewer.permissions),
    )
