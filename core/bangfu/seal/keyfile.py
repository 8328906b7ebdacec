"""The file of keys: read, begun, and added to, never readable by anybody else."""

import os
from collections.abc import Collection
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from secrets import token_hex

from bangfu.errors import OperationError
from bangfu.seal.keys import INDEX, Key, Keys, parse_keys

FILE = "seal.keys"
"""The name of the file that is made where nobody has set one."""

_HEAD = "# Keys of sealed columns. The first one seals, all open; of those named index-…, the first one is written.\n"


def read_keys(path: Path) -> Keys:
    """The keys of a file; raises OperationError where it cannot be read or is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, "read", error) from None
    return parse_keys(text, str(path))


def keys_file(path: Path) -> bool:
    """Begins a file with one key of each kind, unless there is one already; whether it was begun now."""
    if path.exists():
        return False
    begun = Keys((Key.made(new_id()),), (Key.made(new_id(index=True)),))
    beside = _written_beside(path, _HEAD + begun.lines)
    try:
        os.link(beside, path)  # of two that begin it at once, one does
    except FileExistsError:
        return False
    except OSError as error:
        raise _unusable(path, "written", error) from None
    finally:
        beside.unlink()
    return True


def add_key(path: Path, *, index: bool = False) -> Key:
    """Puts a new key before those of its kind in a file, which is begun where there is none; returns it."""
    if keys_file(path):
        found = read_keys(path)
        return found.index[0] if index else found.seal[0]
    found = read_keys(path)
    key = Key.made(new_id([key.id for key in found.all], index=index))
    more = Keys(found.seal, (key, *found.index)) if index else Keys((key, *found.seal), found.index)
    beside = _written_beside(path, _HEAD + more.lines)
    try:
        beside.replace(path)
    except OSError as error:
        beside.unlink()
        raise _unusable(path, "written", error) from None
    return key


def new_id(known: Collection[str] = (), *, index: bool = False) -> str:
    """An id that tells the day, and is none of those that are known."""
    day = f"{datetime.now(UTC):k%Y%m%d}"
    named = f"{INDEX}-{day}" if index else day
    return next(each for each in chain((named,), (f"{named}-{n}" for n in count(2))) if each not in known)


def _written_beside(path: Path, text: str) -> Path:
    """A file of its owner's alone, on the disk before anything stands for it."""
    beside = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unusable(path, "written", error) from None
    return beside


def _unusable(path: Path, what: str, error: Exception) -> OperationError:
    why = getattr(error, "strerror", None) or "it is no text"
    return OperationError(
        f"The keys of sealed columns in {path} cannot be {what} ({why}).",
        code="BAD_SEAL_KEYS",
        remedy="Name a file with BANGFU_SEAL_KEYS that this account may read and write.",
    )
