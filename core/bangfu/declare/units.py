"""Units of measure: what a number counts, in both languages."""

from dataclasses import dataclass

from bangfu.declare.text import Text


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit by its short name; `additive=False` marks shares and rates, which must never be summed."""

    name: str
    title: Text
    additive: bool = True


UNITS = (
    Unit(name="mu", title=Text("畝", "mu")),
    Unit(name="square_metre", title=Text("平方米", "square metre")),
    Unit(name="km", title=Text("公里", "kilometre")),
    Unit(name="yuan", title=Text("元", "yuan")),
    Unit(name="person", title=Text("人", "person")),
    Unit(name="household", title=Text("戶", "household")),
    Unit(name="natural_village", title=Text("個自然村", "natural village")),
    Unit(name="village", title=Text("個村", "village")),
    Unit(name="township", title=Text("個鄉鎮", "township")),
    Unit(name="district", title=Text("個區", "district")),
    Unit(name="project", title=Text("個項目", "project")),
    Unit(name="month", title=Text("個月", "month")),
    Unit(name="day", title=Text("天", "day")),
    Unit(name="percent", title=Text("%", "percent"), additive=False),
)
"""The units every plugin may use; a plugin declares further ones in `Plugin.units`."""
