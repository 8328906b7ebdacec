"""Who asks: real tokens with real keys, and everything that is wrong with other people's."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from bangfu.access import Viewer
from bangfu.errors import OperationError
from bangfu.store import Database, Settings
from bangfu_app.identity import Bearer, KeysUnavailable, Unauthenticated, open_bearer
from bangfu_app.identity import keys as keys_module
from bangfu_app.opening import application_of
from bangfu_schema import Graph

ISSUER, AUDIENCE = "https://issuer.example", "bangfu"
KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})
SUBJECT = json.dumps([ISSUER, "u1"])
SECRET = OctKey.import_key("a secret of more than thirty-two characters")

pytestmark = pytest.mark.anyio


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token, but for what is changed; None takes one away."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u1",
        "name": "王專幹",
        "iat": now,
        "exp": now + 600,
        "roles": ["township"],
        "places": ["620502101", "620502108207"],
        "permissions": ["register:read", "personal:read"],
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def token(key: Any = KEY, alg: str = "RS256", *, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A token of these claims."""
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, claims(**changed), key, algorithms=[alg])


def public(*keys: Any) -> str:
    """A set of public keys as JSON."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with the public key in a file, but for what is changed."""
    file = tmp_path / "keys.json"
    file.write_text(public(KEY, CURVE))

    def made(**changed: Any) -> Settings:
        given = {"jwt_keys": str(file), "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE} | changed
        return Settings(**given)

    return made


@pytest.fixture
def bearer(settings: Callable[..., Settings]) -> Bearer:
    """What checks tokens by those settings."""
    found = open_bearer(settings())
    assert found is not None
    return found


async def refused(bearer: Bearer, authorization: str | None) -> str:
    """What a refusal says."""
    with pytest.raises(Unauthenticated) as caught:
        await bearer.viewer(authorization)
    return str(caught.value)


async def test_a_token_tells_of_its_viewer(bearer: Bearer) -> None:
    expected = Viewer(
        name="王專幹",
        roles=("township",),
        places=(620502101000000, 620502108207000),
        permissions=frozenset({"register:read", "personal:read"}),
        subject=SUBJECT,
    )
    for _ in range(2):
        assert await bearer.viewer(f"Bearer {token()}") == expected
    assert await bearer.viewer(f"bearer  {token(CURVE, 'ES256')}") == expected
    assert await bearer.viewer(f"Bearer {token(aud=['other', AUDIENCE])}") == expected


async def test_who_has_the_name_of_somebody_else_is_not_taken_for_them(bearer: Bearer) -> None:
    """What is somebody's own is kept by issuer and `sub`, which stay from token to token."""
    one, again, other, nobody = [
        (await bearer.viewer(f"Bearer {token(**changed)}")).key
        for changed in ({"jti": "t1"}, {"jti": "t2", "places": []}, {"sub": "u2"}, {"sub": None})
    ]
    assert one == again
    assert len({one, other, nobody}) == 3
    assert nobody == "name:王專幹"


async def test_claims_that_are_missing_give_nothing(bearer: Bearer) -> None:
    bare = token(name=None, roles=None, places=None, permissions=None)
    assert await bearer.viewer(f"Bearer {bare}") == Viewer(name="u1", subject=SUBJECT)
    assert (await bearer.viewer(f"Bearer {token(places=['*'])}")).is_everywhere


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "until when"),
        ({"exp": "tomorrow"}, "issued by or for somebody else"),
        ({"nbf": int(time.time()) + 600}, "not valid yet"),
        ({"aud": "payroll"}, "somebody else"),
        ({"aud": None}, "for whom"),
        ({"iss": "https://elsewhere.example"}, "somebody else"),
        ({"iss": None}, "by whom"),
        ({"sub": None, "name": None}, "`sub` is missing"),
        ({"places": "620502101"}, "`places` is not a list"),
        ({"places": ["62"]}, "62"),
        ({"permissions": {"register:read": False}}, "`permissions` is not a list"),
        ({"roles": [1]}, "`roles` is not a list"),
    ],
)
async def test_a_token_that_says_something_else_is_refused(bearer: Bearer, changed: dict[str, Any], why: str) -> None:
    assert why in await refused(bearer, f"Bearer {token(**changed)}")


async def test_clocks_may_differ_a_little(bearer: Bearer) -> None:
    assert (await bearer.viewer(f"Bearer {token(exp=int(time.time()) - 5)}")).name


def _parts(made: str) -> list[str]:
    return made.split(".")


