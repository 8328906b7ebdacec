"""Party building (基層組織建設): where a village's organisation works, what it has there, and who leads it."""

from bangfu import Plugin, Text, Unit, hookimpl
from bangfu_party_building.demo import rows
from bangfu_party_building.measures import MEASURES, PROGRESS
from bangfu_party_building.records import ChecklistItem, PartyOrganisation, Site

plugin = Plugin(
    name="party_building",
    api="1.0",
    title=Text("基層組織建設", "Party building"),
    department=Text("區委組織部", "Organisation department of the district committee"),
    records=(Site, ChecklistItem, PartyOrganisation),
    measures=MEASURES,
    progress=PROGRESS,
    units=(
        Unit(name="site", title=Text("處陣地", "site")),
        Unit(name="item", title=Text("項", "item")),
        Unit(name="organisation", title=Text("個黨組織", "organisation")),
    ),
    demo=rows,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The sector, as the platform finds it."""
    return plugin
