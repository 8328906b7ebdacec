"""Plans and applies imports for viewers: beside the requests that ask for it, each in a thread of its own.

A file may take longer than a request may, so that whoever asks waits for as long as it likes, and the work goes on. It
may end at any moment with the process: a plan that was not made to its end is made again, an applied one goes on.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial

from sqlalchemy import Engine

from bangfu.access import Forbidden, Policy
from bangfu.bulk.applying import apply_import
from bangfu.bulk.named import record_named
from bangfu.bulk.planning import Import, plan_import
from bangfu.bulk.trying import Refusal
from bangfu.bulk.work import ImportBusy, busy, held
from bangfu.declare.records import Dated
from bangfu.errors import UserError, quoted
from bangfu.intake.limits import FileLimits
from bangfu.intake.refused import Refused
from bangfu.registry import Platform
from bangfu.store.database import Database
from bangfu.store.imports import StoredPlan, StoredRefusal, add_refusals, drop_forgotten, note_plan, plans_of
from bangfu.store.reads import storable
from bangfu.store.uploads import Uploads
from bangfu.write.changing import require_to_change
from bangfu.write.outcome import Author

AT_ONCE = 2
"""Imports that one process works on at a time: each takes a processor."""

_CONNECTIONS = 4
"""Of each import at the most: its lock, its rows, the digest of these beside, and what is refused."""

_FORGOTTEN = timedelta(days=30)
"""After which a plan goes that nobody applies: what waits in it is somebody's data."""

UPLOADED = FileLimits(unpacked=300_000_000, cells=4_000_000)
"""Less than an operator may read: what is unpacked is held in the memory of the server."""

_log = logging.getLogger("bangfu.imports")


class _Stopped(Exception):  # noqa: N818 - reads as what it says
    """The process ends, and the work with it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file that is to be planned."""

    file: str
    """The reference under which it was uploaded."""

    record: str
    """What its rows are, as `industry.planting`."""

    within: int | None = None
    sheet: str | None = None


@dataclass(kw_only=True)
class Job:
    """Work on one plan, and its end."""

    plan: str
    end: "Future[None]" = field(default_factory=Future)
    is_awaited: bool = True
    """Whether somebody is told how it ends; else the log is."""


def owner_of(policy: Policy) -> str | None:
    """Whose the plans are that somebody makes: those of the process itself are the command line's, too."""
    return None if policy.viewer is None else storable(policy.viewer.key)


def sender_of(policy: Policy) -> str:
    """Whose the files are that somebody uploads."""
    return owner_of(policy) or ""


