"""Statements that are kept: compiled once for all requests of the same shape."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy.dialects import postgresql

from bangfu.query.given import Input, Kept
from bangfu.store.command import Command
from bangfu_schema.compile.build import Hole, NamedPlace, SealedHole
from bangfu_schema.compile.personal import Personal
from bangfu_schema.compile.row import MARK
from bangfu_schema.compile.statement import Statement
from bangfu_schema.execute.past import Past

DIALECT = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
RENDERED = {"render_postcompile": True}
"""Constants are written into the text of a statement."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A statement as the driver takes it, and how its parameters follow from what a request gives."""

    sql: str
    """For people: its parameters have names."""
    command: Command
    past: Past | None
    """Its forms, where it looks back; it is run in one of them."""
    constants: Mapping[str, Any]
    kept: Kept
    places: tuple[NamedPlace, ...]
    """The places that arguments name; the statement tells of each, after the JSON, whether it is known."""

    holes: tuple[Hole | SealedHole, ...]
    """What is filled in the JSON: by fields that are written by hand, and with sealed values, opened."""

    personal: Personal | None
    """What is read of personal data; nothing for whoever is shown none."""

    is_prepared: bool
    """Whether PostgreSQL may keep its own plan too. It then plans without the values, which takes half as long for rows
    that are looked up. Where measures are counted over a place of whatever size it takes one and a half times as
    long, and up to three times for a page after a cursor."""

    @classmethod
    def of(cls, statement: Statement, kept: Kept, personal: Personal | None) -> "Plan":
        """The plan of a compiled selection."""
        past = Past(statement.select, RENDERED) if kept.looks_back else None
        made = statement.select.compile(dialect=DIALECT, compile_kwargs=RENDERED) if past is None else past.whole
        given, processors = kept.names, made._bind_processors
        assert isinstance(processors, dict), "each of its names stands for one value"
        # What the declarations themselves compare with, in the form the driver takes it.
        constants = {
            name: processors[name](value) if name in processors else value
            for name, value in made.params.items()
            if name not in given
        }
        sql = str(made)
        holes = statement.holes
        is_prepared = not statement.is_wide
        return cls(sql, Command.of(sql), past, constants, kept, statement.places, holes, personal, is_prepared)

    @property
    def needs_python(self) -> bool:
        """Whether fields that are written by hand have to answer."""
        return any(isinstance(each, Hole) for each in self.holes)

    def values(self, given: Input) -> dict[str, Any]:
        """The statement's parameters for a request; raises UserError where it gives what cannot be."""
        values = {**self.constants, **self.kept.values(given)}
        if self.holes:
            values[MARK] = token_hex()
        return values


class Plans:
    """The plans in use, the least recently used one dropped first."""

    def __init__(self, most: int = 2_000) -> None:
        self._most = most
        self._plans: OrderedDict[Hashable, Plan] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._plans)

    def find(self, shape: Hashable, compile_: Callable[[], Plan]) -> Plan:
        """The plan for a shape, compiled if there is none yet."""
        plan = self._plans.get(shape)
        if plan is not None:
            self.hits += 1
            self._plans.move_to_end(shape)
            return plan
        self.misses += 1
        plan = self._plans[shape] = compile_()
        if len(self._plans) > self._most:
            self._plans.popitem(last=False)
        return plan
