"""What is done for made-up households, and what made-up villages have drawn up; with the gaps that registers have."""

from datetime import date, timedelta
from random import Random
from typing import Any

from bangfu.declare.demo import DemoHousehold, DemoVillage
from bangfu.domain.demo.names import GIVEN_NAMES, SURNAMES
from bangfu.domain.help import HelpKind, VillageDocumentKind

_BEGINS = date(2015, 3, 1)
_DAYS = 270
"""How long measures of the year take to begin and to be done, in days from the day on which the first ones begin."""

_UNITS = ("區農業局", "區畜牧局", "區水務局", "區交通局", "區人社局", "區教育局", "區衛計局", "區民政局")
_KINDS = {
    HelpKind.INDUSTRY: 34,
    HelpKind.TRAINING: 20,
    HelpKind.LOAN: 16,
    HelpKind.HOUSING: 9,
    HelpKind.ROAD: 7,
    HelpKind.MEDICAL_AID: 8,
    HelpKind.RELOCATION: 2,
    HelpKind.OTHER: 4,
}
_LOTS = [kind for kind, weight in _KINDS.items() for _ in range(weight)]
_HAVE = {
    VillageDocumentKind.VILLAGE_FILE: 0.99,
    VillageDocumentKind.PROBLEM_LEDGER: 0.96,
    VillageDocumentKind.NEEDS_LIST: 0.97,
    VillageDocumentKind.VILLAGE_PLAN: 0.93,
    VillageDocumentKind.WORK_LEDGER: 0.95,
    VillageDocumentKind.INCOME_PLAN: 0.9,
}
"""Which share of villages has drawn up which document."""


def draw_measures(random: Random, household: DemoHousehold) -> list[dict[str, Any]]:
    """The help measures of a household: none for one in forty, else one to three of different kinds."""
    draw = random.random
    if draw() < 0.025:
        return []
    kinds = dict.fromkeys(_LOTS[int(draw() * len(_LOTS))] for _ in range(1 + int(3 * draw() ** 1.6)))
    return [_measure(random, household, kind) for kind in kinds]


def draw_documents(random: Random, village: DemoVillage) -> list[dict[str, Any]]:
    """The documents of a village; in poor villages, which teams look after, hardly one is missing."""
    found = []
    for kind, share in _HAVE.items():
        lot, day, known = random.random(), random.random(), random.random()
        if lot < (1 - (1 - share) / 4 if village.is_poor else share):
            drawn_up_on = _BEGINS + timedelta(int(120 * day)) if known > 0.02 else None
            since = drawn_up_on or _BEGINS
            row = {"place_code": village.code, "kind": kind, "drawn_up_on": drawn_up_on}
            found.append(row | {"recorded_on": since, "valid_from": since})
    return found


def _measure(random: Random, household: DemoHousehold, kind: HelpKind) -> dict[str, Any]:
    draw = random.random
    begins = _BEGINS + timedelta(int(90 * draw()))
    due_on = begins + timedelta(60 + int((_DAYS - 60) * draw()))
    is_done = draw() < 0.62
    done_on = begins + timedelta(20 + int(150 * draw())) if is_done else None
    by = _UNITS[int(draw() * len(_UNITS))]
    if draw() < 0.7:
        by = SURNAMES[int(draw() * len(SURNAMES))] + GIVEN_NAMES[int(draw() * len(GIVEN_NAMES))]
    return {
        "household_id": household.id,
        "kind": kind,
        "responsible": by if draw() > 0.02 else None,
        "due_on": due_on if draw() > 0.03 else None,
        "done_on": done_on,
        "outcome": f"{kind.title.zh}已落實" if done_on is not None and draw() > 0.015 else None,
        "recorded_on": begins,
        "valid_from": begins,
    }
