"""Asks the same of both paths."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from bangfu.store import Database
from bangfu_schema import Graph, Observed, decoded

T = TypeVar("T")

EXAMPLES = int(os.environ.get("BANGFU_EXAMPLES", "200"))
"""How many questions are asked in all; `make test-long` asks ten times as many."""


class Paths:
    """A graph over a database, asked by one statement and field by field."""

    def __init__(self, graph: Graph, database: Database, runner: asyncio.Runner) -> None:
        self.graph = graph
        self.database = database
        self._runner = runner

    def over(self, graph: Graph) -> "Paths":
        """Both paths of another graph over the same database."""
        return Paths(graph, self.database, self._runner)

    def both(self, document: str, variables: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The compiled and the plain answer; asked again, the compiled one has to be the same."""
        compiled = self._ask(document, variables, plainly=False)
        assert self._ask(document, variables, plainly=False) == compiled
        return compiled, self._ask(document, variables, plainly=True)

    def compiled(self, document: str) -> dict[str, Any]:
        """The compiled answer."""
        return self._ask(document, None, plainly=False)

    def named(self, document: str, operation: str | None, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The compiled answer to an operation of a document."""
        return decoded(self.run(self.graph.execute(self.database, document, variables, operation)))

    def observed(self, document: str) -> Observed:
        """What can be said of a request afterwards."""
        observed = Observed()
        self.run(self.graph.execute(self.database, document, observed=observed))
        return observed

    def run(self, asked: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, on the loop that the database's connections belong to."""
        return self._runner.run(asked)

    def _ask(self, document: str, variables: dict[str, Any] | None, *, plainly: bool) -> dict[str, Any]:
        return decoded(self._runner.run(self.graph.execute(self.database, document, variables, plainly=plainly)))
