"""Requests that nobody would send who means well, each family as large as whoever asks for it wants it."""

from collections.abc import Callable, Iterator
from typing import Any

Make = Callable[[int], str]


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


def largest(fits: Callable[[int], bool]) -> int:
    """The largest number, from one on, that fits."""
    low, high = 1, 2
    while fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _letters(number: int) -> Iterator[int]:
    return (0x61 + i % 26 for i in range(number))
