"""Numbers of party building. A site is counted in the period of each step: planned, started, topped out, in use."""

from bangfu import FLOW, STOCK, Indicator, Measure, Ratio, Text
from bangfu_party_building.records import ChecklistItem, OrganisationKind, PartyOrganisation, Site, SiteKind

SITES_PLANNED = Measure(
    name="sites_planned",
    title=Text("規劃新建村級陣地", "Village sites planned"),
    of=Site,
    time=FLOW,
    count="site",
    where=Site.kind == SiteKind.NEW,
    on=Site.planned_on,
)
SITES_STARTED = Measure(
    name="sites_started",
    title=Text("開工建設村級陣地", "Village sites started"),
    of=Site,
    time=FLOW,
    count="site",
    where=Site.kind == SiteKind.NEW,
    on=Site.started_on,
)
SITES_TOPPED_OUT = Measure(
    name="sites_topped_out",
    title=Text("主體完工村級陣地", "Village sites topped out"),
    of=Site,
    time=FLOW,
    count="site",
    where=Site.kind == SiteKind.NEW,
    on=Site.topped_out_on,
)
SITES_OPENED = Measure(
    name="sites_opened",
    title=Text("投入使用村級陣地", "Village sites taken into use"),
    of=Site,
    time=FLOW,
    count="site",
    on=Site.in_use_on,
)
STARTED_SHARE = Ratio(
    name="started_share",
    title=Text("陣地開工率", "Sites started of those planned"),
    numerator=SITES_STARTED,
    denominator=SITES_PLANNED,
)
TOPPED_OUT_SHARE = Ratio(
    name="topped_out_share",
    title=Text("陣地主體完工率", "Sites topped out of those planned"),
    numerator=SITES_TOPPED_OUT,
    denominator=SITES_PLANNED,
)
SITE_AREA = Measure(
    name="site_area",
    title=Text("規劃陣地建築面積", "Floor area of the sites planned"),
    of=Site,
    time=FLOW,
    sum=Site.area,
    on=Site.planned_on,
)
SITE_INVESTMENT = Measure(
    name="site_investment",
    title=Text("陣地建設投資", "Investment in the sites planned"),
    of=Site,
    time=FLOW,
    sum=Site.investment,
    on=Site.planned_on,
)
ITEMS_CHECKED = Measure(
    name="items_checked",
    title=Text("清單核查項", "Checklist items checked"),
    of=ChecklistItem,
    time=STOCK,
    count="item",
)
ITEMS_PRESENT = Measure(
    name="items_present",
    title=Text("清單具備項", "Checklist items present"),
    of=ChecklistItem,
    time=STOCK,
    count="item",
    where=ChecklistItem.is_present.is_(True),
)
EQUIPPED_SHARE = Ratio(
    name="equipped_share",
    title=Text("設施達標率", "Share of the checklist items present"),
    numerator=ITEMS_PRESENT,
    denominator=ITEMS_CHECKED,
)
VILLAGE_ORGANISATIONS = Measure(
    name="village_organisations",
    title=Text("行政村黨組織", "Party organisations of administrative villages"),
    of=PartyOrganisation,
    time=STOCK,
    count="organisation",
    where=PartyOrganisation.kind == OrganisationKind.VILLAGE,
)
COMMUNITY_ORGANISATIONS = Measure(
    name="community_organisations",
    title=Text("社區黨組織", "Party organisations of communities"),
    of=PartyOrganisation,
    time=STOCK,
    count="organisation",
    where=PartyOrganisation.kind == OrganisationKind.COMMUNITY,
)
PARTY_MEMBERS = Measure(
    name="party_members",
    title=Text("黨員人數", "Members of party organisations"),
    of=PartyOrganisation,
    time=STOCK,
    sum=PartyOrganisation.members,
)

MEASURES = (
    SITES_PLANNED,
    SITES_STARTED,
    SITES_TOPPED_OUT,
    SITES_OPENED,
    STARTED_SHARE,
    TOPPED_OUT_SHARE,
    SITE_AREA,
    SITE_INVESTMENT,
    ITEMS_CHECKED,
    ITEMS_PRESENT,
    EQUIPPED_SHARE,
    VILLAGE_ORGANISATIONS,
    COMMUNITY_ORGANISATIONS,
    PARTY_MEMBERS,
)
PROGRESS = (
    Indicator(measure=SITES_PLANNED),
    Indicator(measure=SITES_STARTED),
    Indicator(measure=SITES_TOPPED_OUT),
    Indicator(measure=STARTED_SHARE),
    Indicator(measure=EQUIPPED_SHARE),
)
