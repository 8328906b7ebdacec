"""Files that clients have sent, until they are imported: in a folder of the installation, each under a name of ours.

Beside each file lies what is known of it. What a client calls its file is told and shown, and is never part of a path.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import BinaryIO

import orjson

from bangfu.errors import UserError

_REFERENCE = re.compile(r"[0-9a-f]{32}")
_FILE, _PART, _TOLD = ".file", ".part", ".json"
_ABANDONED = 3600
"""Seconds after which what was never sent to its end is removed: nobody is given longer to send it."""

_LONGEST = 200  # characters of a name
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class TooManyWaiting(UserError):  # noqa: N818 - reads as what it says
    """Somebody has as many files waiting as one viewer may have."""

    code = "TOO_MANY_UPLOADS"


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was sent to its end."""

    id: str
    """Its reference: 128 random bits, in hexadecimal digits."""

    owner: str
    """Who sent it, as `Viewer.key` tells people apart; empty where nobody is asked who it is."""

    name: str
    """What the client calls it, without the folders before it."""

    bytes: int
    sha256: str


class Incoming:
    """A file that is being sent; what is not finished is removed."""

    def __init__(self, folder: Path, id_: str, owner: str, name: str) -> None:
        self._folder = folder
        self._told = {"id": id_, "owner": owner, "name": name}
        self._path = folder / (id_ + _PART)
        self._digest = sha256()
        self._size = 0
        # Nobody else's, and new: a file that is there already is not written to.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")

    def write(self, piece: bytes) -> None:
        """Adds what has come."""
        self._digest.update(piece)
        self._size += len(piece)
        self._file.write(piece)

    def finish(self) -> Upload:
        """The file as a whole, which can be planned from now on."""
        self._file.close()
        made = Upload(**self._told, bytes=self._size, sha256=self._digest.hexdigest())
        path = self._path.with_suffix(_TOLD)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(asdict(made)))
        self._path.rename(self._path.with_suffix(_FILE))
        return made

    def drop(self) -> None:
        """Forgets it, unless it is finished."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Uploads:
    """The files of one folder, kept for so many seconds, at most so many for each owner."""

    def __init__(self, folder: Path, *, most: int, kept_for: float) -> None:
        self._folder = folder
        self._most = most
        self._kept_for = kept_for
        self._coming: dict[str, int] = {}
        self._lock = Lock()

    def begin(self, owner: str, name: str) -> Incoming:
        """A new file; `end` has to follow. Raises TooManyWaiting."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sweep()
        with self._lock:
            coming = self._coming.get(owner, 0)
            if coming + sum(each.owner == owner for each in self._all()) >= self._most:
                raise TooManyWaiting(
                    f"您已有 {self._most} 個文件等待導入。 You have {self._most} files waiting already. Each is "
                    f"removed {self._kept_for / 3600:g} hours after it came."
                )
            incoming = Incoming(self._folder, token_hex(16), owner, shown_name(name))
            self._coming[owner] = coming + 1
        return incoming

    def end(self, owner: str, incoming: Incoming) -> None:
        """No more of it comes: what was not finished goes."""
        incoming.drop()
        with self._lock:
            left = self._coming.pop(owner) - 1
            if left:
                self._coming[owner] = left

    def find(self, id_: str, owner: str) -> tuple[Upload, Path]:
        """A file of somebody's, and where it lies; raises UserError for one that is not there, or is another's."""
        # Looked at before it becomes part of a path.
        found = self._read(id_) if _REFERENCE.fullmatch(id_) else None
        if found is None or found.owner != owner or self._is_over(self._folder / (id_ + _FILE), self._kept_for):
            raise UserError(
                f"沒有您上傳的此文件，或已過期。 No file of yours is kept under this reference; files are kept for "
                f"{self._kept_for / 3600:g} hours, on the machine that took them. Upload it again.",
                argument="file",
                code="UNKNOWN_FILE",
            )
        return found, self._folder / (id_ + _FILE)

    def sweep(self) -> None:
        """Removes what is over its time."""
        for path in self._folder.glob("*"):
            kept_for = self._kept_for if path.suffix in (_FILE, _TOLD) else max(_ABANDONED, self._kept_for)
            if path.suffix in (_FILE, _TOLD, _PART) and self._is_over(path, kept_for):
                path.unlink(missing_ok=True)

    def _all(self) -> Iterator[Upload]:
        for path in self._folder.glob("*" + _TOLD):
            if (found := self._read(path.stem)) is not None:
                yield found

    def _read(self, id_: str) -> Upload | None:
        with suppress(OSError, ValueError, TypeError):
            return Upload(**orjson.loads((self._folder / (id_ + _TOLD)).read_bytes()))
        return None

    @staticmethod
    def _is_over(path: Path, kept_for: float) -> bool:
        try:
            return path.stat().st_mtime < time.time() - kept_for
        except FileNotFoundError:
            return True


def shown_name(name: str) -> str:
    """What a client calls a file as it may be shown: without folders, and without characters that change a line."""
    last = re.split(r"[/\\]", name)[-1]
    return _CONTROLS.sub("", last).strip(". ")[:_LONGEST] or "file"
