"""What the compilation of one selection shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from sqlalchemy import BigInteger, ColumnElement, Integer, exists

from bangfu.declare.codes import district_of, parse_code
from bangfu.declare.grain import Grain
from bangfu.domain.places import Place
from bangfu.query.given import Arguments, Given, Parameters, Rule
from bangfu.registry import Node
from bangfu_schema.compile.selection import Chosen, InPython


@dataclass(frozen=True)
class Nodes:
    """The nodes of the graph as the compiler finds them."""

    core: Mapping[Grain, Node]
    by_prefix: Mapping[str, Node]

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """The nodes by the names of their types."""
        return {node.name: node for node in self.by_prefix.values()}


@dataclass(frozen=True)
class NamedPlace:
    """A place that an argument names, and whether there is, or was, one of its code."""

    argument: str
    field: int
    code: Rule
    known: ColumnElement[bool]


@dataclass(frozen=True, eq=False)
class Hole:
    """A place in the answer that Python fills, by a field that is written by hand, from a row of a node."""

    field: InPython
    node: Node
    key: str


@dataclass(frozen=True, eq=False)
class SealedHole:
    """A place in the answer where a sealed value stands that has to be opened, with the id of its row."""

    node: Node
    column: str


class Build:
    """The parameters of the statement being made, the arguments it is made for, and names that are given once."""

    def __init__(self, nodes: Nodes, parameters: Parameters, arguments: Sequence[Arguments]) -> None:
        self.nodes = nodes
        self.parameters = parameters
        self._arguments = arguments
        self._numbers = count(1)
        self.places: list[NamedPlace] = []
        self.holes: list[Hole | SealedHole] = []
        self.is_wide = False
        """Whether how to run the statement best depends on the values: on how large a place is, where a page begins."""

    def given(self, chosen: Chosen) -> Given:
        """The arguments of a field."""
        return Given(self.parameters, chosen.place, (), self._arguments[chosen.place], chosen.key)

    def name(self, letter: str) -> str:
        """A name for a part of the statement."""
        return f"{letter}{next(self._numbers)}"

    def look_for(self, given: Given, argument: str) -> None:
        """Asks, with the statement, whether there is the place that an argument names."""
        table = Place.__table__.alias(self.name("w"))
        code = given.rule(lambda official, _: parse_code(official, argument=argument))
        here = [
            table.c.district_code == self.parameters.add(lambda asked: district_of(code(asked)), Integer()),
            table.c.code == self.parameters.add(code, BigInteger()),
        ]
        self.places.append(NamedPlace(argument, given.field, code, exists().where(*here)))
