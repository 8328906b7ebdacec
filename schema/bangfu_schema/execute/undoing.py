"""Takes entries of the log back for a viewer, and tells what came of it in the graph's own terms."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import Connection

from bangfu.access import Policy
from bangfu.declare.codes import DISTRICT_SPAN, level_of, parse_code
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated
from bangfu.errors import UserError, quoted
from bangfu.registry import Node
from bangfu.registry.graph import Graph
from bangfu.store.entries import StoredEntry
from bangfu.write.once import Key
from bangfu.write.undoing import undo_once, undone_for
from bangfu.write.undone import NotUndone, Undone
from bangfu_schema.derive.changes import changeable, name_of
from bangfu_schema.derive.undoing import LaterEntry, UndoErrorEntry, UndoneEntry, UndoneRowsEntry
from bangfu_schema.execute.changing import Changing, asked_for

NAME = "changesUndo"


class Undoing:
    """The entries that one request takes back."""

    def __init__(self, graph: Graph, changing: Changing, policy: Policy) -> None:
        self._graph = graph
        self._changing = changing
        self._policy = policy

    async def undo(self, given: Mapping[str, Any], today: date) -> UndoneEntry:
        """Takes an entry back; raises UserError for arguments that cannot be read, and Forbidden."""
        district = district_of(given["district"], "district")
        reason, key = undone_for(given["reason"], given["number"]), given.get("idempotencyKey")

        nodes = nodes_entered(self._graph)

        def run(connection: Connection) -> Undone:
            return undo_once(
                connection,
                records_of(nodes),
                district,
                given["number"],
                key=None if key is None else Key(key, asked_for(NAME, given)),
                author=self._changing.author(reason),
                policy=self._policy,
                today=today,
                dry=given["dryRun"],
            )

        return told_of(nodes, await self._changing.run(run))


def nodes_entered(graph: Graph) -> dict[str, Node]:
    """The nodes whose rows are entered one by one, by their tables."""
    return {node.table.name: node for node in changeable(graph)}


def records_of(nodes: Mapping[str, Node]) -> dict[str, type[Dated]]:
    """Their records."""
    return {table: node.record for table, node in nodes.items()}


def district_of(text: str, argument: str) -> int:
    """The six digits of a district; raises UserError for any other code."""
    code = parse_code(text, argument=argument)
    if level_of(code) is not Grain.DISTRICT:
        raise UserError(f"{quoted(text)} is no district. Accepted: a code of six digits.", argument=argument)
    return code // DISTRICT_SPAN


def told_of(nodes: Mapping[str, Node], undone: Undone) -> UndoneEntry:
    """What came of it, with rows by their ids in the graph."""
    return UndoneEntry(
        errors=[_error(nodes, each) for each in undone.refused],
        rows=[
            UndoneRowsEntry(record=nodes[each.record].prefix, action=each.action.value, rows=each.rows)
            for each in undone.rows
        ],
        written=undone.outcome.written,
        entries=list(undone.outcome.change_sets.values()),
    )


def _error(nodes: Mapping[str, Node], told: NotUndone) -> UndoErrorEntry:
    node = None if told.record is None else nodes[told.record]
    path = [] if node is None else ["row"]
    if told.column is not None:
        path.append(told.column if node is None else name_of(node, told.column))
    return UndoErrorEntry(
        path=path,
        row=None if node is None else strawberry.ID(f"{node.prefix}:{told.row_id}"),
        code=told.code.value,
        later=None if told.later is None else _later(told.later),
        told=told.message,
    )


def _later(entry: StoredEntry) -> LaterEntry:
    return LaterEntry(entry=entry.number, at=entry.at, author=entry.author, reason=entry.reason)
