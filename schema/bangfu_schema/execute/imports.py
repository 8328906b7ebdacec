"""Imports files for a viewer: hands the work to the process's desk, waits a little, and tells how far it is."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property, partial
from typing import Any

import strawberry
from sqlalchemy import Connection

from bangfu.access import Policy
from bangfu.bulk.desk import Desk, Job, Wanted, owner_of
from bangfu.bulk.named import importable
from bangfu.bulk.state import State
from bangfu.bulk.work import states
from bangfu.declare.codes import parse_code
from bangfu.declare.text import Text
from bangfu.errors import UserError
from bangfu.registry import Node, Platform
from bangfu.store import Database
from bangfu.store.imports import MOST_REFUSALS, StoredPlan, StoredRefusal, plans_of, refusals_of
from bangfu.store.reads import storable
from bangfu_schema.derive.changes import name_of
from bangfu_schema.derive.imports import FIRST_PLANS, MOST_PLANS, ImportEntry, ImportErrorEntry, ImportPlanEntry
from bangfu_schema.execute.changing import Changing

PATIENCE = 3.0
"""Seconds a mutation waits for the end of what it has begun."""

_LOOK = 0.1
"""Seconds between two looks for a plan that is just being made."""


class Imports:
    """The imports of one request."""

    def __init__(
        self, platform: Platform, database: Database, desk: Desk | None, changing: Changing, policy: Policy
    ) -> None:
        self._database = database
        self._desk = desk
        self._changing = changing
        self._policy = policy
        self._platform = platform

    @cached_property
    def _named(self) -> Mapping[str, tuple[str, Node]]:
        """What rows may be, by their tables, with the name that people give it."""
        return {node.table.name: (name, node) for name, node in importable(self._platform).items()}

    async def plan(self, given: Mapping[str, Any], today: date) -> ImportEntry:
        """Plans an uploaded file, or begins to; raises UserError, and Forbidden."""
        within = given.get("within")
        wanted = Wanted(
            file=given["file"],
            record=given["record"],
            within=None if within is None else parse_code(within, argument="within"),
            sheet=given.get("sheet"),
        )
        how: dict[str, Any] = {"author": self._changing.author("importPlan"), "policy": self._policy, "today": today}
        return await self._done(
            await asyncio.to_thread(self._open("file", "UNKNOWN_FILE").plan, self._database, wanted, **how)
        )

    async def apply(self, given: Mapping[str, Any], today: date) -> ImportEntry:
        """Applies a plan, or begins to; raises as `plan` does."""
        id_ = given["plan"]
        how: dict[str, Any] = {
            "author": self._changing.author(storable(f"import {id_}")),
            "policy": self._policy,
            "today": today,
        }
        return await self._done(
            await asyncio.to_thread(self._open("plan", "UNKNOWN_PLAN").apply, self._database, id_, **how)
        )

    async def plans(self, given: Mapping[str, Any]) -> list[ImportEntry]:
        """The viewer's own plans, the newest first."""
        first, id_ = given.get("first"), given.get("plan")
        most = FIRST_PLANS if first is None else first
        if not 0 <= most <= MOST_PLANS:
            raise UserError(f"{most} is out of range. Accepted: 0 to {MOST_PLANS}.", argument="importPlans.first")
        return await self._read(most, id_)

    def _open(self, argument: str, code: str) -> Desk:
        if self._desk is None:
            message = "This process imports no files; a server does (`bangfu serve`), and `bangfu import`."
            raise UserError(message, argument=argument, code=code)
        return self._desk

    async def _done(self, job: Job) -> ImportEntry:
        """What came of it, or how far it is by now."""
        end = asyncio.wrap_future(job.end)
        end.add_done_callback(lambda future: future.cancelled() or future.exception())  # which else nobody looks at
        try:
            ended, _ = await asyncio.wait([end], timeout=PATIENCE)
            while not ended:
                found = await self._read(1, job.plan)
                if found:
                    job.is_awaited = False
                    return found[0]
                ended, _ = await asyncio.wait([end], timeout=_LOOK)
        except asyncio.CancelledError:
            job.is_awaited = False
            raise
        end.result()
        (entry,) = await self._read(1, job.plan)
        return entry

    async def _read(self, most: int, id_: str | None) -> list[ImportEntry]:
        owner = owner_of(self._policy)

        def run(connection: Connection) -> list[tuple[StoredPlan, State]]:
            found = plans_of(connection, owner, most, None if id_ is None else storable(id_))
            return list(zip(found, states(connection, found), strict=True))

        async with self._database.async_engine.connect() as connection:
            return [self._entry(plan, state) for plan, state in await connection.run_sync(run)]

    def _entry(self, plan: StoredPlan, state: State) -> ImportEntry:
        # Of a plugin that is off, by its table.
        name = self._named[plan.record][0] if plan.record in self._named else plan.record
        shown = ImportPlanEntry(
            id=strawberry.ID(plan.id),
            file=plan.file,
            record=name,
            made_at=plan.made_at,
            state=state.name,
            creates=plan.creates,
            updates=plan.updates,
            unchanged=plan.unchanged,
            rejected=plan.rejected,
            applied=plan.applied,
            refused=plan.refused,
        )
        return ImportEntry(plan=shown, error_count=plan.errors, read=partial(self._errors, plan))

    async def _errors(self, plan: StoredPlan, first: int) -> Sequence[ImportErrorEntry]:
        """What is wrong with a plan that was found to be the viewer's own."""
        if not 0 <= first <= MOST_REFUSALS:
            raise UserError(f"{first} is out of range. Accepted: 0 to {MOST_REFUSALS:,}.", argument="errors.first")

        def run(connection: Connection) -> list[StoredRefusal]:
            return refusals_of(connection, plan.id, first)

        async with self._database.async_engine.connect() as connection:
            found = await connection.run_sync(run)
        return [self._error(plan, each) for each in found]

    def _error(self, plan: StoredPlan, refusal: StoredRefusal) -> ImportErrorEntry:
        column = refusal.column
        if column is not None and plan.record in self._named:
            column = name_of(self._named[plan.record][1], column)
        return ImportErrorEntry(
            line=refusal.line,
            column=column,
            code=refusal.code,
            suggestion=refusal.suggestion,
            told=Text(refusal.message_zh, refusal.message_en),
        )
