"""Serves one contender in a process of its own: `python -m bench.serve NAME URL`; its first line is its address."""

import asyncio
import gc
import os
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette

from bangfu.registry import discover
from bangfu.store import Database, Settings
from bangfu.store.sealed import seal_of_settings
from bangfu_app.http.server import address_of, reserve
from bangfu_app.identity import open_door
from bangfu_app.opening import application_of
from bangfu_schema import Graph
from bench.contenders import Contender

POOL_SIZE = 10


class _Plainly(Graph):
    """The graph, asked field by field."""

    async def execute(self, *args: Any, **options: Any) -> dict[str, Any]:  # as the graph takes them
        """The answer of the plain path."""
        return await super().execute(*args, **{**options, "plainly": True})


def _application(contender: Contender, url: str) -> Starlette:
    if contender is Contender.LIMIT:
        from bench.limit.server import create_limit

        return create_limit(url, POOL_SIZE)
    if contender is Contender.IDIOMATIC:
        from bench.idiomatic.server import create_idiomatic

        return create_idiomatic(url, POOL_SIZE)
    graph = (_Plainly if contender is Contender.PLAIN else Graph)(discover(()))
    settings = Settings.load()
    database = Database(url, pool_size=POOL_SIZE, seal=seal_of_settings(settings))
    # In production, so that what is measured is the door as it stands on a network.
    is_guarded = contender is Contender.GUARDED
    door = open_door(settings, database, is_production=True) if is_guarded else None
    return application_of(graph, database, door=door)


def main() -> None:
    """Serves until it is ended."""
    name, url = sys.argv[1:]
    # All questions come from one address, as many at a time as there are; that is what is measured.
    os.environ |= {"BANGFU_RATE": "0", "BANGFU_CONCURRENCY": "0"}
    application = _application(Contender(name), url)
    gc.freeze()  # for all alike: what was made at start is not looked through again
    with reserve("127.0.0.1", 0) as bound:
        print(address_of(bound), flush=True)
        config = uvicorn.Config(application, log_level="warning", access_log=False)
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[bound]))


if __name__ == "__main__":
    main()
