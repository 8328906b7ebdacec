"""A wheel built and installed as an operator installs it, and its servers: the tests of this folder need Node."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from bangfu.store import Database, Settings

HOUSE = Path(__file__).parent.parent.parent

PLUGINS = [path for path in (HOUSE / "plugins").iterdir() if path.is_dir() and not path.name.startswith("_")]

_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
_ISSUER, _AUDIENCE = "https://issuer.example", "bangfu"
_SETTINGS = (*(f"BANGFU_{name.upper()}" for name in Settings.model_fields), "BANGFU_DEBUG", "PORT", "PYTHONPATH")


@pytest.fixture(scope="session")
def node() -> str:
    """Where Node is."""
    found = shutil.which("node")
    assert found, "These tests need Node 20.19 or newer: install it (https://nodejs.org)."
    return found


@pytest.fixture(scope="session")
def token() -> str:
    """A token that the servers accept, of somebody who may read everything."""
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": "u1",
        "name": "王專幹",
        "exp": int(time.time()) + 3600,
        "roles": ["township"],
        "places": ["*"],
        "permissions": ["personal:read", "register:read", *(f"{each.name}:read" for each in PLUGINS)],
    }
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, _KEY, algorithms=["RS256"])


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, demo_database: Database) -> dict[str, str]:
    """The environment of a server over the demo district that asks for tokens."""
    folder = tmp_path_factory.mktemp("server")
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [_KEY.as_dict(private=False)]}))
    inherited = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
    return inherited | {
        "BANGFU_HOME": str(folder),
        "BANGFU_DATABASE_URL": demo_database.url.render_as_string(hide_password=False),
        "BANGFU_JWT_KEYS": str(keys),
        "BANGFU_JWT_ISSUER": _ISSUER,
        "BANGFU_JWT_AUDIENCE": _AUDIENCE,
    }


@pytest.fixture(scope="session")
def installed(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment into which a wheel of this checkout was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*command: str | Path) -> None:
        done = subprocess.run(command, cwd=HOUSE, env=inherited, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (wheel,) = folder.glob("*.whl")
    programs = folder / "venv" / "bin"
    run(sys.executable, "-m", "venv", folder / "venv")
    install = (programs / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    run(*install, "--require-hashes", "--requirement", HOUSE / "requirements.lock")
    run(*install, "--no-deps", "--no-index", wheel)
    return programs


@pytest.fixture(scope="session")
def address(installed: Path, settings: dict[str, str]) -> Iterator[str]:
    """The address of `bangfu serve`, as it was installed."""
    with serving([str(installed / "bangfu"), "serve", "--port", "0"], settings) as found:
        yield found


@contextmanager
def serving(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """Starts a server that tells its address, and ends it."""
    log = Path(environment["BANGFU_HOME"]) / "server.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, env=environment, cwd=environment["BANGFU_HOME"], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            told = next((found for line in process.stdout if (found := re.search(r"http://[\d.]+:\d+", line))), None)
            assert told, log.read_text()
            yield told[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
