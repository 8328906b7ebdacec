"""`python -m bench.hostile`: what it costs the server to refuse what nobody would send who means well."""

import asyncio
import gc
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from starlette.types import ASGIApp
from tests.schema.hostile import DOCUMENTS, FILTER, VARIABLES, largest

from bangfu.registry import discover
from bangfu.store import Database
from bangfu_app.http import create_app
from bangfu_schema import Graph, Limits, count_tokens

AIM = 0.1
"""Seconds of processor time, for requests of up to a megabyte."""
_MEGABYTE = 1_000_000
_ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """One hostile request."""

    name: str
    size: int
    """Bytes of the body, or of the address."""
    status: int
    code: str
    seconds: float
    """Of processor time, until the answer was there."""


def _deep(number: int) -> bytes:
    return b'{"query":"{a}","variables":' + b'{"a":' * number + b"1" + b"}" * (number + 1)


def requests(limits: Limits) -> Iterator[tuple[str, str, bytes]]:
    """Names, methods and bodies (or query strings): each family as large as a megabyte lets it be, and as the limits
    for a document do."""
    for name, make in DOCUMENTS.items():
        for size, is_small in (
            (largest(lambda n, make=make: len(make(n).encode()) < _MEGABYTE * 0.95), False),  # type: ignore[misc]
            (largest(lambda n, make=make: _fits(make(n), limits)), True),  # type: ignore[misc]
        ):
            body = orjson.dumps({"query": make(size)})
            yield f"{name} ({size:,})", "POST", body
            if is_small and len(quote(make(size))) < 60_000:
                yield f"{name}, by GET", "GET", b"query=" + quote(make(size)).encode()
    for name, variables in VARIABLES.items():
        fitting = largest(lambda n, v=variables: len(orjson.dumps(v(n))) < _MEGABYTE * 0.95)  # type: ignore[misc]
        for size in {fitting, min(fitting, limits.values - 10), 600}:
            yield f"{name} ({size:,})", "POST", orjson.dumps({"query": FILTER, "variables": {"f": variables(size)}})
    yield "JSON, levels of it (20,000)", "POST", _deep(20_000)
    yield "JSON, lists (300,000)", "POST", b'{"query":"{a}","variables":{"a":[' + b"[],[]," * 150_000 + b"[]]}}"
    yield "JSON, that ends too soon", "POST", b'{"query":"' + b"a" * 1_000_000
    yield "invalid UTF-8", "POST", b'{"query":"' + b"\xff" * 1_000_000 + b'"}'
    yield "a megabyte of nothing", "POST", b" " * 1_000_000


def _fits(text: str, limits: Limits) -> bool:
    is_short = len(text) <= limits.characters and text.count("\n") <= limits.lines
    is_counted = count_tokens(text, limits.tokens) <= limits.tokens
    return is_short and is_counted and text.count("fragment") + text.count("query") < limits.definitions - 1


async def ask(app: ASGIApp, method: str, body: bytes) -> tuple[int, str]:
    """The status of an answer, and the first code in it."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body if method == "POST" else b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(
        {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": body if method == "GET" else b"",
            "root_path": "",
            "http_version": "1.1",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "headers": [(b"content-type", b"application/json"), (b"accept", b"application/graphql-response+json")],
        },
        receive,
        send,
    )
    errors = orjson.loads(sent[1]["body"]).get("errors")
    return int(sent[0]["status"]), errors[0]["extensions"]["code"] if errors else "answered"


async def measure(app: ASGIApp, name: str, method: str, body: bytes) -> Measured:
    """The least of a few rounds, as what it takes where nothing else runs; what is refused is read anew in each."""
    spent, status, code = [], 0, ""
    for _ in range(_ROUNDS):
        begun = time.process_time()
        status, code = await ask(app, method, body)
        spent.append(time.process_time() - begun)
    return Measured(name, len(body), status, code, min(spent))


async def _unready() -> str | None:
    return "This server is only measured: it has no database."


def hostile(
    json: Annotated[Path | None, typer.Option(help="Where all numbers are written.")] = None,
    only: Annotated[str, typer.Option(help="Only those whose names have this in them.")] = "",
) -> None:
    """Measure the processor time that the server takes to refuse hostile requests; ends with 1 if one takes too long.

    Those that are answered, or would be with a database, are shown too, and count for nothing.
    """
    logging.disable()
    limits = Limits()
    app = create_app(Graph(discover(())), Database("postgresql://nobody@127.0.0.1:1/nothing"), readiness=_unready)
    gc.collect()
    gc.freeze()  # as the server does
    console = Console(width=None if Console().is_terminal else 140)
    chosen = [each for each in requests(limits) if only in each[0]]
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        found = [
            runner.run(measure(app, *each)) for each in track(chosen, "Measuring …", console=console, transient=True)
        ]
    table = Table("request", "bytes", "status", "code", "ms", title=f"Aim: {AIM * 1000:g} ms of processor time")
    for each in sorted(found, key=lambda each: -each.seconds):
        mark = "[red]" if _is_too_slow(each) else ""
        table.add_row(each.name, f"{each.size:,}", str(each.status), each.code, f"{mark}{each.seconds * 1000:.1f}")
    console.print(table)
    if json is not None:
        json.write_bytes(orjson.dumps([asdict(each) for each in found], option=orjson.OPT_INDENT_2))
    raise typer.Exit(any(map(_is_too_slow, found)))


def _is_too_slow(each: Measured) -> bool:
    return each.seconds > AIM and each.code not in ("answered", "SERVICE_UNAVAILABLE")


if __name__ == "__main__":
    typer.run(hostile)
