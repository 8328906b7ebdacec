"""Takes every branch up, or one down: a transaction for each revision, one run at a time."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from bangfu.errors import OperationError, nearest
from bangfu.registry import Platform
from bangfu.store.sealed import check_keys, seal_of
from bangfu.write.resealing import seal_clear
from bangfu_migrations import ledger
from bangfu_migrations.branches import CORE, Branch, dependencies, load_branches
from bangfu_migrations.wall import lacks_wall, lower_wall, raise_wall

OnStep = Callable[[str, str], None]

_LOCK_KEY = 0x62616E676675  # "bangfu": two runs on one database wait for each other
_ONE_AT_A_TIME = threading.RLock()  # alembic.op, which revisions use, is one for the whole process


@dataclass(frozen=True, kw_only=True)
class BranchStatus:
    """How far one branch has come; `head` is None for a parked branch, whose plugin is off or not installed."""

    branch: str
    current: str | None
    head: str | None
    pending: tuple[str, ...]
    parked: bool = False


def status(engine: Engine, branches: Mapping[str, Path]) -> list[BranchStatus]:
    """How far each branch has come, the core first, parked ones last; changes nothing."""
    known = load_branches(branches)
    with engine.connect() as connection:
        entries = ledger.read(connection)
    found = [
        BranchStatus(
            branch=branch.name,
            current=entries[branch.name].revision if branch.name in entries else None,
            head=branch.head,
            pending=tuple(revision.revision for revision in _pending(branch, entries)),
        )
        for branch in known
    ]
    names = {branch.name for branch in known}
    parked = [
        BranchStatus(branch=name, current=entry.revision, head=None, pending=(), parked=True)
        for name, entry in entries.items()
        if name not in names
    ]
    return found + parked


def make_ready(engine: Engine, platform: Platform, *, on_step: OnStep | None = None) -> tuple[str, ...]:
    """Take every branch of a platform to its head, and keep its rows apart for serving; returns what was run.

    What still stands in clear in columns that are to be sealed is sealed before that. Raises OperationError where no
    keys are set for it, before anything is run.
    """
    seal = seal_of(engine)
    with engine.connect() as connection:
        check_keys(connection, seal)
    done = upgrade(engine, platform.branches, on_step=on_step)
    # Looked for only while the wall is down: then something was changed, or a run was cut short.
    with engine.connect() as connection:
        is_down = lacks_wall(connection, platform)
    if is_down:
        seal_clear(engine)
    raise_wall(engine, platform)
    return done


def upgrade(engine: Engine, branches: Mapping[str, Path], *, on_step: OnStep | None = None) -> tuple[str, ...]:
    """Take every branch to its head; returns what was run. `on_step(branch, revision)` is called before each one.

    Where anything is run the wall is down afterwards, and nobody is served until it is raised.
    """
    known = load_branches(branches)
    done: list[str] = []
    with _alone(engine) as connection:
        entries = ledger.read(connection)
        plan = [(branch, revision) for branch in known for revision in _pending(branch, entries)]
        if plan:
            lower_wall(connection)
        connection.commit()
        for branch, revision in plan:
            if on_step is not None:
                on_step(branch.name, revision.revision)
            _run(connection, revision, "upgrade", branch.name, _entry(branch, revision.revision))
            done.append(revision.revision)
    return tuple(done)


def downgrade(
    engine: Engine,
    branches: Mapping[str, Path],
    branch: str,
    revision: str = "base",
    *,
    on_step: OnStep | None = None,
) -> tuple[str, ...]:
    """Take one branch down to a revision (`base`: to nothing, its data with it); returns what was undone."""
    known = load_branches(branches)
    chosen = next((one for one in known if one.name == branch), None)
    if chosen is None:
        raise _cannot(f"There is no branch {branch!r}.{nearest(branch, [one.name for one in known])}")
    if revision != "base" and revision not in chosen.ids:
        hint = nearest(revision, chosen.ids)
        raise _cannot(f"There is no revision {revision!r} in branch {branch!r}.{hint}", "Name one of it, or base.")
    done: list[str] = []
    with _alone(engine) as connection:
        entries = ledger.read(connection)
        applied = len(chosen.revisions) - len(_pending(chosen, entries))
        kept = chosen.ids.index(revision) + 1 if revision != "base" else 0
        if branch == CORE:
            _refuse_if_needed(chosen.ids[kept:applied], entries)
        lower_wall(connection)
        connection.commit()
        for place in range(applied - 1, kept - 1, -1):
            step = chosen.revisions[place]
            if on_step is not None:
                on_step(branch, step.revision)
            before = _entry(chosen, chosen.ids[place - 1]) if place else None
            _run(connection, step, "downgrade", branch, before)
            done.append(step.revision)
    return tuple(done)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the lock of this database's migrations."""
    with _ONE_AT_A_TIME, engine.connect() as connection:
        connection.execute(select(func.pg_advisory_lock(_LOCK_KEY)))
        connection.commit()  # the lock belongs to the session, not to a transaction
        try:
            ledger.prepare(connection)
            connection.commit()
            yield connection
        finally:
            try:
                connection.rollback()
                connection.execute(select(func.pg_advisory_unlock(_LOCK_KEY)))
                connection.commit()
            except (DBAPIError, OperationError):
                connection.invalidate()  # the lock went with the session


def _run(connection: Connection, revision: Script, direction: str, branch: str, after: ledger.Entry | None) -> None:
    """Run one revision and note it, both or neither."""
    context = MigrationContext.configure(connection)
    try:
        with context.begin_transaction(), Operations.context(context):
            getattr(revision.module, direction)()
            ledger.write(connection, branch, after)
    except OperationError:
        raise
    except Exception as error:
        raise OperationError(
            f"The {direction} of revision {revision.revision} failed and was undone: {error}",
            code="MIGRATION_FAILED",
            remedy="What ran before it is kept. Mend the cause, then run the migrations again.",
        ) from error


def _pending(branch: Branch, entries: Mapping[str, ledger.Entry]) -> Sequence[Script]:
    if branch.name not in entries:
        return branch.revisions
    current = entries[branch.name].revision
    if current not in branch.ids:
        raise OperationError(
            f"The database is at revision {current!r} of branch {branch.name!r}, which is not installed here.",
            code="DATABASE_NEWER",
            remedy="Install the version of bangfu or of the plugin that made it, or a newer one.",
        )
    return branch.revisions[branch.ids.index(current) + 1 :]


def _entry(branch: Branch, revision: str) -> ledger.Entry:
    """What the ledger says once a branch is at a revision."""
    applied = branch.revisions[: branch.ids.index(revision) + 1]
    needs = [named for one in applied for named in dependencies(one)]
    return ledger.Entry(revision=revision, needs=max(needs, default=None))


def _refuse_if_needed(undone: Sequence[str], entries: Mapping[str, ledger.Entry]) -> None:
    """The core stays while a plugin's tables stand on it, even of a plugin that is not installed now."""
    standing = [name for name, entry in entries.items() if entry.needs in undone]
    if standing:
        raise _cannot(f"The core's tables are needed by: {', '.join(standing)}.", "Take those branches down first.")


def _cannot(why: str, remedy: str = "") -> OperationError:
    return OperationError(why, code="CANNOT_DOWNGRADE", remedy=remedy)
