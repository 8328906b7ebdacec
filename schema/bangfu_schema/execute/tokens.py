"""Counts a document's tokens before it is parsed, in one pass that ends where there are too many."""

import re

# Possessive throughout: what has been read is never read again, whatever follows.
_TOKEN = re.compile(
    r"""
    [\s,\ufeff]*+
    (?:
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


def count_tokens(text: str, most: int) -> int:
    """How many tokens and comments a text has; one more than `most` where it has more.

    What is no token ends the count: a parser would end there as well.
    """
    position = 0
    for count in range(most + 1):
        found = _TOKEN.match(text, position)
        if found is None:
            return count
        position = found.end()
    return most + 1
