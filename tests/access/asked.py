"""The world in a real database, asked by viewers, and the same world in Python."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.access import world
from tests.access.eyes import Eyes
from tests.access.numbers import Numbers
from tests.access.oracle import CURSOR, Oracle
from tests.access.rows import Rows
from tests.access.viewers import viewers

from bangfu.access import Viewer
from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_schema.execute.encoding import encoded
from bangfu_testing import UNLIMITED

_T = TypeVar("_T")
_CURSORS = ("cursor", "startCursor", "endCursor")


class Asked:
    """A database with the world, its graph, and the same rows in Python."""

    def __init__(self, database: Database, runner: asyncio.Runner) -> None:
        self.platform = world.platform()
        tables = world.Maker(self.platform).make()
        world.load(database.engine, self.platform, tables)
        self.database = database
        # Some cases ask for everything at once, which is more than a client may.
        self.graph = Graph(self.platform, UNLIMITED)
        self.rows = Rows(self.platform, tables)
        self.numbers = Numbers(self.rows)
        self.viewers = viewers(self.platform)
        self._runner = runner

    @classmethod
    @contextmanager
    def loaded(cls, database: Database) -> Iterator["Asked"]:
        """Fills an empty database."""
        # psycopg cannot wait on the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            try:
                yield cls(database, runner)
            finally:
                runner.run(database.aclose())

    def eyes(self, viewer: Viewer | None) -> Eyes:
        """What a viewer should see."""
        return Eyes(self.rows, self.numbers, viewer)

    def oracle(self, viewer: Viewer | None) -> Oracle:
        """What a viewer should be answered."""
        return Oracle(self.eyes(viewer))

    def answer(
        self, viewer: Viewer | None, document: str, variables: dict[str, Any] | None = None, *, plainly: bool = False
    ) -> str:
        """The response as it would be sent."""
        asked = self.graph.execute(
            self.database, document, variables or {}, today=world.TODAY, viewer=viewer, plainly=plainly
        )
        return encoded(self.run(asked)).decode()

    def run(self, asked: Coroutine[Any, Any, _T]) -> _T:
        """What a coroutine gives, on the loop that the database's connections belong to."""
        return self._runner.run(asked)


def without_cursors(value: Any) -> Any:
    """An answer in which all cursors look alike."""
    if isinstance(value, dict):
        return {
            name: CURSOR if name in _CURSORS and inner is not None else without_cursors(inner)
            for name, inner in value.items()
        }
    return [without_cursors(each) for each in value] if isinstance(value, list) else value


def differences(found: Any, expected: Any, way: str = "") -> Iterator[str]:
    """Where two answers differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in sorted(found.keys() | expected.keys()):
            yield from differences(found.get(name, "nothing"), expected.get(name, "nothing"), f"{way}.{name}")
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(one, other, f"{way}[{index}]")
    elif found != expected or isinstance(found, bool) != isinstance(expected, bool):
        yield f"{way}: {str(found)[:200]} in place of {str(expected)[:200]}"


def faults(answer: str, expected: dict[str, Any], refused: set[str]) -> Iterator[str]:
    """What is wrong with an answer, where it has to be something, or to be refused in some fields of the root."""
    found = json.loads(answer)
    if refused:
        codes = {error["extensions"]["code"] for error in found.get("errors", [])}
        if codes != {"FORBIDDEN"}:
            yield f"has to be refused, and is {codes or 'answered'}: {answer[:300]}"
        if any(value is not None for name, value in (found.get("data") or {}).items() if name in refused):
            yield f"is refused and answered: {answer[:300]}"
    elif "errors" in found:
        yield str(found["errors"])[:500]
    else:
        yield from list(differences(without_cursors(found["data"]), expected))[:3]
