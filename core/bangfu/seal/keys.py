"""Keys as they are written down: one a line, an id and 32 random bytes."""

import binascii
import json
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from bangfu.errors import OperationError

INDEX = "index"
"""How the ids of keys begin by which sealed values are looked up; all others seal."""

_SIZE = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_FORM = "`ID:KEY`, the key being 32 random bytes in base64; `bangfu seal new-key` makes one"


@dataclass(frozen=True)
class Key:
    """A secret under an id that may be seen."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def made(cls, key_id: str) -> "Key":
        """A new one."""
        return cls(key_id, secrets.token_bytes(_SIZE))

    @property
    def line(self) -> str:
        """As it is written down."""
        return f"{self.id}:{b64encode(self.secret).decode()}"


@dataclass(frozen=True)
class Keys:
    """What values are sealed and looked up by: of each kind the first is used for new values, all for those there are.

    Values are looked up by keys of their own: those that seal can be changed, and what is looked up stays as it is.
    """

    seal: tuple[Key, ...]
    index: tuple[Key, ...]

    @property
    def all(self) -> tuple[Key, ...]:
        """Those of both kinds."""
        return (*self.seal, *self.index)

    @property
    def lines(self) -> str:
        """As they are written down."""
        return "".join(f"{key.line}\n" for key in self.all)


def parse_keys(text: str, where: str) -> Keys:
    """The keys of a text: lines of `id:base64` (or, in a variable, between commas), or a JSON object of the same.

    Raises OperationError that names the line, and repeats nothing of it.
    """
    keys = [_key(key_id, packed, f"{where}, {place}") for place, key_id, packed in _pairs(text, where)]
    for number, key in enumerate(keys):
        if any(key.id == other.id or key.secret == other.secret for other in keys[:number]):
            raise _wrong(where, f"key {key.id!r} is there twice, or under two ids", "Leave one.")
    found = Keys(*(tuple(key for key in keys if key.id.startswith(INDEX) is is_index) for is_index in (False, True)))
    if not found.seal:
        raise _wrong(where, "no key is there that seals", f"Add one: {_FORM}.")
    if not found.index:
        why = f"no key is there by which values are looked up; its id begins with {INDEX!r}"
        raise _wrong(where, why, f"Add one: {_FORM}.")
    return found


def _pairs(text: str, where: str) -> list[tuple[str, str, str]]:
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise _wrong(where, "it is no JSON object of texts", f"Accepted: {_FORM}.")
        return [(f"entry {number}", key_id, packed) for number, (key_id, packed) in enumerate(found.items(), 1)]
    pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for entry in filter(None, map(str.strip, line.split(","))):
            key_id, _, packed = entry.partition(":")
            pairs.append((f"line {number}", key_id, packed))
    return pairs


def _key(key_id: str, packed: str, where: str) -> Key:
    try:
        secret = b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not _ID.fullmatch(key_id) or len(secret) != _SIZE:
        raise _wrong(where, "that is no key", f"Accepted: {_FORM}. An id has up to 32 letters, digits, '-' and '_'.")
    return Key(key_id, secret)


def _wrong(where: str, why: str, remedy: str) -> OperationError:
    return OperationError(
        f"The keys of sealed columns cannot be used ({where}): {why}.", code="BAD_SEAL_KEYS", remedy=remedy
    )
