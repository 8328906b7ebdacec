"""Asks a graph from a test that is not asynchronous."""

import asyncio
from datetime import date
from typing import Any

from bangfu.store import Database
from bangfu_schema import Change, Graph, Limits, decoded

_MANY = 10**9

UNLIMITED = Limits(
    characters=_MANY,
    lines=_MANY,
    tokens=_MANY,
    definitions=_MANY,
    cost=10**12,
    depth=60,
    aliases=_MANY,
    fields=_MANY,
    values=_MANY,
    rows=_MANY,
)
"""For a test that asks for everything at once, which is more than a client may."""


def answer(
    graph: Graph,
    database: Database,
    document: str,
    variables: dict[str, Any] | None = None,
    *,
    operation_name: str | None = None,
    today: date | None = None,
    plainly: bool = False,
    event: Change | None = None,
) -> dict[str, Any]:
    """The whole response to a document, errors included; of a subscription, that to an event."""

    async def execute() -> dict[str, Any]:
        try:
            return decoded(
                await graph.execute(
                    database, document, variables, operation_name, today=today, plainly=plainly, event=event
                )
            )
        finally:
            await database.aclose()  # its connections belong to this loop

    # psycopg cannot wait on the loop that Windows has by default.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(execute())


def ask(
    graph: Graph,
    database: Database,
    document: str,
    variables: dict[str, Any] | None = None,
    *,
    today: date | None = None,
    plainly: bool = False,
) -> dict[str, Any]:
    """The data a document asks for; fails where there is an error."""
    found = answer(graph, database, document, variables, today=today, plainly=plainly)
    if "errors" in found:
        raise AssertionError("\n".join(f"{error['message']} at {error.get('path')}" for error in found["errors"]))
    data: dict[str, Any] = found["data"]
    return data
