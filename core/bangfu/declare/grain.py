"""The levels at which a fact can be counted, from the district down to the person."""

from enum import Enum

from bangfu.declare.text import Text


class Grain(Enum):
    """A level of the graph; the value is its depth, so that a smaller value is a wider place."""

    DISTRICT = 1
    TOWNSHIP = 2
    VILLAGE = 3
    NATURAL_VILLAGE = 4
    HOUSEHOLD = 5
    PERSON = 6

    @property
    def is_place(self) -> bool:
        """Whether this level is a place with a code (區, 鄉鎮, 村, 自然村)."""
        return self.value <= Grain.NATURAL_VILLAGE.value

    @property
    def unit(self) -> str:
        """The unit in which things of this level are counted."""
        return self.name.lower()

    @property
    def title(self) -> Text:
        """The level's name."""
        return _TITLES[self]

    def covers(self, other: "Grain") -> bool:
        """Whether a fact counted at `other` can be told for a thing of this level."""
        return self.value <= other.value


PLACE_GRAINS = tuple(grain for grain in Grain if grain.is_place)

_TITLES = {
    Grain.DISTRICT: Text("區", "District"),
    Grain.TOWNSHIP: Text("鄉鎮", "Township"),
    Grain.VILLAGE: Text("行政村", "Village"),
    Grain.NATURAL_VILLAGE: Text("自然村", "Natural village"),
    Grain.HOUSEHOLD: Text("戶", "Household"),
    Grain.PERSON: Text("人", "Person"),
}
