"""`bangfu`, called in this process or started as one of its own, never with the settings of whoever runs the tests."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bangfu.store import Database, Settings
from bangfu_app.cli.application import application

NOWHERE = "postgresql://me:secret@127.0.0.1:1/nothing"
"""A database at an address where nothing listens."""

_SETTINGS = (*(f"BANGFU_{name.upper()}" for name in Settings.model_fields), "BANGFU_DEBUG", "PORT")


class Bangfu:
    """The command line over one database, or over none."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.told = ""
        """What the last command that served has printed."""

    def __call__(
        self, *arguments: str, database: Database | str | None = None, typed: str = "", **settings: str
    ) -> Result:
        """Calls a command in this process."""
        given = self._settings(database, settings)
        environment = {name: given.get(name) for name in (*_SETTINGS, *given)}
        return CliRunner().invoke(application, arguments, input=typed, env=environment)

    @contextmanager
    def serving(self, *arguments: str, database: Database | str, **settings: str) -> Iterator[str]:
        """Starts a command that serves on a free port, and gives its address; it is ended as an operator ends it."""
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
            self.told = ""
            try:
                for line in process.stdout:
                    self.told += line
                    if found := re.match(r"Serving at (http://\S+)/graphql", line):
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
        return self._home / "log"

    def _settings(self, database: Database | str | None, settings: dict[str, str]) -> dict[str, str]:
        url = database.url.render_as_string(hide_password=False) if isinstance(database, Database) else database
        given = {"BANGFU_HOME": str(self._home), "COLUMNS": "200", "TERM": "dumb"}
        return given | ({"BANGFU_DATABASE_URL": url} if url else {}) | settings
