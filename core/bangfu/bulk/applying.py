"""Applies a plan: writes the rows that it has kept.

In parts, each in a transaction of its own that also notes how far the plan is. Whatever ends the process, what is in is
in, and the rest goes in when the plan is applied again.
"""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Engine, func, select

from bangfu.access import Policy
from bangfu.bulk.planning import Refusal, Told
from bangfu.bulk.staged import Staging
from bangfu.declare.records import Dated
from bangfu.errors import UserError
from bangfu.store.imports import IMPORT_ROW, StoredPlan, find_plan, note_plan, rows_after
from bangfu.store.sealed import given_seal
from bangfu.write.changing import Changes
from bangfu.write.outcome import Action, Author

_CHUNK = 2_000


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
        rows = list(rows_after(connection, plan.id, held.applied, _CHUNK))
        if rows:
            staging = Staging(record, plan.id, given_seal(connection))
            given = [(line, staging.unpack(position, row)) for position, line, row in rows]
            changes = Changes(connection, author, policy, today)
            for action in (Action.UPDATE, Action.CREATE):
                part = [each for each in given if ("id" in each[1]) == (action is Action.UPDATE)]
                if part:
                    _, rejections, _ = changes.apply(record, action, [row for _, row in part])
                    refused += [Refusal(line=part[each.row][0], rejection=each) for each in rejections]
            changes.close()
            number = held.refused + len({each.line for each in refused})
            note_plan(connection, plan.id, applied=rows[-1][0], refused=number)
        else:
            # What has waited is in; names and numbers of people need not stand in two places.
            connection.execute(IMPORT_ROW.delete().where(IMPORT_ROW.c.plan == plan.id))
            note_plan(connection, plan.id, applied_at=connection.scalar(select(func.now())))
        after = find_plan(connection, plan.id)
    assert after is not None, "it is held"
    for each in refused:
        refuse(each)
    return after
