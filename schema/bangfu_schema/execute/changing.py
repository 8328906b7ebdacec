"""Carries out mutations: rows as a client gives them become rows of tables, and are changed in one transaction each."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError  # noqa: A004 - that of the pool

from bangfu.access import Policy
from bangfu.declare.codes import parse_code
from bangfu.declare.grain import Grain
from bangfu.errors import UserError
from bangfu.query.given import Arguments
from bangfu.query.values import parse_id, to_day
from bangfu.registry import Attribute, Kind, Node, ProcedureField
from bangfu.registry.nodes import camel
from bangfu.store import Database
from bangfu.store.database import all_busy
from bangfu.store.reads import storable
from bangfu.write.once import Key, change_once
from bangfu.write.outcome import Author, Outcome
from bangfu.write.owners import owner_column
from bangfu.write.proceeding import proceed_once
from bangfu_schema.compile.build import Nodes
from bangfu_schema.derive.changes import ChangeErrorEntry, ErrorEntry, entered, name_of
from bangfu_schema.derive.fields import OfChanging, OfProcedure
from bangfu_schema.derive.procedures import ProcedureErrorEntry

_PROCESS = "the process"
"""Who enters rows where nobody has to show who it is."""

_Read = Callable[[Any], Any]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Changed:
    """What came of a mutation, as its payload shows it."""

    node: Node
    outcome: Outcome

    @property
    def errors(self) -> Sequence[ErrorEntry]:
        """Why rows were not taken, in the graph's own terms."""
        found = []
        for each in self.outcome.rejections:
            path = ["rows", str(each.row)]
            path += [] if each.column is None else [name_of(self.node, each.column)]
            entry = ChangeErrorEntry(
                row=each.row, path=path, code=each.code.value, suggestion=each.suggestion, told=each.message
            )
            found.append(entry)
        return found

    @property
    def entries(self) -> list[int]:
        """The numbers of the entries in the log, in the order of their districts."""
        return [number for _, number in sorted(self.outcome.change_sets.items())]


class Proceeded(Changed):
    """What came of a procedure, as its payload shows it."""

    @property
    def errors(self) -> Sequence[ErrorEntry]:
        """Why it was not carried out, by its arguments."""
        return [
            ProcedureErrorEntry(
                path=[] if each.column is None else [camel(each.column)],
                code=each.code.value,
                suggestion=each.suggestion,
                told=each.message,
            )
            for each in self.outcome.rejections
        ]


class Changing:
    """The mutations of one request."""

    def __init__(self, database: Database, nodes: Nodes, policy: Policy, request_id: str | None) -> None:
        self._database = database
        self._nodes = nodes
        self._policy = policy
        self._request_id = request_id

    async def change(self, meaning: OfChanging | OfProcedure, name: str, given: Arguments, today: date) -> Changed:
        """Carries out one mutation, of a name and with its arguments; what it writes is stored when this returns.

        Raises UserError where the viewer lacks a permission, a key was used for something else, or it takes too long.
        """
        key = given.get("idempotencyKey")
        how: dict[str, Any] = {
            "key": None if key is None else Key(key, asked_for(name, given)),
            "author": self.author(name),
            "policy": self._policy,
            "today": today,
            "dry": given["dryRun"],
        }
        if isinstance(meaning, OfProcedure):
            procedure, values = meaning.field.procedure, _values(meaning.field, given)
            outcome = await self.run(lambda connection: proceed_once(connection, procedure, values, **how))
            return Proceeded(meaning.node, outcome)
        record, action, how["partial"] = meaning.node.record, meaning.action, given["partial"]
        reads = _reads(meaning.node, self._nodes)
        rows = [_row(reads, each) for each in given["rows"]]
        outcome = await self.run(lambda connection: change_once(connection, record, action, rows, **how))
        return Changed(meaning.node, outcome)

    def author(self, reason: str) -> Author:
        """Who changes something, and as a part of what."""
        viewer = self._policy.viewer
        return Author(
            name=_PROCESS if viewer is None else storable(viewer.name),
            token_id=None if viewer is None or viewer.token_id is None else storable(viewer.token_id),
            request_id=self._request_id,
            reason=reason,
        )

    async def run(self, work: Callable[[Connection], _T]) -> _T:
        """What comes of some work in a transaction of its own; where nobody waits for it any more, it is undone."""

        async def carry_out() -> _T:
            try:
                async with self._database.async_engine.connect() as connection:
                    return await connection.run_sync(work)
            except TimeoutError as error:
                raise all_busy() from error

        # Cancelled by itself, a statement would say that the database is away, and the next mutation would begin.
        running = asyncio.create_task(carry_out())
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            raise


