"""Seals values with AES-256-GCM, opens them, and makes of each an index by which it can be looked up.

A sealed value is `1.KEY.BASE64`: the form's version, the key's id, and nonce, cipher text and tag. It is bound to its
column and its row, whose id begins with the district's code: moved to any other, it cannot be opened.
"""

import hmac
import os
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bangfu.errors import BangfuError, OperationError
from bangfu.seal.keys import Key, Keys
from bangfu.seal.normal import normalised

VERSION = "1"
_NONCE = 12
_INDEX_SIZE = 16
"""Bytes of an index: so many that no two numbers of a country share one, and `unique` means what it says."""


class DamagedValue(BangfuError):  # noqa: N818 - reads as what it says
    """A sealed value that was changed, or stands where it was not sealed; for the log, not for a client."""

    code = "SEALED_VALUE_DAMAGED"

    def __init__(self, column: str, row: int) -> None:
        super().__init__(
            f"{column} of row {row} cannot be opened: it was changed since it was sealed, or belongs to another row."
        )


def no_key(why: str = "No keys are set for sealed columns.") -> OperationError:
    """What is said where a key is needed and not there."""
    return OperationError(
        why,
        code="SEAL_KEY_MISSING",
        remedy="Set BANGFU_SEAL_KEYS to the file that has it, or BANGFU_SEAL_KEY to the keys themselves. For a new "
        "database, `BANGFU_SEAL_KEYS=FILE bangfu seal new-key` makes them.",
    )


class Seal:
    """Seals, opens and indexes by the keys of an installation.

    `again` reads the keys anew; it is asked where a value is sealed under a key that was added since, and tells None
    where nothing has changed.
    """

    def __init__(self, keys: Keys, *, again: Callable[[], Keys | None] | None = None) -> None:
        self._again = again
        self._use(keys)

    def _use(self, keys: Keys) -> None:
        self.keys = keys
        self._ciphers = {key.id: AESGCM(_derived(key, "seal")) for key in keys.seal}
        self._head = f"{VERSION}.{keys.seal[0].id}"
        self._cipher = self._ciphers[keys.seal[0].id]
        self._indexing: dict[str, list[hmac.HMAC]] = {}

    def seal(self, column: str, row: int, text: str) -> str:
        """A value sealed under the first key; of a column, as `person.id_number`, in the row of an id."""
        nonce = os.urandom(_NONCE)
        packed = self._cipher.encrypt(nonce, text.encode(), f"{self._head}|{column}|{row}".encode())
        return f"{self._head}.{b2a_base64(nonce + packed, newline=False).decode()}"

    def open(self, column: str, row: int, sealed: str) -> str:
        """The value; raises DamagedValue, or OperationError where its key is not there."""
        head, _, packed = sealed.rpartition(".")
        version, _, key_id = head.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            if version != VERSION or not key_id:
                raise DamagedValue(column, row)
            self.refresh()
            cipher = self._ciphers.get(key_id)
            if cipher is None:
                raise no_key(f"Values are sealed under key {key_id!r}, which is not among the keys that are set.")
        try:
            raw = a2b_base64(packed)
            if b2a_base64(raw, newline=False).decode() != packed:  # bits that say nothing have to be as they were
                raise DamagedValue(column, row)
            return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], f"{head}|{column}|{row}".encode()).decode()
        except (InvalidTag, Error, ValueError):
            raise DamagedValue(column, row) from None

    def index(self, column: str, text: str) -> bytes:
        """The index under which a value of a column is kept: the same for the same value, of which it tells nothing."""
        return self._index(self._keys_of(column)[0], text)

    def indexes(self, column: str, text: str) -> list[bytes]:
        """All under which it may be kept: by the key for new values, and by those from before."""
        self.refresh()
        return [self._index(key, text) for key in self._keys_of(column)]

    def is_current(self, sealed: str) -> bool:
        """Whether a value is sealed under the key that seals new ones."""
        return sealed.rpartition(".")[0] == self._head

    @staticmethod
    def _index(begun: hmac.HMAC, text: str) -> bytes:
        made = begun.copy()  # a third faster than to begin anew with each value of a load
        made.update(normalised(text).encode())
        return made.digest()[:_INDEX_SIZE]

    def _keys_of(self, column: str) -> list[hmac.HMAC]:
        """Each column has keys of its own, so that the same number in two of them cannot be told from its index."""
        found = self._indexing.get(column)
        if found is None:
            derived = (_derived(key, f"index {column}") for key in self.keys.index)
            found = self._indexing[column] = [hmac.new(key, digestmod="sha256") for key in derived]
        return found

    def refresh(self) -> None:
        """Takes over keys that were added since."""
        keys = self._again() if self._again is not None else None
        if keys is not None:
            self._use(keys)


def proof_of(key: Key) -> bytes:
    """What tells a key from every other one, and nothing of the key."""
    return _derived(key, "proof")[:_INDEX_SIZE]


def _derived(key: Key, purpose: str) -> bytes:
    info = f"bangfu {VERSION} {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.secret)
