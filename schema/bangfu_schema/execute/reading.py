"""Runs the compiled statements of one request: a single one by itself, several in one snapshot of the database."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from psycopg.abc import Buffer
from sqlalchemy import ColumnElement, Text, select

from bangfu.errors import BangfuError
from bangfu.query.given import AsOf, Input, told_of
from bangfu.query.values import unknown_place
from bangfu.store import Database
from bangfu.store.command import Command
from bangfu.store.database import UNKNOWN, Unknown
from bangfu.store.pool import Connection
from bangfu.store.setting import REPORTING_DATE, SETTING
from bangfu.store.wall import AS_OF_MOMENT, NO_WALL, READER, Wall
from bangfu_schema.compile.form import constant
from bangfu_schema.execute.lookback import too_late
from bangfu_schema.execute.observed import Observed, Ran
from bangfu_schema.execute.plans import DIALECT, RENDERED, Plan

_LOOK_BACK = Command.of(f"SELECT set_config('{AS_OF_MOMENT}', %(moment)s, true)")
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def day_of_the_books() -> ColumnElement[Any]:
    """The reporting date as each statement tells it, so that nobody has to ask for it first."""
    here = SETTING.c.name == constant(REPORTING_DATE)
    return select(SETTING.c.value.cast(Text)).where(here).scalar_subquery()


@cache
def _statement_of_the_day() -> Command:
    return Command.of(str(select(day_of_the_books()).compile(dialect=DIALECT, compile_kwargs=RENDERED)))


def _date_of(day: str | Unknown | None) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else date.today()


def looking_back(wall: Wall | None, as_of: AsOf | None) -> Wall | None:
    """A wall, or none, with the moment whose rows are read behind it."""
    return wall if as_of is None else replace(wall or NO_WALL, as_of=as_of.moment)


class Reading:
    """The connection of one request, and the day it stands on."""

    def __init__(
        self, database: Database, today: date | None, observed: Observed, wall: Wall | None, *, several: bool
    ) -> None:
        self._database = database
        self._observed = observed
        self._fixed = today
        self._wall = wall
        self._several = several
        self._stack = AsyncExitStack()
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._failure: BangfuError | None = None
        self._has_looked = False
        self._day: str | Unknown | None = database.reporting_date
        """The day of the books that this request was given; others may notice meanwhile that it was moved."""
        self._told: dict[str, Buffer | Exception | None] = {}

    async def json(self, key: str, plan: Plan, given: Input, values: Mapping[str, Any]) -> Buffer | None:
        """The JSON of a plan for what a request gives; null where there is no such row.

        Each field of the root, by its key, is read once: what was told, answer or mistake, is told again.
        Raises UserError where an argument names a place that there is not.
        """
        if key not in self._told:
            try:
                self._told[key] = await self._json(plan, given, values)
            except Exception as error:
                self._told[key] = error
                raise
        told = self._told[key]
        if isinstance(told, Exception):
            raise told
        return told

    async def _json(self, plan: Plan, given: Input, values: Mapping[str, Any]) -> Buffer | None:
        while True:
            json: Buffer | None
            json, *known, day = await self._row(plan, given, values)
            stood_on = given.today if given.as_of is None else given.as_of.asked_on
            if self._fixed is not None or _date_of(day) == stood_on:
                break
            # The books were moved to another day since the last request; what was counted is of the day before.
            self._day = self._database.reporting_date = day
            if given.as_of is not None:
                if _date_of(day) < given.as_of.day:
                    raise too_late(given.as_of.day, _date_of(day))
                break  # what was told is of a day in the past, then as before
            given = replace(given, today=_date_of(day))
            values = plan.values(given)
        for place, is_known in zip(plan.places, known, strict=True):
            if not is_known:
                with told_of(place.field):
                    raise unknown_place(place.code(given), place.argument)
        return json

    async def _row(self, plan: Plan, given: Input, values: Mapping[str, Any]) -> Sequence[Any]:
        """The one row of a statement, from the tables in which it is found."""
        wall = looking_back(self._wall, given.as_of)
        if plan.past is None or given.as_of is None:
            return await self._run(plan.sql, plan.command, plan, values, wall)
        moment, tables, since = given.as_of.moment, plan.past.tables, self._database.changed_since
        guess = since.guess(moment, tables)
        while True:
            form = plan.past.form(guess, sees_whole=wall is None or wall.role != READER)
            *row, told = await self._run(*form, plan, values, wall)
            changed = frozenset(told.split(",")) if told else frozenset()
            since.note(moment, tables, changed)
            if changed <= guess:
                return row
            guess |= changed

    async def _run(
        self, sql: str, command: Command, plan: Plan, values: Mapping[str, Any], wall: Wall | None
    ) -> Sequence[Any]:
        with self._observed.phase("sql"):
            row = await self._fetch(command, values, wall, prepare=plan.is_prepared)
        self._observed.statements.append(Ran(sql, values, wall))
        assert row is not None, "a compiled statement always has a row"
        return row

    async def today(self) -> date:
        """The day the request stands on: the reporting date of the books, or today where none is set."""
        if self._fixed is not None:
            return self._fixed
        if self._day is UNKNOWN:
            await self.look_up_today()
        return _date_of(self._day)

    async def look_up_today(self) -> None:
        """Asks for the day of the books, once, for whoever runs no statement that tells it."""
        if self._fixed is not None:
            return
        async with self._looking:  # the fields of a request ask side by side
            if not self._has_looked:
                row = await self._fetch(_statement_of_the_day(), {}, self._wall)
                self._day = self._database.reporting_date = row[0] if row is not None else None
                self._has_looked = True

    async def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            await self._stack.aclose()

    async def _fetch(
        self, command: Command, values: Mapping[str, Any], wall: Wall | None, *, prepare: bool = True
    ) -> tuple[Any, ...] | None:
        if not self._several:
            return await self._database.pool.fetch(command, values, prepare=prepare, wall=wall)
        async with self._lock:
            if self._failure is not None:
                raise self._failure  # a snapshot that has failed once answers nothing more
            try:
                connection = await self._snapshot()
                if wall is not None and wall.as_of:
                    # For this snapshot only: the connection is told for whom it reads, and of no day.
                    await self._database.pool.fetch_on(connection, _LOOK_BACK, {"moment": wall.as_of})
                return await self._database.pool.fetch_on(connection, command, values, prepare=prepare)
            except BangfuError as error:
                self._failure = error
                raise

    async def _snapshot(self) -> Connection:
        if self._connection is None:
            self._connection = await self._stack.enter_async_context(
                self._database.pool.connection(_BEGIN, wall=self._wall)
            )
            self._stack.push_async_callback(self._end)
        return self._connection

    async def _end(self) -> None:
        if self._connection is not None and not self._connection.closed:
            # After a rollback the driver would forget all that is prepared on the connection.
            await self._connection.commit()