def _values(field: ProcedureField, given: Arguments) -> dict[str, Any]:
    """What a procedure is given, by the names of its arguments; what cannot be read stays as it is, as in a row."""
    reads = {name: (each.column, _read_of(each)) for name, each in field.values.items()}
    for name, (argument, node) in field.rows.items():
        reads[name] = argument.name, _each(_id_of(node))
    return _row(reads, {name: value for name, value in given.items() if name in reads})


def _each(read: _Read) -> _Read:
    """Reads a value, or each of a list."""

    def read_all(value: Any) -> Any:
        return [_read_or_left(read, each) for each in value] if isinstance(value, list) else read(value)

    return read_all


def _row(reads: Mapping[str, tuple[str, _Read]], given: Mapping[str, Any]) -> dict[str, Any]:
    """A row by the columns of its table; what cannot be read stays as it is, and is told with what else is wrong."""
    row = {}
    for name, value in given.items():
        column, read = reads[name]
        row[column] = None if value is None else _read_or_left(read, value)
    return row


def _read_or_left(read: _Read, value: Any) -> Any:
    try:
        return read(value)
    except UserError:
        return value


def _reads(node: Node, nodes: Nodes) -> Mapping[str, tuple[str, _Read]]:
    """The columns of a node's rows and how their values are read, by the names under which they are given."""
    owner = owner_column(node.record)
    reads: dict[str, tuple[str, _Read]] = {"id": ("id", _id_of(node)), "version": ("version", _as_it_is)}
    match owner:
        case "household_id":
            read = _id_of(nodes.core[Grain.HOUSEHOLD])
        case "person_id":
            read = _id_of(nodes.core[Grain.PERSON])
        case _:
            read = parse_code
    reads[name_of(node, owner)] = owner, read
    return reads | {name: (each.column, _read_of(each)) for name, each in entered(node).items()}


def _id_of(node: Node) -> _Read:
    return lambda text: parse_id(text, {node.prefix: node})[1]


def _read_of(attribute: Attribute) -> _Read:
    choice = attribute.field.choice
    if choice is not None:
        return lambda value: choice[value.name]
    match attribute.kind:
        case Kind.DAY:
            return lambda text: to_day(text, "")
        case Kind.CODE:
            return parse_code
    return _as_it_is


def _as_it_is(value: Any) -> Any:  # of whichever type the column takes
    return value


def asked_for(name: str, given: Arguments) -> str:
    """What a mutation asks for, in one form however it was written."""
    left_out = ("dryRun", "idempotencyKey")
    asked = {"name": name, **{key: value for key, value in given.items() if key not in left_out}}
    return json.dumps(asked, sort_keys=True, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Enum):
        return value.name
    assert isinstance(value, Decimal), "rows have nothing else that JSON does not know"
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return str(value)
    # 2.50 is 2.5; not by `normalize`, which rounds, nor written out, which of 1e999999999 takes a gigabyte.
    told = "".join(map(str, digits))
    kept = told.rstrip("0")
    return f"{'-' * sign}{kept}e{exponent + len(told) - len(kept)}" if kept else "0"
