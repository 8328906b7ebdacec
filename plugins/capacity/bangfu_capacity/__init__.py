"""Capacity (能力素質提升): who was trained, who went on to a vocational school, who found work elsewhere."""

from bangfu import Plugin, Text, Unit, hookimpl
from bangfu_capacity.demo import rows
from bangfu_capacity.measures import MEASURES, PROGRESS
from bangfu_capacity.records import Attendance, Course, LabourTransfer, YuluGrant

plugin = Plugin(
    name="capacity",
    api="1.0",
    title=Text("能力素質提升", "Capacity"),
    department=Text("區人社局", "District bureau of human resources and social security"),
    records=(Course, Attendance, YuluGrant, LabourTransfer),
    measures=MEASURES,
    progress=PROGRESS,
    units=(Unit(name="course", title=Text("期", "course")),),
    demo=rows,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The sector, as the platform finds it."""
    return plugin
