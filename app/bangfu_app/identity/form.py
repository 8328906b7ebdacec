"""The form of a token that is issued here: `bangfu_`, its id, its secret, a checksum."""

import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from zlib import crc32

PREFIX = "bangfu_"
"""Tells our tokens from signed ones, to the server and to programs that look for secrets in the wrong places."""

_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # none that is taken for another when it is read out
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID, _SECRET, _SUM = 10, 43, 6  # letters; 43 of 62 make 256 bits
_TOKEN = re.compile(rf"{PREFIX}([{_ID_LETTERS}]{{{_ID}}})_[{_LETTERS}]{{{_SECRET + _SUM}}}")


@dataclass(frozen=True)
class Token:
    """A token as it is given to somebody, once; it is kept nowhere, and not shown in a traceback."""

    id: str
    text: str = field(repr=False)

    @property
    def hash(self) -> bytes:
        """What is kept of it.

        A fast hash is right: 256 random bits cannot be guessed, however fast. A slow one is for what people make up,
        and would let anybody keep the server busy with tokens that are none.
        """
        return sha256(self.text.encode()).digest()


def make_token() -> Token:
    """A new one, from the system's own source of randomness."""
    token_id = _draw(_ID_LETTERS, _ID)
    begun = f"{PREFIX}{token_id}_{_draw(_LETTERS, _SECRET)}"
    return Token(token_id, begun + _checksum(begun))


def read_token_text(text: str) -> Token | None:
    """The token that a text is; None for one that was mistyped or cut off, which is seen without looking it up."""
    found = _TOKEN.fullmatch(text)
    if found is None or _checksum(text[:-_SUM]) != text[-_SUM:]:
        return None
    return Token(found[1], text)


def _draw(letters: str, length: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(length))


def _checksum(begun: str) -> str:
    """CRC-32 as base 62, which is what scanners for secrets can work out too; it protects from typing errors only."""
    number, digits = crc32(begun.encode()), ""
    for _ in range(_SUM):
        number, digit = divmod(number, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits
