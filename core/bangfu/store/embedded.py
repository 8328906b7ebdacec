"""The embedded PostgreSQL 18: created at the first start, shared by all processes of one home, stopped by the last."""

import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
from sqlalchemy import URL

from bangfu.errors import OperationError
from bangfu.store.locks import SharedLock, alone
from bangfu.store.programs import Account, Programs, failed

_MAJOR = "18"
_SUPERUSER = "postgres"
_LONGEST_SOCKET = 103  # bytes of a socket's path on macOS, the strictest

_SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "200",
    "wal_level": "minimal",  # COPY into a table made in the same transaction writes no WAL
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # costs more than a whole statement on one district
    "max_parallel_workers_per_gather": "0",  # needs more /dev/shm than a container has, gains nothing here
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class EmbeddedServer:
    """A PostgreSQL server of our own; `durable=False` is for data that a crash may take."""

    def __init__(self, home: Path, *, durable: bool = True, tcp: bool = sys.platform == "win32") -> None:
        self._folder = home.absolute() / "postgres"
        self._cluster = self._folder / "data"
        self._users = SharedLock(self._folder / "users.lock")
        self._durable = durable
        self._tcp = tcp

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """What the server itself has written since it was started."""
        return self._cluster / "server.log"

    def url(self, database: str = "bangfu") -> str:
        """Where a database of the running server is reached."""
        host, port = self._address()
        if host.startswith("/"):
            url = URL.create("postgresql", _SUPERUSER, database=database, query={"host": host, "port": str(port)})
        else:
            url = URL.create("postgresql", _SUPERUSER, self._password(), host, port, database)
        return url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start the server, or join the processes that use it already."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with alone(self._folder / "start.lock"):
                self._users.hold()
                try:
                    self._ensure_running()
                except BaseException:
                    self._users.release()
                    raise
        except OSError as error:
            raise failed(f"{error.strerror}: {error.filename}.") from error

    def stop(self) -> bool:
        """Leave the server, and stop it when nobody else uses it; true when we were the last."""
        with alone(self._folder / "start.lock"):
            is_last = self._users.release()
            if not is_last or not self._is_listening():
                return is_last
            sockets = Path(self._address()[0])
            self._programs().run("pg_ctl", "-D", self._cluster, "-w", "-m", "fast", "stop")
            if not self._tcp and sockets != self._cluster:
                shutil.rmtree(sockets, ignore_errors=True)
            return True

    def _ensure_running(self) -> None:
        if not self._is_listening():
            if not self._cluster.exists():
                self._create()
            self._launch()
        self._await_ready()

    def _create(self) -> None:
        """Make the data directory under another name first, so that an interrupted start leaves nothing half-made."""
        for remains in self._folder.glob("new-*"):
            shutil.rmtree(remains, ignore_errors=True)
        programs = self._programs()
        cluster = Path(tempfile.mkdtemp(prefix="new-", dir=self._folder))
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        if programs.account is not None:
            programs.account.let_through(cluster)
            programs.account.give(cluster)
            programs.account.give(password)
        done = programs.run(
            *("initdb", "-D", cluster, "-U", _SUPERUSER, "--pwfile", password),
            *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
            # The same order of texts on every platform; C.UTF-8 is built into PostgreSQL, unlike the machine's locales.
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *(() if self._durable else ("--no-sync",)),
        )
        if done.status != 0:
            raise failed(f"the data directory could not be created.\n{done.output}\n")
        cluster.rename(self._cluster)

    def _launch(self) -> None:
        made_by = (self._cluster / "PG_VERSION").read_text().strip()
        if made_by != _MAJOR:
            raise OperationError(
                f"The data in {self._cluster} was made by PostgreSQL {made_by}; the embedded one is {_MAJOR}.",
                code="EMBEDDED_FAILED",
                remedy="Move it away (the demo is built again), or set BANGFU_DATABASE_URL.",
            )
        programs = self._programs()
        if programs.account is not None:
            programs.account.let_through(self._cluster)
        self._clear_stale_locks()
        (self._cluster / "postgresql.conf").write_text(self._configuration(programs.account))
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".old"))
        done = programs.run("pg_ctl", "-D", self._cluster, "-w", "-t", "120", "-l", self.log, "start")
        if done.status != 0:
            told = self.log.read_text(errors="replace") if self.log.exists() else done.output
            raise failed(f"it does not start.\n{told[-2000:]}\n")

    def _configuration(self, account: Account | None) -> str:
        settings = _SETTINGS | ({} if self._durable else _THROW_AWAY)
        if self._tcp:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
        else:
            settings |= {"listen_addresses": "", "unix_socket_directories": str(self._socket_folder(account))}
        quoted = {name: value.replace("'", "''") for name, value in settings.items()}
        return "".join(f"{name} = '{value}'\n" for name, value in quoted.items())

    def _socket_folder(self, account: Account | None) -> Path:
        """The data directory, which only its owner may enter, or a private temporary folder if its path is too long."""
        path = str(self._cluster)
        if len(os.fsencode(path)) + len("/.s.PGSQL.5432") <= _LONGEST_SOCKET and not set(path) & set(",\"'\\"):
            return self._cluster
        folder = Path(tempfile.mkdtemp(prefix="bangfu-"))
        if account is not None:
            account.give(folder)
        return folder

    def _await_ready(self) -> None:
        """Wait until the server answers, and make sure that it has our database."""
        deadline = time.monotonic() + 120
        while True:
            try:
                with psycopg.connect(self.url("postgres"), connect_timeout=5, autocommit=True) as connection:
                    known = connection.execute("select 1 from pg_database where datname = 'bangfu'").fetchone()
                    if known is None:
                        connection.execute("create database bangfu")
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise failed(f"it does not answer: {error}") from error
                time.sleep(0.1)  # it may be recovering from a crash

    def _is_listening(self) -> bool:
        """Whether a server answers at the address it wrote down; its process number alone may be someone else's now."""
        try:
            host, port = self._address()
        except (OSError, ValueError, IndexError):
            return False
        try:
            if sys.platform == "win32" or not host.startswith("/"):
                socket.create_connection((host, port), timeout=5).close()
            else:
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                    probe.settimeout(5)
                    probe.connect(f"{host}/.s.PGSQL.{port}")
        except OSError:
            return False
        return True

    def _clear_stale_locks(self) -> None:
        """Forget a server that is gone: after a restart of a container its process number belongs to another."""
        try:
            host, port = self._address()
        except (OSError, ValueError, IndexError):
            host, port = str(self._cluster), 5432
        Path(host, f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _address(self) -> tuple[str, int]:
        """Socket folder or host, and port, as the running server has written them down."""
        lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        return lines[4].strip() or lines[5].strip(), int(lines[3])

    def _password(self) -> str:
        return (self._folder / "password").read_text()

    def _programs(self) -> Programs:
        return Programs.find(Account.for_folder(self._cluster))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
