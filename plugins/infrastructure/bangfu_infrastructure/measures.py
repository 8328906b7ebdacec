"""Numbers of infrastructure: what was finished in the period, and what is still being built."""

from bangfu import FLOW, STOCK, Grain, Indicator, Measure, Ratio, Text
from bangfu_infrastructure.records import (
    Benefit,
    BenefitKind,
    GridUpgrade,
    HouseRepair,
    Relocation,
    Renovation,
    Road,
    Terrace,
    WaterProject,
)

RELOCATED_VILLAGES = Measure(
    name="relocated_villages",
    title=Text("易地扶貧搬遷涉及村", "Villages with relocated households"),
    of=Relocation,
    time=FLOW,
    distinct=Grain.VILLAGE,
    on=Relocation.moved_on,
)
RELOCATED_HOUSEHOLDS = Measure(
    name="relocated_households",
    title=Text("易地扶貧搬遷戶", "Relocated households"),
    of=Relocation,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=Relocation.moved_on,
)
RELOCATED_PEOPLE = Measure(
    name="relocated_people",
    title=Text("易地扶貧搬遷人口", "Relocated people"),
    of=Relocation,
    time=FLOW,
    sum=Relocation.people,
    on=Relocation.moved_on,
)
WATER_TOWNSHIPS = Measure(
    name="water_townships",
    title=Text("實施飲水安全項目的鄉鎮", "Townships with a safe-water project"),
    of=WaterProject,
    time=FLOW,
    distinct=Grain.TOWNSHIP,
    on=WaterProject.started_on,
)
WATER_VILLAGES = Measure(
    name="water_villages",
    title=Text("實施飲水安全項目的村", "Villages with a safe-water project"),
    of=WaterProject,
    time=FLOW,
    distinct=Grain.VILLAGE,
    on=WaterProject.started_on,
)
WATER_INVESTMENT = Measure(
    name="water_investment",
    title=Text("飲水安全項目投資", "Investment in safe water"),
    of=WaterProject,
    time=FLOW,
    sum=WaterProject.investment,
    on=WaterProject.started_on,
)
GRID_VILLAGES = Measure(
    name="grid_villages",
    title=Text("完成電網改造的貧困村", "Poor villages with an upgraded grid"),
    of=GridUpgrade,
    time=FLOW,
    distinct=Grain.VILLAGE,
    where=GridUpgrade.is_poor_village.is_(True),
    on=GridUpgrade.finished_on,
)
RENOVATED_HOUSES = Measure(
    name="renovated_houses",
    title=Text("完成危房改造戶", "Households with a renovated house"),
    of=HouseRepair,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=HouseRepair.finished_on,
)
REBUILT_HOUSES = Measure(
    name="rebuilt_houses",
    title=Text("拆除重建戶", "Households with a rebuilt house"),
    of=HouseRepair,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    where=HouseRepair.renovation == Renovation.REBUILT,
    on=HouseRepair.finished_on,
)
REBUILT_SHARE = Ratio(
    name="rebuilt_share",
    title=Text("拆除重建比例", "Share of houses rebuilt, not repaired"),
    numerator=REBUILT_HOUSES,
    denominator=RENOVATED_HOUSES,
)
ROAD_LENGTH = Measure(
    name="road_length",
    title=Text("通暢及硬化村組道路", "Village roads opened or hardened"),
    of=Road,
    time=FLOW,
    sum=Road.length,
    on=Road.finished_on,
)
ROAD_BEGUN = Measure(
    name="road_begun",
    title=Text("開工道路里程", "Roads begun"),
    of=Road,
    time=FLOW,
    sum=Road.length,
    on=Road.started_on,
)
ROAD_BEGUN_FINISHED = Measure(
    name="road_begun_finished",
    title=Text("開工道路中已完工里程", "Roads begun and since finished"),
    of=Road,
    time=FLOW,
    sum=Road.length,
    where=Road.finished_on.is_not(None),
    on=Road.started_on,
)
ROAD_COMPLETION = Ratio(
    name="road_completion",
    title=Text("道路完工率", "Share of roads begun that are finished"),
    numerator=ROAD_BEGUN_FINISHED,
    denominator=ROAD_BEGUN,
)
ROAD_INVESTMENT = Measure(
    name="road_investment",
    title=Text("道路投資", "Investment in roads"),
    of=Road,
    time=FLOW,
    sum=Road.investment,
    on=Road.started_on,
)
TERRACE_AREA = Measure(
    name="terrace_area",
    title=Text("新修水平梯田", "Level terraces newly built"),
    of=Terrace,
    time=FLOW,
    sum=Terrace.area,
    on=Terrace.finished_on,
)
BENEFITING_HOUSEHOLDS = Measure(
    name="benefiting_households",
    title=Text("受益貧困戶", "Registered households reached by works"),
    of=Benefit,
    time=STOCK,
    distinct=Grain.HOUSEHOLD,
)
WATER_HOUSEHOLDS = Measure(
    name="water_households",
    title=Text("飲水受益貧困戶", "Registered households reached by safe water"),
    of=Benefit,
    time=STOCK,
    distinct=Grain.HOUSEHOLD,
    where=Benefit.kind == BenefitKind.WATER,
)

MEASURES = (
    RELOCATED_VILLAGES,
    RELOCATED_HOUSEHOLDS,
    RELOCATED_PEOPLE,
    WATER_TOWNSHIPS,
    WATER_VILLAGES,
    WATER_INVESTMENT,
    GRID_VILLAGES,
    RENOVATED_HOUSES,
    REBUILT_HOUSES,
    REBUILT_SHARE,
    ROAD_LENGTH,
    ROAD_BEGUN,
    ROAD_BEGUN_FINISHED,
    ROAD_COMPLETION,
    ROAD_INVESTMENT,
    TERRACE_AREA,
    BENEFITING_HOUSEHOLDS,
    WATER_HOUSEHOLDS,
)
PROGRESS = (
    Indicator(measure=RELOCATED_HOUSEHOLDS),
    Indicator(measure=WATER_VILLAGES),
    Indicator(measure=GRID_VILLAGES),
    Indicator(measure=RENOVATED_HOUSES),
    Indicator(measure=ROAD_LENGTH),
    Indicator(measure=TERRACE_AREA),
)
