"""What the building departments count: works by village, and what they did for a household."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from bangfu import Choice, HouseholdRecord, Text, VillageRecord, choice, day, flag, quantity, text, whole


class Resettlement(Choice):
    """How moved households live in the new place."""

    CENTRAL = "集中安置", "In one settlement"
    SCATTERED = "分散安置", "Scattered"


class WaterWorks(Choice):
    """What brings the water."""

    PIPED = "集中供水", "Piped supply"
    EXTENSION = "管網延伸", "Extension of the mains"
    WELL = "機井", "Well"
    CISTERN = "水窖", "Cistern"


class RoadProgramme(Choice):
    """Which programme pays for a road."""

    ACCESS = "通暢工程", "Paved access to the village"
    HARDENING = "村組道路硬化", "Hardening of roads inside the village"


class Surface(Choice):
    """What a road is surfaced with."""

    CONCRETE = "水泥", "Concrete"
    ASPHALT = "瀝青", "Asphalt"
    GRAVEL = "砂石", "Gravel"


class Danger(Choice):
    """How dangerous a house was found to be (危房等級)."""

    PARTLY = "C級", "Partly dangerous (C)"
    WHOLLY = "D級", "Wholly dangerous (D)"


class Renovation(Choice):
    """What was done to a dangerous house."""

    REPAIRED = "維修加固", "Repaired"
    REBUILT = "拆除重建", "Rebuilt"


class BenefitKind(Choice):
    """What works bring to a household's door."""

    WATER = "安全飲水", "Safe drinking water"
    POWER = "動力電", "Better power supply"
    ROAD = "硬化路", "Hardened road"
    TERRACE = "梯田", "Level terrace"


class Works(VillageRecord):
    """Works in one village: what all of them say about money, reach and dates."""

    __abstract__ = True

    name: Mapped[str] = text(120, zh="項目名稱", en="Name of the works")
    investment: Mapped[Decimal | None] = quantity("yuan", zh="投資額", en="Investment")
    households: Mapped[int | None] = whole("household", zh="受益戶數", en="Households served, registered or not")
    started_on: Mapped[date | None] = day(zh="開工日期", en="Started on")
    finished_on: Mapped[date | None] = day(zh="完工日期", en="Finished on")


class WaterProject(Works):
    """A safe drinking-water project in a village (農村飲水安全項目)."""

    __title__ = Text("飲水安全項目", "Safe drinking-water project")

    kind: Mapped[WaterWorks] = choice(WaterWorks, zh="工程類型", en="Kind of works")
    pipes: Mapped[Decimal | None] = quantity("km", zh="管道長度", en="Length of pipes")


class GridUpgrade(Works):
    """An upgrade of a village's power grid (農村電網升級改造)."""

    __title__ = Text("農村電網改造", "Power grid upgrade")

    is_poor_village: Mapped[bool] = flag(zh="是否列入貧困村計劃", en="Planned because the village is poor")
    lines: Mapped[Decimal | None] = quantity("km", zh="線路長度", en="Length of lines")
    transformers: Mapped[int | None] = whole("transformer", zh="變壓器", en="Transformers")


class Road(Works):
    """A stretch of village road opened or hardened."""

    __title__ = Text("村組道路", "Village road")

    programme: Mapped[RoadProgramme] = choice(RoadProgramme, zh="工程類別", en="Programme")
    surface: Mapped[Surface | None] = choice(Surface, zh="路面類型", en="Surface")
    length: Mapped[Decimal] = quantity("km", zh="里程", en="Length")
    width: Mapped[Decimal | None] = quantity("metre", zh="路面寬度", en="Width")


class Terrace(Works):
    """Level terraces newly built on the slopes of a village (新修水平梯田)."""

    __title__ = Text("水平梯田", "Level terraces")

    area: Mapped[Decimal] = quantity("mu", zh="面積", en="Area")


class Relocation(HouseholdRecord):
    """A household moved to a better place (易地扶貧搬遷); it stays in the register of the village it comes from."""

    __title__ = Text("易地扶貧搬遷", "Relocation of a household")

    people: Mapped[int] = whole("person", zh="搬遷人口", en="People moved")
    resettlement: Mapped[Resettlement] = choice(Resettlement, zh="安置方式", en="Kind of resettlement")
    destination: Mapped[str] = text(120, zh="安置點", en="Destination")
    house_area: Mapped[Decimal | None] = quantity("square_metre", zh="安置房面積", en="Area of the new house")
    subsidy: Mapped[Decimal | None] = quantity("yuan", zh="補助資金", en="Subsidy")
    moved_on: Mapped[date | None] = day(zh="搬遷日期", en="Moved on")


class HouseRepair(HouseholdRecord):
    """A household's dangerous house made safe (農村危房改造)."""

    __title__ = Text("農村危房改造", "Renovation of a dangerous house")

    danger: Mapped[Danger] = choice(Danger, zh="危房等級", en="Degree of danger")
    renovation: Mapped[Renovation] = choice(Renovation, zh="改造方式", en="What was done")
    area: Mapped[Decimal | None] = quantity("square_metre", zh="改造面積", en="Area")
    subsidy: Mapped[Decimal | None] = quantity("yuan", zh="補助資金", en="Subsidy")
    started_on: Mapped[date | None] = day(zh="開工日期", en="Started on")
    finished_on: Mapped[date | None] = day(zh="竣工日期", en="Finished on")


class Benefit(HouseholdRecord):
    """What works brought to a registered household, from the day on which it has it."""

    __title__ = Text("受益戶", "Benefit of a household")

    kind: Mapped[BenefitKind] = choice(BenefitKind, zh="受益類別", en="Kind of benefit")
