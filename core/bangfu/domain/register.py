"""The register (建檔立卡) as a plugin of the core's own: built of the same bricks as a department's."""

from decimal import Decimal

from sqlalchemy.orm import Mapped

from bangfu.declare.choice import Choice
from bangfu.declare.fields import choice, quantity
from bangfu.declare.grain import Grain
from bangfu.declare.measures import STOCK, Measure
from bangfu.declare.plugin import Permission, Plugin, hookimpl
from bangfu.declare.records import HouseholdRecord, VillageRecord
from bangfu.declare.text import Text
from bangfu.domain.family import FAMILY
from bangfu.domain.help import HelpMeasure, VillageDocument
from bangfu.domain.households import Household, HouseholdCategory, Person
from bangfu.domain.income import Income
from bangfu.domain.requirements import REQUIREMENTS


class LandKind(Choice):
    """Kinds of land a household holds."""

    ARABLE = "耕地", "Arable"
    IRRIGATED = "有效灌溉", "Irrigated"
    FOREST = "林地", "Forest"
    RETURNED_FOREST = "退耕還林", "Farmland returned to forest"
    ORCHARD = "林果", "Orchard"
    PASTURE = "牧草地", "Pasture"


class PoorVillage(VillageRecord):
    """A village registered as poor (貧困村), from a day on and, once it exits, until a day."""

    __plugin__ = "register"
    __title__ = Text("貧困村登記", "Registration as a poor village")


class LandHolding(HouseholdRecord):
    """Land of one kind held by a household (土地資源)."""

    __plugin__ = "register"
    __title__ = Text("土地", "Land holding")

    kind: Mapped[LandKind] = choice(LandKind, zh="土地類別", en="Kind of land")
    area: Mapped[Decimal] = quantity("mu", zh="面積", en="Area")


HOUSEHOLDS = Measure(
    name="households", title=Text("建檔立卡戶", "Registered households"), of=Household, time=STOCK, count="household"
)
PEOPLE = Measure(name="people", title=Text("建檔立卡人口", "Registered people"), of=Person, time=STOCK, count="person")
ALLOWANCE_HOUSEHOLDS = Measure(
    name="allowance_households",
    title=Text("低保貧困戶", "Low-income-allowance poor households"),
    of=Household,
    time=STOCK,
    count="household",
    where=Household.category == HouseholdCategory.ALLOWANCE_POOR,
)
POOR_VILLAGES = Measure(
    name="registered_poor_villages",
    title=Text("貧困村", "Villages registered as poor"),
    of=PoorVillage,
    time=STOCK,
    distinct=Grain.VILLAGE,
)
ARABLE_LAND = Measure(
    name="arable_land",
    title=Text("耕地面積", "Arable land"),
    of=LandHolding,
    time=STOCK,
    sum=LandHolding.area,
    where=LandHolding.kind == LandKind.ARABLE,
)

plugin = Plugin(
    name="register",
    api="1.0",
    title=Text("建檔立卡", "Register"),
    department=Text("區扶貧辦", "District poverty alleviation office"),
    records=(PoorVillage, Income, LandHolding, HelpMeasure, VillageDocument),
    measures=(HOUSEHOLDS, PEOPLE, ALLOWANCE_HOUSEHOLDS, POOR_VILLAGES, ARABLE_LAND),
    procedures=FAMILY,
    permissions=(
        Permission("sign", Text("簽署認定與退出", "Sign that a household enters or leaves the register")),
        Permission("reorganise", Text("調整區劃", "Change divisions: rename, merge, split and move places")),
    ),
    requirements=REQUIREMENTS,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The register, found like any other plugin."""
    return plugin
