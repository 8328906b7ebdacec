"""The door for files: who is let in, how much is taken, what it is called, and for how long it is kept."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.asking import code_of
from tests.app.serving import Answer, Held, ready, served

from bangfu.access import Viewer
from bangfu.errors import UserError
from bangfu.store.uploads import Uploads, shown_name
from bangfu_app.http import create_app
from bangfu_app.http.limits import Guard
from bangfu_app.http.limits.reading import PACE
from bangfu_app.identity import Unauthenticated

pytestmark = pytest.mark.anyio

LIMIT = 200_000
SOON = 0.4
FILE = "戶編號,作物\n1,蘋果\n".encode()
CSV = {"content-type": "text/csv"}


class Names:
    """Whoever says a name is let in under it; a reader may enter nothing."""

    async def viewer(self, authorization: str | None) -> Viewer:
        if not authorization:
            raise Unauthenticated("Say who you are.")
        writes = frozenset({"industry:write"}) if authorization != "reader" else frozenset({"industry:read"})
        return Viewer(authorization, permissions=writes)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "home" / "uploads", most=3, kept_for=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "uploads"


@asynccontextmanager
async def door(uploads: Uploads, **how: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Held(), "the database", readiness=ready, uploads=uploads, upload_limit=LIMIT, **how)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bangfu") as client,
    ):
        yield client


@pytest.fixture
async def client(uploads: Uploads) -> AsyncIterator[httpx.AsyncClient]:
    bearer: Any = Names()
    async with door(uploads, bearer=bearer) as client:
        client.headers["authorization"] = "one"
        yield client


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def modes(folder: Path) -> tuple[str, set[str]]:
    """What the folder's rights are, and those of the files in it."""
    return oct(folder.stat().st_mode & 0o777), {oct(path.stat().st_mode & 0o777) for path in folder.glob("*")}


def age(folder: Path, seconds: float) -> None:
    """As if what lies there had come so long ago."""
    for path in folder.glob("*"):
        os.utime(path, (0, time.time() - seconds))


async def until(is_so: Callable[[], Any]) -> None:
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it has not come")


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, code_of(answer.json())


