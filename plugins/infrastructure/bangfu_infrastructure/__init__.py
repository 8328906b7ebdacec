"""Infrastructure (基礎設施建設): moved households, water, power, houses, roads and terraces."""

from bangfu import Plugin, Text, Unit, hookimpl
from bangfu_infrastructure.demo import rows
from bangfu_infrastructure.measures import MEASURES, PROGRESS
from bangfu_infrastructure.records import Benefit, GridUpgrade, HouseRepair, Relocation, Road, Terrace, WaterProject

plugin = Plugin(
    name="infrastructure",
    api="1.0",
    title=Text("基礎設施建設", "Infrastructure"),
    department=Text("區發改、交通、水務、住建等部門", "District bureaus of development, transport, water and housing"),
    records=(Relocation, WaterProject, GridUpgrade, HouseRepair, Road, Terrace, Benefit),
    measures=MEASURES,
    progress=PROGRESS,
    units=(
        Unit(name="metre", title=Text("米", "metre")),
        Unit(name="transformer", title=Text("台變壓器", "transformer")),
    ),
    demo=rows,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The sector, as the platform finds it."""
    return plugin
