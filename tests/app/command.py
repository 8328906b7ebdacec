"""`bangfu`, called in this process or started as one of its own, never with the settings of whoever runs the tests."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from bangfu.store import Database, Settings
from bangfu_app.cli.application import application
from bangfu_testing.keys import KEYS

NOWHERE = "postgresql://me:secret@127.0.0.1:1/nothing"
"""A database at an address where nothing listens."""

_SETTINGS = (*(f"BANGFU_{name.upper()}" for name in Settings.model_fields), "BANGFU_DEBUG", "PORT")


class Bangfu:
    """The command line over one database, or over none."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.told = ""
        """What the last command that served has printed."""
        self.process: subprocess.Popen[str]
        """The last command that served."""

    def __call__(
        self, *arguments: str, database: Database | str | None = None, typed: str = "", **settings: str
    ) -> Result:
        """Calls a command in this process."""
        given = self._settings(database, settings)
        environment = {name: given.get(name) for name in (*_SETTINGS, *given)}
        return CliRunner().invoke(application, arguments, input=typed, env=environment)

    def bearer(self, database: Database | None = None, office: str = "district") -> dict[str, str]:
        """The header of somebody to whom a token is issued; the database is one to change."""
        done = self("token", "issue", "a test", "--as", office, database=database)
        assert done.exit_code == 0, done.output
        return {"Authorization": f"Bearer {done.stdout.strip()}"}

    @contextmanager
    def serving(self, *arguments: str, database: Database | str | None = None, **settings: str) -> Iterator[str]:
        """Starts a command that serves on a free port, and gives its address; it is ended as an operator ends it.

        Without a database, it is the embedded one of this home.
        """
        inherited = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
        log = self.log
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [Path(sys.executable).with_name("bangfu"), *arguments, "--port", "0"],
                env=inherited | self._settings(database, settings),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            self.process = process
            self.told = ""
            try:
                for line in process.stdout:
                    self.told += line
                    if found := re.match(r'(?:Serving at |{"address":")(http://\S+?)/graphql', line):
                        yield found[1]
                        break
                else:
                    pytest.fail(log.read_text())
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
        assert process.returncode == 0, log.read_text()
        assert "Traceback" not in log.read_text()

    @property
    def log(self) -> Path:
        """What a command that serves writes to its log."""
        return self.home / "log"

    def log_lines(self) -> list[dict[str, Any]]:
        """The log's lines, each of which is an object."""
        return [orjson.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def _settings(self, database: Database | str | None, settings: dict[str, str]) -> dict[str, str]:
        """Those of a database that is given by URL: its keys too, unless a test says otherwise."""
        url = database.url.render_as_string(hide_password=False) if isinstance(database, Database) else database
        given = {"BANGFU_HOME": str(self.home), "COLUMNS": "200", "TERM": "dumb"}
        given |= {"BANGFU_DATABASE_URL": url, "BANGFU_SEAL_KEY": KEYS} if url else {}
        return given | settings
