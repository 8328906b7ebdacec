"""Applies a plan: writes the rows that it has kept.

In parts, each in a transaction of its own that also notes how far the plan is. Whatever ends the process, what is in is
in, and the rest goes in when the plan is applied again.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import Connection, Engine, RowMapping, func, select

from bangfu.access import Policy
from bangfu.bulk.planning import Told
from bangfu.bulk.staged import Staging
from bangfu.bulk.trying import Refusal
from bangfu.declare.records import Dated
from bangfu.errors import UserError
from bangfu.store.imports import StoredPlan, drop_rows, find_plan, note_plan, part_at, rows_after
from bangfu.store.sealed import given_seal
from bangfu.write.batch import Batch, rows_of
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Author, Row

_CHUNK = 2_000
"""Rows that are written one by one in a transaction."""


def require_plan(engine: Engine, id_: str) -> StoredPlan:
    """A plan that can be applied; raises UserError for one that there is not, or that was not made to its end."""
    with engine.connect() as connection:
        plan = find_plan(connection, id_)
    if plan is None:
        raise UserError(f"There is no plan {id_!r}. `bangfu import list` shows those there are.", code="UNKNOWN_PLAN")
    if not plan.is_whole:
        raise UserError(f"Plan {id_!r} was broken off while it was made. Plan {plan.file} again.", code="UNKNOWN_PLAN")
    return plan


def apply_import(
    engine: Engine,
    id_: str,
    record: type[Dated],
    refuse: Callable[[Refusal], None],
    *,
    author: Author,
    policy: Policy,
    today: date,
    on_rows: Told = lambda _: None,
) -> StoredPlan:
    """Writes the rows of a plan that are not in yet; those are told to `refuse` that cannot be taken any more.

    Raises UserError for a plan that cannot be applied, and Forbidden.
    """
    plan = require_plan(engine, id_)
    while plan.applied_at is None:
        plan = _apply_part(engine, plan, record, refuse, author=author, policy=policy, today=today)
        on_rows(plan.applied)
    return plan


def _apply_part(
    engine: Engine,
    plan: StoredPlan,
    record: type[Dated],
    refuse: Callable[[Refusal], None],
    *,
    author: Author,
    policy: Policy,
    today: date,
) -> StoredPlan:
    refused: list[Refusal] = []
    with engine.begin() as connection:
        # Held, so that two who apply it at the same time take turns, each with the parts that are left.
        held = find_plan(connection, plan.id, hold=True)
        assert held is not None, "nobody drops a plan"
        if held.applied_at is not None:
            return held
        changes = Changes(connection, author, policy, today)
        part = part_at(connection, plan.id, held.applied + 1)
        if part is not None:
            last, refused = _load(changes, record, part, held.applied + 1)
        else:
            last, refused = _write(connection, changes, record, held)
        if last > held.applied:
            changes.close()
            number = held.refused + len({each.line for each in refused})
            note_plan(connection, plan.id, applied=last, refused=number)
        else:
            # What has waited is in; names and numbers of people need not stand in two places.
            drop_rows(connection, plan.id)
            note_plan(connection, plan.id, applied_at=connection.scalar(select(func.now())))
        after = find_plan(connection, plan.id)
    assert after is not None, "it is held"
    for each in sorted(refused, key=lambda each: each.line):
        refuse(each)
    return after


def _load(changes: Changes, record: type[Dated], part: RowMapping, position: int) -> tuple[int, list[Refusal]]:
    """Writes rows from a position on that wait many together; the last position, and what is refused after all."""
    begin = position - part["first"]
    body = part["body"] if not begin else "\n".join(part["body"].split("\n")[begin:])
    batch = Batch(district=part["district_code"], columns=part["columns"], body=body)
    refused: list[Refusal] = []
    if not changes.load(record, batch):
        given = list(zip(part["lines"][begin:], rows_of(record, batch), strict=True))
        for start in range(0, len(given), _CHUNK):
            refused += _one_by_one(changes, record, Action.CREATE, given[start : start + _CHUNK])
    return part["first"] + part["rows"] - 1, refused


def _write(
    connection: Connection, changes: Changes, record: type[Dated], plan: StoredPlan
) -> tuple[int, list[Refusal]]:
    """Writes the next rows that wait one by one; the last position, and what is refused after all."""
    rows = list(rows_after(connection, plan.id, plan.applied, _CHUNK))
    if not rows:
        return plan.applied, []
    staging = Staging(record, plan.id, given_seal(connection))
    given = [(line, staging.unpack(position, row)) for position, line, row in rows]
    refused = []
    for action in (Action.UPDATE, Action.CREATE):
        part = [each for each in given if ("id" in each[1]) == (action is Action.UPDATE)]
        refused += _one_by_one(changes, record, action, part) if part else []
    return rows[-1][0], refused


def _one_by_one(
    changes: Changes, record: type[Dated], action: Action, given: Sequence[tuple[int, Row]]
) -> list[Refusal]:
    _, rejections, _ = changes.apply(record, action, [row for _, row in given])
    return [Refusal(line=given[each.row][0], rejection=each) for each in rejections]
