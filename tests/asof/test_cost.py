"""What is told as of a day costs more, by all that is asked for below the field that names it."""

from typing import Any

import pytest
from tests.access.asked import Asked
from tests.access.world import HERE
from tests.asof.past import LATER

from bangfu_schema import Graph, Limits, Observed, decoded
from bangfu_schema.execute.limits import LOOKING_BACK_COST

DAY = 'asOf: "2015-10-31"'
FIELDS = {
    "a list": f'households(within: "{HERE}", first: 30 DAY) {{ nodes {{ id members {{ nodes {{ id }} }} }} }}',
    "a row": f'district(code: "{HERE}" DAY) {{ register {{ households {{ value }} }} }}',
    "a list of a sector": f'industry {{ plantings(within: "{HERE}" DAY) {{ nodes {{ id }} }} }}',
}


def cost(asked: Asked, document: str, variables: dict[str, Any] | None = None) -> int:
    observed = Observed()
    running = asked.graph.execute(asked.database, document, variables, today=LATER, observed=observed)
    assert "errors" not in decoded(asked.run(running))
    return observed.demand_in_all.cost


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_names_a_day_costs_more(asked: Asked, field: str) -> None:
    now = cost(asked, f"{{ {FIELDS[field].replace('DAY', '')} }}")
    document = FIELDS[field].replace("DAY", DAY)
    # The list of a sector stands in the sector's own field, which costs one and names no day.
    around = 1 if field == "a list of a sector" else 0
    assert now > 1
    assert cost(asked, f"{{ {document} }}") == around + (now - around) * LOOKING_BACK_COST
    spread = f"{{ ...F }} fragment F on Query {{ {document} }}"
    assert cost(asked, spread) == around + (now - around) * LOOKING_BACK_COST


def test_a_day_may_stand_in_a_variable(asked: Asked) -> None:
    document = f"query ($day: Date) {{ {FIELDS['a list'].replace('DAY', 'asOf: $day')} }}"
    now = cost(asked, document)
    assert cost(asked, document, {"day": None}) == now
    assert cost(asked, document, {"day": "2015-10-31"}) == now * LOOKING_BACK_COST
    assert cost(asked, f"{{ {FIELDS['a list'].replace('DAY', 'asOf: null')} }}") == now
    by_default = document.replace("$day: Date", '$day: Date = "2015-10-31"')
    assert cost(asked, by_default) == now * LOOKING_BACK_COST
    assert cost(asked, by_default, {"day": None}) == now


def test_which_places_are_in_force_costs_no_more(asked: Asked) -> None:
    """A list of places below a row has a day as well, and is told by no log."""
    document = f'{{ district(code: "{HERE}") {{ villages(DAY) {{ nodes {{ name }} }} }} }}'
    assert cost(asked, document.replace("DAY", DAY)) == cost(asked, document.replace("(DAY)", ""))


def test_what_costs_too_much_then_is_refused(asked: Asked) -> None:
    now, then = (f"{{ {FIELDS['a list'].replace('DAY', day)} }}" for day in ("", DAY))
    graph = Graph(asked.platform, Limits(cost=cost(asked, now)))
    (error,) = decoded(asked.run(graph.execute(asked.database, then, today=LATER)))["errors"]
    assert error["extensions"]["code"] == "TOO_COSTLY"
    assert "errors" not in decoded(asked.run(graph.execute(asked.database, now, today=LATER)))
