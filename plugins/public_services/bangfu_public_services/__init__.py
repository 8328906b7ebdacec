"""Public services (公共服務建設): what stands in villages for everybody, and whom the state keeps from falling."""

from bangfu import Plugin, Text, Unit, hookimpl
from bangfu_public_services.demo import rows
from bangfu_public_services.measures import MEASURES, PROGRESS
from bangfu_public_services.records import (
    Allowance,
    CarePlacement,
    Facility,
    Pension,
    TemporaryRelief,
    WelfareGrant,
)

plugin = Plugin(
    name="public_services",
    api="1.0",
    title=Text("公共服務建設", "Public services"),
    department=Text(
        "區民政、衛計、教育、人社等部門", "District bureaus of civil affairs, health, education and labour"
    ),
    records=(Facility, Allowance, CarePlacement, Pension, TemporaryRelief, WelfareGrant),
    measures=MEASURES,
    progress=PROGRESS,
    units=(
        Unit(name="clinic", title=Text("個衛生室", "clinic")),
        Unit(name="bed", title=Text("張床位", "bed")),
    ),
    demo=rows,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The sector, as the platform finds it."""
    return plugin
