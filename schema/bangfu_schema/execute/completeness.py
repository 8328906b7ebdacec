"""What is required of rows in the plain path: one statement for all rows of a level."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.requirements import RequirementKind
from bangfu.query.completeness import standings
from bangfu.query.given import Parameters
from bangfu.query.values import among
from bangfu.registry import Node
from bangfu_schema.compile.completeness import facts
from bangfu_schema.execute.connection import Reader


async def of_rows(
    snapshot: Reader, node: Node, kind: RequirementKind, keys: Sequence[int], parameters: Parameters
) -> dict[int, dict[str, Any]]:
    """What is required of each of the rows, by their keys."""
    rows = node.table.alias()
    asked = standings(node, rows, kind, parameters)
    statement = select(
        rows.c[node.key].label("key"), *(each.met.label(f"q{number}") for number, each in enumerate(asked))
    ).where(rows.c.district_code.in_(sorted({key // DISTRICT_SPAN for key in keys})), among(rows.c[node.key], keys))
    found = {}
    for row in await snapshot.rows(statement):
        met = [(each.required, row[f"q{number}"]) for number, each in enumerate(asked)]
        answers = [is_met for _, is_met in met if is_met is not None]
        found[row["key"]] = {
            "isComplete": all(answers) if answers else None,
            "met": sum(answers),
            "asked": len(answers),
            "missing": [facts(required) for required, is_met in met if is_met is False],
        }
    return found