def _by_hand(header: dict[str, Any], secret: bytes | None = None) -> str:
    """A token that no library would make: unsigned, or signed with what is no secret."""
    signed = ".".join(_packed(json.dumps(each).encode()) for each in (header, claims()))
    return f"{signed}.{'' if secret is None else _packed(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _packed(plain: bytes) -> str:
    return urlsafe_b64encode(plain).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged",
    [
        _by_hand({"alg": "none"}),
        _by_hand({"alg": "None"}),
        ".".join([*_parts(token())[:2], _parts(token(OTHER))[2]]),
        ".".join([_parts(token())[0], _parts(token(name="區長"))[1], _parts(token())[2]]),
        token(OTHER),
        token(OTHER, header={"kid": "first"}),
        # The public key, which everybody has, taken for a secret.
        _by_hand({"alg": "HS256", "kid": "first"}, KEY.as_pem(private=False)),
        token(SECRET, "HS256", header={"kid": "secret"}),
        _by_hand({"alg": "RS256", "kid": "first", "crit": ["exp"]}, b"whatever"),
        token()[:-4],
        "a.b",
        "a.b.c",
        "....",
        "é.é.é",
        "\x00",
        "x" * 20_000,
    ],
    ids=range(16),
)
async def test_a_forged_token_is_refused(bearer: Bearer, forged: str) -> None:
    told = await refused(bearer, f"Bearer {forged}")
    assert told.startswith("The token is not accepted")
    assert "first" not in told


@pytest.mark.parametrize("authorization", [None, "", "Basic dTpw", "Bearer", "Bearer ", "token"])
async def test_no_token_is_told_apart_from_a_bad_one(bearer: Bearer, authorization: str | None) -> None:
    assert "Bearer" in await refused(bearer, authorization)