async def test_a_file_is_taken(client: httpx.AsyncClient, uploads: Uploads, folder: Path) -> None:
    answer = await client.post("/imports", content=FILE, headers=CSV | {"x-file-name": "%E7%A8%AE%E6%A4%8D.csv"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told == {
        "file": told["file"],
        "name": "種植.csv",
        "bytes": len(FILE),
        "sha256": sha256(FILE).hexdigest(),
    }
    found, path = uploads.find(told["file"], "name:one")
    assert (found.name, path.read_bytes()) == ("種植.csv", FILE)
    assert files(folder) == [f"{told['file']}.file", f"{told['file']}.json"]
    assert modes(folder) == ("0o700", {"0o600"})


NAMES = [
    ("..%2F..%2Fetc%2Fpasswd", "passwd"),
    ("C%3A%5CUsers%5C%E7%8E%8B%5Ca.xlsx", "a.xlsx"),
    ("..", "file"),
    ("", "file"),
    ("a%00b%0Ac.csv", "abc.csv"),
    ("%E2%80%AEgpj.exe", "gpj.exe"),
    ("x" * 1000, "x" * 200),
]


@pytest.mark.parametrize(("given", "shown"), NAMES)
async def test_a_name_is_shown_and_never_a_path(
    client: httpx.AsyncClient, folder: Path, given: str, shown: str
) -> None:
    answer = await client.post("/imports", content=FILE, headers=CSV | {"x-file-name": given})
    told = answer.json()
    assert told["name"] == shown
    assert files(folder) == [f"{told['file']}.file", f"{told['file']}.json"]
    assert files(folder.parent) == ["uploads"], "nothing lies anywhere else"


DISPOSITIONS = [
    ('attachment; filename="a.csv"', "a.csv"),
    ("attachment; filename*=UTF-8''%E7%A8%AE%E6%A4%8D.csv", "種植.csv"),
    ("attachment", "file"),
]


@pytest.mark.parametrize(("given", "shown"), DISPOSITIONS)
async def test_a_name_may_come_as_a_disposition(client: httpx.AsyncClient, given: str, shown: str) -> None:
    answer = await client.post("/imports", content=FILE, headers=CSV | {"content-disposition": given})
    assert answer.json()["name"] == shown


async def test_a_name_that_is_not_utf_8_is_told(client: httpx.AsyncClient) -> None:
    assert refused(await client.post("/imports", content=FILE, headers=CSV | {"x-file-name": "%ff.csv"})) == (
        400,
        "BAD_REQUEST",
    )


def test_names_keep_what_people_write() -> None:
    assert shown_name("皂郊鎮 種植（2015）.xlsx") == "皂郊鎮 種植（2015）.xlsx"


async def test_who_shows_no_token_is_kept_out(client: httpx.AsyncClient, folder: Path) -> None:
    del client.headers["authorization"]
    answer = await client.post("/imports", content=FILE, headers=CSV)
    assert refused(answer) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert files(folder) == []


async def test_who_may_enter_nothing_sends_nothing(client: httpx.AsyncClient, folder: Path) -> None:
    assert refused(await client.post("/imports", content=FILE, headers=CSV | {"authorization": "reader"})) == (
        403,
        "FORBIDDEN",
    )
    assert files(folder) == []


FOREIGN = [
    {"content-type": "text/plain", "origin": "https://evil.example"},
    {"origin": "https://evil.example"},
    {"content-type": "text/plain", "sec-fetch-site": "cross-site"},
    {"content-type": "text/plain", "user-agent": "Mozilla/5.0"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_of_another_site_sends_nothing_in_silence(
    uploads: Uploads, folder: Path, headers: dict[str, str]
) -> None:
    """Where nobody is asked for a token, nothing else would keep it out."""
    async with door(uploads) as client:
        assert refused(await client.post("/imports", content=FILE, headers=headers)) == (403, "PREFLIGHT_REQUIRED")
        assert files(folder) == []
        asked = headers | {"graphql-require-preflight": "1"}
        assert (await client.post("/imports", content=FILE, headers=asked)).status_code == 201


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
async def test_a_form_is_no_file(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/imports", content=FILE, headers={"content-type": kind})
    assert refused(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "application/octet-stream" in answer.text


async def test_what_is_compressed_on_its_way_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/imports", content=FILE, headers=CSV | {"content-encoding": "gzip"})
    assert refused(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_other_methods_are_told(client: httpx.AsyncClient) -> None:
    answer = await client.get("/imports")
    assert refused(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert (await client.options("/imports")).status_code == 204


async def test_an_empty_file_leaves_nothing(client: httpx.AsyncClient, folder: Path) -> None:
    assert refused(await client.post("/imports", content=b"", headers=CSV)) == (400, "BAD_REQUEST")
    assert files(folder) == []


async def test_the_largest_file_is_taken_and_one_byte_more_is_not(client: httpx.AsyncClient, folder: Path) -> None:
    assert (await client.post("/imports", content=b"x" * LIMIT, headers=CSV)).status_code == 201

    async def pieces() -> AsyncIterator[bytes]:  # of which nobody says how many come
        for _ in range(LIMIT // 10_000):
            yield b"x" * 10_000
        yield b"x"

    kept = files(folder)
    answer = await client.post("/imports", content=pieces(), headers=CSV)
    assert "content-length" not in answer.request.headers
    assert refused(answer) == (413, "REQUEST_ENTITY_TOO_LARGE")
    assert files(folder) == kept, "nothing stays of what was begun"


async def test_each_has_so_many_files_waiting_and_others_do_not_count(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await client.post("/imports", content=FILE, headers=CSV)).status_code == 201
    answer = await client.post("/imports", content=FILE, headers=CSV)
    assert refused(answer) == (429, "TOO_MANY_UPLOADS")
    other = await client.post("/imports", content=FILE, headers=CSV | {"authorization": "other"})
    assert other.status_code == 201


async def test_those_that_are_still_coming_count(uploads: Uploads) -> None:
    coming = [uploads.begin("one", "a") for _ in range(3)]
    with pytest.raises(UserError) as caught:
        uploads.begin("one", "a")
    assert caught.value.code == "TOO_MANY_UPLOADS"
    for each in coming:
        uploads.end("one", each)
    uploads.end("one", uploads.begin("one", "a"))


async def test_requests_are_counted_as_those_to_the_graph(uploads: Uploads) -> None:
    async with door(uploads, guard=Guard(rate=2)) as client:
        assert (await client.post("/imports", content=FILE, headers=CSV)).status_code == 201
        assert (await client.post("/graphql", json={"query": "{ name }"})).status_code == 200
        assert refused(await client.post("/imports", content=FILE, headers=CSV)) == (429, "TOO_MANY_REQUESTS")


async def test_a_file_is_its_senders_alone_and_for_its_time(
    client: httpx.AsyncClient, uploads: Uploads, folder: Path
) -> None:
    id_ = (await client.post("/imports", content=FILE, headers=CSV)).json()["file"]
    for given, owner in ((id_, "name:other"), ("0" * 32, "name:one"), (f"../uploads/{id_}", "name:one"), ("", "")):
        with pytest.raises(UserError) as caught:
            uploads.find(given, owner)
        assert caught.value.code == "UNKNOWN_FILE"
    uploads.sweep()
    assert len(files(folder)) == 2, "it is kept for its time"
    age(folder, 61)
    with pytest.raises(UserError):
        uploads.find(id_, "name:one")
    uploads.sweep()
    assert files(folder) == []


async def test_what_is_over_its_time_goes_by_itself(uploads: Uploads, folder: Path) -> None:
    await asyncio.to_thread(folder.mkdir, parents=True)
    for name in ("a.file", "a.json", "b.part", "c.txt"):
        await asyncio.to_thread((folder / name).touch)
    age(folder, 10_000)
    async with door(uploads):
        await until(lambda: len(files(folder)) == 1)
    assert files(folder) == ["c.txt"], "what is not ours stays"


@pytest.fixture
def full(tmp_path: Path) -> Uploads:
    """A folder that cannot be made: a file stands in its place."""
    (tmp_path / "home").write_text("")
    return Uploads(tmp_path / "home" / "uploads", most=3, kept_for=60)


async def test_a_disk_that_takes_nothing_is_told_to_the_log(full: Uploads, caplog: pytest.LogCaptureFixture) -> None:
    async with door(full) as client:
        answer = await client.post("/imports", content=FILE, headers=CSV)
    assert refused(answer) == (503, "SERVICE_UNAVAILABLE")
    assert "home" not in answer.text
    assert "NotADirectoryError" in caplog.text


def head(length: int, *more: bytes) -> bytes:
    lines = (b"POST /imports HTTP/1.1", b"Host: bangfu", b"Content-Type: text/csv", b"Content-Length: %d" % length)
    return b"\r\n".join((*lines, *more)) + b"\r\n\r\n"


async def test_what_is_said_to_be_too_large_is_refused_before_it_is_sent(uploads: Uploads, folder: Path) -> None:
    app = create_app(Held(), "the database", readiness=ready, uploads=uploads, upload_limit=LIMIT)
    async with served(app) as server:
        answer: Answer = await server.ask(head(LIMIT + 1, b"Expect: 100-continue"))
        assert (answer.status, answer.code) == (413, "REQUEST_ENTITY_TOO_LARGE")
    assert files(folder) == []


async def test_a_slow_line_has_time_for_a_large_file_and_an_idle_one_has_not(uploads: Uploads, folder: Path) -> None:
    app = create_app(Held(), "the database", readiness=ready, uploads=uploads, upload_limit=LIMIT, read_timeout=SOON)
    piece = b"x" * int(PACE * 0.3)
    async with served(app, read_timeout=SOON) as server:
        line = await server.line()
        await line.send(head(6 * len(piece)))
        for _ in range(6):
            await line.send(piece)
            await asyncio.sleep(0.2)
        assert (await line.answer()).status == 201, "1.2 seconds, three times what a question may take"
        kept = files(folder)
        idle = await server.line()
        await idle.send(head(1000), b"x")
        answer = await idle.answer()
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
    assert files(folder) == kept


async def test_a_client_that_goes_leaves_nothing(uploads: Uploads, folder: Path) -> None:
    app = create_app(Held(), "the database", readiness=ready, uploads=uploads, upload_limit=LIMIT)
    async with served(app) as server:
        line = await server.line()
        await line.send(head(1000), b"x" * 10)
        await until(lambda: files(folder))
        line.close()
        await until(lambda: not files(folder))
