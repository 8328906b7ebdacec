"""What agriculture counts: crops and livestock, farms, and the product a village or township lives by."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from bangfu import (
    Choice,
    HouseholdRecord,
    Text,
    TownshipRecord,
    VillageRecord,
    choice,
    day,
    flag,
    quantity,
    text,
    whole,
)


class CropKind(Choice):
    """What sort of crop it is."""

    ORCHARD = "林果", "Orchard"
    VEGETABLE = "蔬菜", "Vegetable"
    HERB = "中藥材", "Medicinal herb"
    GRAIN = "糧食", "Grain"
    OTHER = "其他", "Other"


class Species(Choice):
    """Which animals are raised."""

    PIG = "豬", "Pig"
    CATTLE = "牛", "Cattle"
    SHEEP = "羊", "Sheep and goats"
    POULTRY = "禽", "Poultry"
    OTHER = "其他", "Other"


class Sector(Choice):
    """The five leading industries of the district (五大主導產業), and what is none of them."""

    FRUIT = "林果", "Fruit"
    LABOUR = "勞務", "Labour"
    LIVESTOCK = "畜牧", "Livestock"
    VEGETABLE = "蔬菜", "Vegetables"
    HERB = "中藥材", "Medicinal herbs"
    OTHER = "其他", "Other"


class CropArea(VillageRecord):
    """Area of one crop in a whole village, on anybody's land; an orchard holds until it is grubbed up."""

    __title__ = Text("村級種植面積", "Area under a crop")

    kind: Mapped[CropKind] = choice(CropKind, zh="作物類別", en="Kind of crop")
    crop: Mapped[str] = text(40, zh="作物", en="Crop")
    area: Mapped[Decimal] = quantity("mu", zh="面積", en="Area")
    is_new: Mapped[bool] = flag(zh="是否當年新建", en="Laid out this year")


class Planting(HouseholdRecord):
    """What a registered household planted on its own land; part of its village's area, never added to it."""

    __title__ = Text("貧困戶種植", "Planting of a household")

    kind: Mapped[CropKind] = choice(CropKind, zh="作物類別", en="Kind of crop")
    crop: Mapped[str] = text(40, zh="作物", en="Crop")
    area: Mapped[Decimal] = quantity("mu", zh="面積", en="Area")
    planted_on: Mapped[date] = day(zh="種植日期", en="Planted on")
    is_new: Mapped[bool] = flag(zh="是否新發展", en="New to this household")
    is_supported: Mapped[bool] = flag(zh="是否享受產業扶持", en="Seedlings or subsidy from the programme")


class Herd(HouseholdRecord):
    """Animals of one kind kept by a registered household."""

    __title__ = Text("貧困戶養殖", "Livestock of a household")

    species: Mapped[Species] = choice(Species, zh="畜種", en="Animals")
    animals: Mapped[int] = whole("head", zh="存欄", en="Animals held")
    is_supported: Mapped[bool] = flag(zh="是否享受產業扶持", en="Young animals or subsidy from the programme")


class Farm(VillageRecord):
    """A livestock farm standing in a village (養殖場)."""

    __title__ = Text("養殖場", "Livestock farm")

    name: Mapped[str] = text(100, zh="名稱", en="Name")
    species: Mapped[Species] = choice(Species, zh="畜種", en="Animals")
    capacity: Mapped[int | None] = whole("head", zh="設計存欄", en="Animals it is built for")
    area: Mapped[Decimal | None] = quantity("mu", zh="佔地面積", en="Area of the site")
    investment: Mapped[Decimal | None] = quantity("yuan", zh="投資額", en="Investment")
    built_on: Mapped[date | None] = day(zh="建成日期", en="Finished on")
    is_standard: Mapped[bool] = flag(zh="是否標準化", en="Built to the standard")


class VillageProduct(VillageRecord):
    """The product by which a village is to live (一村一品)."""

    __title__ = Text("一村一品", "Leading product of a village")

    sector: Mapped[Sector] = choice(Sector, zh="主導產業", en="Leading industry")
    product: Mapped[str] = text(40, zh="主導產品", en="Product")
    households: Mapped[int | None] = whole("household", zh="參與農戶", en="Households taking part")


class TownshipProduct(TownshipRecord):
    """The industry on which a township concentrates (一鄉一業)."""

    __title__ = Text("一鄉一業", "Leading industry of a township")

    sector: Mapped[Sector] = choice(Sector, zh="主導產業", en="Leading industry")
    product: Mapped[str] = text(40, zh="主導產品", en="Product")
    output: Mapped[Decimal | None] = quantity("yuan", zh="年產值", en="Output of a year")
