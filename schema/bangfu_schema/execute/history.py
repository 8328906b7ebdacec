"""Reads the log of changes for a viewer: the process reads it, and what a viewer may see of it is decided here."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any, TypeVar

import strawberry
from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError  # noqa: A004 - that of the pool

from bangfu.access import AUDIT, Forbidden, Policy
from bangfu.declare.codes import DISTRICT_SPAN, level_of, parse_code
from bangfu.declare.fields import field_of
from bangfu.declare.grain import Grain
from bangfu.errors import UserError, quoted
from bangfu.query.page import DEFAULT_FIRST, MOST
from bangfu.query.values import to_day
from bangfu.registry import Node
from bangfu.registry.nodes import camel
from bangfu.store import Database
from bangfu.store.changes import LoggedChange, read_changes, read_histories
from bangfu.store.database import all_busy
from bangfu_schema.derive.history import LoggedEntry, ValueEntry

_T = TypeVar("_T")


class Logbook:
    """The log of changes in the graph's own terms, with `nodes` by their tables."""

    def __init__(self, database: Database, nodes: Mapping[str, Node]) -> None:
        self._database = database
        self._nodes = nodes

    async def of_row(self, node: Node, key: int, given: Mapping[str, Any], policy: Policy) -> list[LoggedEntry]:
        """What was changed in a row, which the viewer has been found to see."""
        most = _most(given, "history")
        district = key // DISTRICT_SPAN
        return await self._read(policy, district=district, record=node.table.name, row_id=key, most=most)

    async def of_rows(
        self, node: Node, keys: Sequence[int], given: Mapping[str, Any], policy: Policy, *, before: str | None = None
    ) -> list[list[LoggedEntry]]:
        """What was changed in each of several rows that the viewer has been shown, until a moment if one is given.

        Raises UserError for what makes no page.
        """
        most, after = _most(given, "history"), _cursor(given.get("after"), "history")
        named = [(key // DISTRICT_SPAN, key) for key in keys]

        def run(connection: Connection) -> dict[int, list[LoggedChange]]:
            return read_histories(connection, record=node.table.name, keys=named, before=before, after=after, most=most)

        found = await self._run(run)
        return [[_entry(node, each, policy) for each in found[key]] for key in keys]

    async def of_district(self, given: Mapping[str, Any], policy: Policy) -> list[LoggedEntry]:
        """What was changed in a district; raises UserError, and Forbidden to whoever may not see all of it."""
        if not policy.holds(AUDIT):
            raise Forbidden(AUDIT, argument="auditLog")
        code = parse_code(given["district"], argument="auditLog.district")
        if level_of(code) is not Grain.DISTRICT:
            told = f"{quoted(given['district'])} is no district. Accepted: a code of six digits."
            raise UserError(told, argument="auditLog.district")
        if not policy.covers_code(code):
            raise UserError(
                "this district does not lie in your places, or not as a whole.",
                argument="auditLog.district",
                code="FORBIDDEN",
            )
        since = given.get("since")
        day = None if since is None else to_day(since, "auditLog.since")
        return await self._read(
            policy,
            district=code // DISTRICT_SPAN,
            author=given.get("author"),
            since=None if day is None else datetime.combine(day, time(), UTC),
            after=_cursor(given.get("after"), "auditLog"),
            most=_most(given, "auditLog"),
        )

    async def _read(self, policy: Policy, **asked: Any) -> list[LoggedEntry]:
        def run(connection: Connection) -> list[LoggedChange]:
            return read_changes(connection, **asked)

        found = await self._run(run)
        return [_entry(self._nodes.get(each.record), each, policy) for each in found]

    async def _run(self, read: Callable[[Connection], _T]) -> _T:
        try:
            async with self._database.log_engine.connect() as connection:
                return await connection.run_sync(read)
        except TimeoutError as error:
            raise all_busy() from error


def _most(given: Mapping[str, Any], argument: str) -> int:
    first: int | None = given.get("first")
    if first is None:
        return DEFAULT_FIRST
    if not 0 <= first <= MOST:
        raise UserError(f"{first} is out of range. Accepted: 0 to {MOST}.", argument=f"{argument}.first")
    return first


def _cursor_of(change: LoggedChange) -> str:
    place = f"{change.number}.{change.position}"
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _cursor(text: str | None, argument: str) -> tuple[int, int] | None:
    """Where a page begins; raises UserError for what is no cursor of the log."""
    if text is None:
        return None
    try:
        number, _, position = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(".")
        found = int(number), int(position)
        if min(found) >= 0 and max(found) < 2**31:
            return found
    except ValueError:
        pass
    told = f"{quoted(text)} is no cursor of this list. Accepted: the cursor of one of its rows."
    raise UserError(told, argument=f"{argument}.after")


def _entry(node: Node | None, change: LoggedChange, policy: Policy) -> LoggedEntry:
    """A change in the graph's own terms; of a record that is no longer declared in those of its table.

    What has changed is told to those who may read the record's rows; an auditor of another sector sees that it has.
    """
    return LoggedEntry(
        at=change.at,
        author=change.author,
        reason=change.reason,
        request_id=change.request_id,
        action=change.action,
        row=strawberry.ID(f"{change.record if node is None else node.prefix}:{change.row_id}"),
        entry=change.number,
        values=changed_values(node, change) if node is not None and policy.may_read(node) else [],
        cursor=_cursor_of(change),
    )


def changed_values(node: Node, change: LoggedChange) -> list[ValueEntry]:
    """What has changed in a row, by the fields of its type; of personal data only that it has."""
    before, after = change.before or {}, change.after or {}
    found = []
    for name in change.changed:
        column = node.table.columns.get(name)
        field = None if column is None else field_of(column)
        # What only holds the table together, and what is kept to look a sealed value up by, is nothing to be read.
        if field is None:
            continue
        is_sensitive = field.sensitive is not None
        was, is_ = (None, None) if is_sensitive else (_shown(before.get(name)), _shown(after.get(name)))
        found.append(ValueEntry(field=camel(name), before=was, after=is_, is_sensitive=is_sensitive))
    return found


def _shown(value: Any) -> str | None:  # as JSON has it
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else str(value)
