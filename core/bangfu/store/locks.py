"""Locks between processes, which end with the process that holds them, however it ends."""

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bangfu.errors import OperationError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PLACES = 1 << 16  # Windows has no shared locks; there each holder locks a byte of its own


class SharedLock:
    """A lock that many may hold together, and that the last one can tell is its alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def hold(self) -> None:
        """Hold the lock together with others, waiting for whoever holds it alone."""
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        if sys.platform == "win32":
            os.lseek(self._descriptor, random.randrange(_PLACES), os.SEEK_SET)
            msvcrt.locking(self._descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def release(self) -> bool:
        """Let go; true when nobody else holds the lock."""
        if self._descriptor is None:
            return False
        os.close(self._descriptor)
        self._descriptor = None
        descriptor = os.open(self._path, os.O_RDWR)
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _PLACES)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True


@contextmanager
def alone(path: Path, *, patience: float = 180) -> Iterator[None]:
    """Hold a lock that only one process can hold, waiting at most `patience` seconds for the one before."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    deadline = time.monotonic() + patience
    try:
        while not _try_alone(descriptor):
            if time.monotonic() > deadline:
                raise OperationError(
                    f"Another process has held {path} for {patience:.0f} seconds.",
                    code="EMBEDDED_FAILED",
                    remedy="End it, then try again.",
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _try_alone(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
