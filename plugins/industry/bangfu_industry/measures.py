"""Numbers of industry. The report counts whole villages; numbers of households stand beside them."""

from sqlalchemy import and_

from bangfu import FLOW, STOCK, Grain, Indicator, Measure, Ratio, Text
from bangfu_industry.records import (
    CropArea,
    CropKind,
    Farm,
    Herd,
    Planting,
    Species,
    TownshipProduct,
    VillageProduct,
)

ORCHARD_AREA = Measure(
    name="orchard_area",
    title=Text("新建優質果園", "New orchards"),
    of=CropArea,
    time=FLOW,
    sum=CropArea.area,
    where=and_(CropArea.kind == CropKind.ORCHARD, CropArea.is_new),
)
STANDING_ORCHARD_AREA = Measure(
    name="standing_orchard_area",
    title=Text("果園面積", "Orchards, old and new"),
    of=CropArea,
    time=STOCK,
    sum=CropArea.area,
    where=CropArea.kind == CropKind.ORCHARD,
)
VEGETABLE_AREA = Measure(
    name="vegetable_area",
    title=Text("種植蔬菜", "Vegetables planted"),
    of=CropArea,
    time=FLOW,
    sum=CropArea.area,
    where=CropArea.kind == CropKind.VEGETABLE,
)
HERB_AREA = Measure(
    name="herb_area",
    title=Text("種植中藥材", "Medicinal herbs planted"),
    of=CropArea,
    time=FLOW,
    sum=CropArea.area,
    where=CropArea.kind == CropKind.HERB,
)
LIVESTOCK_FARMS = Measure(
    name="livestock_farms",
    title=Text("新建標準化養殖場", "New standardised livestock farms"),
    of=Farm,
    time=FLOW,
    count="farm",
    where=Farm.is_standard.is_(True),
    on=Farm.built_on,
)
HOUSEHOLD_AREA = Measure(
    name="household_area",
    title=Text("貧困戶種植面積", "Planted by registered households"),
    of=Planting,
    time=FLOW,
    sum=Planting.area,
    on=Planting.planted_on,
)
SUPPORTED_AREA = Measure(
    name="supported_area",
    title=Text("貧困戶受扶持種植面積", "Planted by registered households with support"),
    of=Planting,
    time=FLOW,
    sum=Planting.area,
    where=Planting.is_supported.is_(True),
    on=Planting.planted_on,
)
SUPPORTED_SHARE = Ratio(
    name="supported_share",
    title=Text("受扶持種植面積比例", "Share of household plantings with support"),
    numerator=SUPPORTED_AREA,
    denominator=HOUSEHOLD_AREA,
)
PLANTING_HOUSEHOLDS = Measure(
    name="planting_households",
    title=Text("種植貧困戶", "Registered households that planted"),
    of=Planting,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=Planting.planted_on,
)
LIVESTOCK_HOUSEHOLDS = Measure(
    name="livestock_households",
    title=Text("養殖貧困戶", "Registered households with livestock"),
    of=Herd,
    time=STOCK,
    distinct=Grain.HOUSEHOLD,
)
PIGS = Measure(
    name="pigs",
    title=Text("貧困戶生豬存欄", "Pigs of registered households"),
    of=Herd,
    time=STOCK,
    sum=Herd.animals,
    where=Herd.species == Species.PIG,
)
CATTLE = Measure(
    name="cattle",
    title=Text("貧困戶牛存欄", "Cattle of registered households"),
    of=Herd,
    time=STOCK,
    sum=Herd.animals,
    where=Herd.species == Species.CATTLE,
)
VILLAGES_WITH_PRODUCT = Measure(
    name="villages_with_product",
    title=Text("有主導產業的村", "Villages with a leading product"),
    of=VillageProduct,
    time=STOCK,
    distinct=Grain.VILLAGE,
)
TOWNSHIPS_WITH_PRODUCT = Measure(
    name="townships_with_product",
    title=Text("有主導產業的鄉鎮", "Townships with a leading industry"),
    of=TownshipProduct,
    time=STOCK,
    distinct=Grain.TOWNSHIP,
)

MEASURES = (
    ORCHARD_AREA,
    STANDING_ORCHARD_AREA,
    VEGETABLE_AREA,
    HERB_AREA,
    LIVESTOCK_FARMS,
    HOUSEHOLD_AREA,
    SUPPORTED_AREA,
    SUPPORTED_SHARE,
    PLANTING_HOUSEHOLDS,
    LIVESTOCK_HOUSEHOLDS,
    PIGS,
    CATTLE,
    VILLAGES_WITH_PRODUCT,
    TOWNSHIPS_WITH_PRODUCT,
)
PROGRESS = (
    Indicator(measure=ORCHARD_AREA),
    Indicator(measure=VEGETABLE_AREA),
    Indicator(measure=HERB_AREA),
    Indicator(measure=LIVESTOCK_FARMS),
    Indicator(measure=VILLAGES_WITH_PRODUCT),
)
