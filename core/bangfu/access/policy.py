"""What one viewer may do here: the viewer, and the rules of the installation."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from bangfu.access.permissions import PERSONAL, needed_for
from bangfu.access.viewer import Viewer
from bangfu.declare.codes import names_district, parse_code
from bangfu.errors import UserError
from bangfu.registry import Node

SMALL_CELL = 5
"""How many households have to stand behind a number that is told to those who may not see their rows."""

FEW_PLACES = 4
"""Up to so many places are compared one by one, so that an index leads to their rows."""


class Forbidden(UserError):  # noqa: N818 - reads as what it says
    """Something that takes a permission which the viewer does not have."""

    code = "FORBIDDEN"

    def __init__(self, permission: str, *, argument: str = "") -> None:
        super().__init__(f"takes the permission {permission}, which your token does not give.", argument=argument)
        self.permission = permission


@dataclass(frozen=True)
class Policy:
    """Whose request it is; of nobody's but the process itself where there is no viewer: that sees everything."""

    viewer: Viewer | None = None
    small_cell: int = SMALL_CELL

    def holds(self, permission: str | None) -> bool:
        """Whether the viewer has a permission; nobody needs None."""
        return permission is None or self.viewer is None or permission in self.viewer.permissions

    def may_read(self, node: Node) -> bool:
        """Whether the viewer may read rows of a node, of whichever places."""
        return self.holds(needed_for(node))

    @property
    def reads_personal(self) -> bool:
        """Whether names, ID numbers and the like are shown in full."""
        return self.holds(PERSONAL)

    @property
    def is_everywhere(self) -> bool:
        """Whether the rows of all places may be seen."""
        return self.viewer is None or self.viewer.is_everywhere

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The first and the last code of each of the viewer's places."""
        return () if self.viewer is None else self.viewer.ranges

    def covers(self, official: str) -> bool:
        """Whether an official code, if it is one, names a place that lies in the viewer's own."""
        if self.is_everywhere:
            return True
        assert self.viewer is not None, "else the policy is everywhere"
        try:
            return self.viewer.covers(parse_code(official))
        except UserError:
            return False

    def covers_code(self, code: int) -> bool:
        """Whether a place, by its code of 15 digits, lies in the viewer's own."""
        return self.viewer is None or self.viewer.covers(code)

    @cached_property
    def shape(self) -> Hashable:
        """Equal for two policies under which the same statement can be run."""
        if self.viewer is None:
            return None
        places = "all" if self.is_everywhere else min(len(self.ranges), FEW_PLACES + 1)
        return places, self.viewer.permissions, self.small_cell

    def shape_of_place(self, official: str) -> Hashable:
        """What a statement depends on of a place that a request names."""
        return names_district(official), self.covers(official)


EVERYTHING = Policy()
"""The policy of the process itself."""
