"""What hand-written fields make of a row, by type and name; rows come as the viewer sees them."""

from collections.abc import Callable
from typing import Any

from graphql import FieldNode
from tests.access.world import Row

from bangfu_funding.types import schedule


def _schedule(row: Row, field: FieldNode) -> list[dict[str, Any]]:
    terms = {name: row[name] for name in ("amount", "annual_rate", "granted_on", "months", "repayment")}
    names = {"dueOn": "due_on"}
    assert field.selection_set is not None
    asked = [each.name.value for each in field.selection_set.selections if isinstance(each, FieldNode)]
    return [
        {name: _told(getattr(instalment, names.get(name, name))) for name in asked} for instalment in schedule(**terms)
    ]


def _told(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


HAND: dict[tuple[str, str], Callable[[Row, FieldNode], Any]] = {
    ("FundingLoan", "repaymentSchedule"): _schedule,
    ("Household", "probe.told"): lambda row, _: f"area {row['house_area']}",
    ("Person", "probe.knownAs"): lambda row, _: f"{row['name']}/{row['id_number']}/{_name(row['health'])}",
    ("ProbeCard", "shown"): lambda row, _: f"{row['phone']}/{row['balance']}",
}
