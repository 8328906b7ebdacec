"""Seals and opens values that the database keeps no clear text of; knows errors only."""

from bangfu.seal.keyfile import FILE, add_key, keys_file, read_keys
from bangfu.seal.keys import Key, Keys, parse_keys
from bangfu.seal.normal import normalised
from bangfu.seal.seal import DamagedValue, Seal, no_key

__all__ = [
    "FILE",
    "DamagedValue",
    "Key",
    "Keys",
    "Seal",
    "add_key",
    "keys_file",
    "no_key",
    "normalised",
    "parse_keys",
    "read_keys",
]
