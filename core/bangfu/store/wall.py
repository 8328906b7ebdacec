"""The second wall on the serving side: as whom, and for whose rows, a connection reads."""

from dataclasses import dataclass

READER = "bangfu_reader"
"""The role a server reads as for a viewer of places; row-level security keeps from it what that viewer may not see."""

DISTRICT_READER = "bangfu_district_reader"
"""The same for a viewer of whole districts, or of all: each row tells its own, and nothing has to be looked up."""

PLACES = "bangfu.places"
PERMISSIONS = "bangfu.permissions"
AS_OF_MOMENT = "bangfu.as_of"
"""The moment whose rows the schema `as_of` has."""

WHOLE = "{(,)}"
"""The districts of a viewer who is everywhere."""


@dataclass(frozen=True)
class Wall:
    """The rows that PostgreSQL lets a connection see."""

    role: str
    places: str
    """Ranges of codes, as a multirange is written: of districts for the one role, of 15 digits for the other."""
    permissions: str
    """Names, separated by commas."""
    as_of: str = ""
    """The moment whose rows are read by a statement that looks back."""

    def settings(self) -> dict[str, str]:
        """What PostgreSQL has to be told."""
        return {"role": self.role, PLACES: self.places, PERMISSIONS: self.permissions, AS_OF_MOMENT: self.as_of}


NO_WALL = Wall("none", "", "")
"""What lets a connection read as whoever opened it: the process itself."""
