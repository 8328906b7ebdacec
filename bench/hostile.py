"""`python -m bench.hostile`: what it costs the server to refuse what nobody would send who means well."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Iterator
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

from bangfu.registry import discover
from bangfu.store import Database
from bangfu_app.http import create_app
from bangfu_schema import Graph, Limits, count_tokens

AIM = 0.1
"""Seconds of processor time, for requests of up to a megabyte."""
_MEGABYTE = 1_000_000
_ROUNDS = 5

Make = Callable[[int], str]


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


def _fragments(number: int, spread: Callable[[int], str], most: str = "__typename") -> str:
    each = "".join(f"fragment f{n} on Query{{{spread(n)}}}" for n in range(number))
    return f"{{...f0}}{each}fragment f{number} on Query{{{most}}}"


DOCUMENTS: dict[str, Make] = {
    "one field, over and over": lambda n: "{" + "__typename " * n + "}",
    "aliases of one field": lambda n: "{" + "".join(f"a{i}:__typename " for i in range(n)) + "}",
    "aliases of one list": lambda n: "{" + "".join(f"a{i}:districts{{nodes{{id}}}} " for i in range(n)) + "}",
    "one list, over and over": lambda n: "{" + "districts{nodes{id name townships{nodes{id}}}} " * n + "}",
    "unknown fields": lambda n: "{" + "".join(f"unknown{i} " for i in range(n)) + "}",
    "fields nearly known": lambda n: "{" + "".join(f"district{chr(i)} " for i in _letters(n)) + "}",
    "unknown types": lambda n: "{" + "".join(f"...on HouseholdFunding{chr(i)}{{a}} " for i in _letters(n)) + "}",
    "unknown arguments": lambda n: "{districts(" + "".join(f"firs{chr(i)}:1," for i in _letters(n)) + "){nodes{id}}}",
    "unknown directives": lambda n: "{__typename " + "".join(f"@d{i} " for i in range(n)) + "}",
    "one directive, over and over": lambda n: "{__typename " + "@skip(if:false) " * n + "}",
    "levels": lambda n: "{a" * n + "}" * n,
    "levels that exist": lambda n: "{district(code:1){" + "place{district{" * n + "id" + "}}" * n + "}}",
    "lists in lists": lambda n: "{district(code:" + "[" * n + "]" * n + "){id}}",
    "objects in objects": lambda n: "{households(filter:" + "{not:" * n + "{}" + "}" * n + "){nodes{id}}}",
    "a chain of fragments": lambda n: _fragments(n, lambda i: f"...f{i + 1}"),
    "a cycle of fragments": lambda n: _fragments(n, lambda i: f"...f{i + 1}", "...f0"),
    "fragments that double": lambda n: _fragments(n, lambda i: f"a:__typename ...f{i + 1} ...f{i + 1}"),
    "fragments that double below": lambda n: _fragments(
        n, lambda i: f"a{i}:districts{{nodes{{id}}}} ...on Query{{...f{i + 1}}} ...on Query{{...f{i + 1}}}"
    ),
    "fragments side by side": lambda n: (
        "{"
        + "".join(f"...f{i} " for i in range(n))
        + "}"
        + "".join(f"fragment f{i} on Query{{a:__typename b:__typename}}" for i in range(n))
    ),
    "fragments nobody uses": lambda n: (
        "{__typename}" + "".join(f"fragment f{i} on Query{{__typename}}" for i in range(n))
    ),
    "operations": lambda n: "".join(f"query q{i}{{__typename}}" for i in range(n)),
    "operations, each with all fragments": lambda n: (
        "".join(f"query q{i}{{...f0}}" for i in range(n))
        + _fragments(n, lambda i: f"...f{i + 1}").removeprefix("{...f0}")
    ),
    "variables": lambda n: "query(" + "".join(f"$v{i}:Int " for i in range(n)) + "){__typename}",
    "a list of values": lambda n: "{villages(filter:{name:{in:[" + '"x" ' * n + "]}}){nodes{id}}}",
    "an object of unknown names": lambda n: (
        "{households(filter:{" + "".join(f"categor{chr(i)}:1 " for i in _letters(n)) + "}){nodes{id}}}"
    ),
    "inline fragments": lambda n: "{" + "...{__typename} " * n + "}",
    "inline fragments of an interface": lambda n: '{node(id:"x"){' + "...on Node{id} " * n + "}}",
    "the schema in the schema": lambda n: "{__schema{types{" + "fields{type{name}} " * n + "}}}",
    "the schema, level by level": lambda n: "{__schema{types{" + "ofType{" * n + "name" + "}" * n + "}}}",
    "the schema under many names": lambda n: "{" + "".join(f"a{i}:__schema{{types{{name}}}} " for i in range(n)) + "}",
    "a long name": lambda n: "{" + "a" * n + "}",
    "a long name, over and over": lambda n: "{" + ("a" * 200 + " ") * (n // 200) + "}",
    "a long number": lambda n: "{district(code:" + "1" * n + "){id}}",
    "a long text": lambda n: '{district(code:"' + "水" * n + '"){id}}',
    "a text of escapes": lambda n: '{district(code:"' + "\\u6c34" * n + '"){id}}',
    "a block of lines": lambda n: '{district(code:"""' + "\n x" * n + '"""){id}}',
    "quotes that never end": lambda n: '{district(code:"""' + '"\\\\""""x" ' * n,
    "comments": lambda n: "#\n" * n + "{__typename}",
    "nothing but commas": lambda n: "," * n + "{__typename}",
    "nothing but lines, then mistakes": lambda n: "\n" * n + "{a b c d e f g}",
    "null bytes": lambda n: "{" + "\0" * n + "}",
}

FILTER = "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}"
VARIABLES: dict[str, Callable[[int], Any]] = {
    "variables: a list of good values and a bad one": lambda n: {"category": {"in": ["DESTITUTE"] * n + ["?"]}},
    "variables: a list of bad values": lambda n: {"category": {"in": ["DESTITUT"] * n}},
    "variables: unknown names": lambda n: {f"categor{i}": 1 for i in range(n)},
    "variables: conditions side by side": lambda n: {"or": [{"category": {"eq": "DESTITUTE"}}] * n},
    "variables: lists where none belong": lambda n: {"or": [[]] * n},
    "variables: a long text": lambda n: {"source": {"eq": "水" * n}},
}


def _letters(number: int) -> Iterator[int]:
    return (0x61 + i % 26 for i in range(number))


def _deep(number: int) -> bytes:
    return b'{"query":"{a}","variables":' + b'{"a":' * number + b"1" + b"}" * (number + 1)


def requests(limits: Limits) -> Iterator[tuple[str, str, bytes]]:
    """Names, methods and bodies (or query strings): each family as large as a megabyte lets it be, and as the limits
    for a document do."""
    for name, make in DOCUMENTS.items():
        for size, is_small in (
            (_largest(lambda n, make=make: len(make(n).encode()) < _MEGABYTE * 0.95), False),  # type: ignore[misc]
            (_largest(lambda n, make=make: _fits(make(n), limits)), True),  # type: ignore[misc]
        ):
            body = orjson.dumps({"query": make(size)})
            yield f"{name} ({size:,})", "POST", body
            if is_small and len(quote(make(size))) < 60_000:
                yield f"{name}, by GET", "GET", b"query=" + quote(make(size)).encode()
    for name, variables in VARIABLES.items():
        fitting = _largest(lambda n, v=variables: len(orjson.dumps(v(n))) < _MEGABYTE * 0.95)  # type: ignore[misc]
        for size in {fitting, min(fitting, limits.values - 10), 600}:
            yield f"{name} ({size:,})", "POST", orjson.dumps({"query": FILTER, "variables": {"f": variables(size)}})
    yield "JSON, levels of it (20,000)", "POST", _deep(20_000)
    yield "JSON, lists (300,000)", "POST", b'{"query":"{a}","variables":{"a":[' + b"[],[]," * 150_000 + b"[]]}}"
    yield "JSON, that ends too soon", "POST", b'{"query":"' + b"a" * 1_000_000
    yield "invalid UTF-8", "POST", b'{"query":"' + b"\xff" * 1_000_000 + b'"}'
    yield "a megabyte of nothing", "POST", b" " * 1_000_000


def _largest(fits: Callable[[int], bool]) -> int:
    low, high = 1, 2
    while fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


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
