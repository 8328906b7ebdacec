"""The real server, asked for by programs that run on Node; `make test-clients` installs them and runs these tests."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.app.command import Bangfu

from bangfu.store import Database

HERE = Path(__file__).parent
HOUSE = HERE.parent.parent

_KEY = ECKey.generate_key("P-256", {"kid": "first"})
_PATIENCE = 120
"""Seconds after which a script that does not end is ended; nothing is measured by them."""

Serving = Callable[..., AbstractContextManager["Server"]]


def token(seconds: int = 3600) -> str:
    """A token that the servers accept for so long, of somebody who may see everything that is asked here."""
    claims = {
        "aud": "bangfu",
        "sub": "clients",
        "exp": int(time.time()) + seconds,
        "places": ["*"],
        "permissions": ["register:read", "personal:read", "industry:read"],
    }
    return jwt.encode({"alg": "ES256", "kid": "first"}, claims, _KEY)


@dataclass(frozen=True)
class Server:
    """Where the server is, and a token of somebody who may see everything."""

    address: str
    token: str

    @property
    def url(self) -> str:
        """Where the graph is."""
        return f"{self.address}/graphql"


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """Starts `bangfu serve` over a database, which asks for tokens; settings are given as they are named."""
    numbers = count(1)
    home = tmp_path_factory.mktemp("servers")
    keys = home / "keys.json"
    keys.write_text(json.dumps({"keys": [_KEY.as_dict(private=False)]}))
    usual = {
        "BANGFU_JWT_KEYS": str(keys),
        "BANGFU_JWT_AUDIENCE": "bangfu",
        "BANGFU_JWT_ALGORITHMS": "ES256",
        "BANGFU_JWT_LEEWAY": "0",
    }

    @contextmanager
    def serve(database: Database, **settings: str) -> Iterator[Server]:
        own = home / str(next(numbers))
        own.mkdir()
        with Bangfu(own).serving("serve", database=database, **usual | settings) as address:
            yield Server(address, token())

    return serve


@pytest.fixture(scope="session")
def server(serving: Serving, demo_database: Database) -> Iterator[Server]:
    """A server of the demo district, which keeps documents that are sent with their hash."""
    with serving(demo_database, BANGFU_DOCUMENTS_AUTOMATIC="100") as served:
        yield served


@dataclass(frozen=True)
class Talk:
    """A script that is running."""

    process: "subprocess.Popen[str]"

    def hear(self) -> Any:
        """The next line that it prints, read as JSON."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.fail()
        return json.loads(line)

    def say(self, line: str) -> None:
        """Gives it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def fail(self) -> NoReturn:
        """Fails with what it has written to stderr."""
        self.process.kill()
        assert self.process.stderr is not None
        pytest.fail(self.process.stderr.read() or f"It has not done what it should within {_PATIENCE} seconds.")


class Script:
    """Runs scripts of this folder on Node."""

    def __init__(self, node: str) -> None:
        self._node = node

    def __call__(self, name: str, *arguments: str) -> Any:
        """What a script prints, read as JSON."""
        with self.talking(name, *arguments) as talk:
            return talk.hear()

    @contextmanager
    def talking(self, name: str, *arguments: str) -> Iterator[Talk]:
        """Starts a script, and talks with it; it has to end by itself, and well."""
        pipe = subprocess.PIPE
        command = [self._node, name, *arguments]
        with subprocess.Popen(command, cwd=HERE, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            limit = threading.Timer(_PATIENCE, process.kill)
            limit.start()
            try:
                yield (talk := Talk(process))
                if process.wait() != 0:
                    talk.fail()
            finally:
                limit.cancel()
                process.kill()


@pytest.fixture(scope="session")
def script() -> Script:
    """Runs scripts of this folder; fails where Node or their packages are missing."""
    node = shutil.which("node") if (HERE / "node_modules").is_dir() else None
    assert node, "Run these tests with `make test-clients`, which needs Node 20."
    return Script(node)
