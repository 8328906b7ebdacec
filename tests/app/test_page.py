"""The page for browsers: GraphiQL where it is built, else a plain one; what it may load, and how its files are kept."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from gzip import compress, decompress
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bangfu_app.examples import SHOWN
from bangfu_app.http.assets import Assets
from bangfu_app.http.page import Login, Page

pytestmark = pytest.mark.anyio

LOGINS: list[Login] = [{"title": "Village officer </script>", "zh": "村幹部", "token": "t-1"}]
SCRIPT = b"import('./x.js')" * 100


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """Where GraphiQL would be, had somebody built it."""
    return tmp_path / "graphiql"


@pytest.fixture
def built(nowhere: Path) -> Path:
    """A build with the form of a real one: what Vite makes is driven by tests/page."""
    assets = nowhere / "assets"
    assets.mkdir(parents=True)
    (nowhere / "index.html").write_text('<script type="application/json" id="data">{{data}}</script>', "utf-8")
    (nowhere / "secret.js").write_text("not an asset")
    (assets / "index-1a2b.js").write_bytes(SCRIPT)
    (assets / "index-1a2b.js.gz").write_bytes(compress(SCRIPT))
    (assets / "style-3c.css").write_bytes(b"body{}")
    (assets / "notes.md").write_bytes(b"# notes")
    return nowhere


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/graphql/assets/{name}", Assets(built / "assets").respond, methods=["GET"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        yield client


def data_of(response: Response) -> dict[str, Any]:
    """What the server has put into the page."""
    found: dict[str, Any] = orjson.loads(
        bytes(response.body)
        .decode()
        .partition('<script type="application/json" id="data">')[2]
        .partition("</script>")[0]
    )
    return found


def policy_of(response: Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("folder", ["nowhere", "built"])
@pytest.mark.parametrize("needs_token", [True, False])
async def test_the_page_is_told_what_the_server_knows(
    folder: str, needs_token: bool, request: pytest.FixtureRequest
) -> None:
    response = Page(needs_token=needs_token, logins=LOGINS, built=request.getfixturevalue(folder)).response()
    data = data_of(response)
    assert data["needsToken"] is needs_token
    assert data["logins"] == LOGINS
    assert [each["name"] for each in data["examples"]] == list(SHOWN)
    assert all(each["title"] and each["zh"] and each["query"] for each in data["examples"])
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_nobody_is_offered_unless_the_server_says_so(nowhere: Path) -> None:
    assert data_of(Page(needs_token=True, built=nowhere).response())["logins"] == []


async def test_what_is_built_runs_no_script_of_the_page(built: Path) -> None:
    policy = policy_of(Page(needs_token=True, built=built).response())
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["worker-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


async def test_without_a_build_a_plain_page_does_the_work_and_says_how_to_build(nowhere: Path) -> None:
    response = Page(needs_token=False, built=nowhere).response()
    html = bytes(response.body).decode()
    assert "<textarea" in html
    assert "make page" in html
    assert "http://" not in html
    assert "https://" not in html
    assert "{{" not in html
    for element in ("script", "style"):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
        expected = b64encode(sha256(text.encode()).digest()).decode()
        assert policy_of(response)[f"{element}-src"] == f"'sha256-{expected}'"


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("", False),
    ],
)
async def test_an_asset_comes_compressed_to_whoever_takes_it(
    client: httpx.AsyncClient, accepted: str, zipped: bool
) -> None:
    request = client.build_request("GET", "/graphql/assets/index-1a2b.js", headers={"accept-encoding": accepted})
    response = await client.send(request, stream=True)
    raw = b"".join([chunk async for chunk in response.aiter_raw()])
    assert response.status_code == 200
    assert response.headers.get("content-encoding") == ("gzip" if zipped else None)
    assert (decompress(raw) if zipped else raw) == SCRIPT
    assert response.headers["vary"] == "Accept-Encoding"


async def test_an_asset_is_kept_for_good_and_has_the_right_kind(client: httpx.AsyncClient) -> None:
    script = await client.get("/graphql/assets/index-1a2b.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    style = await client.get("/graphql/assets/style-3c.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "content-encoding" not in style.headers
    again = await client.get("/graphql/assets/index-1a2b.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == script.headers["etag"]


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "notes.md", "index-1a2b.js.gz", "..%2fsecret.js", "%2e%2e%2fsecret.js", "a%00.js", "x" * 5000],
)
async def test_nothing_else_is_to_be_had(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphql/assets/{name}")).status_code == 404


async def test_assets_are_read_only(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql/assets/index-1a2b.js")
    assert response.status_code == 405
    assert (await client.head("/graphql/assets/index-1a2b.js")).status_code == 200


async def test_without_a_build_there_are_no_assets(nowhere: Path) -> None:
    app = Starlette(routes=[Route("/{name}", Assets(nowhere / "assets").respond)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client:
        assert (await client.get("/index-1a2b.js")).status_code == 404
