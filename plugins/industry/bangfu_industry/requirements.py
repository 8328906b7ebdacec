"""What agriculture requires of its records: that an area stands beside each crop, and a size beside each farm."""

from bangfu import Grain, Group, Mend, Requirement, Text, every, known, some
from bangfu_industry.records import Farm, Planting

PRODUCTION = Group("production", Text("生產情況清", "Production is clear"))

REQUIREMENTS = (
    Requirement(
        name="plantings_have_an_area",
        title=Text("每項種植有面積", "Every planting has an area"),
        of=Grain.HOUSEHOLD,
        group=PRODUCTION,
        holds=lambda household: every(Planting, household, Planting.area > 0),
        asked_of=lambda household: some(Planting, household),
        mend=Mend.correct(Planting.area),
    ),
    *known(Farm.capacity, Farm.area, group=PRODUCTION),
)
