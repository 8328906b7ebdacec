"""Looks at a document's tokens without parsing it: how many there are, and which operations they make."""

import re
from collections.abc import Iterator

# Possessive throughout: what has been read is never read again, whatever follows.
_TOKEN = re.compile(
    r"""
    [\s,\ufeff]*+
    (
        \#[^\n\r]*+
      | \"{3} (?: [^"\\] | \\\"{3} | \\ | "(?!"") )*+ \"{3}
      | (?!"{3}) " (?: [^"\\\n\r] | \\. )*+ "
      | [A-Za-z_] [A-Za-z_0-9]*+
      | -? [0-9] [0-9.eE+-]*+
      | \.{3}
      | [!$&():=@\[\]{|}]
    )
    """,
    re.VERBOSE,
)


_OPENING, _CLOSING = frozenset("{(["), frozenset("})]")


def count_tokens(text: str, most: int) -> int:
    """How many tokens and comments a text has; one more than `most` where it has more.

    What is no token ends the count: a parser would end there as well.
    """
    return sum(1 for _ in _tokens(text, most + 1))


def operations_of(text: str, most: int) -> list[tuple[str, str | None]]:
    """The kinds and names of the operations in a document's first `most` tokens.

    They are those that a parser finds, if it finds any; what is no operation has its first word for a kind.
    """
    found: list[tuple[str, str | None]] = []
    depth, kind, name = 0, "", None
    for token in _tokens(text, most):
        if token[0] == "#":
            continue
        if depth == 0 and not kind:
            kind, name = ("query" if token == "{" else token), None
        elif depth == 0 and name is None and token[0] not in "{(@":
            name = token
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
            if depth == 0 and token == "}":
                found.append((kind, name))
                kind = ""
    return found


def _tokens(text: str, most: int) -> Iterator[str]:
    position = 0
    for _ in range(most):
        found = _TOKEN.match(text, position)
        if found is None:
            return
        position = found.end()
        yield found[1]
