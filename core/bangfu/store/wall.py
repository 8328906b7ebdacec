"""The second wall on the serving side: as whom, and for whose rows, a connection reads."""

from dataclasses import dataclass

READER = "bangfu_reader"
"""The role a server reads as; row-level security keeps from it what the connection's viewer may not see."""

PLACES = "bangfu.places"
PERMISSIONS = "bangfu.permissions"

WHOLE = "{(,)}"
"""The places of a viewer who is everywhere."""


@dataclass(frozen=True)
class Wall:
    """The rows that PostgreSQL lets a connection see."""

    places: str
    """Ranges of codes, as a multirange is written."""
    permissions: str
    """Names, separated by commas."""

    def settings(self) -> dict[str, str]:
        """What PostgreSQL has to be told."""
        return {"role": READER, PLACES: self.places, PERMISSIONS: self.permissions}


NO_WALL = {"role": "none", PLACES: "", PERMISSIONS: ""}
"""What lets a connection read as whoever opened it: the process itself."""
