"""Who asks the guarded server: somebody of one district, who may read all of it, by a token signed for this run."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson
from joserfc import jwt
from joserfc.jwk import OctKey

from bangfu.access import PERSONAL, reading
from bangfu.registry import discover

_AUDIENCE = "bench"
_VALID = 24 * 3600  # seconds; longer than any run


class Issuer:
    """A key in a file, and what is signed with it."""

    def __init__(self, folder: Path) -> None:
        self._key = OctKey.generate_key(256)
        self._file = folder / "keys.json"
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(self._key.as_dict(private=True)))

    @property
    def settings(self) -> Mapping[str, str]:
        """What a server has to be told to ask for these tokens, whatever the environment says of others."""
        return {
            "BANGFU_JWT_KEYS": str(self._file),
            "BANGFU_JWT_AUDIENCE": _AUDIENCE,
            "BANGFU_JWT_ALGORITHMS": "HS256",
            "BANGFU_JWT_ISSUER": "",
        }

    def authorization(self, district: int) -> str:
        """The header of somebody who reads everything of one district, personal data in full, and nothing elsewhere."""
        permissions = [*(reading(each.plugin.name) for each in discover(()).plugins), PERSONAL]
        claims = {
            "aud": _AUDIENCE,
            "exp": int(time.time()) + _VALID,
            "sub": "somebody of the district",
            "places": [str(district)],
            "permissions": permissions,
        }
        return f"Bearer {jwt.encode({'alg': 'HS256'}, claims, self._key, algorithms=['HS256'])}"


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer whose key is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bangfu-bench-") as folder:
        yield Issuer(Path(folder))
