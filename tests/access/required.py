"""What is required of things, in plain Python from the words of each requirement: none of its conditions in SQL."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Table
from sqlalchemy.schema import Column
from sqlalchemy.sql.visitors import iterate
from tests.access.rows import Rows, inside
from tests.access.world import Row

from bangfu.registry import Node, Required

Words = Callable[[Rows, Row], bool]


def about(rows: Rows, type_: str, thing: Row) -> list[Row]:
    """The rows of a type about a household, a person or a place that have not ended."""
    key = thing.get("id") or thing["code"]
    found = [
        row
        for row in rows.tables[rows.graph.nodes[type_].table.name]
        if key in (row.get("household_id"), row.get("person_id"), row.get("place_code"))
    ]
    return [row for row in found if row["left_on" if type_ == "Person" else "valid_to"] is None]


def _known(column: str) -> Words:
    return lambda _rows, thing: thing[column] is not None


def _all_known(type_: str, column: str) -> Words:
    return lambda rows, thing: all(row[column] is not None for row in about(rows, type_, thing))


def _any(type_: str) -> Words:
    return lambda rows, thing: bool(about(rows, type_, thing))


def _document(kind: str) -> Words:
    return lambda rows, thing: any(row["kind"].name == kind for row in about(rows, "RegisterVillageDocument", thing))


def _one_head(rows: Rows, household: Row) -> bool:
    return [row["relation"].name for row in about(rows, "Person", household)].count("HEAD") == 1


def _works_away(rows: Rows, household: Row) -> bool:
    return any((row["work_months"] or 0) > 0 for row in about(rows, "Person", household))


def _has_wages(rows: Rows, household: Row) -> bool:
    years = [row for row in rows.tables["register_income"] if row["household_id"] == household["id"]]
    last = max((row["year"] for row in years), default=None)
    return not any(row["wage"] == 0 and row["year"] == last and row["valid_to"] is None for row in years)


def _done_says_what(rows: Rows, household: Row) -> bool:
    measures = about(rows, "RegisterHelpMeasure", household)
    return not any(row["done_on"] is not None and row["outcome"] is None for row in measures)


def _gifts_for_all(rows: Rows, village: Row) -> bool:
    given = {row["household_id"] for row in rows.tables["probe_gift"]}
    homes = (row for row in rows.tables["household"] if inside(row["place_code"], village["code"]))
    return all(row["id"] in given for row in homes)


_HOUSEHOLD = ("house_area", "house_structure", "is_dilapidated", "has_safe_water", "has_electricity", "has_broadcast")
_DOCUMENTS = ("VILLAGE_FILE", "PROBLEM_LEDGER", "NEEDS_LIST", "VILLAGE_PLAN", "WORK_LEDGER", "INCOME_PLAN")

MET: dict[str, Words] = {
    **{f"register.{name}_known": _known(name) for name in (*_HOUSEHOLD, "road_distance", "main_cause")},
    **{f"register.has_{kind.lower()}": _document(kind) for kind in _DOCUMENTS},
    "register.one_head": _one_head,
    "register.person_born_on_known": _all_known("Person", "born_on"),
    "register.person_id_number_known": _all_known("Person", "id_number"),
    "register.has_help_measure": _any("RegisterHelpMeasure"),
    "register.help_measure_responsible_known": _all_known("RegisterHelpMeasure", "responsible"),
    "register.help_measure_due_on_known": _all_known("RegisterHelpMeasure", "due_on"),
    "register.village_document_drawn_up_on_known": _all_known("RegisterVillageDocument", "drawn_up_on"),
    "register.wages_where_somebody_works_away": _has_wages,
    "register.done_measures_say_what_was_done": _done_says_what,
    "register.no_year_of_work_at_school": lambda _, row: not (row["is_student"] and (row["work_months"] or 0) >= 12),
    "industry.plantings_have_an_area": lambda rows, thing: all(
        row["area"] > 0 for row in about(rows, "IndustryPlanting", thing)
    ),
    "industry.farm_capacity_known": _all_known("IndustryFarm", "capacity"),
    "industry.farm_area_known": _all_known("IndustryFarm", "area"),
    "funding.village_project_budget_known": _all_known("FundingVillageProject", "budget"),
    "funding.loans_were_wanted": _any("FundingLoanDemand"),
    "probe.card_phone_known": _all_known("ProbeCard", "phone"),
    "probe.has_spring": _any("ProbeSpring"),
    "probe.all_have_gifts": _gifts_for_all,
}
ASKED: dict[str, Words] = {
    "register.person_born_on_known": _any("Person"),
    "register.person_id_number_known": _any("Person"),
    "register.help_measure_responsible_known": _any("RegisterHelpMeasure"),
    "register.help_measure_due_on_known": _any("RegisterHelpMeasure"),
    "register.village_document_drawn_up_on_known": _any("RegisterVillageDocument"),
    "register.wages_where_somebody_works_away": _works_away,
    "industry.plantings_have_an_area": _any("IndustryPlanting"),
    "industry.farm_capacity_known": _any("IndustryFarm"),
    "industry.farm_area_known": _any("IndustryFarm"),
    "funding.village_project_budget_known": _any("FundingVillageProject"),
    "funding.loans_were_wanted": _any("FundingLoan"),
    "probe.card_phone_known": _any("ProbeCard"),
}


def standing(rows: Rows, name: str, thing: Row) -> bool | None:
    """Whether a requirement is met by a thing; None where it does not concern it."""
    key = name, thing.get("id") or thing["code"]
    if key not in rows.standings:
        is_asked = name not in ASKED or ASKED[name](rows, thing)
        rows.standings[key] = MET[name](rows, thing) if is_asked else None
    return rows.standings[key]


def required_of(node: Node, kind: str) -> Iterator[Required]:
    """What of a kind is required of a type, in the order of the declarations."""
    for space in node.namespaces.values():
        yield from (each for each in space.requirements.values() if each.requirement.kind.value == kind)


def columns_in(condition: Any) -> set[tuple[str, str]]:
    """The columns a condition reads, each with its table's name, wherever in it they stand."""
    columns = (each for each in iterate(condition) if isinstance(each, Column))
    return {(getattr(each.table, "element", each.table).name, each.name) for each in columns}


def tables_in(condition: Any) -> set[str]:
    """The tables a condition reads."""
    named = {each.name for each in iterate(condition) if isinstance(each, Table)}
    return named | {table for table, _ in columns_in(condition)}
