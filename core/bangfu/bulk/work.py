"""Who works on an import, told to all processes by locks of PostgreSQL, which end with whoever holds them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256

from sqlalchemy import Connection, Engine, text

from bangfu.bulk.state import State
from bangfu.errors import UserError
from bangfu.store.imports import StoredPlan

_HELD = text(
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
    " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")


class ImportBusy(UserError):  # noqa: N818 - reads as what it says
    """Something else is imported at the moment."""

    code = "IMPORT_BUSY"


@contextmanager
def held(engine: Engine, owner: str | None, plan: str) -> Iterator[None]:
    """Works on a plan alone, and on nothing else of the same owner; raises ImportBusy where somebody does already.

    A connection is kept for as long: a session's locks are let go when it ends, however the process ends.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            if not all(connection.scalar(_TAKE, {"key": key}) for key in (_key(f"owner {owner}"), _key(plan))):
                raise busy()
            yield
        finally:
            connection.invalidate()


def busy() -> ImportBusy:
    """That something else of the same viewer has to end first."""
    return ImportBusy(
        "您的另一個導入正在進行，請等待。 Another import of yours is running: one goes on at a time. Wait until it is "
        "done; `importPlans` tells how far it is."
    )


def states(connection: Connection, plans: Collection[StoredPlan]) -> list[State]:
    """Where each plan is, by whether anybody works on it."""
    is_settled = all(each.applied_at is not None for each in plans)
    working = set() if is_settled else {key for (key,) in connection.execute(_HELD)}
    return [_state(each, is_worked_on=_key(each.id) in working) for each in plans]


def _state(plan: StoredPlan, *, is_worked_on: bool) -> State:
    if plan.applied_at is not None:
        return State.APPLIED
    if plan.failure is not None:
        return State.REFUSED
    if not plan.is_whole:
        return State.PLANNING if is_worked_on else State.BROKEN_OFF
    if is_worked_on:
        return State.APPLYING
    return State.STOPPED if plan.applied else State.PLANNED


def _key(name: str) -> int:
    """A number of 64 bits for a lock."""
    return int.from_bytes(sha256(f"bangfu import {name}".encode()).digest()[:8], "big", signed=True)
