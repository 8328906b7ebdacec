"""Industry (富民產業培育): what grows and what is raised, in villages and in households."""

from bangfu import Plugin, Text, Unit, hookimpl
from bangfu_industry.demo import rows
from bangfu_industry.measures import MEASURES, PROGRESS
from bangfu_industry.records import CropArea, Farm, Herd, Planting, TownshipProduct, VillageProduct
from bangfu_industry.requirements import REQUIREMENTS

plugin = Plugin(
    name="industry",
    api="1.0",
    title=Text("富民產業培育", "Industry"),
    department=Text("區農業局", "District bureau of agriculture"),
    records=(CropArea, Planting, Herd, Farm, VillageProduct, TownshipProduct),
    measures=MEASURES,
    progress=PROGRESS,
    requirements=REQUIREMENTS,
    units=(
        Unit(name="farm", title=Text("個養殖場", "farm")),
        Unit(name="head", title=Text("頭(隻)", "head")),
    ),
    demo=rows,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The sector, as the platform finds it."""
    return plugin