class Desk:
    """The imports of one process."""

    def __init__(self, platform: Platform, uploads: Uploads, *, at_once: int = AT_ONCE) -> None:
        self.uploads = uploads
        self._platform = platform
        self._at_once = at_once
        self._lock = threading.Lock()
        self._jobs: dict[str | None, Job] = {}
        """Those that go on, by whose they are."""
        self._is_stopping = threading.Event()
        self._opened: tuple[Database, Database] | None = None
        """The database that was last asked for, and the same with connections of the imports' own."""

    def plan(self, database: Database, wanted: Wanted, *, policy: Policy, author: Author, today: date) -> Job:
        """Begins to plan an uploaded file.

        Raises UserError for a file, a record or a permission that is not there, and ImportBusy.
        """
        record = record_named(self._platform, wanted.record)
        require_to_change(policy, record)
        upload, path = self.uploads.find(wanted.file, sender_of(policy))
        asked = Import(
            path=path,
            record=record,
            author=author,
            policy=policy,
            today=today,
            within=wanted.within,
            sheet=wanted.sheet,
            limits=UPLOADED,
            units=self._platform.units,
            name=upload.name,
            owner=owner_of(policy),
        )
        id_, engine = asked.id(), self._engine(database)
        return self._begin(engine, asked.owner, id_, partial(self._plan, engine, asked, id_))

    def apply(self, database: Database, id_: str, *, policy: Policy, author: Author, today: date) -> Job:
        """Begins to apply a plan of the viewer's own; raises UserError for any other, Forbidden, and ImportBusy."""
        engine = self._engine(database)
        plan = self._own(engine, id_, policy)
        record = self._record(plan)
        require_to_change(policy, record)
        if plan.applied_at is not None:
            job = Job(plan=id_)
            job.end.set_result(None)
            return job
        work = partial(self._apply, engine, plan, record, policy=policy, author=author, today=today)
        return self._begin(engine, plan.owner, id_, work)

    def stop(self, patience: float) -> None:
        """Ends all work, as far as that takes no longer than so many seconds."""
        self._is_stopping.set()
        deadline = time.monotonic() + patience
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            try:
                job.end.exception(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                _log.warning("import %s is broken off", job.plan)
        self._close()

    def _close(self) -> None:
        """Closes connections once nobody works on them; what is still going on does so when it ends."""
        with self._lock:
            if self._opened is not None and not self._jobs:
                self._opened[1].dispose()

    def _engine(self, database: Database) -> Engine:
        """An engine of the imports' own, so that they take no connection from anybody, nor wait for one."""
        with self._lock:
            if self._opened is None or self._opened[0] is not database:
                if self._opened is not None:
                    self._opened[1].dispose()
                url = database.url.render_as_string(hide_password=False)
                self._opened = database, Database(url, pool_size=_CONNECTIONS * self._at_once, seal=database.seal)
            return self._opened[1].engine

    def _own(self, engine: Engine, id_: str, policy: Policy) -> StoredPlan:
        with engine.connect() as connection:
            found = plans_of(connection, owner_of(policy), 1, storable(id_))
        if not found or not found[0].is_whole:
            what = "沒有您的此計劃，或尚未預檢完。"
            message = f"{what} There is no plan {quoted(id_)} of yours that was made to its end. Plan the file again."
            raise UserError(message, argument="plan", code="UNKNOWN_PLAN")
        return found[0]

    def _record(self, plan: StoredPlan) -> type[Dated]:
        for node in self._platform.graph.nodes.values():
            if node.table.name == plan.record:
                return node.record
        message = "What the rows of this plan are is not installed here any more."
        raise UserError(message, argument="plan", code="UNKNOWN_PLAN")

    def _begin(self, engine: Engine, owner: str | None, id_: str, work: Callable[[], None]) -> Job:
        with self._lock:
            known = self._jobs.get(owner)
            if known is not None:
                raise busy()
            if len(self._jobs) >= self._at_once or self._is_stopping.is_set():
                raise ImportBusy(
                    "服務器正忙於其他導入，請稍後再試。 The server is busy with other imports. Try again shortly."
                )
            job = self._jobs[owner] = Job(plan=id_)
        # It does not keep the process from ending, which may be at any moment.
        threading.Thread(target=self._run, args=(engine, owner, job, work), name=f"import {id_}", daemon=True).start()
        return job

    def _run(self, engine: Engine, owner: str | None, job: Job, work: Callable[[], None]) -> None:
        error: BaseException | None = None
        try:
            with held(engine, owner, job.plan):
                work()
        except _Stopped:
            error = ImportBusy("The server is stopping. Begin again shortly: it goes on where it was.")
        except BaseException as found:  # noqa: BLE001 - whoever waits is told, and raises it
            error = found
            if not job.is_awaited:
                _log.error("import %s failed", job.plan, exc_info=found)
        # Before anybody is told that it has ended, so that who is may begin something else.
        with self._lock:
            del self._jobs[owner]
        if self._is_stopping.is_set():
            self._close()
        if error is None:
            job.end.set_result(None)
        else:
            job.end.set_exception(error)

    def _plan(self, engine: Engine, asked: Import, id_: str) -> None:
        told = _Told(engine, id_, self._is_stopping)
        with engine.begin() as connection:
            drop_forgotten(connection, datetime.now(UTC) - _FORGOTTEN)
        try:
            plan_import(engine, asked, told.refuse, on_rows=told.on_rows)
        except UserError as error:
            # A matter of the file: it is kept, so that it can be read later, too.
            told.flush()
            with engine.begin() as connection:
                note_plan(connection, id_, failure=error.code)
                add_refusals(connection, id_, [_of_the_file(error)])

    def _apply(
        self, engine: Engine, plan: StoredPlan, record: type[Dated], *, policy: Policy, author: Author, today: date
    ) -> None:
        told = _Told(engine, plan.id, self._is_stopping)
        try:
            apply_import(
                *(engine, plan.id, record, told.refuse),
                author=author,
                policy=policy,
                today=today,
                on_rows=told.on_rows,
            )
        finally:
            told.flush()


class _Told:
    """Takes what an import tells: keeps what is refused, and ends the work when the process ends."""

    def __init__(self, engine: Engine, plan: str, is_stopping: threading.Event) -> None:
        self._engine = engine
        self._plan = plan
        self._is_stopping = is_stopping
        self._refused: list[StoredRefusal] = []

    def refuse(self, refusal: Refusal) -> None:
        """One more."""
        each = refusal.rejection
        self._refused.append(
            StoredRefusal(
                line=refusal.line,
                column=each.column,
                code=each.code.value,
                message_zh=storable(each.message.zh),
                message_en=storable(each.message.en),
                suggestion=None if each.suggestion is None else storable(each.suggestion),
            )
        )

    def on_rows(self, _: int) -> None:
        """A part is done."""
        self.flush()
        if self._is_stopping.is_set():
            raise _Stopped

    def flush(self) -> None:
        """Keeps what was refused so far."""
        refused, self._refused = self._refused, []
        if refused:
            with self._engine.begin() as connection:
                add_refusals(connection, self._plan, refused)


def _of_the_file(error: UserError) -> StoredRefusal:
    zh, en = str(error), str(error)
    if isinstance(error, Refused):
        zh, en = error.text.zh, error.text.en
    elif isinstance(error, Forbidden):
        zh = f"需要權限 {error.permission}，您的令牌沒有。"
    told = {"message_zh": storable(zh), "message_en": storable(en)}
    return StoredRefusal(line=None, column=None, code=error.code, suggestion=None, **told)
