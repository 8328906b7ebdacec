"""The real server, asked for by programs that run on Node; `make test-clients` installs them and runs these tests."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.app.command import Bangfu

from bangfu.store import Database

HERE = Path(__file__).parent

Script = Callable[..., Any]


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
def server(tmp_path_factory: pytest.TempPathFactory, demo_database: Database) -> Iterator[Server]:
    """`bangfu serve` over the demo district, which asks for tokens."""
    home, key = tmp_path_factory.mktemp("server"), ECKey.generate_key("P-256", {"kid": "first"})
    keys = home / "keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    claims = {
        "aud": "bangfu",
        "sub": "clients",
        "exp": int(time.time()) + 3600,
        "places": ["*"],
        "permissions": ["register:read", "personal:read"],
    }
    token = jwt.encode({"alg": "ES256", "kid": "first"}, claims, key)
    settings = {"BANGFU_JWT_KEYS": str(keys), "BANGFU_JWT_AUDIENCE": "bangfu", "BANGFU_JWT_ALGORITHMS": "ES256"}
    with Bangfu(home).serving("serve", database=demo_database, **settings) as address:
        yield Server(address, token)


@pytest.fixture(scope="session")
def script() -> Script:
    """Runs a script of this folder on Node; what it prints is read as JSON."""
    node = shutil.which("node") if (HERE / "node_modules").is_dir() else None
    assert node, "Run these tests with `make test-clients`, which needs Node 20."

    def run(name: str, *arguments: str) -> Any:
        done = subprocess.run(
            [node, name, *arguments], cwd=HERE, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
