"""The small district in a database, asked by documents."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.query import world
from tests.query.asking import Asking
from tests.query.kinds import KINDS, Kind
from tests.query.oracle import World

from bangfu.store import Database
from bangfu_schema import Graph, decoded
from bangfu_testing import UNLIMITED

_T = TypeVar("_T")


class Small:
    """A database with the small district, its graph, and the same rows in Python."""

    def __init__(self, database: Database, tables: world.Tables, runner: asyncio.Runner) -> None:
        self.database = database
        self.world = World(tables)
        self.asking = Asking(self.world)
        self.graph = Graph(world.platform(), UNLIMITED)
        self._runner = runner

    @classmethod
    @contextmanager
    def loaded(cls, database: Database) -> Iterator["Small"]:
        """Fills an empty database."""
        tables = world.make_tables()
        world.load(database.engine, tables)
        # psycopg cannot wait on the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            try:
                yield cls(database, tables, runner)
            finally:
                runner.run(database.aclose())

    def respond(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole response to a document, the same on both paths."""
        compiled, plain = (self._respond(document, variables, plainly=plainly) for plainly in (False, True))
        assert compiled == plain
        return compiled

    def respond_plainly(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole response to a document that is answered field by field."""
        return self._respond(document, variables, plainly=True)

    def _respond(self, document: str, variables: dict[str, Any], *, plainly: bool) -> dict[str, Any]:
        asked = self.graph.execute(self.database, document, variables, today=world.TODAY, plainly=plainly)
        return decoded(self.run(asked))

    def run(self, asked: Coroutine[Any, Any, _T]) -> _T:
        """What a coroutine gives, on the loop that the database's connections belong to."""
        return self._runner.run(asked)

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a response without errors."""
        response = self.respond(document, **variables)
        assert "errors" not in response, response["errors"]
        data: dict[str, Any] = response["data"]
        return data


ROOTS = {
    "districts": KINDS["District"],
    "townships": KINDS["Township"],
    "villages": KINDS["Village"],
    "naturalVillages": KINDS["NaturalVillage"],
    "households": KINDS["Household"],
    "alpha.plots": KINDS["AlphaPlot"],
    "beta.works": KINDS["BetaWork"],
    "beta.lessons": KINDS["BetaLesson"],
}
NESTED = (
    ("districts", "households"),
    ("townships", "villages"),
    ("villages", "households"),
    ("villages", "beta.works"),
    ("households", "members"),
    ("households", "alpha.plots"),
)
PAGE = """totalCount nodes { id } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"""


def listing(name: str, kind: Kind) -> str:
    """A document that asks for a page of a root list with everything it can be given."""
    variables = (
        f"$within: PlaceCode!, $filter: {kind.name}Filter, $order: [{kind.name}Order!], $first: Int, $after: String"
    )
    arguments = "within: $within, filter: $filter, orderBy: $order, first: $first, after: $after"
    return f"query ({variables}) {{ {in_space(name, f'({arguments}) {{ {PAGE} }}')} }}"


def in_space(name: str, rest: str) -> str:
    """A field, in its plugin's namespace where its name has one: `alpha.plots`."""
    space, _, field = name.rpartition(".")
    return f"{space} {{ {field}{rest} }}" if space else f"{field}{rest}"


def out_of_space(data: dict[str, Any], name: str) -> dict[str, Any]:
    """What such a field answered."""
    for part in name.split("."):
        data = data[part]
    return data
