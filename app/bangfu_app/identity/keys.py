"""The keys that tokens are signed with: from a file, or from an address where their issuer changes them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey, import_key

from bangfu.errors import OperationError

_MOST = 2**20  # bytes of a set of keys
_PATIENCE = 5.0  # seconds for an issuer's answer
_FRESH = 300.0
"""Seconds for which fetched keys are used without asking again, so that a key that is withdrawn ends soon."""
_PAUSE = 15.0
"""Seconds between two attempts, whoever asks: made-up key ids must not make us ask an issuer without end."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class KeysUnavailable(OperationError):  # noqa: N818 - reads as what it says
    """The issuer's keys cannot be had now; trying again later may succeed."""

    code = "KEYS_UNAVAILABLE"


class FixedKeys:
    """Keys of a file: a set, or one key, which then checks tokens whatever id they name."""

    def __init__(self, keys: KeySet | Key) -> None:
        self._keys = keys

    async def get(self, key_id: str | None) -> KeySet | Key:
        """All of them."""
        return self._keys


class FetchedKeys:
    """Keys of an address, asked for again when they are old, or when a token names one that is not among them."""

    def __init__(self, find: Callable[[], Awaitable[str]], *, now: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._now = now
        self._keys: KeySet | None = None
        self._failure: KeysUnavailable | None = None
        self._fetched = self._tried = -_FRESH
        self._lock = asyncio.Lock()

    async def get(self, key_id: str | None) -> KeySet:
        """The keys, among them the one of this id if the issuer has it; raises KeysUnavailable where there are none."""
        async with self._lock:
            now = self._now()
            if self._is_wanting(key_id, now) and now - self._tried >= _PAUSE:
                self._tried = now
                await self._renew(now)
            # An issuer that is away for a while is no reason to let nobody in: what it said last still holds.
            if self._keys is not None:
                return self._keys
            assert self._failure is not None, "keys are there, or it is known why not"
            raise self._failure

    def _is_wanting(self, key_id: str | None, now: float) -> bool:
        if self._keys is None or now - self._fetched >= _FRESH:
            return True
        return key_id is not None and all(key.kid != key_id for key in self._keys.keys)

    async def _renew(self, now: float) -> None:
        try:
            self._keys = _key_set(await fetch_json(await self._find()))
            self._fetched = now
        except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
            self._failure = KeysUnavailable(
                f"The keys that tokens are signed with cannot be had ({type(error).__name__}: {error}).",
                remedy="Check BANGFU_JWT_ISSUER and BANGFU_JWT_KEYS, and that the address can be reached.",
            )


def keys_of_file(file: Path) -> FixedKeys:
    """The keys of a file: a JWK, a set of JWKs, or PEM; raises OperationError where there are none."""
    try:
        text = file.read_text(encoding="utf-8")
        keys = _key_of_pem(text) if "-----BEGIN" in text else _key_set(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise OperationError(
            f"The keys of BANGFU_JWT_KEYS cannot be read from {file}: {error}.",
            code="BAD_SETTING",
            remedy="Give a file with a JWK, a set of JWKs or a PEM public key, or the https address of a set.",
        ) from error
    return FixedKeys(keys)


def keys_at(address: str) -> FetchedKeys:
    """The keys at the address of a set of JWKs; raises OperationError for one that is not safe."""
    _require_safe(address, "BANGFU_JWT_KEYS")

    async def find() -> str:
        return address

    return FetchedKeys(find)


def keys_of_issuer(issuer: str) -> FetchedKeys:
    """The keys that an issuer tells of by OpenID Connect discovery; raises OperationError for an unsafe address."""
    _require_safe(issuer, "BANGFU_JWT_ISSUER")
    start = issuer.rstrip("/") + "/.well-known/openid-configuration"

    async def find() -> str:
        told = await fetch_json(start)
        if told["issuer"].rstrip("/") != issuer.rstrip("/"):
            raise ValueError(f"{start} tells of another issuer, {told['issuer']!r}")
        address: str = told["jwks_uri"]
        if not _is_safe(address):
            raise ValueError(f"{start} tells of keys at {address!r}, which is not an https address")
        return address

    return FetchedKeys(find)


def _is_safe(address: str) -> bool:
    """Whether nobody on the way can answer for an address: it is https, or this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _require_safe(address: str, setting: str) -> None:
    if not _is_safe(address):
        raise OperationError(
            f"{setting} is {address!r}, which is not an https address.",
            code="BAD_SETTING",
            remedy="Give one that begins with https://.",
        )


async def fetch_json(address: str) -> Any:
    """The JSON at an address; raises OSError or ValueError where there is none."""
    return await asyncio.to_thread(_read, address)


class _Stay(HTTPRedirectHandler):
    """Follows no redirection: it could lead from https to anywhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Nothing to follow."""


def _read(address: str) -> Any:
    request = Request(address, headers={"Accept": "application/json"})
    with build_opener(_Stay).open(request, timeout=_PATIENCE) as answer:
        body = answer.read(_MOST + 1)
    if len(body) > _MOST:
        raise ValueError(f"{address} answers with more than {_MOST} bytes")
    return json.loads(body)


def _key_of_pem(text: str) -> Key:
    kinds: tuple[type[RSAKey | ECKey | OKPKey], ...] = (RSAKey, ECKey, OKPKey)
    for kind in kinds:
        try:
            return kind.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError("it is no PEM of a key that is known: RSA, elliptic curve, Edwards curve")


def _key_set(plain: Any) -> KeySet:
    """Keys from JSON; those of kinds that we do not know are left out, since a set may hold some for other uses."""
    found = []
    for each in plain.get("keys", [plain]):
        if each.get("use", "sig") != "sig":
            continue
        try:
            found.append(import_key(each))
        except (JoseError, ValueError, KeyError):
            continue
    if not found:
        raise ValueError("there is no key to check signatures with")
    return KeySet(found)
