"""bangfu (幫扶): what a plugin may use. Everything a department needs is a name of this module."""

from bangfu.declare.choice import Choice
from bangfu.declare.demo import DemoDistrict, DemoHousehold, DemoPerson, DemoVillage, Rows, pick, spread, spread_amount
from bangfu.declare.deprecation import Deprecation
from bangfu.declare.fields import Sensitive, choice, day, deprecated, flag, quantity, text, whole
from bangfu.declare.grain import Grain
from bangfu.declare.measures import FLOW, STOCK, Indicator, Measure, Ratio
from bangfu.declare.period import Period
from bangfu.declare.plugin import Permission, Plugin, PythonFields, hookimpl
from bangfu.declare.procedures import Argument, Procedure, Steps, place, row_of, rows_of, version
from bangfu.declare.records import (
    Basis,
    DistrictRecord,
    HouseholdRecord,
    NaturalVillageRecord,
    PersonRecord,
    TownshipRecord,
    VillageRecord,
)
from bangfu.declare.refusals import Code, Refusal
from bangfu.declare.requirements import COMPLETENESS, CONSISTENCY, Group, Mend, Requirement
from bangfu.declare.rules import Check
from bangfu.declare.text import Text
from bangfu.declare.units import Unit
from bangfu.domain.about import about, every, known, some
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place
from bangfu.domain.register import HOUSEHOLDS as REGISTERED_HOUSEHOLDS
from bangfu.domain.register import PEOPLE as REGISTERED_PEOPLE
from bangfu.domain.targets import Target

__all__ = [
    "COMPLETENESS",
    "CONSISTENCY",
    "FLOW",
    "REGISTERED_HOUSEHOLDS",
    "REGISTERED_PEOPLE",
    "STOCK",
    "Argument",
    "Basis",
    "Check",
    "Choice",
    "Code",
    "DemoDistrict",
    "DemoHousehold",
    "DemoPerson",
    "DemoVillage",
    "Deprecation",
    "DistrictRecord",
    "Grain",
    "Group",
    "Household",
    "HouseholdRecord",
    "Indicator",
    "Measure",
    "Mend",
    "NaturalVillageRecord",
    "Period",
    "Permission",
    "Person",
    "PersonRecord",
    "Place",
    "Plugin",
    "Procedure",
    "PythonFields",
    "Ratio",
    "Refusal",
    "Requirement",
    "Rows",
    "Sensitive",
    "Steps",
    "Target",
    "Text",
    "TownshipRecord",
    "Unit",
    "VillageRecord",
    "about",
    "choice",
    "day",
    "deprecated",
    "every",
    "flag",
    "hookimpl",
    "known",
    "pick",
    "place",
    "quantity",
    "row_of",
    "rows_of",
    "some",
    "spread",
    "spread_amount",
    "text",
    "version",
    "whole",
]