async def test_a_secret_can_be_shared_where_nothing_else_is_accepted(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    file = tmp_path / "secret.json"
    file.write_text(json.dumps(SECRET.as_dict(private=True)))
    bearer = open_bearer(settings(jwt_keys=str(file), jwt_algorithms=("HS256",)))
    assert bearer is not None
    made = jwt.encode({"alg": "HS256"}, claims(), SECRET, algorithms=["HS256"])
    assert (await bearer.viewer(f"Bearer {made}")).name == "王專幹"
    assert "way that is not accepted" in await refused(bearer, f"Bearer {token()}")


@pytest.mark.parametrize(("key", "alg"), [(KEY, "RS256"), (KEY, "PS256"), (CURVE, "ES256")])
async def test_a_pem_is_a_key_too(settings: Callable[..., Settings], tmp_path: Path, key: Any, alg: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(key.as_pem(private=False))
    bearer = open_bearer(settings(jwt_keys=str(file)))
    assert bearer is not None
    assert (await bearer.viewer(f"Bearer {token(key, alg)}")).name
    assert "not accepted" in await refused(bearer, f"Bearer {token(OTHER)}")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"jwt_audience": None}, "BANGFU_JWT_AUDIENCE"),
        ({"jwt_algorithms": ("none",)}, "none"),
        ({"jwt_algorithms": ()}, "BANGFU_JWT_ALGORITHMS"),
        ({"jwt_algorithms": ("RS256", "HS256")}, "HS256"),
        ({"jwt_keys": "https://issuer.example/keys", "jwt_algorithms": ("HS256",)}, "HS256"),
        ({"jwt_keys": "http://issuer.example/keys"}, "not an https address"),
        ({"jwt_keys": None, "jwt_issuer": "http://issuer.example"}, "not an https address"),
        ({"jwt_keys": "/nowhere/keys.json"}, "/nowhere/keys.json"),
    ],
)
def test_settings_that_let_in_the_wrong_ones_are_refused_at_start(
    settings: Callable[..., Settings], changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(OperationError, match=named) as caught:
        open_bearer(settings(**changed))
    assert caught.value.code == "BAD_SETTING"


def test_without_keys_nobody_is_asked_for_a_token() -> None:
    assert open_bearer(Settings(jwt_keys=None, jwt_issuer=None)) is None


class Issuer:
    """An issuer on this machine, that may be away and may change its keys."""

    def __init__(self) -> None:
        self.keys: list[Any] = [KEY]
        self.asked: list[str] = []
        self.is_away = False
        self.told_issuer: str | None = None
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                if issuer.is_away:
                    self.send_error(503)
                    return
                body = issuer.answer(self.path).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def answer(self, path: str) -> str:
        if path == "/.well-known/openid-configuration":
            return json.dumps({"issuer": self.told_issuer or self.address, "jwks_uri": f"{self.address}/keys"})
        return public(*self.keys)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that answers over HTTP."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock for the age of keys, that is set by hand."""
    now = [1000.0]
    made = keys_module.FetchedKeys.__init__
    monkeypatch.setattr(keys_module.FetchedKeys, "__init__", lambda self, find: made(self, find, now=lambda: now[0]))
    return now


def discovering(issuer: Issuer, settings: Callable[..., Settings]) -> Bearer:
    """What checks the tokens of that issuer, whose keys it has to find first."""
    found = open_bearer(settings(jwt_keys=None, jwt_issuer=issuer.address))
    assert found is not None
    return found


async def test_keys_are_found_by_discovery_and_kept(
    issuer: Issuer, settings: Callable[..., Settings], clock: list[float]
) -> None:
    bearer = discovering(issuer, settings)
    for name in "abc":
        assert (await bearer.viewer(f"Bearer {token(iss=issuer.address, name=name)}")).name == name
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_new_keys_are_fetched_and_old_ones_end(
    issuer: Issuer, settings: Callable[..., Settings], clock: list[float]
) -> None:
    bearer = discovering(issuer, settings)
    await bearer.viewer(f"Bearer {token(iss=issuer.address)}")
    issuer.keys = [OTHER]
    clock[0] += 20
    assert (await bearer.viewer(f"Bearer {token(OTHER, iss=issuer.address)}")).name
    assert "cannot be verified" in await refused(bearer, f"Bearer {token(iss=issuer.address, name='late')}")


async def test_made_up_key_ids_do_not_make_us_ask_without_end(
    issuer: Issuer, settings: Callable[..., Settings], clock: list[float]
) -> None:
    bearer = discovering(issuer, settings)
    await bearer.viewer(f"Bearer {token(iss=issuer.address)}")
    for number in range(50):
        await refused(bearer, f"Bearer {token(OTHER, header={'kid': f'k{number}'}, iss=issuer.address)}")
    assert len(issuer.asked) == 2


async def test_an_issuer_that_is_away_keeps_nobody_out_who_was_let_in_before(
    issuer: Issuer, settings: Callable[..., Settings], clock: list[float]
) -> None:
    bearer = discovering(issuer, settings)
    issuer.is_away = True
    for _ in range(3):
        with pytest.raises(KeysUnavailable, match="cannot be had"):
            await bearer.viewer(f"Bearer {token(iss=issuer.address)}")
    assert len(issuer.asked) == 1, "an issuer that is away is not asked again at once"
    issuer.is_away = False
    clock[0] += 20
    await bearer.viewer(f"Bearer {token(iss=issuer.address)}")
    issuer.is_away = True
    clock[0] += 3600
    assert (await bearer.viewer(f"Bearer {token(iss=issuer.address, name='next')}")).name


async def test_another_issuers_word_is_not_taken(
    issuer: Issuer, settings: Callable[..., Settings], clock: list[float]
) -> None:
    issuer.told_issuer = "https://elsewhere.example"
    with pytest.raises(KeysUnavailable, match="another issuer"):
        await discovering(issuer, settings).viewer(f"Bearer {token(iss=issuer.address)}")


@pytest.fixture
def with_keys(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a server that asks for tokens."""
    made = settings()
    for name in ("jwt_keys", "jwt_issuer", "jwt_audience"):
        monkeypatch.setenv(f"BANGFU_{name.upper()}", getattr(made, name))


@pytest.mark.usefixtures("with_keys")
async def test_a_server_with_keys_lets_in_who_shows_a_token(graph: Graph, demo_database: Database) -> None:
    app = application_of(graph, demo_database)
    asked = {"query": "{ viewer { name roles places isEverywhere permissions } districts { totalCount } }"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client,
    ):
        let_in = await client.post("/graphql", json=asked, headers={"Authorization": f"Bearer {token()}"})
        assert let_in.json()["data"] == {
            "viewer": {
                "name": "王專幹",
                "roles": ["township"],
                "places": ["620502101", "620502108207"],
                "isEverywhere": False,
                "permissions": ["personal:read", "register:read"],
            },
            "districts": {"totalCount": 1},
        }
        for headers, challenge in (
            ({}, 'Bearer realm="bangfu"'),
            ({"Authorization": "Bearer a.b.c"}, 'Bearer realm="bangfu", error="invalid_token"'),
        ):
            for answer in (
                await client.post("/graphql", json=asked, headers=headers),
                await client.get("/graphql", params=asked, headers=headers),
                await client.post("/graphql", content=b"not even JSON", headers=headers),
            ):
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == challenge
                (error,) = answer.json()["errors"]
                assert error["extensions"]["code"] == "UNAUTHENTICATED"
                assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
        page = await client.get("/graphql", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert '"needsToken":true' in page.text
        assert (await client.get("/healthz")).status_code == 200


async def test_a_server_without_keys_knows_no_viewer(graph: Graph, demo_database: Database) -> None:
    found = await graph.execute(demo_database, "{ viewer { name } }")
    assert found == {"data": {"viewer": None}}
