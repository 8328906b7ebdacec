"""`python -m bench.door`: what the way to the graph costs without any SQL, in processor time of the server.

The server runs in a process of its own, behind real sockets, with nothing in between; it tells its own processor time.
No database is needed. Beside it stands an application that answers the same bytes without doing anything.
"""

import asyncio
import gc
import os
import subprocess
import sys
import time
from typing import Annotated

import typer
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bangfu.registry import discover
from bangfu.store import Database
from bangfu_app.http.server import reserve
from bangfu_app.opening import application_of
from bangfu_schema import Graph
from bench.client import Wire, packed

ASKED = packed("/graphql", {"query": "{ __typename }"})
ANSWER = b'{"data":{"__typename":"Query"}}'
_TIME = packed("/time", {})
_NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def _send(send: Send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers without doing anything: what uvicorn takes by itself."""
    if scope["type"] == "http":
        await receive()
        await _send(send, ANSWER)


def timed(app: ASGIApp) -> ASGIApp:
    """An application that also tells the processor time of its process, in seconds, at /time."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/time":
            await _send(send, repr(time.process_time()).encode())
        else:
            await app(scope, receive, send)

    return answer


def serve(name: str) -> None:
    """Serves one of the two until it is ended; its first line is its port."""
    os.environ["BANGFU_RATE"] = "0"  # all ask from one address, as fast as they can
    app = nothing if name == "nothing" else application_of(Graph(discover(())), Database(_NOWHERE))
    gc.freeze()  # as `bangfu serve` does
    with reserve("127.0.0.1", 0) as bound:
        bound.listen()
        print(bound.getsockname()[1], flush=True)
        config = uvicorn.Config(timed(app), log_level="error", access_log=False)
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[bound]))


async def _measured(port: int, requests: int, rounds: int) -> list[float]:
    """Milliseconds of processor time that a request took the server, in each round, the least first."""
    wire = await Wire.open(port)

    async def run() -> None:
        for _ in range(requests):
            assert await wire.send(ASKED) == ANSWER

    await run()
    found = []
    for _ in range(rounds):
        before = float(await wire.send(_TIME))
        await run()
        found.append((float(await wire.send(_TIME)) - before) / requests * 1000)
    wire.close()
    return sorted(found)


def door(
    requests: Annotated[int, typer.Option(help="How many requests a round has.", min=1)] = 3000,
    rounds: Annotated[int, typer.Option(help="How many rounds.", min=1)] = 7,
) -> None:
    """Measure what `{ __typename }` costs the server."""
    for name in ("nothing", "bangfu"):
        with subprocess.Popen(
            [sys.executable, "-m", "bench.door", "--serve", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server:
            assert server.stdout is not None
            try:
                found = asyncio.run(_measured(int(server.stdout.readline()), requests, rounds))
            finally:
                server.terminate()
        best, middle, worst = found[0], found[len(found) // 2], found[-1]
        print(f"{name:8} {best:.3f} ms at best, {middle:.3f} ms in the middle, {worst:.3f} ms at worst")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        typer.run(door)
